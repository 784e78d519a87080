//! [`Settings`]: what a verifier of either role was built with.

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::{SignatureVerificationAlgorithm, UnixTime};

use super::checks::PathChecks;
use super::crl::offset;
use super::crls::Crls;
use super::revocation::Revocation;
use super::tried::TriedCrl;
use crate::certificate::view::View;
use crate::eku::EkuPolicy;
use crate::error::Error;
use crate::memo::SignatureMemo;
use crate::observe::{KeptCrl, Observers};
use crate::peer::{Issuers, PeerRule, PeerRules};
use crate::report::{Expiring, Expiry};
use crate::role::Role;
use crate::roots::Roots;

/// A verifier of either role, for what treats both alike.
pub(crate) trait OneRole {
    fn settings(&self) -> &Settings;
}

#[derive(Debug)]
pub(crate) struct Settings {
    pub(super) role: Role,
    pub(super) roots: Roots,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
    pub(super) memo: Option<SignatureMemo>,
    pub(super) policy: EkuPolicy,
    pub(super) path_checks: PathChecks,
    pub(super) relax_for: RelaxFor,
    pub(super) revocation: Option<Revocation>,
    pub(super) observers: Observers,
    /// It is part of a generation, and never changes again. Held while its lists are replaced.
    pub(super) is_sealed: Mutex<bool>,
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

    /// From now on it is what it is, on every clone.
    pub(crate) fn seal(&self) {
        *self.is_sealed.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// Of those that it verifies.
    pub(crate) fn role(&self) -> Role {
        self.role
    }

    pub(crate) fn roots(&self) -> &Roots {
        &self.roots
    }

    /// What ends of what the verifier goes by: roots, lists, the policy.
    pub(crate) fn expiries(&self) -> Vec<Expiry> {
        let ends = |what, name, since, until| Expiry { role: self.role, what, name, since, until };
        let roots = self.roots.validities();
        let roots =
            roots.map(|(name, (since, until))| ends(Expiring::Root, name, Some(since), until));
        let crls = self.revocation.as_ref().map(Revocation::crls);
        let crls = crls.iter().flat_map(|crls| crls.all()).map(|TriedCrl { crl, .. }| {
            let (since, until) = (offset(crl.this_update), offset(crl.next_update));
            ends(Expiring::Crl, crl.label(), Some(since), until)
        });
        let policy = self.policy.end().filter(|_| self.policy.is_relaxed());
        let policy =
            policy.map(|end| ends(Expiring::EkuPolicy, self.policy.to_string(), None, end));
        roots.chain(crls).chain(policy).collect()
    }

    pub(super) fn replace_crls(&self, crls: Crls, now: UnixTime) -> Result<Vec<KeptCrl>, Error> {
        let replaced = self.replace_unsealed(crls, now);
        match &replaced {
            Ok(kept) => kept.iter().for_each(|kept| {
                self.observers.tell(|observer| observer.crl_kept(self.role, kept));
            }),
            Err(error) => self.observers.tell(|observer| observer.crls_refused(self.role, error)),
        }
        replaced
    }

    fn replace_unsealed(&self, crls: Crls, now: UnixTime) -> Result<Vec<KeptCrl>, Error> {
        let is_sealed = self.is_sealed.lock().unwrap_or_else(PoisonError::into_inner);
        match &self.revocation {
            _ if *is_sealed => Err(Error::Sealed { part: "verifier" }),
            Some(revocation) => Ok(revocation.replace(crls, &self.roots, self.algorithms.all, now)),
            None => Err(Error::NoRevocation),
        }
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

    /// Of a leaf that it does not cover: why no rule names it, if there are rules.
    pub(super) fn why_not(&self, leaf: &View<'_>, issuers: &impl Issuers) -> Option<String> {
        let why = || self.matcher.why_not(leaf, issuers);
        (!self.rules.is_empty()).then(|| format!("no rule relaxes it for this peer: {}", why()))
    }
}
