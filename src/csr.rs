//! [`CertificateRequest`]: asks a CA for a certificate of exactly one role (feature `csr`).

use std::sync::Arc;

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose, PublicKeyData, SanType,
    SignatureAlgorithm,
};
use rustls::SignatureScheme;
use rustls::pki_types::CertificateSigningRequestDer;
use rustls::sign::SigningKey;

use crate::certificate::view::View;
use crate::certificate::{COMMON_NAME, Certificate, SubjectAltName, attribute_of};
use crate::credentials::Credentials;
use crate::error::Error;
use crate::role::Role;
use crate::tlv::{Elements, Kind};

/// A certificate signing request (PKCS #10, RFC 2986) for one role.
///
/// It asks for the purpose of its role and for no other, for digitalSignature, and for the names. A CA
/// is free to grant something else: give what it issued to the slot, which refuses what is unfit.
///
/// The key signs the request, and need not be bytes: an HSM's or a KMS' will do.
///
/// ```no_run
/// use mtls_roles::{CertificateRequest, Credentials, Role};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let combined = Credentials::from_pem_files("live.pem", "live.key", &provider)?;
/// // The client side goes to a private CA, with the key and the names that peers know.
/// let request = CertificateRequest::like(&combined, Role::Client)?;
/// std::fs::write("client.csr", request.to_pem())?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest(CertificateSigningRequestDer<'static>);

impl CertificateRequest {
    /// For the names (subjectAltName, and the common name if there is one) and the key of
    /// credentials that are in use.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); of the names, a form that a request cannot carry (otherName,
    /// directoryName).
    pub fn like(credentials: &Credentials, role: Role) -> Result<Self, Error> {
        let leaf = credentials.leaf();
        let common_name = attribute_of(leaf.subject_der(), COMMON_NAME);
        let key = &credentials.first().certified.key;
        sign(&leaf.alt_names(), common_name.as_deref(), &spki(leaf), key, role)
    }

    /// For these names and this key.
    ///
    /// # Errors
    ///
    /// There is no name; a name is not ASCII, or of a form that a request cannot carry; the key does
    /// not tell its public key, does not sign, or is of a kind that requests are not made for: P-256,
    /// P-384, RSA and Ed25519 are.
    pub fn new(
        names: &[SubjectAltName],
        key: &Arc<dyn SigningKey>,
        role: Role,
    ) -> Result<Self, Error> {
        let public_key = key.public_key();
        let spki = public_key.ok_or_else(|| refused("the key does not tell its public key"))?;
        sign(names, None, &spki, key, role)
    }

    /// The request in DER.
    pub fn der(&self) -> &CertificateSigningRequestDer<'static> {
        &self.0
    }

    /// The request in PEM, as CAs take it: `CERTIFICATE REQUEST` (RFC 7468, section 7).
    pub fn to_pem(&self) -> String {
        let label = "CERTIFICATE REQUEST";
        der::pem::encode_string(label, der::pem::LineEnding::LF, &self.0).unwrap_or_default()
    }
}

fn refused(found: impl Into<String>) -> Error {
    Error::CertificateRequest { found: found.into() }
}

fn sign(
    names: &[SubjectAltName],
    common_name: Option<&str>,
    spki: &[u8],
    key: &Arc<dyn SigningKey>,
    role: Role,
) -> Result<CertificateRequest, Error> {
    let mut params = CertificateParams::default();
    params.subject_alt_names = names.iter().map(alt_name).collect::<Result<_, _>>()?;
    if names.is_empty() && common_name.is_none() {
        return Err(refused("no name"));
    }
    params.distinguished_name = rcgen::DistinguishedName::new();
    if let Some(common_name) = common_name {
        params.distinguished_name.push(DnType::CommonName, common_name);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![match role {
        Role::Server => ExtendedKeyUsagePurpose::ServerAuth,
        Role::Client => ExtendedKeyUsagePurpose::ClientAuth,
    }];
    let signer = Signer::new(key, spki)?;
    let request = params.serialize_request(&signer);
    let request = request.map_err(|error| refused(error.to_string()))?;
    Ok(CertificateRequest(request.der().clone()))
}

fn alt_name(name: &SubjectAltName) -> Result<SanType, Error> {
    let ascii = |text: &String| {
        let text = text.as_str().try_into();
        text.map_err(|_| refused(format!("the name {name}, which is not ASCII")))
    };
    match name {
        SubjectAltName::Dns(name) => ascii(name).map(SanType::DnsName),
        SubjectAltName::Uri(name) => ascii(name).map(SanType::URI),
        SubjectAltName::Email(name) => ascii(name).map(SanType::Rfc822Name),
        SubjectAltName::Ip(address) => Ok(SanType::IpAddress(*address)),
        SubjectAltName::Other(_) => Err(refused(format!("a name of another form, {name}"))),
    }
}

/// The key of a slot, to rcgen.
struct Signer<'a> {
    key: &'a Arc<dyn SigningKey>,
    scheme: SignatureScheme,
    algorithm: &'static SignatureAlgorithm,
    /// The contents of subjectPublicKey.
    public_key: Vec<u8>,
}

impl<'a> Signer<'a> {
    fn new(key: &'a Arc<dyn SigningKey>, spki: &[u8]) -> Result<Self, Error> {
        let mut kinds = KINDS.into_iter();
        let (scheme, algorithm) = kinds
            .find(|(scheme, _)| key.choose_scheme(&[*scheme]).is_some())
            .ok_or_else(|| refused(format!("a key of kind {:?}", key.algorithm())))?;
        let public_key = public_key(spki);
        let public_key = public_key.map_err(|error| refused(error.to_string()))?.to_vec();
        Ok(Self { key, scheme, algorithm, public_key })
    }
}

/// TLS and X.509 write these signatures alike (RFC 8446, 4.2.3; RFC 5758; RFC 8410).
static KINDS: [(SignatureScheme, &SignatureAlgorithm); 4] = [
    (SignatureScheme::ECDSA_NISTP256_SHA256, &rcgen::PKCS_ECDSA_P256_SHA256),
    (SignatureScheme::ECDSA_NISTP384_SHA384, &rcgen::PKCS_ECDSA_P384_SHA384),
    (SignatureScheme::ED25519, &rcgen::PKCS_ED25519),
    (SignatureScheme::RSA_PKCS1_SHA256, &rcgen::PKCS_RSA_SHA256),
];

impl PublicKeyData for Signer<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.public_key
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

impl rcgen::SigningKey for Signer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signer = self.key.choose_scheme(&[self.scheme]);
        let signature = signer.and_then(|signer| signer.sign(message).ok());
        signature.ok_or(rcgen::Error::RemoteKeyError)
    }
}

/// SubjectPublicKeyInfo ::= SEQUENCE { algorithm, subjectPublicKey BIT STRING } (RFC 5280, 4.1).
fn public_key(spki: &[u8]) -> der::Result<&[u8]> {
    let mut spki = Elements::of_sequence(spki)?;
    spki.enter(Kind::SEQUENCE)?;
    // The first octet counts unused bits, of which there are none.
    Ok(spki.read(Kind::BIT_STRING)?.get(1..).unwrap_or_default())
}

fn spki(leaf: &Certificate) -> Vec<u8> {
    // What was read once is read again.
    View::read(leaf.der()).map(|view| view.spki.to_vec()).unwrap_or_default()
}
