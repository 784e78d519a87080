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
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    policy: EkuPolicy,
    /// `None`: by the call that names nobody.
    relax_for: Option<&'static str>,
    again: Again,
}

/// What is asked now of a path on which a purpose is missing.
#[derive(Clone, Copy, Debug)]
enum Again {
    Nothing,
    ServerAuth,
    Anything,
}

const ANOTHER: &str = "another.example";

/// The presets as they come first.
pub fn policies() -> [Policy; 12] {
    use Again::{Anything, Nothing, ServerAuth};
    let (strict, accept, ignore) =
        (EkuPolicy::strict(), EkuPolicy::accept_server_auth(), EkuPolicy::ignore());
    let (soon, peer, another) = (NOW + Duration::SECOND, Some(NAME), Some(ANOTHER));
    [
        // A rule means nothing under a policy that is not relaxed.
        (EkuPolicy::rfc5280(), peer, Nothing),
        (strict, peer, Nothing),
        (accept, peer, ServerAuth),
        (ignore, peer, Anything),
        (ignore, None, Anything),
        (accept, another, ServerAuth),
        (ignore, another, Anything),
        // Until one second from now, and until this very second: over. Nor does an end mean anything to `strict()`.
        (accept.until(soon), peer, ServerAuth),
        (ignore.until(soon), peer, Anything),
        (accept.until(NOW), peer, Nothing),
        (ignore.until(NOW), peer, Nothing),
        (strict.until(NOW), peer, Nothing),
    ]
    .map(|(policy, relax_for, again)| Policy { policy, relax_for, again })
}

impl Policy {
    /// Accepting serverAuth in place of clientAuth is for the certificates of clients.
    pub fn is_for(self, role: Role) -> bool {
        role == Role::Client || !self.policy.to_string().starts_with("accept-server-auth")
    }

    fn is_strict(self) -> bool {
        self.policy.to_string() == "strict"
    }

    pub fn setup(self) -> Setup {
        let named = |name| Whom::Named(PeerRule::dns_name(name).expect("a DNS name"));
        let relax_for = self.relax_for.map_or(Whom::AnyPrivatePeer, named);
        Setup { policy: self.policy, relax_for, ..Setup::default() }
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
    let is_missing = policy.is_strict() && path[0].purposes.is_none();
    let Some(fault) = first_fault(needed, path) else {
        return match is_missing {
            true => Verdict::Refused {
                class: RefusalClass::Eku,
                violation: Some(violation(needed, 0, path)),
                error: wrong_purpose(needed, &[]),
            },
            false => Verdict::Enforced,
        };
    };
    // An empty EKU is malformed: it is an obstacle of its own, under every policy.
    let empty = path.iter().position(|shape| shape.is_empty());
    let good_for_server = first_fault(Kp::ServerAuth, path).is_none();
    let lets_pass = match policy.again {
        Again::Nothing => false,
        Again::ServerAuth => good_for_server,
        Again::Anything => empty.is_none(),
    };
    if lets_pass && policy.relax_for != Some(ANOTHER) {
        return Verdict::Relaxed(violation(needed, fault, path));
    }
    // Only what lacks the purpose is searched again, and then the error is the last search's. Who the peer is does not
    // matter where that search finds no path: nothing is read of an unverified certificate, not even its name.
    let (asked, blamed) = match policy.again {
        Again::ServerAuth if !path[fault].is_empty() && !good_for_server => {
            (Kp::ServerAuth, first_fault(Kp::ServerAuth, path))
        }
        Again::Anything if empty.is_some() => (needed, empty),
        _ => (needed, Some(fault)),
    };
    Verdict::Refused {
        class: match empty {
            Some(_) => RefusalClass::Other,
            None => RefusalClass::Eku,
        },
        violation: empty
            .is_none()
            .then(|| violation(needed, if is_missing { 0 } else { fault }, path)),
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
