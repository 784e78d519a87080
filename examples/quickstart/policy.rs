//! A policy and whom it is relaxed for: the same value configures the verifier and is printed.

use std::fmt;

use mtls_roles::{ClientPeerVerifier, EkuPolicy, PeerRule, PeerVerifierBuilder};
use time::OffsetDateTime;

/// A policy for client certificates, and whom it relaxes the EKU for.
#[derive(Clone, Default)]
pub struct Policy {
    eku: EkuPolicy,
    relax_for: RelaxFor,
}

#[derive(Clone, Default)]
enum RelaxFor {
    #[default]
    Nobody,
    Peer(PeerRule),
    AnyPeer,
}

impl Policy {
    pub fn of(eku: EkuPolicy) -> Self {
        let relax_for = RelaxFor::Nobody;
        Self { eku, relax_for }
    }

    pub fn only_for(mut self, peer: PeerRule) -> Self {
        self.relax_for = RelaxFor::Peer(peer);
        self
    }

    pub fn for_any_peer(mut self) -> Self {
        self.relax_for = RelaxFor::AnyPeer;
        self
    }

    pub fn apply(
        &self,
        verifier: PeerVerifierBuilder<ClientPeerVerifier>,
    ) -> PeerVerifierBuilder<ClientPeerVerifier> {
        let verifier = verifier.eku_policy(self.eku);
        match self.relax_for.clone() {
            RelaxFor::Nobody => verifier,
            RelaxFor::Peer(rule) => verifier.relax_for(rule),
            RelaxFor::AnyPeer => verifier.relax_for_any_peer_of_these_private_roots(),
        }
    }

    /// What to add to the reason of somebody who was refused for the EKU.
    pub fn why_not(&self, now: OffsetDateTime) -> &'static str {
        match self.eku.end() {
            _ if !self.eku.is_relaxed() => "",
            Some(end) if end <= now => "; the relaxation has ended",
            _ => "; not relaxed for this peer",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let eku = self.eku;
        match &self.relax_for {
            RelaxFor::Nobody if eku == EkuPolicy::default() => write!(f, "{eku} (the default)"),
            RelaxFor::Nobody => write!(f, "{eku}"),
            // As much of a fingerprint as fits into the table; the rule itself is never cut.
            RelaxFor::Peer(rule) => match rule.to_string() {
                short if short.len() <= 20 => write!(f, "{eku} for {short}"),
                long => write!(f, "{eku} for {}…", &long[..19]),
            },
            RelaxFor::AnyPeer => write!(f, "{eku} for any peer of these private roots"),
        }
    }
}
