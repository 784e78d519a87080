//! [`PeerRule`] names verified peers; [`VerifiedPeer`] is one.

mod form;
mod rule;
mod rules;
mod near_miss;

use time::OffsetDateTime;

pub use self::rule::PeerRule;
pub(crate) use self::rules::{Issuers, PeerRules};
use crate::certificate::{Certificate, SubjectAltName};
use crate::eku::EkuOutcome;
use crate::role::Role;

/// A peer whose chain was verified: who it is, by which path, and how its EKU stood.
///
/// Everything is read from certificates of the *verified path*, never from what else the peer
/// sent. What it says holds for the instant it was verified at.
///
/// # Security
///
/// Decide on [`alt_names`](Self::alt_names), by type, or on fingerprints. The subject is for
/// logs: its common name is checked by nobody.
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
/// assert_eq!(peer.alt_names()[0].to_string(), "dns:edge.example.com");
/// assert!(peer.eku().violation().is_some(), "its only purpose is serverAuth");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedPeer {
    pub(crate) role: Role,
    /// Leaf first, without the root. Never empty.
    pub(crate) path: Vec<Certificate>,
    pub(crate) anchor: String,
    pub(crate) eku: EkuOutcome,
}

impl VerifiedPeer {
    /// The role in which the peer was verified: [`Role::Client`] by a client peer verifier.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The peer's own certificate.
    pub fn leaf(&self) -> &Certificate {
        // The path of a verified peer has at least its leaf.
        &self.path[0]
    }

    /// The names of the peer's certificate, by type. Empty if any of them is malformed. Read anew by each
    /// call.
    pub fn alt_names(&self) -> Vec<SubjectAltName> {
        self.leaf().alt_names()
    }

    /// The verified path: the leaf, its issuer and so on, without the root.
    pub fn path(&self) -> &[Certificate] {
        &self.path
    }

    /// The subject of the root at the end of the path, as text.
    pub fn anchor(&self) -> &str {
        &self.anchor
    }

    /// Whether the EKU was as it should be, or was let pass.
    pub fn eku(&self) -> &EkuOutcome {
        &self.eku
    }

    /// Last second at which every certificate of the path is valid, inclusive, UTC.
    pub fn valid_until(&self) -> OffsetDateTime {
        let ends = self.path.iter().map(Certificate::not_after);
        ends.min().unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}
