//! [`Certificate`]: what is read of one certificate, for reports, logs and rules.

pub(crate) mod oid;
pub(crate) mod extension;
pub(crate) mod key;
mod name;
pub(crate) mod view;
mod path_check;
pub(crate) mod defect;

pub use name::SubjectAltName;
pub use path_check::PathCheck;
use std::borrow::Cow;

use base16ct::lower::encode_string as hex;
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

pub(crate) use self::name::{COMMON_NAME, attribute_of, distinguished_name, string_types};
use self::view::{Span, View};
use crate::role::Purpose;

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
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    purposes: Option<Cow<'static, [Purpose]>>,
    subject: Span,
    issuer: Span,
    is_ca: bool,
}

impl Certificate {
    pub(crate) fn from_view(view: &View<'_>) -> der::Result<Self> {
        let (not_before, not_after) = view.validity()?;
        Ok(Self {
            der: CertificateDer::from(view.der().to_vec()),
            not_before,
            not_after,
            purposes: purposes(view)?,
            subject: view.part(view.subject),
            issuer: view.part(view.issuer),
            is_ca: view.is_ca(),
        })
    }

    pub(crate) fn read(der: &[u8]) -> der::Result<Self> {
        Self::from_view(&View::read(der)?)
    }

    /// The certificate itself.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.der
    }

    /// The subject as text: `O=Example, CN=edge`. Empty if the subject is empty. Made anew by each call.
    pub fn subject(&self) -> String {
        distinguished_name(self.subject_der())
    }

    /// The issuer as text. Made anew by each call.
    pub fn issuer(&self) -> String {
        distinguished_name(self.issuer_der())
    }

    /// The serial number as lower-case hexadecimal, as encoded. Made anew by each call.
    pub fn serial(&self) -> String {
        self.read_again(|view| hex(view.serial))
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

    /// The names of the subjectAltName extension in their order. Read anew by each call.
    ///
    /// Empty without the extension, and also if any entry of it is malformed: what stands before that may
    /// be a trap.
    pub fn alt_names(&self) -> Vec<SubjectAltName> {
        self.read_again(|view| alt_names(&view).unwrap_or_default())
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
        self.subject.of(&self.der)
    }

    /// The issuer's Name without tag and length, as in a trust anchor.
    pub(crate) fn issuer_der(&self) -> &[u8] {
        self.issuer.of(&self.der)
    }

    /// Whether this certificate's issuer is the other's subject, byte for byte as webpki compares.
    pub(crate) fn is_issued_in_the_name_of(&self, issuer: &Self) -> bool {
        self.issuer_der() == issuer.subject_der()
    }

    /// SHA-256 of the whole certificate. Computed anew by each call.
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }

    /// SHA-256 of the whole SubjectPublicKeyInfo, tag and length included, as in RFC 7469, 2.4. Computed
    /// anew by each call.
    pub fn spki_sha256(&self) -> [u8; 32] {
        self.read_again(|view| Sha256::digest(view.spki).into())
    }

    /// What people call it: the subject, else the first alternative name, else the serial number.
    pub fn label(&self) -> String {
        self.read_again(|view| view.label())
    }

    /// What is not kept: a hundred thousand certificates are to fit in memory beside each other.
    fn read_again<'a, T: Default>(&'a self, what: impl FnOnce(View<'a>) -> T) -> T {
        // It was read when this was made, so it can be.
        View::read(&self.der).map(what).unwrap_or_default()
    }
}

/// The two that nearly every certificate lists need no memory of their own.
fn purposes(view: &View<'_>) -> der::Result<Option<Cow<'static, [Purpose]>>> {
    const COMMON: [&[Purpose]; 3] = [
        &[Purpose::SERVER_AUTH, Purpose::CLIENT_AUTH],
        &[Purpose::SERVER_AUTH],
        &[Purpose::CLIENT_AUTH],
    ];
    let Some(purposes) = view.purposes()? else {
        return Ok(None);
    };
    let purposes: Vec<_> = purposes.map_while(Result::ok).map(Purpose::from_oid_bytes).collect();
    Ok(Some(match COMMON.into_iter().find(|common| *common == purposes) {
        Some(common) => common.into(),
        None => purposes.into(),
    }))
}

fn alt_names(view: &View<'_>) -> der::Result<Vec<SubjectAltName>> {
    view.alt_names()?.map(|name| name.map(SubjectAltName::into_owned)).collect()
}
