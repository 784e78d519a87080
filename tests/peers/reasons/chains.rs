//! Chains with one defect each.

use rcgen::{DistinguishedName, DnType, DnValue, GeneralSubtree};
use rustls::pki_types::CertificateDer;

use super::{Row, over, refused};
use crate::common::pki::{
    Ca, CaSpec, Eku, KeyKind, KeyUsagePurpose, Leaf, LeafSpec, WeakRsaKey, tamper_signature,
    version_1,
};

#[rustfmt::skip] // One row, one line.
pub fn rows() -> Vec<Row> {
    let row = |id, root: &Ca, chain| refused(id, over(root), chain);
    let root = Ca::root_named("root");
    let edge = || LeafSpec::new("edge").dns("edge.example");
    let leaf = |spec: LeafSpec| root.leaf(spec).chain(&[]);
    let below = |spec: CaSpec| {
        let sub = root.sub(spec);
        sub.leaf(edge()).chain(&[&sub])
    };
    let sub = || CaSpec::new("sub");
    let weak = root.leaf_for(LeafSpec::new("sub").ca(), &WeakRsaKey::default());
    let (good, through_sub) = (root.leaf(edge()), below(sub()));
    let (printable, utf8) = (
        named(DnValue::PrintableString("root".try_into().unwrap())),
        named(DnValue::Utf8String("root".into())),
    );
    let namesake = Ca::root(CaSpec::new("").subject(utf8).key(&root.key));
    let under_printable = Ca::root(CaSpec::new("").subject(printable).key(&root.key)).leaf(edge());
    let critical = |spec: LeafSpec, oid: &[u64]| spec.extension(oid, true, vec![0x30, 0]);
    let nameless = LeafSpec::new("").empty_subject().dns("edge.example");
    let (deep_root, middle) = (Ca::root_named("deep"), "middle");
    let middle = deep_root.sub(CaSpec::new(middle).path_len(0));
    let low = middle.sub(CaSpec::new("low"));
    let (one, two) = (Ca::root_named("one"), Ca::root_named("two"));
    let mut rubbish_between = below(sub().extension(&[1, 2, 3, 4], true, vec![0x30, 0]));
    rubbish_between.insert(1, CertificateDer::from(vec![0x30, 0]));
    let signer = edge().key_usages(&[KeyUsagePurpose::KeyCertSign]).eku(Eku::server());
    vec![
        row("nothing", &root, vec![]),
        row("missing intermediate", &root, below(sub())[..1].to_vec()),
        row("missing root", &Ca::root_named("another root"), below(sub())),
        row("self-signed", &root, Leaf::self_signed(edge()).chain(&[])),
        row("issuers of each other", &root, one.leaf(edge()).chain(&[&two.cross_sign(&one, CaSpec::new("one")), &one.cross_sign(&two, CaSpec::new("two"))])),
        row("another string type", &namesake, under_printable.chain(&[])),
        row("another key of the name", &Ca::root_named("root"), good.chain(&[])),
        row("tampered", &root, vec![tamper_signature(&good.der())]),
        row("tampered issuer", &root, vec![through_sub[0].clone(), tamper_signature(&through_sub[1])]),
        row("tampered, beside another leaf", &root, vec![tamper_signature(&good.der()), root.leaf(LeafSpec::new("other")).der()]),
        row("a weak key of an issuer", &root, vec![root.sub(sub().kind(KeyKind::Rsa2048)).leaf(edge()).der(), weak]),
        row("expired leaf", &root, leaf(edge().expired())),
        row("expired issuer", &root, below(sub().expired())),
        row("issuer of the future", &root, below(sub().not_yet_valid())),
        row("no subject", &root, leaf(nameless.clone().expired())),
        row("CA as leaf", &root, vec![root.sub(sub()).der()]),
        row("self-signed CA as leaf", &root, vec![root.der()]),
        row("issuer that is no CA", &root, below(sub().not_a_ca())),
        row("issuer without basicConstraints", &root, below(sub().without_basic_constraints())),
        row("path length", &deep_root, low.leaf(edge()).chain(&[&low, &middle])),
        row("critical policies", &root, leaf(critical(edge(), &[2, 5, 29, 32]))),
        row("critical inhibitAnyPolicy", &root, below(sub().extension(&[2, 5, 29, 54], true, vec![2, 1, 0]))),
        row("critical unknown", &root, leaf(critical(edge(), &[1, 2, 3, 4]))),
        row("critical, no subject", &root, leaf(critical(nameless, &[1, 2, 3, 4]))),
        row("precertificate", &root, leaf(critical(edge(), &[1, 3, 6, 1, 4, 1, 11129, 2, 4, 3]))),
        row("an extension twice", &root, leaf(edge().extension(&[2, 5, 29, 31], false, vec![0x30, 0]).extension(&[2, 5, 29, 31], false, vec![0x30, 0]))),
        row("version 1", &root, vec![version_1(&good.der())]),
        row("ecdsa-with-SHA224", &root, vec![signed_with(&good.der(), 1)]),
        row("two algorithms", &root, vec![signed_with_other(&good.der())]),
        row("directory names", &root, below(sub().permit(directory()))),
        row("other DNS names", &root, below(sub().permit_dns("other.example"))),
        row("purpose of the leaf", &root, leaf(edge().eku(Eku::server()))),
        row("purpose of an issuer", &root, below(sub().eku(Eku::server()))),
        // The error stays that of the EKU, which stock rustls would have found; what is said is the honest reason.
        row("a path check behind a wrong purpose", &root, leaf(signer)),
        row("no purpose", &root, leaf(edge().extension(&[2, 5, 29, 37], false, vec![0x30, 0]))),
        row("no purpose, issuer", &root, below(sub().extension(&[2, 5, 29, 37], false, vec![0x30, 0]))),
        row("an extension that cannot be read", &root, leaf(edge().extension(&[2, 5, 29, 30], false, vec![0x30, 5, 1]))),
        row("an extension that only we read", &root, leaf(edge().key_usages(&[]).extension(&[2, 5, 29, 15], false, vec![4, 1, 0]))),
        row("rubbish before a critical extension", &root, rubbish_between),
        row("rubbish", &root, vec![CertificateDer::from(vec![0x30, 0])]),
        row("a request", &root, vec![CertificateDer::from(request())]),
    ]
}

fn named(value: DnValue) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, value);
    name
}

fn directory() -> GeneralSubtree {
    GeneralSubtree::DirectoryName(named(DnValue::Utf8String("somebody".into())))
}

const SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];

/// Both names of its algorithm replaced by that of another hash.
fn signed_with(certificate: &CertificateDer<'_>, hash: u8) -> CertificateDer<'static> {
    let mut bytes = certificate.to_vec();
    let places: Vec<_> =
        bytes.windows(8).enumerate().filter(|(_, it)| *it == SHA256).map(|(at, _)| at).collect();
    places.iter().for_each(|at| bytes[at + 7] = hash);
    bytes.into()
}

/// Only the name outside.
fn signed_with_other(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
    let mut bytes = certificate.to_vec();
    let at = bytes.windows(8).rposition(|it| it == SHA256).unwrap();
    bytes[at + 7] = 1;
    bytes.into()
}

fn request() -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    rcgen::CertificateParams::default().serialize_request(&key).unwrap().der().to_vec()
}
