//! What DESIGN.md, section 3 says about a chain, written down a second time and without the crate's decisions.
//!
//! Classes are the crate's constants; everything that is decided here is decided from the shapes.

use mtls_roles::{EkuOutcome, EkuPolicy, EkuViolation, PeerRule, RefusalClass, Role};
use rustls::{CertificateError, Error, ExtendedKeyPurpose, OtherError};
use time::Duration;

use crate::chains::{NAME, Shape};
use crate::common::clock::NOW;
use crate::common::errors::Exact;
use crate::common::ours::{Setup, Whom};
use crate::common::pki::Kp;

/// One column of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    Rfc5280,
    Strict,
    /// An end means nothing to it.
    StrictEnded,
    AcceptServerAuth,
    Ignore,
    /// `ignore()` by the call that names nobody.
    IgnoreForAnyPrivatePeer,
    /// Relaxed for this peer until one second from now …
    AcceptServerAuthEnding,
    IgnoreEnding,
    /// … and until this very second: over.
    AcceptServerAuthEnded,
    IgnoreEnded,
    /// Relaxed, but for somebody else.
    AcceptServerAuthForAnother,
    IgnoreForAnother,
}

use Policy::*;

impl Policy {
    /// The presets as they come.
    pub const PRESETS: [Self; 4] = [Rfc5280, Strict, AcceptServerAuth, Ignore];
    pub const ALL: [Self; 12] = [
        Rfc5280,
        Strict,
        StrictEnded,
        AcceptServerAuth,
        Ignore,
        IgnoreForAnyPrivatePeer,
        AcceptServerAuthEnding,
        IgnoreEnding,
        AcceptServerAuthEnded,
        IgnoreEnded,
        AcceptServerAuthForAnother,
        IgnoreForAnother,
    ];

    /// Accepting serverAuth in place of clientAuth is for the certificates of clients.
    pub fn is_for(self, role: Role) -> bool {
        let accepts_server_auth = matches!(
            self,
            AcceptServerAuth
                | AcceptServerAuthEnding
                | AcceptServerAuthEnded
                | AcceptServerAuthForAnother
        );
        role == Role::Client || !accepts_server_auth
    }

    pub fn setup(self) -> Setup {
        let (accept, ignore) = (EkuPolicy::accept_server_auth(), EkuPolicy::ignore());
        let soon = NOW + Duration::SECOND;
        let policy = match self {
            Rfc5280 => EkuPolicy::rfc5280(),
            Strict => EkuPolicy::strict(),
            StrictEnded => EkuPolicy::strict().until(NOW),
            AcceptServerAuth | AcceptServerAuthForAnother => accept,
            Ignore | IgnoreForAnyPrivatePeer | IgnoreForAnother => ignore,
            AcceptServerAuthEnding => accept.until(soon),
            IgnoreEnding => ignore.until(soon),
            AcceptServerAuthEnded => accept.until(NOW),
            IgnoreEnded => ignore.until(NOW),
        };
        let named = |name| Whom::Named(PeerRule::dns_name(name).expect("a DNS name"));
        let relax_for = match self {
            IgnoreForAnyPrivatePeer => Whom::AnyPrivatePeer,
            AcceptServerAuthForAnother | IgnoreForAnother => named("another.example"),
            // Which means nothing under a policy that is not relaxed.
            _ => named(NAME),
        };
        Setup { policy, relax_for, ..Setup::default() }
    }
}

/// What a verifier says about a chain; of the certificate that is wrong its place and the words.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Enforced,
    Relaxed(String),
    Refused { class: RefusalClass, violation: Option<String>, error: Exact },
}

pub fn told(violation: &EkuViolation) -> String {
    format!("{}: {violation}", violation.position)
}

impl From<&EkuOutcome> for Verdict {
    fn from(outcome: &EkuOutcome) -> Self {
        match outcome.violation() {
            None => Self::Enforced,
            Some(violation) => Self::Relaxed(told(violation)),
        }
    }
}

impl Verdict {
    pub fn error(&self) -> Option<&Exact> {
        match self {
            Self::Refused { error, .. } => Some(error),
            Self::Enforced | Self::Relaxed(_) => None,
        }
    }
}

