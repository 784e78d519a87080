//! What the audit reads of a certificate is what a second parser reads.

#![cfg(feature = "audit")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::clock::NOW;
use common::pki::{Ca, CaSpec, Eku, KeyKind, KeyUsagePurpose, LeafSpec};
use common::shared;
use mtls_roles::Role;
use mtls_roles::audit::{Assessment, CertificateKind, Inventory, Serving, Stack, Timeline};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

fn compare(der: &[u8], id: &str) {
    let mut inventory = Inventory::new();
    inventory.add_der(id, der);
    let ours = &inventory.entries()[0];
    let (_, theirs) = X509Certificate::from_der(der).unwrap();
    let validity = theirs.validity();
    let certificate = ours.certificate();
    assert_eq!(certificate.not_before(), validity.not_before.to_datetime(), "{id}");
    assert_eq!(certificate.not_after(), validity.not_after.to_datetime(), "{id}");
    let serial: String = theirs.raw_serial().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(certificate.serial(), serial, "{id}");
    assert_eq!(ours.key().bits, bits(&theirs), "{id}");
    assert_eq!(usage(ours), their_usage(&theirs), "{id}");
    let names = theirs.subject_alternative_name().unwrap();
    assert_eq!(
        certificate.alt_names().len(),
        names.map_or(0, |it| it.value.general_names.len()),
        "{id}"
    );
    let is_leaf = ours.kind() == CertificateKind::Leaf;
    assert_eq!(!is_leaf, theirs.is_ca(), "{id}");
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

fn usage(ours: &mtls_roles::audit::Entry) -> Option<Vec<String>> {
    ours.key_usage().map(|usage| usage.names().map(str::to_lowercase).collect())
}

/// x509-parser prints `Digital Signature, Key Cert PublicEvidence`.
fn their_usage(theirs: &X509Certificate<'_>) -> Option<Vec<String>> {
    let usage = theirs.key_usage().unwrap()?.value.to_string();
    let names = usage.split(", ").filter(|name| !name.is_empty());
    let names = names.map(|name| name.to_lowercase().replace(' ', ""));
    Some(names.map(|name| name.replace("non-repudiation", "nonrepudiation")).collect())
}

#[test]
fn of_generated_certificates() {
    use KeyUsagePurpose as Ku;
    let root = Ca::root_named("root");
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::P521, KeyKind::Ed25519, KeyKind::Rsa2048] {
        let usages = [Ku::DigitalSignature, Ku::KeyEncipherment, Ku::DecipherOnly];
        let spec = LeafSpec::new("leaf").dns("a.example").ip([10, 0, 0, 1]).kind(kind);
        let leaf = root.leaf(spec.eku(Eku::both()).key_usages(&usages));
        compare(&leaf.der(), &format!("{kind:?}"));
    }
    compare(&root.leaf(LeafSpec::new("bare").key_usages(&[])).der(), "bare");
    compare(&root.sub(CaSpec::new("issuer")).der(), "issuer");
}

#[test]
fn keys_and_usages_print_as_people_call_them() {
    let root = Ca::root_named("root");
    let key = |kind| {
        let mut inventory = Inventory::new();
        let usages = [KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyAgreement];
        let leaf = root.leaf(LeafSpec::new("leaf").kind(kind).key_usages(&usages));
        inventory.add_der("leaf", &leaf.der());
        let entry = &inventory.entries()[0];
        assert_eq!(entry.key_usage().unwrap().to_string(), "digitalSignature, keyAgreement");
        entry.key().to_string()
    };
    assert_eq!(key(KeyKind::P256), "EC P-256");
    assert_eq!(key(KeyKind::P521), "EC P-521");
    assert_eq!(key(KeyKind::Ed25519), "Ed25519");
    assert_eq!(key(KeyKind::Rsa2048), "RSA 2048");
}

