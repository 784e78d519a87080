//! [`Refusal`]: why a peer was refused, for the wire and for the operator.

use std::fmt;

use base16ct::lower::encode_string as hex;
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, Error, OtherError};

use crate::certificate::defect;
use crate::eku::EkuViolation;
use crate::role::Role;
use crate::text::Printable;

/// Why a peer was refused.
///
/// [`error`](Self::error) is what the handshake ends with, and what its TLS alert is derived from:
/// under `rfc5280()` stock rustls' error, which names a wrong EKU even where the certificate is not
/// trusted at all. [`class`](Self::class) is the honest reason.
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
    reason: Option<String>,
    presented: Option<UnverifiedLeaf>,
}

/// The leaf that a refused peer presented, as webpki reads it: to find the machine.
///
/// # Security
///
/// Nothing of it is verified: whoever connects can write any name into a certificate, and send that of
/// somebody else. The fingerprint is that of the bytes that were sent.
///
/// Displayed, it is one line that says so; control characters are escaped.
///
/// ```
/// use mtls_roles::{ClientPeerVerifier, Roots};
/// use rustls::pki_types::UnixTime;
///
/// # let (roots, chain) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/peer.rs"));
/// # let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let clients = ClientPeerVerifier::builder(Roots::from_der(roots)?, &provider).build()?;
/// let refusal = clients.verify(Some(&chain), UnixTime::now()).unwrap_err();
/// let leaf = refusal.presented().unwrap();
/// assert!(leaf.to_string().starts_with("unverified leaf "));
/// assert!(leaf.names.contains(&"dns:edge.example.com".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnverifiedLeaf {
    /// SHA-256 of the whole certificate.
    pub sha256: [u8; 32],
    /// Its subject, and its DNS names and URIs by type, as `dns:edge.example.com`; control characters
    /// escaped. At most eight of them, at most 256 characters of each; none if webpki cannot read it.
    pub names: Vec<String>,
}

impl fmt::Display for UnverifiedLeaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unverified leaf ")?;
        self.names.iter().try_for_each(|name| write!(f, "{name}, "))?;
        write!(f, "cert-sha256:{}", hex(&self.sha256))
    }
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
        Self(Box::new(Details {
            role,
            class: RefusalClass::of(&error),
            error,
            violation: None,
            reason: None,
            presented: None,
        }))
    }

    /// The same refusal, with its reason in words.
    pub(crate) fn because(mut self, reason: Option<String>) -> Self {
        self.0.reason = reason.or(self.0.reason);
        self
    }

    /// The same refusal, for what the other one says.
    pub(crate) fn with_reason_of(mut self, honest: Self) -> Self {
        self.0.class = honest.0.class;
        self.0.reason = honest.details();
        self
    }

    /// The same refusal, of whoever presented this.
    pub(crate) fn of(mut self, leaf: UnverifiedLeaf) -> Self {
        self.0.presented = Some(leaf);
        self
    }

    pub(crate) fn with_class(mut self, class: RefusalClass) -> Self {
        self.0.class = class;
        self
    }

    /// The same refusal, known to be for the EKU alone.
    pub(crate) fn with_violation(mut self, violation: EkuViolation) -> Self {
        (self.0.violation, self.0.reason) = (Some(violation), None);
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

    /// Who presented it, as far as it says so itself; `None` if no certificate was presented.
    pub fn presented(&self) -> Option<&UnverifiedLeaf> {
        self.0.presented.as_ref()
    }

    /// What the handshake ends with.
    pub fn error(&self) -> &Error {
        &self.0.error
    }

    /// The class in words, and what is known beyond it: which certificate, what is found and what is
    /// needed; control characters escaped.
    ///
    /// As long as no path is verified, webpki alone takes certificates apart, and what it shows is put into
    /// words. The rest [`explain`](Self::explain) tells, for a chain that is in a file.
    pub fn reason(&self) -> String {
        let Details { class, error, .. } = &*self.0;
        match (self.details(), error) {
            (Some(details), _) => format!("{class}: {details}"),
            (None, Error::HandshakeNotComplete) => {
                "its handshake is not done: ask when it is".into()
            }
            (None, _) => class.to_string(),
        }
    }

    /// What is known beyond the class.
    fn details(&self) -> Option<String> {
        let Details { violation, reason, error, .. } = &*self.0;
        match (violation, reason, error) {
            (Some(violation), Some(reason), _) => Some(format!("{violation}; {reason}")),
            (Some(violation), None, _) => Some(violation.to_string()),
            (None, Some(reason), _) => Some(reason.clone()),
            // rustls prints what is inside for programmers.
            (None, None, Error::InvalidCertificate(CertificateError::Other(OtherError(inner)))) => {
                Some(Printable(&inner.to_string()).to_string())
            }
            (None, None, _) => None,
        }
    }

    /// What a chain that is in a file has that rustls does not take: for tools, since this crate's own
    /// reader looks at certificates that nobody has verified. A line for each of them.
    pub fn explain(&self, chain: &[CertificateDer<'_>]) -> Vec<String> {
        use CertificateError::{
            UnsupportedSignatureAlgorithmContext as Unsupported,
            UnsupportedSignatureAlgorithmForPublicKeyContext as OfAnotherKey,
        };
        let signed_with = match self.error() {
            Error::InvalidCertificate(
                Unsupported { signature_algorithm_id, .. }
                | OfAnotherKey { signature_algorithm_id, .. },
            ) => Some(signature_algorithm_id.as_slice()),
            _ => None,
        };
        let lines = |(index, der): (usize, &CertificateDer<'_>)| {
            let which = defect::certificate_at(index, "the chain", der);
            let suspects = defect::suspects(der, signed_with).into_iter();
            suspects.map(move |suspect| format!("{which}: {suspect}")).collect::<Vec<_>>()
        };
        chain.iter().enumerate().flat_map(lines).collect()
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
        use CertificateError as Refused;
        let error = match error {
            Error::NoCertificatesPresented => return Self::NoCertificate,
            Error::InvalidCertRevocationList(_) => return Self::RevocationUnknown,
            Error::InvalidCertificate(error) => error,
            _ => return Self::Other,
        };
        match error {
            Refused::UnknownIssuer => Self::UnknownIssuer,
            Refused::Expired
            | Refused::ExpiredContext { .. }
            | Refused::NotValidYetContext { .. } => Self::Validity,
            Refused::Revoked => Self::Revoked,
            Refused::UnknownRevocationStatus | Refused::ExpiredRevocationListContext { .. } => {
                Self::RevocationUnknown
            }
            Refused::NotValidForNameContext { .. } => Self::Name,
            Refused::ApplicationVerificationFailure => Self::PeerRule,
            // A wrong EKU is one obstacle; whether it is the only one, the error does not say.
            Refused::InvalidPurposeContext { .. } => Self::Undetermined,
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
            Self::PathCheck => {
                "its path violates a check that goes beyond stock rustls, and that stock_path_checks() turns off"
            }
            Self::NoCertificate => "it presented no certificate",
            Self::Undetermined => {
                "its extended key usage is wrong, and other obstacles were not looked for"
            }
            Self::Other => "its chain is not acceptable",
        })
    }
}
