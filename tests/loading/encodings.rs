//! What is unambiguous is read, whatever its label and its encoding; of two encodings in one file nothing is.

use mtls_roles::{Credentials, Roots};

use crate::common::pki::der::{children, oid, sequence, tlv};
use crate::common::pki::{Ca, LeafSpec, pem};
use crate::common::tls::provider;

#[test]
#[rustfmt::skip] // One row, one line.
fn what_is_unambiguous_is_read_whatever_its_label_and_encoding() {
    let leaf = Ca::root_named("root").leaf(LeafSpec::new("edge"));
    let (chain, key) = (leaf.cert_pem(), leaf.key_pem());
    let pkcs8 = leaf.key.serialize_der();
    let marked = |text: &str| format!("\u{feff}{text}");
    let ways: Vec<(&str, Vec<u8>, Vec<u8>)> = vec![
        ("UTF-8 with a mark", marked(&chain).into(), marked(&key).into()),
        ("UTF-16LE with a mark", utf16(&marked(&chain), u16::to_le_bytes), utf16(&marked(&key), u16::to_le_bytes)),
        ("UTF-16BE with a mark", utf16(&marked(&chain), u16::to_be_bytes), utf16(&marked(&key), u16::to_be_bytes)),
        ("UTF-16LE", utf16(&chain, u16::to_le_bytes), utf16(&key, u16::to_le_bytes)),
        ("UTF-16BE", utf16(&chain, u16::to_be_bytes), utf16(&key, u16::to_be_bytes)),
        ("X509", chain.replace("CERT", "X509 CERT").into(), key.clone().into()),
        ("X.509", chain.replace("CERT", "X.509 CERT").into(), key.clone().into()),
        ("PKCS#8 as SEC1", chain.clone().into(), pem("EC PRIVATE KEY", &pkcs8).into()),
        ("PKCS#8 as PKCS#1", chain.clone().into(), pem("RSA PRIVATE KEY", &pkcs8).into()),
        ("SEC1 as PKCS#8", chain.clone().into(), pem("PRIVATE KEY", &sec1(&pkcs8)).into()),
        ("SEC1 as PKCS#1", chain.clone().into(), pem("RSA PRIVATE KEY", &sec1(&pkcs8)).into()),
    ];
    for (id, chain, key) in ways {
        Credentials::from_pem(&chain, &key, &provider()).unwrap_or_else(|error| panic!("{id}: {error}"));
        let ders = Credentials::chain_from_pem("chain.pem", &chain);
        assert_eq!(ders.expect(id), [leaf.der()], "{id}");
    }
}

/// The ECPrivateKey inside, which says its curve there only where it stands alone.
fn sec1(pkcs8: &[u8]) -> Vec<u8> {
    let inner = &children(pkcs8)[2];
    let key = children(&inner[2..]);
    let curve = tlv(0xa0, &oid(&[1, 2, 840, 10045, 3, 1, 7]));
    sequence(&[key[0].clone(), key[1].clone(), curve, key[2].clone()])
}

/// PowerShell's `>>` appends UTF-16 to whatever is there; `cat` appends to what PowerShell wrote.
#[test]
fn of_a_file_in_two_encodings_nothing_is_read() {
    let (one, two) = (Ca::root_named("one").pem(), Ca::root_named("two").pem());
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let one = one.as_bytes();
        let (plain, marked) = (utf16(&two, bytes), utf16(&format!("\u{feff}{two}"), bytes));
        let (plain, marked, other) = (&plain[..], &marked[..], &utf16(&two, u16::to_le_bytes)[..]);
        for parts in [
            &[one, marked][..],
            &[one, plain],
            &[marked, one],
            &[plain, b"\n", one],
            &[plain, b"\n", plain],
            &[&utf16(&two, u16::to_be_bytes), other],
        ] {
            let text = parts.concat();
            let error = Roots::from_pem(&text).map(|roots| roots.len()).unwrap_err().to_string();
            assert!(error.contains("two encodings"), "{error}");
        }
    }
}

pub fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}
