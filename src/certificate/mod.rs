//! [`Certificate`]: what is read of one certificate, for reports, logs and rules.

pub(crate) mod oid;
pub(crate) mod extension;
pub(crate) mod key;
mod name;
pub(crate) mod view;
mod leaf;
pub(crate) mod defect;

pub use leaf::LeafDefect;
pub use name::SubjectAltName;
use std::ops::Range;

use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

pub(crate) use self::name::{COMMON_NAME, attribute_of, distinguished_name, string_types};
use self::view::View;
use crate::role::Purpose;
use crate::text;

/// What is read of one certificate: names, purposes, validity, fingerprints.
///
/// Reading is not verifying: a `Certificate` is trustworthy only where it comes from, such as the
/// [`path`](crate::VerifiedPeer::path) of a verified peer. Text from the certificate is escaped in
/// [`subject`](Self::subject) and [`issuer`](Self::issuer).
///
/// ```
/// use mtls_roles::{ClientPeerVerifier, EkuPolicy, PeerRule, Roots};
/// use rustls::pki_types::UnixTime;
///
/// # let (roots, chain) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/peer.rs"));
/// # let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let clients = ClientPeerVerifier::builder(Roots::from_der(roots)?, &provider)
///     .eku_policy(EkuPolicy::ignore())
///     .relax_for(PeerRule::dns_name("edge.example.com")?)
///     .build()?;
/// let peer = clients.verify(Some(&chain), UnixTime::now())?;
/// let certificate = peer.leaf();
/// assert_eq!(certificate.purposes().map(<[_]>::len), Some(1));
/// println!("{} until {}", certificate.subject(), certificate.not_after());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: CertificateDer<'static>,
    subject: Box<str>,
    issuer: Box<str>,
    serial: Box<str>,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    purposes: Option<Box<[Purpose]>>,
    alt_names: Box<[SubjectAltName]>,
    /// Where the names stand in `der`.
    subject_at: Range<usize>,
    issuer_at: Range<usize>,
    is_ca: bool,
    spki_sha256: [u8; 32],
}

impl Certificate {
    pub(crate) fn from_view(view: &View<'_>) -> der::Result<Self> {
        let (not_before, not_after) = view.validity()?;
        Ok(Self {
            der: CertificateDer::from(view.der().to_vec()),
            subject: distinguished_name(view.subject).into(),
            issuer: distinguished_name(view.issuer).into(),
            serial: text::hex(view.serial).into(),
            not_before,
            not_after,
            purposes: purposes(view)?,
            // All of them or none: what stands before a malformed entry may be a trap.
            alt_names: alt_names(view).unwrap_or_default(),
            subject_at: view.place_of(view.subject),
            issuer_at: view.place_of(view.issuer),
            is_ca: view.is_ca(),
            spki_sha256: Sha256::digest(view.spki).into(),
        })
    }

    pub(crate) fn read(der: &[u8]) -> der::Result<Self> {
        Self::from_view(&View::read(der)?)
    }

    /// The certificate itself.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// The subject as text: `O=Example, CN=edge`. Empty if the subject is empty.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The issuer as text.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The serial number as lower-case hexadecimal, as encoded.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// First second of validity, inclusive, UTC.
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// Last second of validity, inclusive, UTC.
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// The purposes of the EKU extension in their order; `None` without the extension.
    ///
    /// If the extension is malformed, the purposes that stand before the malformed one.
    pub fn purposes(&self) -> Option<&[Purpose]> {
        self.purposes.as_deref()
    }

    /// The names of the subjectAltName extension in their order.
    ///
    /// Empty without the extension, and also if any entry of it is malformed.
    pub fn alt_names(&self) -> &[SubjectAltName] {
        &self.alt_names
    }

    /// Whether basicConstraints says cA TRUE.
    pub fn is_ca(&self) -> bool {
        self.is_ca
    }

    /// Whether subject and issuer are the same name, as in a root.
    pub fn is_self_issued(&self) -> bool {
        self.is_issued_in_the_name_of(self)
    }

    /// The subject's Name without tag and length, as in a trust anchor.
    pub(crate) fn subject_der(&self) -> &[u8] {
        &self.der[self.subject_at.clone()]
    }

    /// The issuer's Name without tag and length, as in a trust anchor.
    pub(crate) fn issuer_der(&self) -> &[u8] {
        &self.der[self.issuer_at.clone()]
    }

    /// Whether this certificate's issuer is the other's subject, byte for byte as webpki compares.
    pub(crate) fn is_issued_in_the_name_of(&self, issuer: &Self) -> bool {
        self.issuer_der() == issuer.subject_der()
    }

    /// SHA-256 of the whole certificate.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }

    /// SHA-256 of the whole SubjectPublicKeyInfo, tag and length included, as in RFC 7469, 2.4.
    pub fn spki_sha256(&self) -> [u8; 32] {
        self.spki_sha256
    }

    /// What people call it: the subject, else the first alternative name, else the serial number.
    pub fn label(&self) -> String {
        match (self.subject(), self.alt_names.first()) {
            ("", Some(name)) => name.to_string(),
            ("", None) => format!("serial {}", self.serial),
            (subject, _) => subject.to_owned(),
        }
    }
}

fn purposes(view: &View<'_>) -> der::Result<Option<Box<[Purpose]>>> {
    let purposes = view.purposes()?;
    Ok(purposes.map(|oids| oids.map_while(Result::ok).map(Purpose::from_oid_bytes).collect()))
}

fn alt_names(view: &View<'_>) -> der::Result<Box<[SubjectAltName]>> {
    let names = view.alt_names()?;
    names.map(|name| name.map(SubjectAltName::into_owned)).collect()
}
