//! What the audit reads of a certificate is what a second parser reads.

use crate::common::pki::{
    Ca, CaSpec, DistinguishedName, DnType, Eku, KeyKind, KeyUsagePurpose as Ku, LeafSpec, der,
};
use crate::world::{findings, inventory, real};
use mtls_roles::audit::{CertificateKind, Entry, Inventory, Stack};
use mtls_roles::{Role, SubjectAltName};
use rustls::pki_types::CertificateDer;
use time::macros::datetime;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

fn compare(der: &[u8], id: &str) {
    let inventory = inventory([der.into()]);
    let ours = &inventory.entries()[0];
    let (_, theirs) = X509Certificate::from_der(der).unwrap();
    let (certificate, validity) = (ours.certificate(), theirs.validity());
    assert_eq!(certificate.not_before(), validity.not_before.to_datetime(), "{id}");
    assert_eq!(certificate.not_after(), validity.not_after.to_datetime(), "{id}");
    let serial = theirs.raw_serial().iter().map(|byte| format!("{byte:02x}"));
    assert_eq!(certificate.serial(), serial.collect::<String>(), "{id}");
    assert_eq!(ours.key().bits, bits(&theirs), "{id}");
    assert_eq!(usage(ours), their_usage(&theirs), "{id}");
    let names = theirs.subject_alternative_name().unwrap();
    let names = names.map_or(0, |it| it.value.general_names.len());
    assert_eq!(certificate.alt_names().len(), names, "{id}");
    assert_eq!(ours.kind() != CertificateKind::Leaf, theirs.is_ca(), "{id}");
}

fn bits(theirs: &X509Certificate<'_>) -> Option<usize> {
    match theirs.public_key().parsed() {
        Ok(PublicKey::RSA(key)) => Some(key.key_size()),
        // Of the field: x509-parser rounds up to whole octets.
        Ok(PublicKey::EC(key)) if key.key_size() == 528 => Some(521),
        Ok(PublicKey::EC(key)) => Some(key.key_size()),
        _ => Some(255),
    }
}

fn usage(ours: &Entry) -> Option<Vec<String>> {
    ours.key_usage().map(|usage| usage.names().map(str::to_lowercase).collect())
}

/// x509-parser prints `Digital Signature, Key Cert Sign`.
fn their_usage(theirs: &X509Certificate<'_>) -> Option<Vec<String>> {
    let usage = theirs.key_usage().unwrap()?.value.to_string().to_lowercase();
    let usage = usage.replace("non-repudiation", "nonrepudiation");
    let names = usage.split(", ").filter(|name| !name.is_empty());
    Some(names.map(|name| name.replace(' ', "")).collect())
}

/// Keys and usages print as people call them.
#[test]
fn of_generated_certificates() {
    let root = Ca::root_named("root");
    for (kind, name) in [
        (KeyKind::P256, "EC P-256"),
        (KeyKind::P384, "EC P-384"),
        (KeyKind::P521, "EC P-521"),
        (KeyKind::Ed25519, "Ed25519"),
        (KeyKind::Rsa2048, "RSA 2048"),
    ] {
        let usages =
            [Ku::DigitalSignature, Ku::KeyEncipherment, Ku::KeyAgreement, Ku::DecipherOnly];
        let spec = LeafSpec::new("leaf").dns("a.example").ip([10, 0, 0, 1]).kind(kind);
        let leaf = root.leaf(spec.eku(Eku::both()).key_usages(&usages)).der();
        compare(&leaf, name);
        let inventory = inventory([leaf]);
        let entry = &inventory.entries()[0];
        let usages = entry.key_usage().unwrap().to_string();
        assert_eq!(usages, "digitalSignature, keyEncipherment, keyAgreement, decipherOnly");
        assert_eq!(entry.key().to_string(), name);
    }
    compare(&root.leaf(LeafSpec::new("bare").key_usages(&[])).der(), "bare");
    compare(&root.sub(CaSpec::new("issuer")).der(), "issuer");
}

/// What the core decides on can be read; the rest is damaged. OpenSSL and Java look at the first
/// two, and refuse what they cannot read.
#[test]
fn what_x509_parser_cannot_read_is_unknown_and_the_certificate_is_read() {
    const GARBAGE: [&[u8]; 4] = [&[], &[0xff], &[3, 9, 0], &[3, 2, 7, 0x80, 5, 0]];
    const KEY_USAGE: &[u64] = &[2, 5, 29, 15];
    const NETSCAPE_TYPE: &[u64] = &[2, 16, 840, 1, 113_730, 1, 1];
    const OTHERS: [&[u64]; 3] =
        [&[2, 5, 29, 35], &[2, 5, 29, 32], &[1, 3, 6, 1, 4, 1, 11_129, 2, 4, 2]];
    let root = Ca::root_named("root");
    for oid in [&[KEY_USAGE, NETSCAPE_TYPE], &OTHERS[..]].concat() {
        for value in GARBAGE {
            let spec = LeafSpec::new("leaf").eku(Eku::both()).key_usages(&[]);
            let leaf = root.leaf(spec.extension(oid, false, value.to_vec()));
            let inventory = inventory([leaf.der()]);
            let id = format!("{oid:?} {value:?}");
            let [entry] = inventory.entries() else { panic!("{id}") };
            assert_eq!(entry.certificate().purposes().unwrap().len(), 2, "{id}");
            assert!(entry.policies().is_empty() && entry.timestamps() == 0, "{id}");
            let usage = entry.key_usage().map(|it| it.names().count());
            assert_eq!(usage, (oid == KEY_USAGE).then_some(0), "{id}");
            let is_looked_at = oid == KEY_USAGE || oid == NETSCAPE_TYPE;
            assert_eq!(is_accepted(&inventory, Stack::OpenSsl), !is_looked_at, "{id}");
            assert!(is_accepted(&inventory, Stack::Rustls), "{id}");
        }
    }
}

