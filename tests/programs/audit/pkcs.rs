//! PKCS#7 and PKCS#12, written by OpenSSL, and what is broken.

use serde_json::{Value, json};

use super::run::{Run, audit, audit_with, openssl, places};
use super::world::World;

/// Each row: how OpenSSL makes the file, and whether the issuer is in it. An empty password is none.
#[test]
fn pkcs_7_is_read_in_pem_and_der_and_pkcs_12_with_an_empty_password() {
    let world = World::full();
    world.write("chain.pem", world.edge.chain_pem(&[&world.combined]));
    for (make, place, has_issuer) in [
        ("crl2pkcs7 -nocrl -certfile chain.pem -outform PEM -out made", "made:1", true),
        ("crl2pkcs7 -nocrl -certfile chain.pem -outform DER -out made", "made", true),
        ("pkcs12 -export -in edge.pem -inkey edge.key -out made -passout pass:", "made", false),
    ] {
        if !openssl(&world, make) {
            return;
        }
        let output = audit(&world, "--format json made issuers.pem roots.pem");
        let edge = output.line("CN=edge.example.com");
        assert_eq!(places(&edge), [place], "{make}");
        assert_eq!(edge["verdict"], "breaks_at_renewal", "{make}");
        let issuer = output.line("O=DigiCert Inc, CN=Combined CA");
        assert_eq!(places(&issuer)[0] == place, has_issuer, "{make}");
    }
}

/// Modern AES and what Windows and old Java write; the certificates are encrypted in both.
#[test]
fn pkcs_12_is_read_with_its_password_and_without_it_is_a_finding() {
    let world = World::full();
    world.write("passwords", "wrong\nsesame\n");
    world.write("wrong", "wrong\n");
    let modern = "-keypbe AES-256-CBC -certpbe AES-256-CBC -macalg SHA256";
    let old = "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg SHA1";
    for algorithms in [modern, old] {
        let make = format!(
            "pkcs12 -export -in edge.pem -inkey edge.key -out edge.p12 -passout pass:sesame {algorithms}"
        );
        if !openssl(&world, &make) {
            return;
        }
        let file = "--format json edge.p12 issuers.pem roots.pem";
        let by_file = audit(&world, &format!("--password-file passwords {file}"));
        let env = [("AUDIT_PKCS12_PASSWORD", "sesame")];
        let by_environment = audit_with(&world, file, b"", &env);
        for output in [by_file, by_environment] {
            let edge = output.line("CN=edge.example.com");
            assert_eq!(places(&edge), ["edge.p12"], "{algorithms}");
            assert_eq!(edge["private_keys"], json!(["edge.p12"]), "{algorithms}");
            assert_eq!((output.code, edge["verdict"].as_str()), (1, Some("breaks_at_renewal")));
        }
        for arguments in [file, "--format json --password-file wrong edge.p12"] {
            let output = audit(&world, arguments);
            let reason = unreadable(&output);
            assert_eq!(output.code, 2, "{algorithms} {output:?}");
            assert!(reason.contains("none of the passwords"), "{algorithms} {reason}");
        }
    }
}

/// Every row: an id, the bytes of a file, a part of the reason. The good certificate beside it is
/// reported all the same.
#[test]
fn what_cannot_be_read_is_a_finding_with_its_reason_and_stops_nothing() {
    let world = World::full();
    let der = world.edge.der();
    let pem = world.edge.cert_pem();
    let cut = pem.lines().take(4).collect::<Vec<_>>().join("\n");
    let signed_data = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    let ber = [&[0x30, 16][..], &signed_data, &[0xa0, 0x80, 0, 0, 0]].concat();
    let empty =
        [&[0x30, 24][..], &signed_data, &[0xa0, 11, 0x30, 9, 2, 1, 1, 0x31, 0, 0x30, 0, 0x31, 0]]
            .concat();
    let enveloped = [0x30, 15, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 3, 0xa0, 2, 0x30, 0];
    #[rustfmt::skip]
    let rows = [
        ("empty",       vec![], "no certificate"),
        ("text",        b"nothing".to_vec(), "no certificate"),
        ("cut-pem",     cut.into_bytes(), "END CERTIFICATE"),
        ("cut-der",     der[..der.len() - 1].to_vec(), "a certificate is cut"),
        ("cut-in-tbs",  [&[0x30, 8, 0x30, 2, 0xa0, 1, 0x30][..], &[0, 3, 0]].concat(), "no certificate"),
        ("base64",      pem.replacen("MII", "M!I", 1).into_bytes(), "base64"),
        ("four-dashes", pem.replacen("-----BEGIN", "----BEGIN", 1).into_bytes(), "BEGIN CERTIFICATE"),
        ("ber",         [&[0x30, 0x80][..], &signed_data, &[0xa0, 0x80, 0, 0, 0, 0]].concat(), "malformed PKCS#7"),
        ("ber-inside",  ber, "no certificate"),
        ("no-certs",    empty, "no certificates are in this PKCS#7"),
        ("enveloped",   enveloped.to_vec(), "not SignedData"),
        ("pfx",         vec![0x30, 5, 2, 1, 3, 0x30, 0], "PKCS#12"),
        ("key",         vec![0x30, 3, 2, 1, 0], "private key"),
    ];
    for (id, bytes, reason) in rows {
        world.write("file.pem", bytes);
        let output = audit(&world, "--format json file.pem www.pem issuers.pem roots.pem");
        let (found, www) = (unreadable(&output), output.line("CN=www.example.com"));
        assert!(found.contains(reason), "{id}: needed {reason}: {output:?}");
        assert_eq!((output.code, &www["verdict"]), (2, &json!("unaffected")), "{id}: {output:?}");
    }
}

/// The reason of the one thing that could not be read.
fn unreadable(output: &Run) -> String {
    let lines = output.lines();
    let unreadable = lines.iter().filter(|line| line["verdict"] == "unreadable");
    let reasons: Vec<_> = unreadable.map(|line| &line["because"][0]["text"]).collect();
    match reasons[..] {
        [Value::String(reason)] => reason.clone(),
        _ => panic!("needed one: {output:?}"),
    }
}
