//! What holds certificates, or may hold them, and cannot be read is told, with the file and what to do.

use super::make::{Cast, base64, bks, gzip, jks, pkcs7, pkcs12, tar, zip};
use super::run::{audit, places_of};
use crate::common::pki::der::{octet_string, oid, sequence, tlv, unsigned};
use crate::common::pki::pem as labelled;

/// Each row: a file, what is in it, and a part of the reason.
#[test]
fn what_should_hold_certificates_and_cannot_be_read_is_a_finding() {
    let cast = Cast::new();
    let (pem, der) = (cast.pem(), cast.der());
    let cut = |bytes: &[u8]| bytes[..bytes.len() * 2 / 3].to_vec();
    let of_pem = base64(&pem);
    let field = |value: &str| format!("data:\n  tls.crt: {value}\n").into_bytes();
    let unknown = [0x30, 11, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 99];
    let closed = pkcs12(&der, Some((&unknown, &|bags| bags.to_vec())));
    let mut locked = zip(&[("edge.pem", pem.as_bytes())]);
    // The bit that says so, in both headers of the member.
    locked[6] |= 1;
    let central = locked.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    locked[central + 8] |= 1;
    let signed_data = oid(&[1, 2, 840, 113549, 1, 7, 2]);
    let ber = |rest: &[u8]| [&[0x30, 0x80], &signed_data[..], rest].concat();
    let ber_inside = sequence(&[signed_data.clone(), vec![0xa0, 0x80, 0, 0, 0]]);
    let enveloped = sequence(&[oid(&[1, 2, 840, 113549, 1, 7, 3]), tlv(0xa0, &[0x30, 0])]);
    let enc = format!("ENC[AES256_GCM,data:{},iv:YQ==,tag:YQ==,type:str]", base64([9; 300]));
    let algorithm = sequence(&[oid(&[1, 2])]);
    let request = sequence(&[sequence(&[unsigned(&[0])]), algorithm, tlv(3, &[0])]);
    let netscape = sequence(&[oid(&[2, 16, 840, 1, 113730, 2, 5]), tlv(0xa0, &tlv(0x30, &der))]);
    let database = [&[0; 16][..], b"\xed\xda\x0c\xed"].concat();
    #[rustfmt::skip]
    let rows: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty.pem", vec![], "no certificate"),
        ("mark.pem", b"-----BEGIN CERTIFICATE-----\n".to_vec(), "no certificate"),
        ("noise.crt", vec![1, 2, 3, 0], "no certificate"),
        ("chain.pem.xz", b"\xfd7zXZ\0\0\x04".to_vec(), "no certificate"),
        ("chain.pem.7z", b"7z\xbc\xaf\x27\x1c\0\x04".to_vec(), "no certificate"),
        ("cut.conf", cut(pem.as_bytes()), "END CERTIFICATE"),
        ("damaged.conf", pem.replacen("MII", "M!I", 1).into(), "damaged base64"),
        ("damaged-line.env", format!("C=\"{}\"", pem.replacen("MII", "M!I", 1).replace('\n', "\\n")).into(), "damaged base64"),
        ("shifted.conf", pem.replacen("MII", "MI", 1).into(), "cannot be read"),
        ("no-certificate.conf", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_vec(), "cannot be read"),
        ("dashes.conf", pem.replacen("-----BEGIN", "----BEGIN", 1).into(), "-----BEGIN CERTIFICATE-----"),
        ("backup.tar.xz", b"\xfd7zXZ\0\0\x04".to_vec(), "unpack it"),
        ("backup.tar.gpg", vec![0x85, 1, 0x0c, 3], "unpack it"),
        ("backup.7z", b"7z\xbc\xaf\x27\x1c\0\x04".to_vec(), "unpack it"),
        ("request-inside.conf", labelled("CERTIFICATE", &request).into(), "nothing that is read"),
        ("sequence-of-netscape.conf", labelled("CERTIFICATE", &netscape).into(), "nothing that is read"),
        ("message.pem.asc", labelled("PGP MESSAGE", &[9; 300]).into(), "decrypt it"),
        ("age.yaml", format!("tls.crt: |\n  {}", labelled("AGE ENCRYPTED FILE", &[9; 300]).replace('\n', "\n  ")).into(), "decrypt it"),
        ("vault.yml", format!("$ANSIBLE_VAULT;1.1;AES256\n{}\n", "3133".repeat(100)).into(), "ansible-vault"),
        ("vaulted.yaml", format!("tls_cert: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  {}\n", "3133".repeat(100)).into(), "ansible-vault"),
        ("transit.yaml", format!("tls_cert: vault:v1:{}\n", base64([9; 300])).into(), "the field should hold"),
        ("unit.service", format!("SetCredentialEncrypted=tls.crt: \\\n  {}\n", base64([9; 300])).into(), "the field should hold"),
        ("bcfks", sequence(&[sequence(&[sequence(&[oid(&[1, 2])]), octet_string(&der)]), sequence(&[])]), "BCFKS"),
        ("cut.db", [&database[..], &cut(&der)].concat(), "export"),
        ("cut-der", cut(&der), "is cut"),
        ("cut-pkcs12", cut(&pkcs12(&der, None)), "PKCS#12 is cut"),
        ("cut-pkcs7", cut(&pkcs7(&der)), "PKCS#7 is cut"),
        ("cut-in-tbs.pem", vec![0x30, 8, 0x30, 2, 0xa0, 1, 0x30, 0, 3, 0], "no certificate"),
        ("ber.pem", ber(&[0xa0, 0x80, 0, 0, 0, 0]), "malformed PKCS#7"),
        ("ber-inside.pem", ber_inside, "no certificate"),
        ("no-certificates.pem", pkcs7(&[]), "no certificates are in this PKCS#7"),
        ("enveloped.pem", enveloped, "not SignedData"),
        ("pfx.pem", vec![0x30, 5, 2, 1, 3, 0x30, 0], "PKCS#12"),
        ("key.pem", vec![0x30, 3, 2, 1, 0], "private key"),
        ("key.der", vec![0x30, 3, 2, 1, 0], "private key"),
        ("cut.jks", cut(&jks(0xfeed_feed, &der)), "keytool"),
        ("cut.bks", cut(&bks(&der)), "keytool"),
        ("cut.zip", cut(&zip(&[("edge.pem", pem.as_bytes())])), "archive is damaged"),
        ("cut.tar.gz", cut(&gzip(&tar(&[("edge.pem", pem.as_bytes())]))), "archive is damaged"),
        ("locked.zip", locked, "encrypted"),
        ("closed", closed, "1.2.840.113549.1.5.99"),
        ("field.yaml", field(&of_pem.replacen("LS0t", "LS!t", 1)), "the field should hold a certificate"),
        ("field-cut.yaml", field(&of_pem[..of_pem.len() / 2]), "END CERTIFICATE"),
        ("sops.yaml", field(&enc), "the field should hold a certificate"),
        ("sealed.yaml", field(&base64([9; 600])), "the field should hold a certificate"),
        ("saml.xml", format!("<ds:X509Certificate>{}</ds:X509Certificate>", base64([9; 600])).into(), "the field should hold"),
    ];
    let told = audit(rows.iter().map(|(name, bytes, _)| (name, bytes)));
    let unreadable = told.unreadable();
    let mut failures = String::new();
    for (name, _, reason) in &rows {
        let found: Vec<_> =
            unreadable.iter().filter(|(place, _)| place.starts_with(name)).collect();
        match found[..] {
            [(_, found)] if found.contains(reason) => {}
            _ => failures += &format!("{name}: needed `{reason}`, found {found:?}\n"),
        }
    }
    assert_eq!(failures, "");
    assert_eq!(told.code, 2);
}