fn is_accepted(inventory: &Inventory, stack: Stack) -> bool {
    findings(inventory, |all| all[0].forecast().unwrap().accepts(stack, Role::Client))
}

/// Each row: bytes of a key's algorithm, what stands there instead, what the key is called.
#[test]
fn keys_of_every_kind_have_a_name_or_a_number() {
    const EC: &[u8] = &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    const P256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    const ED25519: &[u8] = &[0x06, 3, 0x2b, 0x65, 0x70];
    #[rustfmt::skip]
    let rows: [(&[u8], &[u8], &str); 9] = [
        (P256, &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1], "EC P-192"),
        (P256, &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 0x7f], "EC 1.2.840.10045.3.1.127"),
        (P256, &[0x30, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], "EC with explicit parameters"),
        (EC, &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1], "DSA"),
        (EC, &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 9], "1.2.840.10045.2.9"),
        (EC, &[0x06, 0x7f, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], "unknown"),
        (ED25519, &[0x06, 3, 0x2b, 0x65, 0x71], "Ed448"),
        (ED25519, &[0x06, 3, 0x2b, 0x65, 0x6e], "X25519"),
        (ED25519, &[0x06, 3, 0x2b, 0x65, 0x6f], "X448"),
    ];
    let root = Ca::root_named("root");
    for (old, new, name) in rows {
        let kind = if old == ED25519 { KeyKind::Ed25519 } else { KeyKind::P256 };
        let mut der = root.leaf(LeafSpec::new("leaf").kind(kind)).der().to_vec();
        let at = der.windows(old.len()).position(|bytes| bytes == old).unwrap();
        der[at..at + new.len()].copy_from_slice(new);
        let inventory = inventory([CertificateDer::from(der)]);
        assert_eq!(inventory.entries()[0].key().to_string(), name, "{new:x?}");
    }
}

#[test]
fn of_real_certificates() {
    let mut count = 0;
    let Some(files) = real() else { return };
    for file in files {
        let pem = std::fs::read(&file).unwrap();
        for block in x509_parser::pem::Pem::iter_from_buffer(&pem) {
            compare(&block.unwrap().contents, &file.display().to_string());
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
}

/// A date before 1970, a name that is malformed, an attribute or a key that few have.
#[test]
fn what_is_odd_in_one_place_hides_nothing_else() {
    let root = Ca::root_named("root");
    let begin = datetime!(1955-11-05 6:15 UTC);
    let old = LeafSpec::new("old").dns("old.example").valid(begin, datetime!(2030-01-01 0:00 UTC));
    let names = [
        der::general_name(2, b"first.example"),
        der::general_name(2, b"\xff\xfe"),
        der::general_name(7, &[1, 2, 3]),
        der::general_name(7, &[10, 0, 0, 1]),
    ];
    let odd = LeafSpec::new("odd").raw_san(der::sequence(&names));
    let inventory = inventory([root.leaf(old).der(), root.leaf(odd).der()]);
    assert!(inventory.unreadable().is_empty(), "{:?}", inventory.unreadable());
    let [old, odd] = inventory.entries() else { panic!() };
    assert_eq!(old.certificate().not_before(), begin);
    assert_eq!(old.alt_names(), (vec![SubjectAltName::Dns("old.example".into())], true));
    let (names, is_whole) = odd.alt_names();
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    assert_eq!(
        (&names[..], is_whole),
        (&["dns:first.example".into(), "ip:10.0.0.1".into()][..], false)
    );
    // Who decides by names gets all of them or none.
    assert!(odd.certificate().alt_names().is_empty());
}

#[test]
fn attributes_have_names_that_people_know() {
    let mut subject = DistinguishedName::new();
    for (arcs, value) in [
        (&[1, 3, 6, 1, 4, 1, 311, 60, 2, 1, 3][..], "GB"),
        (&[1, 3, 6, 1, 4, 1, 311, 60, 2, 1, 2][..], "Kent"),
        (&[2, 5, 4, 15][..], "Private Organization"),
        (&[1, 2, 3, 4][..], "x"),
    ] {
        subject.push(DnType::CustomDnType(arcs.to_vec()), value);
    }
    let leaf = Ca::root_named("root").leaf(LeafSpec::new("").subject(subject));
    assert_eq!(
        inventory([leaf.der()]).entries()[0].certificate().subject(),
        "jurisdictionC=GB, jurisdictionST=Kent, businessCategory=Private Organization, OID.1.2.3.4=x"
    );
}
