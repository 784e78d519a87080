//! [`ClientPeerVerifier`] and [`ServerPeerVerifier`]: decide about the chain that a peer presents.
//!
//! # What is checked, in which order
//!
//! 1. webpki searches a path from the leaf to a root: signatures, validity, basic constraints, path
//!    length, EKU, name constraints, revocation. This first search *enforces*: every certificate
//!    that has an EKU must list the purpose of the role, as in stock rustls.
//!    Paths that it verifies are then checked where it is too lenient (see [`PathCheck`]), and last of
//!    all it is asked whose they are: the server's name, or the rule in its place; the rules that say
//!    who may connect. All that inside the search, so that another path may still be found.
//! 2. If the EKU stood in its way, and the policy is relaxed now, a second search relaxes the EKU
//!    and nothing else. Of its paths it is also asked whether the relaxation is for this peer. What is
//!    reported is computed from the path it returns.
//!
//! A path that passed everything but the last question is what the refusal is about, whatever webpki
//! finds wrong with others.
//!
//! Good signatures of certificates, and which certificates passed the path checks, are remembered
//! (see [`SignatureMemo`](crate::SignatureMemo)); everything else is judged afresh each time.
//!
//! # What is not checked
//!
//! The signature of the handshake: rustls asks for it separately, and it is always delegated to
//! rustls' own functions. OCSP, CRL download, certificate transparency: nobody does. What a name
//! may do: the service's authorization decides that from the [`VerifiedPeer`].

mod candidates;
mod builder;
mod search;
mod client;
mod crl;
mod crls;
mod decision;
mod handshake;
mod checks;
mod errors;
mod path;
mod revocation;
mod server;

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};

use self::checks::PathChecks;
pub use self::checks::{PathCheck, PathViolation};
pub use self::client::{ClientPeerVerifier, ClientPeerVerifierBuilder};
pub use self::crls::Crls;
use self::decision::{Accepted, Decision, Expected, Inquiry};
use self::revocation::Revocation;
pub use self::server::{ServerPeerVerifier, ServerPeerVerifierBuilder};
use crate::certificate::view::View;
use crate::eku::EkuPolicy;
use crate::error::Error;
use crate::memo::SignatureMemo;
use crate::observe::{KeptCrl, Observers};
use crate::peer::{Issuers, PeerRule, PeerRules, VerifiedPeer};
use crate::refusal::Refusal;
use crate::role::Role;
use crate::roots::Roots;

/// What both verifiers are.
#[derive(Debug)]
struct Verifier {
    role: Role,
    roots: Roots,
    algorithms: WebPkiSupportedAlgorithms,
    memo: Option<SignatureMemo>,
    policy: EkuPolicy,
    path_checks: PathChecks,
    relax_for: RelaxFor,
    revocation: Option<Revocation>,
    observers: Observers,
}

/// Whose EKU may be wrong under a relaxed policy.
#[derive(Debug, Default)]
struct RelaxFor {
    rules: Vec<PeerRule>,
    matcher: PeerRules,
    any_private_peer: bool,
}

impl RelaxFor {
    fn add(&mut self, rule: PeerRule) {
        self.matcher.add(rule.clone());
        self.rules.push(rule);
    }

    fn is_nobody(&self) -> bool {
        self.rules.is_empty() && !self.any_private_peer
    }

    /// Lists of public roots go stale, so "any" never means a leaf that belongs to the web's PKI.
    fn covers(&self, leaf: &View<'_>, issuers: &impl Issuers) -> der::Result<bool> {
        Ok(self.matcher.match_path(leaf, issuers)?
            || (self.any_private_peer && !leaf.is_web_pki() && !issuers.are_public()))
    }
}

impl Verifier {
    /// Those that verify the signatures of certificates.
    fn algorithms(&self) -> Vec<&dyn SignatureVerificationAlgorithm> {
        match &self.memo {
            Some(memo) => memo.algorithms(),
            None => self.algorithms.all.to_vec(),
        }
    }

    /// For the verifier traits of rustls: the verdict, told to the observers.
    fn decide_in_handshake(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        expected: Expected<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let decision = Decision {
            verifier: self,
            expected,
            inquiry: match self.observers.is_empty() {
                true => Inquiry::Verdict,
                false => Inquiry::HonestClass,
            },
        };
        // Who was relaxed is found out for those who want to hear it.
        let relaxed = |accepted: Accepted<'_>| match self.observers.is_empty() {
            true => Ok(None),
            false => accepted.relaxed_peer(),
        };
        match decision.make(leaf, intermediates, now, relaxed) {
            Ok(None) => self.observers.tell(|observer| observer.accepted(self.role)),
            Ok(Some(peer)) => self.observers.tell(|observer| observer.relaxed(&peer)),
            Err(refusal) => {
                self.observers.tell(|observer| observer.refused(&refusal));
                return Err(refusal.into());
            }
        }
        Ok(())
    }

    /// Outside a handshake: who it is, or why not. Not observed.
    fn verify(
        &self,
        chain: &[CertificateDer<'_>],
        expected: Expected<'_>,
        now: UnixTime,
    ) -> Result<VerifiedPeer, Refusal> {
        let Some((leaf, intermediates)) = chain.split_first() else {
            let error = rustls::Error::NoCertificatesPresented;
            return Err(Refusal::new(self.role, error));
        };
        let decision = Decision {
            verifier: self,
            expected,
            inquiry: Inquiry::HonestClass,
        };
        decision.make(leaf, intermediates, now, |accepted| accepted.peer())
    }

    fn replace_crls(&self, crls: Crls, now: UnixTime) -> Result<Vec<KeptCrl>, Error> {
        let Some(revocation) = &self.revocation else {
            let error = Error::NoRevocation;
            self.observers
                .tell(|observer| observer.crls_refused(self.role, &error));
            return Err(error);
        };
        let kept = revocation.replace(crls, &self.roots, self.algorithms.all, now);
        for kept in &kept {
            self.observers
                .tell(|observer| observer.crl_kept(self.role, kept));
        }
        Ok(kept)
    }
}
