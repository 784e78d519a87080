//! The certificate factory: authorities, leaves and CRLs, fresh for every test and never on disk.

mod crl;
pub mod der;
mod eku;
mod key;
mod spec;

use std::sync::Arc;

use base64ct::{Base64, Encoding};
pub use crl::CrlSpec;
pub use eku::{Eku, Kp, key_purposes};
pub use key::{KeyKind, WeakRsaKey};
use rcgen::{Certificate, CertificateParams, CertificateRevocationList, Issuer, PublicKeyData};
pub use rcgen::{
    DistinguishedName, DnType, DnValue, GeneralSubtree, KeyPair, KeyUsagePurpose, SerialNumber,
};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
pub use spec::{CaSpec, LeafSpec};

/// What a peer presents, leaf first.
pub type Chain = Vec<CertificateDer<'static>>;

/// A certificate authority: a certificate and the key that signs in its name.
#[derive(Clone)]
pub struct Ca {
    pub key: Arc<KeyPair>,
    pub serial: SerialNumber,
    params: CertificateParams,
    certificate: Certificate,
}

impl Ca {
    /// A self-signed root.
    pub fn root(spec: CaSpec) -> Self {
        let key = spec.0.key();
        let params = spec.0.into_params();
        let certificate = params.self_signed(&*key).expect("rcgen signs what the spec can say");
        Self::assemble(params, certificate, key)
    }

    /// A self-signed root with all defaults.
    pub fn root_named(name: &str) -> Self {
        Self::root(CaSpec::new(name))
    }

    /// An intermediate below this CA.
    pub fn sub(&self, spec: CaSpec) -> Self {
        let key = spec.0.key();
        let params = spec.0.into_params();
        let certificate = self.issue(params.clone(), &*key);
        Self::assemble(params, certificate, key)
    }

    /// A second certificate for `other`, its subject and its key, issued by this CA; the rest is as `spec` says.
    ///
    /// It is a `Ca` like any other, so that it can stand in a chain: what `other` issued is issued by it, too.
    pub fn cross_sign(&self, other: &Ca, spec: CaSpec) -> Self {
        let mut spec = spec.key(&other.key);
        spec.0.params.distinguished_name = other.params.distinguished_name.clone();
        self.sub(spec)
    }

    /// A leaf below this CA, with its key.
    pub fn leaf(&self, spec: LeafSpec) -> Leaf {
        let key = spec.0.key();
        let params = spec.0.into_params();
        Leaf::assemble(&params, self.issue(params.clone(), &*key), key)
    }

    /// A leaf for a public key whose private half nobody has, such as [`WeakRsaKey`].
    pub fn leaf_for(
        &self,
        spec: LeafSpec,
        public_key: &impl PublicKeyData,
    ) -> CertificateDer<'static> {
        self.issue(spec.0.into_params(), public_key).into()
    }

    /// A CRL in the name of this CA.
    pub fn crl(&self, spec: CrlSpec) -> CertificateRevocationListDer<'static> {
        let signer = spec.signer.as_ref().unwrap_or(&self.key).clone();
        spec.finish(self.issue_crl(spec.clone()).into(), &signer)
    }

    /// The same as PEM.
    pub fn crl_pem(&self, spec: CrlSpec) -> String {
        self.issue_crl(spec).pem().expect("a CRL was just encoded")
    }

    pub fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    fn assemble(params: CertificateParams, certificate: Certificate, key: Arc<KeyPair>) -> Self {
        Self { key, serial: serial(&params), params, certificate }
    }

    fn issue(&self, mut params: CertificateParams, public_key: &impl PublicKeyData) -> Certificate {
        params.use_authority_key_identifier_extension = true;
        let issuer = Issuer::from_params(&self.params, &*self.key);
        params.signed_by(public_key, &issuer).expect("rcgen signs what the spec can say")
    }

    fn issue_crl(&self, spec: CrlSpec) -> CertificateRevocationList {
        // rcgen refuses a CRL from a CA without cRLSign, and a test must be able to have one.
        let mut name = self.params.clone();
        name.key_usages.clear();
        let signer = spec.signer.as_ref().unwrap_or(&self.key);
        let signed = spec.params().signed_by(&Issuer::new(name, &**signer));
        signed.expect("rcgen signs what the spec can say")
    }
}

/// root → sub → leaf.
#[derive(Clone)]
pub struct World {
    pub root: Ca,
    pub sub: Ca,
    pub leaf: Leaf,
}

