//! Roots that are known to be public.

use mtls_roles::Roots;
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, TrustAnchor};

use crate::common::pki::{
    Ca, CaSpec, DistinguishedName, DnType, DnValue, KeyKind, der, with_key_of_isrg_root_x2,
};

/// The CA/Browser Forum's policy.
pub const DOMAIN_VALIDATED: &[u64] = &[2, 23, 140, 1, 2, 1];

pub struct Public {
    pub id: &'static str,
    pub roots: Roots,
    /// What errors call the first that is public.
    pub label: String,
    pub are_all: bool,
}

/// Roots that are known to be public, in every way there is.
#[rustfmt::skip] // One row, one line.
pub fn public() -> Vec<Public> {
    let x1 = "root `C=US, O=Internet Security Research Group, CN=ISRG Root X1`";
    let (issued, issuing) = (|| in_the_name_of_a_public_root().der(), "root `CN=Issuing CA`");
    let (marked, mark) = (|| with_policy("marked", DOMAIN_VALIDATED).der(), "root `CN=marked`");
    let private = || Ca::root_named("private").der();
    let anchors = |anchors: &[TrustAnchor<'static>]| Roots::from_root_cert_store(store(anchors)).unwrap();
    let of = |certificates: Vec<CertificateDer<'static>>| Roots::from_der(certificates).unwrap();
    [
        ("public_web()", Roots::public_web(), "the root store of the web", true),
        ("a public anchor", anchors(&[isrg_root_x1()]), x1, true),
        ("a public anchor behind a private one", anchors(&[anchor(&private()), isrg_root_x1()]), x1, false),
        ("issued in the name of a public root", of(vec![issued()]), issuing, true),
        ("the same behind a private one", of(vec![private(), issued()]), issuing, false),
        ("a public root's key under another name", of(vec![with_the_key_of_a_public_root()]), "root `CN=Innocent Private CA`", true),
        ("a root with a CA/Browser Forum policy", of(vec![marked()]), mark, true),
        ("the same behind a private one", of(vec![private(), marked()]), mark, false),
    ]
    .map(|(id, roots, label, are_all)| Public { id, roots, label: label.into(), are_all })
    .into()
}

/// A CA that says it was issued by ISRG Root X1: by its issuer's name, nobody can tell otherwise.
pub fn in_the_name_of_a_public_root() -> Ca {
    let impostor = Ca::root(named_like_a_public_root());
    impostor.sub(CaSpec::new("Issuing CA"))
}

pub fn named_like_a_public_root() -> CaSpec {
    let printable = |text: &str| DnValue::PrintableString(text.try_into().unwrap());
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, printable("US"));
    name.push(DnType::OrganizationName, printable("Internet Security Research Group"));
    name.push(DnType::CommonName, printable("ISRG Root X1"));
    CaSpec::new("replaced").subject(name)
}

/// A root that no list knows, with one certificate policy.
pub fn with_policy(name: &str, policy: &[u64]) -> Ca {
    Ca::root(policed(CaSpec::new(name), policy))
}

pub fn policed(spec: CaSpec, policy: &[u64]) -> CaSpec {
    let policies = der::sequence(&[der::sequence(&[der::oid(policy)])]);
    spec.extension(&[2, 5, 29, 32], false, policies)
}

/// A re-issued or cross-signed public root is still that root.
fn with_the_key_of_a_public_root() -> CertificateDer<'static> {
    let spec = CaSpec::new("Innocent Private CA").kind(KeyKind::P384);
    with_key_of_isrg_root_x2(&Ca::root_named("another private CA").sub(spec).der())
}

fn isrg_root_x1() -> TrustAnchor<'static> {
    let mut roots = webpki_roots::TLS_SERVER_ROOTS.iter();
    roots.find(|root| root.subject.ends_with(b"ISRG Root X1")).expect("it is public").clone()
}

pub fn store(anchors: &[TrustAnchor<'static>]) -> RootCertStore {
    anchors.iter().cloned().collect()
}

pub fn anchor(certificate: &CertificateDer<'_>) -> TrustAnchor<'static> {
    webpki::anchor_from_trusted_cert(certificate).unwrap().to_owned()
}
