//! [`Settings`]: what a verifier of either role was built with.

use std::sync::{Mutex, PoisonError};

use rustls::DistinguishedName;
use rustls::crypto::WebPkiSupportedAlgorithms;
use rustls::pki_types::UnixTime;

use super::checks::PathChecks;
use super::crls::Crls;
use super::revocation::Revocation;
use super::tried::TriedCrl;
use crate::certificate::view::View;
use crate::eku::EkuPolicy;
use crate::error::Error;
use crate::memo::SignatureMemo;
use crate::observe::{KeptCrl, Observers};
use crate::peer::{Issuers, PeerRules};
use crate::report::{Expiring, Expiry};
use crate::role::Role;
use crate::roots::Roots;
use crate::text::offset;

/// All that a verifier is. Public in a private module: nobody else can name it.
#[derive(Debug)]
pub struct Settings {
    pub(super) role: Role,
    pub(super) roots: Roots,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
    pub(super) memo: Option<SignatureMemo>,
    pub(super) policy: EkuPolicy,
    pub(super) path_checks: PathChecks,
    /// Clients: who may connect; `None` is anybody. Servers: who is expected in place of the name.
    pub(super) expected: Option<PeerRules>,
    pub(super) relax_for: RelaxFor,
    pub(super) revocation: Option<Revocation>,
    pub(super) observers: Observers,
    /// Of clients only.
    pub(super) root_hints: Vec<DistinguishedName>,
    pub(super) is_client_auth_mandatory: bool,
    /// It is part of a generation, and never changes again. Held while its lists are replaced.
    pub(super) is_sealed: Mutex<bool>,
}

/// Whose EKU may be wrong under a relaxed policy.
#[derive(Debug, Default)]
pub(super) struct RelaxFor {
    pub(super) rules: Option<PeerRules>,
    pub(super) any_private_peer: bool,
}

impl Settings {
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

    /// Told to the observers.
    pub(super) fn replace_crls(&self, crls: Crls, now: UnixTime) -> Result<Vec<KeptCrl>, Error> {
        let is_sealed = self.is_sealed.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = match &self.revocation {
            _ if *is_sealed => Err(Error::Sealed { part: "verifier" }),
            Some(revocation) => Ok(revocation.replace(crls, &self.roots, self.algorithms.all, now)),
            None => Err(Error::NoRevocation),
        };
        drop(is_sealed);
        match &replaced {
            Ok(kept) => kept.iter().for_each(|kept| {
                self.observers.tell(|observer| observer.crl_kept(self.role, kept));
            }),
            Err(error) => self.observers.tell(|observer| observer.crls_refused(self.role, error)),
        }
        replaced
    }
}

impl RelaxFor {
    /// Lists of public roots go stale, so "any" never means a leaf that belongs to the web's PKI.
    pub(super) fn covers(&self, leaf: &View<'_>, issuers: &impl Issuers) -> der::Result<bool> {
        let named = self.rules.as_ref().map(|rules| rules.match_path(leaf, issuers));
        Ok(named.unwrap_or(Ok(false))?
            || (self.any_private_peer && !leaf.is_web_pki() && !issuers.are_public()))
    }

    /// Of a leaf that it does not cover: why no rule names it, if there are rules.
    pub(super) fn why_not(&self, leaf: &View<'_>, issuers: &impl Issuers) -> Option<String> {
        let why = self.rules.as_ref()?.why_not(leaf, issuers);
        Some(format!("no rule relaxes it for this peer: {why}"))
    }
}
