//! What the audit reads of a certificate is what a second parser reads.

#![cfg(feature = "audit")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::pki::{Ca, CaSpec, Eku, KeyKind, KeyUsagePurpose, LeafSpec};
use common::shared;
use mtls_roles::audit::{CertificateKind, Inventory};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

fn compare(der: &[u8], id: &str) {
    let mut inventory = Inventory::new();
    inventory.add_der(id, der);
    let ours = &inventory.entries()[0];
    let (_, theirs) = X509Certificate::from_der(der).unwrap();
    let validity = theirs.validity();
    let certificate = ours.certificate();
    assert_eq!(
        certificate.not_before(),
        validity.not_before.to_datetime(),
        "{id}"
    );
    assert_eq!(
        certificate.not_after(),
        validity.not_after.to_datetime(),
        "{id}"
    );
    let serial: String = theirs
        .raw_serial()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
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
    ours.key_usage()
        .map(|usage| usage.names().map(str::to_lowercase).collect())
}

/// x509-parser prints `Digital Signature, Key Cert PublicEvidence`.
fn their_usage(theirs: &X509Certificate<'_>) -> Option<Vec<String>> {
    let usage = theirs.key_usage().unwrap()?.value.to_string();
    let names = usage.split(", ").filter(|name| !name.is_empty());
    let names = names.map(|name| name.to_lowercase().replace(' ', ""));
    Some(
        names
            .map(|name| name.replace("non-repudiation", "nonrepudiation"))
            .collect(),
    )
}

#[test]
fn of_generated_certificates() {
    use KeyUsagePurpose as Ku;
    let root = Ca::root_named("root");
    for kind in [
        KeyKind::P256,
        KeyKind::P384,
        KeyKind::P521,
        KeyKind::Ed25519,
        KeyKind::Rsa2048,
    ] {
        let usages = [Ku::DigitalSignature, Ku::KeyEncipherment, Ku::DecipherOnly];
        let spec = LeafSpec::new("leaf")
            .dns("a.example")
            .ip([10, 0, 0, 1])
            .kind(kind);
        let leaf = root.leaf(spec.eku(Eku::both()).key_usages(&usages));
        compare(&leaf.der(), &format!("{kind:?}"));
    }
    compare(
        &root.leaf(LeafSpec::new("bare").key_usages(&[])).der(),
        "bare",
    );
    compare(&root.sub(CaSpec::new("issuer")).der(), "issuer");
}

#[test]
fn keys_and_usages_print_as_people_call_them() {
    let root = Ca::root_named("root");
    let key = |kind| {
        let mut inventory = Inventory::new();
        let usages = [
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyAgreement,
        ];
        let leaf = root.leaf(LeafSpec::new("leaf").kind(kind).key_usages(&usages));
        inventory.add_der("leaf", &leaf.der());
        let entry = &inventory.entries()[0];
        assert_eq!(
            entry.key_usage().unwrap().to_string(),
            "digitalSignature, keyAgreement"
        );
        entry.key().to_string()
    };
    assert_eq!(key(KeyKind::P256), "EC P-256");
    assert_eq!(key(KeyKind::P521), "EC P-521");
    assert_eq!(key(KeyKind::Ed25519), "Ed25519");
    assert_eq!(key(KeyKind::Rsa2048), "RSA 2048");
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
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let is_pem = |path: &PathBuf| path.extension().is_some_and(|it| it == "pem");
    let own = files.into_iter().filter(is_pem);
    own.chain(folders.iter().flat_map(|it| self::files(it)))
        .collect()
}
