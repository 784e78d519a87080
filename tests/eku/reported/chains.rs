//! Chains with several ways to go, and ways that lead nowhere.

use mtls_roles::Roots;
use rustls::pki_types::CertificateDer;

use crate::common::ours::roots;
use crate::common::pki::{Ca, CaSpec, Chain, Eku, Leaf, LeafSpec, tamper_signature};

/// The leaf and two certificates for its issuer, each below a root of its own, in both orders.
pub fn cross_signed(leaf: &Eku, first: &Eku, second: &Eku) -> Vec<(&'static str, Chain, Roots)> {
    let (a, b) = (Ca::root_named("a"), Ca::root_named("b"));
    let first = a.sub(CaSpec::new("sub").eku(first.clone()));
    let second = b.cross_sign(&first, CaSpec::new("sub").eku(second.clone()));
    let leaf = first.leaf(LeafSpec::new("edge").dns("edge.example").eku(leaf.clone()));
    let roots = roots([&a, &b]);
    vec![
        ("first before second", leaf.chain(&[&first, &second]), roots.clone()),
        ("second before first", leaf.chain(&[&second, &first]), roots),
    ]
}

/// Certificates for the subject of `sub` that lead nowhere.
#[rustfmt::skip] // One row, one line.
pub fn decoys(root: &Ca, sub: &Ca) -> Vec<(&'static str, Chain)> {
    let spec = || CaSpec::new("sub");
    let again = |spec| root.cross_sign(sub, spec).der();
    let stranger = Ca::root_named("stranger");
    vec![
        ("no decoy", vec![]),
        ("expired", vec![again(spec().expired())]),
        ("expired, EKU right", vec![again(spec().expired().eku(Eku::client()))]),
        ("expired, EKU wrong", vec![again(spec().expired().eku(Eku::code_signing()))]),
        ("not yet valid", vec![again(spec().not_yet_valid())]),
        ("badly signed", vec![tamper_signature(&again(spec()))]),
        ("badly signed, EKU wrong", vec![tamper_signature(&again(spec().eku(Eku::code_signing())))]),
        ("no CA", vec![again(spec().not_a_ca())]),
        ("of a stranger", vec![stranger.cross_sign(sub, spec()).der()]),
        ("of a stranger, EKU wrong", vec![stranger.cross_sign(sub, spec().eku(Eku::code_signing())).der()]),
        ("another key", vec![root.sub(spec()).der()]),
        ("unrelated, EKU wrong", vec![Ca::root(CaSpec::new("x").eku(Eku::code_signing())).der()]),
        ("expired and badly signed", vec![again(spec().expired()), tamper_signature(&again(spec()))]),
    ]
}

pub fn orders(
    leaf: &Leaf,
    sub: &CertificateDer<'static>,
    decoys: &[CertificateDer<'static>],
) -> [(&'static str, Chain); 2] {
    let (leaf, sub) = (vec![leaf.der()], vec![sub.clone()]);
    [
        ("decoys last", [&leaf[..], &sub, decoys].concat()),
        ("decoys first", [&leaf[..], decoys, &sub].concat()),
    ]
}
