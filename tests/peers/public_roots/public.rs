//! Roots that are known to be public.

use mtls_roles::Roots;
use rcgen::{PublicKeyData, SignatureAlgorithm};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, TrustAnchor};

use crate::common::pki::{Ca, CaSpec, DistinguishedName, DnType, DnValue, LeafSpec, der};

/// Roots that are known to be public, in every way there is, and what errors call them.
pub fn public() -> Vec<(&'static str, Roots, String)> {
    let x1 = "root `C=US, O=Internet Security Research Group, CN=ISRG Root X1`";
    let private = || Ca::root_named("private").der();
    let from_store =
        |anchors: &[TrustAnchor<'static>]| Roots::from_root_cert_store(store(anchors)).unwrap();
    let from_der =
        |certificates: Vec<CertificateDer<'static>>| Roots::from_der(certificates).unwrap();
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("public_web()", Roots::public_web(), "the root store of the web"),
        ("a public anchor", from_store(&[isrg_root_x1()]), x1),
        ("a public anchor behind a private one", from_store(&[anchor(&private()), isrg_root_x1()]), x1),
        ("issued in the name of a public root", from_der(vec![in_the_name_of_a_public_root().der()]), "root `CN=Issuing CA`"),
        ("the same behind a private one", from_der(vec![private(), in_the_name_of_a_public_root().der()]), "root `CN=Issuing CA`"),
        ("a public root's key under another name", from_der(vec![with_the_key_of_a_public_root()]), "root `CN=Innocent Private CA`"),
        ("a root with a CA/Browser Forum policy", from_der(vec![with_policy("marked", &[2, 23, 140, 1, 2, 1]).der()]), "root `CN=marked`"),
        ("the same behind a private one", from_der(vec![private(), with_policy("marked", &[2, 23, 140, 1, 2, 1]).der()]), "root `CN=marked`"),
    ];
    rows.map(|(id, roots, label)| (id, roots, label.to_owned())).to_vec()
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

/// A re-issued or cross-signed public root is still that root: here ISRG Root X2, a P-384 key.
pub fn with_the_key_of_a_public_root() -> CertificateDer<'static> {
    struct PublicKey(Vec<u8>);
    impl PublicKeyData for PublicKey {
        fn der_bytes(&self) -> &[u8] {
            &self.0
        }
        fn algorithm(&self) -> &'static SignatureAlgorithm {
            &rcgen::PKCS_ECDSA_P384_SHA384
        }
    }
    let x2 = known("ISRG Root X2");
    let spki = x2.subject_public_key_info.as_ref();
    // The point stands at the end: uncompressed, 97 octets.
    let key = PublicKey(spki[spki.len() - 97..].to_vec());
    let spec = LeafSpec::new("Innocent Private CA").ca();
    Ca::root_named("another private CA").leaf_for(spec, &key)
}

pub fn isrg_root_x1() -> TrustAnchor<'static> {
    known("ISRG Root X1")
}

pub fn known(name: &str) -> TrustAnchor<'static> {
    let holds = |bytes: &[u8]| bytes.windows(name.len()).any(|part| part == name.as_bytes());
    let mut roots = webpki_roots::TLS_SERVER_ROOTS.iter();
    roots.find(|root| holds(&root.subject)).expect("Let's Encrypt is a public CA").clone()
}

pub fn store(anchors: &[TrustAnchor<'static>]) -> RootCertStore {
    anchors.iter().cloned().collect()
}

pub fn anchor(certificate: &CertificateDer<'_>) -> TrustAnchor<'static> {
    webpki::anchor_from_trusted_cert(certificate).unwrap().to_owned()
}
