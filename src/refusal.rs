//! [`Refusal`]: why a peer was refused, for the wire and for the operator.

use std::fmt;

use rustls::{CertificateError, Error, OtherError};

use crate::eku::EkuViolation;
use crate::role::Role;
use crate::text::Printable;

/// Why a peer was refused.
///
/// [`error`](Self::error) is what the handshake ends with, and what its TLS alert is derived
/// from. Under `rfc5280()` it is stock rustls' error, which names a wrong EKU even where the
/// certificate is not trusted at all. [`class`](Self::class) is the honest reason: it says
/// [`RefusalClass::Eku`] if and only if the EKU was the only obstacle.
///
/// ```
/// use mtls_roles::{ClientPeerVerifier, RefusalClass, Roots};
/// use rustls::pki_types::UnixTime;
///
/// # let (roots, chain) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/peer.rs"));
/// # let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let clients = ClientPeerVerifier::builder(Roots::from_der(roots)?, &provider).build()?;
/// let refusal = clients.verify(Some(&chain), UnixTime::now()).unwrap_err();
/// assert_eq!(refusal.class(), RefusalClass::Eku);
/// println!("{refusal}; in a handshake: {}", refusal.error());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Refusal(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    role: Role,
    class: RefusalClass,
    error: Error,
    violation: Option<EkuViolation>,
}

/// What stood in a peer's way. One class, one place to look.
///
/// ```
/// use mtls_roles::{ClientPeerVerifier, RefusalClass, Roots};
/// use rustls::pki_types::UnixTime;
///
/// # let (roots, chain) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/peer.rs"));
/// # let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let clients = ClientPeerVerifier::builder(Roots::from_der(roots)?, &provider).build()?;
/// let refusal = clients.verify(Some(&chain), UnixTime::now()).unwrap_err();
/// // The same for scripts and metrics:
/// assert_eq!((refusal.class(), refusal.class().name()), (RefusalClass::Eku, "eku"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalClass {
    /// The EKU, and nothing else.
    Eku,
    /// No path leads to a root of this verifier.
    UnknownIssuer,
    /// A certificate has expired or is not valid yet.
    Validity,
    /// A certificate was revoked.
    Revoked,
    /// Revocation could not be determined, or a revocation list is expired or defective.
    RevocationUnknown,
    /// The server's certificate is for another name.
    Name,
    /// No peer rule names the peer by any of its paths: below its issuer, if the rule is bound to one;
    /// over public roots, by DNS or IP on a leaf with serverAuth, or by fingerprint.
    PeerRule,
    /// A check that goes beyond stock rustls; see [`PathCheck`](crate::PathCheck).
    PathCheck,
    /// The peer presented no certificate.
    NoCertificate,
    /// The EKU stood in the way, and whether anything else did was not looked into: that costs a
    /// second search, which is not made after a first one of more than 32 steps.
    Undetermined,
    /// Anything else: a bad signature, a CA as leaf, name constraints, a malformed certificate …
    Other,
}

impl Refusal {
    /// A refusal whose class its error tells.
    pub(crate) fn new(role: Role, error: Error) -> Self {
        Self(Box::new(Details { role, class: RefusalClass::of(&error), error, violation: None }))
    }

    /// The same refusal of another class.
    pub(crate) fn with_class(mut self, class: RefusalClass) -> Self {
        self.0.class = class;
        self
    }

    /// The same refusal, known to be for the EKU alone.
    pub(crate) fn with_violation(mut self, violation: EkuViolation) -> Self {
        self.0.violation = Some(violation);
        self.with_class(RefusalClass::Eku)
    }

    /// The role in which the peer was verified.
    pub fn role(&self) -> Role {
        self.0.role
    }

    /// The honest reason.
    pub fn class(&self) -> RefusalClass {
        self.0.class
    }

    /// What the handshake ends with.
    pub fn error(&self) -> &Error {
        &self.0.error
    }

    /// The class in words, and what is known beyond it; control characters escaped.
    pub fn reason(&self) -> String {
        let class = self.0.class;
        match (&self.0.violation, &self.0.error) {
            (Some(violation), _) => format!("{class}: {violation}"),
            // rustls prints what is inside for programmers.
            (None, Error::InvalidCertificate(CertificateError::Other(OtherError(inner)))) => {
                format!("{class}: {}", Printable(&inner.to_string()))
            }
            (None, Error::HandshakeNotComplete) => {
                "its handshake is not done: ask when it is".into()
            }
            (None, _) => class.to_string(),
        }
    }

    /// Which certificate has the wrong EKU, if that was the only obstacle.
    pub fn violation(&self) -> Option<&EkuViolation> {
        self.0.violation.as_ref()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} refused: {}", self.0.role, self.reason())
    }
}

impl std::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0.error)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        refusal.0.error
    }
}

impl RefusalClass {
    /// A stable name in lower case, for scripts and metrics: `unknown-issuer`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eku => "eku",
            Self::UnknownIssuer => "unknown-issuer",
            Self::Validity => "validity",
            Self::Revoked => "revoked",
            Self::RevocationUnknown => "revocation-unknown",
            Self::Name => "name",
            Self::PeerRule => "peer-rule",
            Self::PathCheck => "path-check",
            Self::NoCertificate => "no-certificate",
            Self::Undetermined => "undetermined",
            Self::Other => "other",
        }
    }

    fn of(error: &Error) -> Self {
        let error = match error {
            Error::NoCertificatesPresented => return Self::NoCertificate,
            Error::InvalidCertRevocationList(_) => return Self::RevocationUnknown,
            Error::InvalidCertificate(error) => error,
            _ => return Self::Other,
        };
        match error {
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => Self::Validity,
            CertificateError::Revoked => Self::Revoked,
            CertificateError::UnknownRevocationStatus
            | CertificateError::ExpiredRevocationList
            | CertificateError::ExpiredRevocationListContext { .. } => Self::RevocationUnknown,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::Name
            }
            CertificateError::ApplicationVerificationFailure => Self::PeerRule,
            // A wrong EKU is one obstacle; whether it is the only one, the error does not say.
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::Undetermined
            }
            _ => Self::Other,
        }
    }
}

impl fmt::Display for RefusalClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eku => "its extended key usage is wrong for this role, and nothing else is",
            Self::UnknownIssuer => "no path leads to a trusted root",
            Self::Validity => "a certificate has expired or is not valid yet",
            Self::Revoked => "a certificate was revoked",
            Self::RevocationUnknown => "revocation could not be determined",
            Self::Name => "the certificate is for another name",
            Self::PeerRule => "no peer rule names it",
            Self::PathCheck => "its path violates a check that goes beyond stock rustls",
            Self::NoCertificate => "it presented no certificate",
            Self::Undetermined => {
                "its extended key usage is wrong, and other obstacles were not looked for"
            }
            Self::Other => "its chain is not acceptable",
        })
    }
}
