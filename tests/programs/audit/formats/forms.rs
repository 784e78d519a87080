//! One certificate in every form, and where it is said to be.

use serde_json::{Value, json};

use super::make::{
    Cast, base64, bks, each_line, gzip, jks, pkcs7, pkcs7_in_ber, pkcs12, tar, utf16, wrapped, zip,
};
use super::run::{audit, keys_of, places_of};
use crate::common::pki::der::{sequence, tlv};
use crate::common::pki::pem as labelled;
use crate::common::shared;

type Row = (&'static str, Vec<u8>, &'static str);

/// Each row: a file, what is in it, and the place of the certificate, or the first of its places.
#[test]
fn a_certificate_is_found_in_every_form_and_its_place_is_named() {
    let cast = Cast::new();
    let rows = [text(&cast), fields(&cast), octets(&cast), in_others(&cast)].concat();
    let told = audit(rows.iter().map(|(name, bytes, _)| (name, bytes)));
    let places = places_of(&told, "edge");
    let mut failures = String::new();
    for (name, _, place) in &rows {
        let is_there = places.iter().any(|found| found == &format!("{name}{place}"));
        if !is_there {
            let found: Vec<_> = places.iter().filter(|found| found.starts_with(name)).collect();
            failures += &format!("{name}: needed `{place}`, found {found:?}\n");
        }
    }
    assert_eq!(failures, "", "{:?}", told.unreadable());
    assert_eq!(told.unreadable(), [].into());
}

/// PEM in any quoting.
#[rustfmt::skip]
fn text(cast: &Cast) -> Vec<Row> {
    let pem = cast.pem();
    let escaped = pem.replace('\n', "\\n");
    let lines: Vec<_> = pem.lines().collect();
    let literals = |joint: &str| {
        let literals: Vec<_> = lines.iter().map(|line| format!("\"{line}\\n\"")).collect();
        literals.join(joint)
    };
    let address =
        pem.replace('\n', "%0A").replace(' ', "%20").replace('+', "%2B").replace('/', "%2F");
    let twice = json!({"a": json!({"b": json!({"c": pem}).to_string()}).to_string()}).to_string();
    let rows: Vec<(&str, String, &str)> = vec![
        ("plain", pem.clone(), ":1"),
        ("indented", each_line(&pem, "    ", ""), ":1"),
        ("tabs", each_line(&pem, "\t", " "), ":1"),
        ("crlf", pem.replace('\n', "\r\n"), ":1"),
        ("cr", pem.replace('\n', "\r"), ":1"),
        ("preface", format!("Bag Attributes\n    friendlyName: x\n{pem}"), ":3"),
        ("digit-0-is-the-tag-of-a-sequence", format!("0 days left\n{pem}"), ":2"),
        ("digit-0.pem", format!("0 days left\n{pem}"), ":2"),
        ("joined", format!("{}{}", pem.trim(), cast.ca.pem()), ":1"),
        ("env", format!("CERT=\"{escaped}\"\n"), ":1"),
        ("env-blanks", format!("CERT=\"{}\"\n", pem.replace('\n', " ")), ":1"),
        ("env-nothing", format!("CERT={}\n", pem.replace('\n', "")), ":1"),
        ("unit", format!("[Service]\nEnvironment='CERT={escaped}'\n"), ":2"),
        ("json-twice", twice, ": a:1"),
        ("json-u", escaped.replace("\\n", "\\u000a").replace('+', "\\u002B").replace('/', "\\/"), ":1"),
        ("commented", each_line(&pem, "# ", ""), ":1"),
        ("slashes", each_line(&pem, "// ", ""), ":1"),
        ("mail", each_line(&pem, "> ", ""), ":1"),
        ("patch", each_line(&pem, "+", ""), ":1"),
        ("list", each_line(&pem, "  - \"", "\""), ":1"),
        ("page", each_line(&pem, "<div class=\"line\">", "</div>").replace('\n', ""), ":1"),
        ("page-br", pem.replace('\n', "<br>"), ":1"),
        ("nuls", format!("{pem}\0\0\0"), ":1"),
        ("table", each_line(&pem, "| ", " |"), ":1"),
        ("source.c", format!("char *pem =\n    {};\n", literals("\n    ")), ":2"),
        ("source.java", format!("x = {};", literals(" +\n  ")), ":1"),
        ("source.php", format!("x = {};", literals(" . ")), ":1"),
        ("source.js", format!("x = `{pem}`;"), ":1"),
        ("source.py", format!("x = [{}]", lines.iter().map(|line| format!("'{line}', ")).collect::<String>()), ":1"),
        ("script.cmd", format!("set CERT={}", pem.replace('\n', "^\n")), ":1"),
        ("script.ps1", format!("$c = @\"\n{pem}\"@\n"), ":2"),
        ("java.properties", format!("cert={}", pem.replace('\n', "\\\n  ")), ":1"),
        ("cdata.xml", format!("<c><![CDATA[{pem}]]></c>"), ":1"),
        ("csv", format!("host,pem\na,\"{pem}\"\n"), ":2"),
        ("csv-escaped", format!("host,pem\na,{escaped}\n"), ":2"),
        ("header", format!("x-forwarded-client-cert: Cert=\"{address}\"\n"), ": x-forwarded-client-cert:1"),
        ("xml", pem.replace('\n', "&#10;").replace('+', "&#43;"), ":1"),
        ("profile.ovpn", format!("client\n<cert>\n{pem}</cert>\n"), ":3"),
        ("module.tf", format!("cert = <<-EOT\n{}  EOT\n", each_line(&pem, "    ", "")), ":2"),
        ("config.toml", format!("cert = '''\n{pem}'''\n"), ":2"),
        ("vault.out", format!("certificate    {pem}expiration    1\n"), ":1"),
        ("template.yaml", format!("{{{{ if x }}}}\nc: |\n{}", each_line(&pem, "  ", "")), ":3"),
        ("trusted", pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), ":1"),
        ("x509", pem.replace("CERTIFICATE", "X509 CERTIFICATE"), ":1"),
        ("no-label-of-its-own", pem.replace("CERTIFICATE", "PKCS7"), ":1"),
    ];
    rows.into_iter().map(|(name, text, place)| (name, text.into_bytes(), place)).collect()
}