/// The verdict on a path, leaf first and without its root, on which the EKU is the only thing that may be wrong.
pub fn expect(role: Role, policy: Policy, path: &[&Shape]) -> Verdict {
    let needed = match role {
        Role::Server => Kp::ServerAuth,
        Role::Client => Kp::ClientAuth,
    };
    let Some(fault) = first_fault(needed, path) else {
        return match (policy, path[0].purposes) {
            (Strict | StrictEnded, None) => Verdict::Refused {
                class: RefusalClass::Eku,
                violation: Some(violation(needed, 0, path)),
                error: wrong_purpose(needed, &[]),
            },
            _ => Verdict::Enforced,
        };
    };
    // An empty EKU is malformed: it is an obstacle of its own, under every policy.
    let empty = path.iter().position(|shape| shape.is_empty());
    let good_for_server = first_fault(Kp::ServerAuth, path).is_none();
    let lets_pass = match policy {
        AcceptServerAuth | AcceptServerAuthEnding => good_for_server,
        Ignore | IgnoreEnding | IgnoreForAnyPrivatePeer => empty.is_none(),
        _ => false,
    };
    if lets_pass {
        return Verdict::Relaxed(violation(needed, fault, path));
    }
    // Only what lacks the purpose is searched again, and then the error is the last search's. Who the peer is does not
    // matter where that search finds no path: nothing is read of an unverified certificate, not even its name.
    let searched_again = !path[fault].is_empty();
    let (asked, blamed) = match policy {
        AcceptServerAuth | AcceptServerAuthEnding | AcceptServerAuthForAnother
            if searched_again && !good_for_server =>
        {
            (Kp::ServerAuth, first_fault(Kp::ServerAuth, path))
        }
        Ignore | IgnoreEnding | IgnoreForAnyPrivatePeer | IgnoreForAnother if empty.is_some() => {
            (needed, empty)
        }
        _ => (needed, Some(fault)),
    };
    Verdict::Refused {
        class: match empty {
            Some(_) => RefusalClass::Other,
            None => RefusalClass::Eku,
        },
        violation: empty.is_none().then(|| match (policy, path[0].purposes) {
            (Strict | StrictEnded, None) => violation(needed, 0, path),
            _ => violation(needed, fault, path),
        }),
        error: match path[blamed.expect("something is to blame")] {
            shape if shape.is_empty() => empty_extension(),
            shape => wrong_purpose(asked, shape.purposes.unwrap_or_default()),
        },
    }
}

/// The first certificate from the leaf that has an EKU without this purpose in it.
fn first_fault(needed: Kp, path: &[&Shape]) -> Option<usize> {
    path.iter().position(|shape| shape.purposes.is_some_and(|found| !found.contains(&needed)))
}

fn violation(needed: Kp, position: usize, path: &[&Shape]) -> String {
    let place = ["0: leaf `CN=leaf`", "1: issuer `CN=first`", "2: issuer `CN=second`"][position];
    let found = match path[position].purposes {
        None => "no extended key usage".into(),
        Some([]) => "an empty extended key usage".into(),
        Some(found) => {
            let names: Vec<_> = found.iter().copied().map(name).collect();
            format!("extended key usage {}", names.join(", "))
        }
    };
    format!("{place} has {found}, needed {}", name(needed))
}

fn name(kp: Kp) -> &'static str {
    match kp {
        Kp::ServerAuth => "serverAuth",
        Kp::ClientAuth => "clientAuth",
        Kp::Any => "anyExtendedKeyUsage",
        Kp::CodeSigning => "codeSigning",
        Kp::EmailProtection => "emailProtection",
        Kp::Oid(arcs) => panic!("no shape has {arcs:?}"),
    }
}

fn wrong_purpose(required: Kp, presented: &[Kp]) -> Exact {
    let purpose = |kp| match kp {
        Kp::ServerAuth => ExtendedKeyPurpose::ServerAuth,
        Kp::ClientAuth => ExtendedKeyPurpose::ClientAuth,
        other => ExtendedKeyPurpose::Other(other.arcs().iter().map(|arc| *arc as usize).collect()),
    };
    let error = CertificateError::InvalidPurposeContext {
        required: purpose(required),
        presented: presented.iter().copied().map(purpose).collect(),
    };
    Exact(Error::InvalidCertificate(error))
}

fn empty_extension() -> Exact {
    let error = OtherError(std::sync::Arc::new(webpki::Error::EmptyEkuExtension));
    Exact(CertificateError::Other(error).into())
}
