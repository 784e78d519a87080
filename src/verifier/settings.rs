//! [`Settings`]: what a verifier of either role was built with.

use std::fmt::Debug;

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{SignatureVerificationAlgorithm, UnixTime};

use super::checks::PathChecks;
use super::crls::Crls;
use super::revocation::Revocation;
use crate::certificate::view::View;
use crate::eku::EkuPolicy;
use crate::error::Error;
use crate::memo::SignatureMemo;
use crate::observe::{KeptCrl, Observers};
use crate::peer::{Issuers, PeerRule, PeerRules};
use crate::role::Role;
use crate::roots::Roots;

#[derive(Debug)]
pub(super) struct Settings {
    pub(super) role: Role,
    pub(super) roots: Roots,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
    pub(super) memo: Option<SignatureMemo>,
    pub(super) policy: EkuPolicy,
    pub(super) path_checks: PathChecks,
    pub(super) relax_for: RelaxFor,
    pub(super) revocation: Option<Revocation>,
    pub(super) observers: Observers,
}

/// What one role adds to the builder. Sealed, since this module is private.
pub trait Assemble: Sized {
    type Options: Debug + Default;

    /// Refuses what may not be built in this role.
    #[allow(private_interfaces)] // Sealed: nobody else calls it.
    fn check(settings: &Settings, options: &Self::Options) -> Result<(), Error>;

    #[allow(private_interfaces)] // Sealed: nobody else calls it.
    fn assemble(settings: Settings, options: Self::Options) -> Result<Self, Error>;
}

/// Whose EKU may be wrong under a relaxed policy.
#[derive(Debug, Default)]
pub(super) struct RelaxFor {
    pub(super) rules: Vec<PeerRule>,
    matcher: PeerRules,
    pub(super) any_private_peer: bool,
}

impl Settings {
    /// The algorithms that verify the signatures of certificates.
    pub(super) fn certificate_algorithms(&self) -> Vec<&dyn SignatureVerificationAlgorithm> {
        match &self.memo {
            Some(memo) => memo.algorithms(),
            None => self.algorithms.all.to_vec(),
        }
    }

    pub(super) fn replace_crls(&self, crls: Crls, now: UnixTime) -> Result<Vec<KeptCrl>, Error> {
        let Some(revocation) = &self.revocation else {
            let error = Error::NoRevocation;
            self.observers.tell(|observer| observer.crls_refused(self.role, &error));
            return Err(error);
        };
        let kept = revocation.replace(crls, &self.roots, self.algorithms.all, now);
        for kept in &kept {
            self.observers.tell(|observer| observer.crl_kept(self.role, kept));
        }
        Ok(kept)
    }
}

impl RelaxFor {
    pub(super) fn add(&mut self, rule: PeerRule) {
        self.matcher.add(rule.clone());
        self.rules.push(rule);
    }

    pub(super) fn is_nobody(&self) -> bool {
        self.rules.is_empty() && !self.any_private_peer
    }

    /// Lists of public roots go stale, so "any" never means a leaf that belongs to the web's PKI.
    pub(super) fn covers(&self, leaf: &View<'_>, issuers: &impl Issuers) -> der::Result<bool> {
        Ok(self.matcher.match_path(leaf, issuers)?
            || (self.any_private_peer && !leaf.is_web_pki() && !issuers.are_public()))
    }
}
