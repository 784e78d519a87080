//! PKCS#7 and PKCS#12, written by OpenSSL, and what is broken.

use std::process::Command;

use serde_json::{Value, json};

use crate::run::{Run, audit, audit_with};
use crate::world::World;

#[test]
fn pkcs_7_is_read_in_pem_and_der() {
    let world = World::full();
    world.write("chain.pem", world.edge.chain_pem(&[&world.combined]));
    for form in ["PEM", "DER"] {
        let make = format!("crl2pkcs7 -nocrl -certfile chain.pem -outform {form} -out chain.p7b");
        if !openssl(&world, &make) {
            return;
        }
        let output = audit(world.path(), "--format json chain.p7b roots.pem");
        let edge = output.line("CN=edge.example.com");
        assert_eq!(edge["source"], json!(["chain.p7b"]), "{form}");
        assert_eq!(edge["verdict"], "breaks_at_renewal", "{form}");
        let issuer = output.line("O=DigiCert Inc, CN=Combined CA");
        assert_eq!(issuer["source"], json!(["chain.p7b"]), "{form}");
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
        let by_file = audit(world.path(), &format!("--password-file passwords {file}"));
        let env = [("AUDIT_PKCS12_PASSWORD", "sesame")];
        let by_environment = audit_with(world.path(), file, b"", &env);
        for output in [by_file, by_environment] {
            let edge = output.line("CN=edge.example.com");
            assert_eq!(edge["source"], json!(["edge.p12"]), "{algorithms}");
            assert_eq!(edge["private_keys"], json!(["edge.p12"]), "{algorithms}");
            assert_eq!((output.code, edge["verdict"].as_str()), (1, Some("breaks_at_renewal")));
        }
        for arguments in [file, "--format json --password-file wrong edge.p12"] {
            let output = audit(world.path(), arguments);
            let reason = unreadable(&output);
            assert_eq!(output.code, 2, "{algorithms} {output:?}");
            assert!(reason.contains("none of the passwords"), "{algorithms} {reason}");
        }
    }
}

#[test]
fn pem_behind_text_that_begins_as_der_does_is_read() {
    let world = World::full();
    world.write("edge.txt", format!("0 comes first\n{}", world.edge.cert_pem()));
    let output = audit(world.path(), "--format json edge.txt");
    let edge = output.line("CN=edge.example.com");
    assert_eq!(edge["source"], json!(["edge.txt:2"]));
}

#[test]
fn pkcs_12_with_an_empty_password_needs_none() {
    let world = World::full();
    let make = "pkcs12 -export -in edge.pem -inkey edge.key -out edge.p12 -passout pass:";
    if !openssl(&world, make) {
        return;
    }
    let output = audit(world.path(), "--format json edge.p12");
    assert_eq!(output.line("CN=edge.example.com")["source"], json!(["edge.p12"]));
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
        ("cut-der",     der[..der.len() - 1].to_vec(), "no certificate"),
        ("cut-in-tbs",  [&[0x30, 8, 0x30, 2, 0xa0, 1, 0x30][..], &[0, 3, 0]].concat(), "no certificate"),
        ("base64",      pem.replacen("MII", "M!I", 1).into_bytes(), "base64"),
        ("four-dashes", pem.replacen("-----BEGIN", "----BEGIN", 1).into_bytes(), "BEGIN CERTIFICATE"),
        ("ber",         [&[0x30, 0x80][..], &signed_data, &[0xa0, 0x80, 0, 0, 0, 0]].concat(), "BER"),
        ("ber-inside",  ber, "malformed PKCS#7"),
        ("no-certs",    empty, "no certificates are in this PKCS#7"),
        ("enveloped",   enveloped.to_vec(), "not SignedData"),
        ("pfx",         vec![0x30, 5, 2, 1, 3, 0x30, 0], "PKCS#12"),
        ("key",         vec![0x30, 3, 2, 1, 0], "private key"),
    ];
    let failures: Vec<_> = rows
        .iter()
        .filter_map(|(id, bytes, reason)| {
            world.write("file.pem", bytes);
            let output =
                audit(world.path(), "--format json file.pem www.pem issuers.pem roots.pem");
            let found = unreadable(&output);
            let goes_on = output.line("CN=www.example.com")["verdict"] == "unaffected";
            let is_right = found.contains(reason) && goes_on && output.code == 2;
            (!is_right).then(|| format!("{id}: needed {reason}: {output:?}"))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
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

/// Whether OpenSSL is here, and did it.
fn openssl(world: &World, arguments: &str) -> bool {
    let mut openssl = Command::new("openssl");
    let output = openssl.current_dir(world.path()).args(arguments.split_whitespace()).output();
    let Ok(output) = output else {
        eprintln!("SKIPPED: no openssl is here");
        return false;
    };
    assert!(output.status.success(), "{arguments}: {output:?}");
    true
}