/// Base64 of something, and what its field is called.
#[rustfmt::skip]
fn fields(cast: &Cast) -> Vec<Row> {
    let (pem, der) = (cast.pem(), cast.der());
    let (of_pem, of_der) = (base64(&pem), base64(&der));
    let secret = |namespace: &str, name: &str| json!({"kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "data": {"a": "YQ==", "tls.crt": of_pem}});
    let list = json!({"kind": "List", "items": [secret("default", "web"), secret("prod", "db")]});
    let helm = gzip(json!({"manifest": format!("crt: {of_pem}")}).to_string().as_bytes());
    let folded = wrapped(&format!("userCertificate;binary:: {of_der}"), 76, "\n ");
    let kubeconfig = format!(
        "users:\n- name: admin\n  user:\n    client-certificate-data: {of_pem}\n    client-key-data: YQ==\n"
    );
    let nested = format!("data:\n  kubeconfig: {}\n", base64(&kubeconfig));
    let wrapped_data = each_line(&wrapped(&of_pem, 76, "\n"), "    ", "");
    let gson = of_der.replace('+', "\\u002b").replace('=', "\\u003d").replace('/', "\\/");
    let in_octets = |before: &str, between: &str| {
        let octets: Vec<_> = der.iter().map(|octet| format!("{before}{octet:02x}")).collect();
        octets.join(between)
    };
    let hex = in_octets("", "");
    let hex_of_pem = base16ct::lower::encode_string(pem.as_bytes());
    let groups: Vec<_> = hex.as_bytes().chunks(64).map(|line| wrapped(&String::from_utf8_lossy(line), 8, " ")).collect();
    let rows: Vec<(&str, String, &str)> = vec![
        ("secret.yaml", format!("kind: Secret\nmetadata:\n  name: web\n  namespace: default\ndata:\n  tls.crt: {of_pem}\n  x: {}\n", base64(cast.ca.pem())), ": default/web data.tls.crt:6"),
        ("secret-literal.yaml", format!("data:\n  tls.crt: |\n{wrapped_data}  password: hunter\n"), ": data.tls.crt:3"),
        ("no-padding.yaml", format!("data:\n  tls.crt: {}\n  password: aHVudGVy\n", of_pem.trim_end_matches('=')), ": data.tls.crt:2"),
        ("list.json", list.to_string(), ": prod/db data.tls.crt:1"),
        ("kubeconfig", kubeconfig, ": users.admin.user.client-certificate-data:4"),
        ("kubeconfig-in-secret.yaml", nested, ": data.kubeconfig: users.admin.user.client-certificate-data:2"),
        ("documents.yaml", format!("a: 1\n---\nmetadata: {{name: second}}\ndata:\n  c: {of_pem}\n"), ": second data.c:5"),
        ("acme-1.json", json!({"Account": {}, "DomainsCertificate": {"Certs": [{"Certificate": {"Certificate": of_pem}}]}}).to_string(), ": DomainsCertificate.Certs.0.Certificate.Certificate:1"),
        ("acme-2.json", json!({"le": {"Certificates": [{"certificate": of_pem}]}}).to_string(), ": le.Certificates.0.certificate:1"),
        ("terraform.tfstate", json!({"resources": [{"name": "web", "instances": [{"attributes": {"cert_pem": pem}}]}]}).to_string(), ": resources.web.instances.0.attributes.cert_pem:1"),
        ("vault.json", json!({"data": {"certificate": pem.trim()}}).to_string(), ": data.certificate:1"),
        ("lines.json", json!({"cert": pem.lines().collect::<Vec<_>>()}).to_string(), ":1"),
        ("jwks.json", json!({"keys": [{"x5c": [of_der]}]}).to_string(), ": keys.0.x5c.0:1"),
        ("envoy.yaml", format!("certificate_chain:\n  inline_string: |\n{}", each_line(&pem, "    ", "")), ": certificate_chain.inline_string:3"),
        ("envoy-bytes.yaml", format!("certificate_chain: {{inline_bytes: {of_pem}}}\n"), ": certificate_chain.inline_bytes:1"),
        ("helm.json", json!({"data": {"release": base64(base64(helm))}}).to_string(), ": data.release: manifest:1"),
        ("gson.json", format!("{{\"c\":\"{gson}\"}}"), ": c:1"),
        ("url-safe.json", format!("{{\"x5c\":[\"{}\"]}}", of_der.replace('+', "-").replace('/', "_").trim_end_matches('=')), ": x5c.0:1"),
        ("address", format!("cert={}", of_der.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")), ":1"),
        ("saml.xml", format!("<KeyInfo><X509Certificate>{of_der}</X509Certificate>"), ":1"),
        ("saml-lines.xml", format!("<X509Certificate>\n{}\n </X509Certificate>", wrapped(&of_der, 64, "\n      ")), ":2"),
        ("saml-entities.xml", format!("<X509Certificate>{}</X509Certificate>", wrapped(&of_der, 76, "&#13;\n")), ":1"),
        ("profile.mobileconfig", format!("<data>\n\t{}\n\t</data>", wrapped(&of_der, 52, "\n\t")), ":2"),
        ("people.ldif", format!("dn: cn=edge\n{folded}\nmail: a@example.com\n"), ": userCertificate;binary:2"),
        ("bare", of_der.clone(), ":1"),
        ("bare-lines", wrapped(&of_der, 64, "\n"), ":1"),
        ("bare-pem", wrapped(&of_pem, 76, "\r\n"), ":1"),
        ("thrice", base64(base64(&of_pem)), ":1"),
        ("cell.csv", format!("host,der\na,{of_der}\n"), ":2"),
        ("page.html", format!("<a href=\"data:application/x-x509-ca-cert;base64,{of_der}\">"), ":1"),
        ("dump.sql", format!("COPY t FROM stdin;\n1\t\\\\x{hex}\n"), ":2"),
        ("dump-my.sql", format!("INSERT INTO t VALUES (0x{});\n", hex.to_uppercase()), ":1"),
        ("dump-pem.sql", format!("INSERT INTO t VALUES (X'{hex_of_pem}');\n"), ":1"),
        ("export.reg", format!("\"Blob\"=hex:20,00,00,00,\\\r\n  {}\r\n", in_octets("", ",").replace("30,82", "30,\\\r\n  82")), ":2"),
        ("router.cfg", format!(" certificate self-signed 01\n  {} \n  \tquit\n", groups.join("\n  ")), ":2"),
        ("colons.txt", in_octets("", ":"), ":1"),
        ("bytes.c", format!("const unsigned char c[] = {{\n  {}\n}};\n", in_octets("0x", ", ")), ":2"),
        ("bytes.json", json!({"der": der}).to_string(), ":1"),
        ("signed.json", format!("{:?}", der.iter().map(|octet| *octet as i8).collect::<Vec<_>>()), ":1"),
        ("buffer.json", json!({"type": "Buffer", "data": pem.as_bytes()}).to_string(), ":1"),
    ];
    rows.into_iter().map(|(name, text, place)| (name, text.into_bytes(), place)).collect()
}

#[rustfmt::skip]
fn octets(cast: &Cast) -> Vec<Row> {
    let (pem, der, root) = (cast.pem(), cast.der(), cast.ca.der().to_vec());
    let mark = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
    let label = |der: &[u8]| labelled("CERTIFICATE", der).into_bytes();
    let both = [&root[..], &der].concat();
    let trust = [&der[..], &[0x30, 2, 0x0c, 0]].concat();
    vec![
        ("der", der.clone(), ""),
        ("two-der", both.clone(), ""),
        ("der-and-more", mark(&der, b"\0\0trailing"), ""),
        ("der-and-line-end", mark(&der, b"\r\n"), ""),
        ("trusted-der.pem", label(&trust), ":1"),
        ("bom", mark(b"\xef\xbb\xbf", pem.as_bytes()), ":1"),
        ("utf-16-le", mark(b"\xff\xfe", &utf16(&pem, u16::to_le_bytes)), ":1"),
        ("utf-16-be", mark(b"\xfe\xff", &utf16(&pem, u16::to_be_bytes)), ":1"),
        ("utf-16-bare", utf16(&pem, u16::to_le_bytes), ":1"),
        ("registry.reg", mark(b"\xff\xfe", &utf16(&format!("\"c\"=\"{}\"", base64(&der)), u16::to_le_bytes)), ":1"),
        ("pkcs7", pkcs7(&both), ""),
        ("pkcs7-wrong-label", label(&pkcs7(&both)), ":1"),
        ("pkcs7-ber", pkcs7_in_ber(&both), ""),
        ("pkcs12-clear", pkcs12(&der, None), ""),
        ("store.jks", jks(0xfeed_feed, &der), ": own"),
        ("store-without-ending", jks(0xfeed_feed, &der), ": peer"),
        ("store.jceks", jks(0xcece_cece, &der), ": peer"),
        ("store.bks", bks(&der), ": own"),
        ("store.sst", [&b"\0\0\0\0CERT\x20\0\0\0\x01\0\0\0\x10\x02\0\0"[..], &der].concat(), ""),
        ("path.pkipath", sequence(&[root.clone(), der.clone()]), ""),
        ("pair", sequence(&[tlv(0xa0, &root), tlv(0xa1, &der)]), ""),
        ("berkeley.db", mark(&[&[0; 12][..], b"\x61\x15\x06\0"].concat(), &der), ""),
        ("lmdb.mdb", mark(&[&[0; 16][..], b"\xde\xc0\xef\xbe"].concat(), &der), ""),
        ("bbolt.db", mark(&[&[0; 16][..], b"\xed\xda\x0c\xed\n"].concat(), pem.as_bytes()), ":2"),
        ("sqlite.db", mark(b"SQLite format 3\0\x10\0", &der), ""),
        ("login.keychain", mark(b"kych\0\x01\0\0", &der), ""),
        ("NTUSER.DAT", mark(b"regf\x01\0\0\0", &der), ""),
        ("keys.kbx", mark(b"\0\0\0\x20\x01\x01\0\x02KBXf", &der), ""),
        ("list.plist", [&b"bplist00"[..], &der].concat(), ""),
    ]
}

/// Archives, in one another and in text.
#[rustfmt::skip]
fn in_others(cast: &Cast) -> Vec<Row> {
    let (pem, der) = (cast.pem(), cast.der());
    let zipped = zip(&[("etc/edge.pem", pem.as_bytes()), ("picture", b"\0\0\0")]);
    let packed = tar(&[("etc/edge.pem", pem.as_bytes())]);
    let nested = gzip(&tar(&[("in.zip", &zipped), ("in.tar", &packed)]));
    // Version 7 of Unix had no magic; the checksum is older.
    let mut old = packed.clone();
    old[257..265].fill(0);
    old[148..156].fill(b' ');
    let sum: u32 = old[..512].iter().map(|octet| u32::from(*octet)).sum();
    old[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    vec![
        ("a.zip", zipped.clone(), ": etc/edge.pem:1"),
        ("program.jar", [b"#!/bin/sh\nexec java -jar $0\n", &zipped[..]].concat(), ": etc/edge.pem:1"),
        ("a.tar", packed.clone(), ": etc/edge.pem:1"),
        ("v7.tar", old, ": etc/edge.pem:1"),
        ("a.tar.gz", gzip(&packed), ": etc/edge.pem:1"),
        ("nested.tgz", nested, ": in.zip: etc/edge.pem:1"),
        ("edge.pem.gz", gzip(pem.as_bytes()), ":1"),
        ("edge.der.gz", gzip(&der), ""),
        ("configmap.yaml", format!("binaryData:\n  b.zip: {}\n", base64(&zipped)).into_bytes(), ": binaryData.b.zip: etc/edge.pem:1"),
        ("secret-jks.yaml", format!("data:\n  k: {}\n", base64(jks(0xfeed_feed, &der))).into_bytes(), ": data.k: peer"),
        ("secret-p12.yaml", format!("data:\n  k: {}\n", base64(pkcs12(&der, None))).into_bytes(), ": data.k:2"),
    ]
}

/// Beside it, where it belongs to the certificate.
#[test]
fn a_private_key_is_noticed_in_the_same_forms() {
    let cast = Cast::new();
    let key = cast.edge.key_pem();
    let der = cast.edge.key_der();
    #[rustfmt::skip]
    let rows: [(&str, Vec<u8>, &str); 5] = [
        ("edge.pem", cast.pem().into(), ""),
        ("key.env", format!("KEY={}", key.replace('\n', "\\n")).into(), "key.env:1"),
        ("key.json", json!({"le": {"key": base64(der.secret_der())}}).to_string().into(), "key.json: le.key:1"),
        ("key.bin", der.secret_der().to_vec(), "key.bin"),
        ("key.zip", zip(&[("a", key.as_bytes())]), "key.zip: a:1"),
    ];
    let told = audit(rows.iter().map(|(name, bytes, _)| (name, bytes)));
    let keys = keys_of(&told, "edge");
    for (name, _, place) in rows {
        assert!(place.is_empty() || keys.iter().any(|key| key == place), "{name}: {keys:?}");
    }
}

/// A JKS is one place of several aliases, a store of many chains one of many.
#[test]
fn the_samples_of_the_field_are_read() {
    let Some(samples) = shared("cases/formats") else { return };
    let entries = std::fs::read_dir(samples).unwrap().map(|entry| entry.unwrap());
    let files = entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
    let files: Vec<_> = files.filter(|(name, _)| name != "pw.txt").collect();
    let told = audit(files.iter().map(|(name, path)| (name, std::fs::read(path).unwrap())));
    assert_eq!(told.unreadable(), [].into());
    let lines = told.lines();
    let is_edge = |line: &&Value| line["subject"].to_string().contains("CN=edge.example.test");
    let places = lines.iter().find(is_edge).unwrap()["source"].to_string();
    for (name, _) in &files {
        assert!(places.contains(name), "{name}: {places}");
    }
}