impl World {
    /// The DNS name of the leaf.
    pub const NAME: &str = "peer.example";

    /// A leaf that is good for both roles.
    pub fn new() -> Self {
        Self::of(KeyKind::P256, Eku::both())
    }

    /// All keys of one kind, and a leaf with this EKU.
    pub fn of(kind: KeyKind, eku: Eku) -> Self {
        let root = Ca::root(CaSpec::new("root").kind(kind));
        let sub = root.sub(CaSpec::new("sub").kind(kind));
        let leaf = sub.leaf(LeafSpec::new("peer").dns(Self::NAME).kind(kind).eku(eku));
        Self { root, sub, leaf }
    }

    pub fn chain(&self) -> Chain {
        self.leaf.chain(&[&self.sub])
    }
}

/// A leaf certificate and its private key.
#[derive(Clone)]
pub struct Leaf {
    pub key: Arc<KeyPair>,
    pub serial: SerialNumber,
    certificate: Certificate,
}

impl Leaf {
    /// A leaf that signed itself.
    pub fn self_signed(spec: LeafSpec) -> Self {
        let key = spec.0.key();
        let params = spec.0.into_params();
        let certificate = params.self_signed(&*key).expect("rcgen signs what the spec can say");
        Self::assemble(&params, certificate, key)
    }

    pub fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    pub fn cert_pem(&self) -> String {
        self.certificate.pem()
    }

    /// PKCS#8.
    pub fn key_der(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.key.serialize_der().into())
    }

    /// PKCS#8.
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// What the holder presents: the leaf, then the certificates of `issuers` in the order given.
    pub fn chain(&self, issuers: &[&Ca]) -> Chain {
        let issuers = issuers.iter().map(|ca| ca.der());
        std::iter::once(self.der()).chain(issuers).collect()
    }

    pub fn chain_pem(&self, issuers: &[&Ca]) -> String {
        let issuers = issuers.iter().map(|ca| ca.pem());
        std::iter::once(self.cert_pem()).chain(issuers).collect()
    }

    /// The chain with its key, as the constructors in `tls` take them.
    pub fn credentials(
        &self,
        issuers: &[&Ca],
    ) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (self.chain(issuers), self.key_der())
    }

    fn assemble(params: &CertificateParams, certificate: Certificate, key: Arc<KeyPair>) -> Self {
        Self { key, serial: serial(params), certificate }
    }
}

/// The subject of a certificate, read by a parser that is not ours.
pub fn subject_of(certificate: &[u8]) -> String {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).expect("well-formed");
    certificate.subject().to_string()
}

/// A block of this label, in lines as OpenSSL writes them.
pub fn pem(label: &str, der: &[u8]) -> String {
    let base64 = Base64::encode_string(der);
    let lines: Vec<_> = base64.as_bytes().chunks(64).collect();
    let body = String::from_utf8(lines.join(&b'\n')).unwrap();
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

/// The same certificate with one bit of its signature flipped, and still well-formed.
pub fn tamper_signature(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
    let mut bytes = certificate.to_vec();
    // The signature is the last field. In its last byte, the lowest bit is value and not form in every algorithm.
    *bytes.last_mut().expect("a certificate is not empty") ^= 1;
    bytes.into()
}

/// The same certificate as before there were extensions; its signature is wrong then.
pub fn version_1(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
    let parts = der::children(certificate);
    let fields = der::children(&parts[0]);
    // Without its version, which stands first, and without its extensions, which stand last.
    let tbs = der::sequence(&fields[1..fields.len() - 1]);
    der::sequence(&[tbs, parts[1].clone(), parts[2].clone()]).into()
}

/// The same certificate of a P-384 key, for that of a public root; its signature is wrong then.
pub fn with_key_of_isrg_root_x2(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
    let mut roots = webpki_roots::TLS_SERVER_ROOTS.iter();
    let is_x2 = |subject: &[u8]| subject.ends_with(b"ISRG Root X2");
    let spki = &roots.find(|root| is_x2(&root.subject)).unwrap().subject_public_key_info;
    // Uncompressed points of P-384, behind the same head.
    let (head, point) = spki.split_at(spki.len() - 97);
    let mut der = certificate.to_vec();
    let at = der.windows(head.len()).position(|window| window == head).unwrap() + head.len();
    der[at..at + point.len()].copy_from_slice(point);
    der.into()
}

fn serial(params: &CertificateParams) -> SerialNumber {
    params.serial_number.clone().expect("every draft has a serial number")
}
