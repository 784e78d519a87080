//! Nothing that prints shows a private key.

use std::fmt::Debug;

use base64ct::{Base64Unpadded, Encoding};
use mtls_roles::{ClientSlot, Credentials, Crls, Error, Roots, client_config, server_config};

use crate::common::ours::{client_slot, clients, credentials, roots, server_slot, servers};
use crate::common::pki::{Ca, KeyKind, Leaf, LeafSpec};
use crate::common::tls::provider;

#[test]
fn nothing_that_prints_shows_a_private_key() {
    for kind in [KeyKind::P256, KeyKind::Ed25519] {
        let leaf = Ca::root_named("root").leaf(LeafSpec::new("edge").kind(kind));
        let secret = Secret::of(&leaf);
        let credentials = credentials(&leaf, &[]);
        let server = server_slot().build_with(credentials.clone()).unwrap();
        let client = client_slot().build_with(credentials.clone()).unwrap();
        secret.is_not_in("Credentials", &credentials);
        secret.is_not_in("ServerSlot", &server);
        secret.is_not_in("ClientSlot", &client);
        secret.is_not_in("SlotBuilder", &ClientSlot::builder());
        let roots = roots([&Ca::root_named("root")]);
        let accept = server_config(&provider(), server, clients(&roots).build().unwrap());
        let connect = client_config(&provider(), client, servers(&roots).build().unwrap());
        secret.is_not_in("ServerConfig", &accept.unwrap());
        secret.is_not_in("ClientConfig", &connect.unwrap());
        for (id, error) in errors_about_the_key(&leaf) {
            secret.is_not_in(id, &error);
            secret.is_not_in_text(id, &error.to_string());
        }
    }
}

/// A key in files of every broken kind, read as key, as chain and as roots.
fn errors_about_the_key(leaf: &Leaf) -> Vec<(&'static str, Error)> {
    let key = leaf.key_pem();
    let base64: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    let legacy = format!("-----BEGIN EC PRIVATE KEY-----{base64}-----END EC PRIVATE KEY-----\n");
    let chain = leaf.cert_pem();
    let mut errors = vec![];
    for (id, pem) in [
        ("one line", key.replace('\n', "")),
        ("line ends escaped", key.replace('\n', "\\n")),
        ("one line with an older label", legacy),
        ("indented", key.replace('\n', "\n ")),
        ("no END", key.replace("-----END", "")),
        ("joined with a certificate", format!("{}{chain}", key.trim_end())),
        ("joined without marks", format!("{base64}-----BEGIN CERTIFICATE-----{base64}")),
        ("a label and no dashes", format!("-----BEGIN PRIVATE KEY {base64}")),
        ("damaged base64", key.replacen('M', "M!", 1)),
        ("cut base64", key.replacen(&base64[40..44], "", 1)),
        ("cut DER", key.replacen(&base64[40..60], "", 1)),
        ("two keys", key.repeat(2)),
        ("encrypted, it says", key.replace("PRIVATE", "ENCRYPTED PRIVATE")),
    ] {
        let read_key = Credentials::from_pem(chain.as_bytes(), pem.as_bytes(), &provider());
        errors.push((id, read_key.expect_err(id)));
        let read_chain = Credentials::from_pem(pem.as_bytes(), key.as_bytes(), &provider());
        errors.extend(read_chain.err().map(|error| (id, error)));
        errors.push((id, Roots::from_pem(pem.as_bytes()).expect_err(id)));
        errors.push((id, Crls::from_pem(pem.as_bytes()).expect_err(id)));
    }
    let other = Ca::root_named("root").leaf(LeafSpec::new("other"));
    let mismatch = Credentials::from_der(other.chain(&[]), leaf.key_der(), &provider());
    errors.push(("another certificate", mismatch.unwrap_err()));
    errors
}

/// The private part of a key, to be searched for in texts.
struct Secret(Vec<u8>);

impl Secret {
    /// PKCS#8 of P-256 and of Ed25519 has it as the first OCTET STRING of 32 bytes.
    fn of(leaf: &Leaf) -> Self {
        let key = leaf.key.serialize_der();
        let at = key.windows(2).position(|pair| pair == [0x04, 0x20]);
        let at = at.expect("an OCTET STRING of 32 bytes") + 2;
        let secret = Self(key[at..at + 32].to_vec());
        secret.would_be_found();
        secret
    }

    /// The search has to find what it is for, in every way that a key could be printed.
    fn would_be_found(&self) {
        let Self(bytes) = self;
        let hex: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        for text in [
            format!("{bytes:?}"),
            format!("{bytes:#?}"),
            format!("{bytes:02x?}"),
            format!("{bytes:#04X?}"),
            hex.concat(),
            hex.concat().to_uppercase(),
            hex.join(":"),
            base64(bytes),
            base64(&[&[1], bytes.as_slice()].concat()),
            base64(&[&[1, 2], bytes.as_slice()].concat()),
            format!("{:?}", base64(bytes).into_bytes()),
        ] {
            assert!(self.is_in(&text), "the search is blind for {text}");
        }
    }

    fn is_not_in(&self, id: &str, value: &impl Debug) {
        self.is_not_in_text(id, &format!("{value:?}"));
        self.is_not_in_text(id, &format!("{value:#?}"));
    }

    fn is_not_in_text(&self, id: &str, text: &str) {
        assert!(!self.is_in(text), "{id} shows the key: {text}");
    }

    /// Any five bytes in a row.
    fn is_in(&self, text: &str) -> bool {
        let text = bare(text);
        let lower_case = text.to_lowercase();
        self.0.windows(5).enumerate().any(|(at, window)| {
            let hex: String = window.iter().map(|byte| format!("{byte:02x}")).collect();
            // Six characters of base64 are the same wherever the bytes before them end.
            let mut base64 = (0..3).map(|shift| {
                let from = (at + shift).min(self.0.len() - 5);
                base64(&self.0[from..from + 5])[..6].to_owned()
            });
            text.contains(&decimal(window))
                || lower_case.contains(&hex)
                || base64.any(|it| text.contains(&it) || text.contains(&decimal(it.as_bytes())))
        })
    }
}

/// Without what only lays a text out.
fn bare(text: &str) -> String {
    let text = text.replace("0x", "").replace("0X", "");
    text.replace(|c: char| c.is_whitespace() || ":,[]".contains(c), "")
}

fn decimal(bytes: &[u8]) -> String {
    bytes.iter().map(u8::to_string).collect()
}

fn base64(bytes: &[u8]) -> String {
    Base64Unpadded::encode_string(bytes)
}