/// What can be read of a file that is broken elsewhere, is read.
#[test]
fn what_is_broken_hides_nothing_beside_it() {
    let cast = Cast::new();
    let (pem, der) = (cast.pem(), cast.der());
    let broken = pem.replacen("MII", "M!I", 1);
    let mut store = jks(0xfeed_feed, &der);
    store.truncate(store.len() - 30);
    let archive = gzip(&tar(&[("broken.pem", b"nothing"), ("edge.pem", pem.as_bytes())]));
    let more = [gzip(pem.as_bytes()), b"and more".to_vec()].concat();
    // More than its last bytes is missing: they would say only how much there was.
    let long = format!("{pem}{}", (0..20_000).map(|n| n.to_string()).collect::<String>());
    let mut cut = gzip(long.as_bytes());
    cut.truncate(cut.len() - 1000);
    let mut strange = zip(&[("strange", b"something"), ("edge.pem", pem.as_bytes())]);
    // A method that nobody has, in both headers of the first member.
    let central = strange.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    (strange[8], strange[central + 10]) = (99, 99);
    let rows = [
        ("bundle.pem", format!("{broken}{pem}").into_bytes()),
        ("store.jks", store),
        ("backup.tar.gz", archive),
        ("more.gz", more),
        ("cut.gz", cut),
        ("strange.zip", strange),
    ];
    let told = audit(rows.iter().map(|(name, bytes)| (name, bytes)));
    let (places, unreadable) = (places_of(&told, "edge"), told.unreadable());
    for (name, _) in &rows {
        assert!(places.iter().any(|place| place.starts_with(name)), "{name}: {places:?}");
        assert!(unreadable.keys().any(|place| place.starts_with(name)), "{name}: {unreadable:?}");
    }
    assert_eq!(told.code, 2);
}