/// What the core decides on can be read; the rest is damaged.
#[test]
fn what_x509_parser_cannot_read_is_unknown_and_the_certificate_is_read() {
    const GARBAGE: [&[u8]; 4] = [&[], &[0xff], &[3, 9, 0], &[3, 2, 7, 0x80, 5, 0]];
    let extensions: [&[u64]; 5] = [
        &[2, 5, 29, 15],
        &[2, 16, 840, 1, 113_730, 1, 1],
        &[2, 5, 29, 35],
        &[2, 5, 29, 32],
        &[1, 3, 6, 1, 4, 1, 11_129, 2, 4, 2],
    ];
    let root = Ca::root_named("root");
    for oid in extensions {
        for value in GARBAGE {
            let spec = LeafSpec::new("leaf").eku(Eku::both()).key_usages(&[]);
            let leaf = root.leaf(spec.extension(oid, false, value.to_vec()));
            let inventory = read(&leaf.der());
            let id = format!("{oid:?} {value:?}");
            assert_eq!(inventory.entries().len(), 1, "{id}");
            let entry = &inventory.entries()[0];
            assert_eq!(entry.certificate().purposes().unwrap().len(), 2, "{id}");
            assert!(entry.policies().is_empty() && entry.timestamps() == 0, "{id}");
            assert_eq!(entry.key_usage().is_some(), oid == extensions[0], "{id}");
            assert!(entry.key_usage().is_none_or(|it| it.names().count() == 0), "{id}");
            // OpenSSL and Java look at both, and refuse what they cannot read.
            let is_looked_at = oid == extensions[0] || oid == extensions[1];
            assert_eq!(is_accepted(&inventory, Stack::OpenSsl), !is_looked_at, "{id}");
            assert!(is_accepted(&inventory, Stack::Rustls), "{id}");
        }
    }
}

fn read(der: &[u8]) -> Inventory {
    let mut inventory = Inventory::new();
    inventory.add_der("leaf", der);
    inventory
}

fn is_accepted(inventory: &Inventory, stack: Stack) -> bool {
    let timeline = Timeline::builtin();
    let assessment = Assessment::new(inventory, &timeline, NOW.date(), Serving::Suggested);
    let forecast = assessment.findings()[0].forecast.as_ref().unwrap();
    forecast.accepts(stack, Role::Client)
}

/// Each row: bytes of a P-256 key's algorithm, what stands there instead, what the key is called.
#[test]
fn keys_of_every_kind_have_a_name_or_a_number() {
    const EC: &[u8] = &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    const P256: &[u8] = &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    #[rustfmt::skip]
    let rows: [(&[u8], &[u8], &str); 6] = [
        (P256, P256, "EC P-256"),
        (P256, &[0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 1], "EC 1.2.840.10045.3.1.1"),
        (P256, &[0x30, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], "EC with explicit parameters"),
        (EC, &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1], "id-dsa"),
        (EC, &[0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 9], "1.2.840.10045.2.9"),
        (EC, &[0x06, 0x7f, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], "unknown"),
    ];
    let leaf = Ca::root_named("root").leaf(LeafSpec::new("leaf"));
    for (old, new, name) in rows {
        let mut der = leaf.der().to_vec();
        let at = der.windows(old.len()).position(|bytes| bytes == old).unwrap();
        der[at..at + new.len()].copy_from_slice(new);
        assert_eq!(read(&der).entries()[0].key().to_string(), name, "{new:x?}");
    }
}

#[test]
fn policies_and_timestamps_are_told() {
    let root = Ca::root_named("root");
    let policies = [0x30, 10, 0x30, 8, 6, 6, 0x67, 0x81, 0x0c, 1, 2, 1].to_vec();
    let spec = LeafSpec::new("leaf").extension(&[2, 5, 29, 32], false, policies);
    let inventory = read(&root.leaf(spec).der());
    assert_eq!(inventory.entries()[0].policies(), ["2.23.140.1.2.1"]);
    let inventory = read(&root.leaf(LeafSpec::new("leaf").web_pki()).der());
    assert_eq!(inventory.entries()[0].timestamps(), 1);
}

#[test]
fn of_real_certificates() {
    let Some(folder) = shared("certs") else {
        return;
    };
    let mut count = 0;
    for file in files(&folder) {
        let pem = fs::read(&file).unwrap();
        for block in x509_parser::pem::Pem::iter_from_buffer(&pem) {
            compare(&block.unwrap().contents, &file.display().to_string());
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let is_pem = |path: &PathBuf| path.extension().is_some_and(|it| it == "pem");
    let own = files.into_iter().filter(is_pem);
    own.chain(folders.iter().flat_map(|it| self::files(it))).collect()
}
