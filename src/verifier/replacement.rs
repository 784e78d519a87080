//! How one [`CrlSet`] takes the place of another, and loses nothing.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rustls::pki_types::{SignatureVerificationAlgorithm, UnixTime};

use super::crl::Crl;
use super::crl_set::{CrlSet, IssuerCrls};
use super::tried::{TriedCrl, Tries};
use crate::observe::{KeptCrl, KeptCrlReason};
use crate::roots::Roots;
use crate::text::offset;

impl CrlSet {
    /// The set that takes the place of this one: the new lists, and what they lack.
    ///
    /// The newest list that a key has signed for a point stays until its nextUpdate, unless one that
    /// the same key has signed is as new: so nothing is rolled back by an older list, frozen by a
    /// forged one, or forgotten with a lost file.
    pub(super) fn replaced_by(
        &self,
        new: Vec<Arc<Crl>>,
        is_for_webpki: bool,
        roots: &Roots,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Self {
        let old: HashMap<&[u8], &TriedCrl> = self.all().map(|old| (old.crl.der(), old)).collect();
        // What has not changed is the same object, and who signed it is known.
        let fresh = new.into_iter().map(|crl| match old.get(crl.der()) {
            Some(old) => TriedCrl::clone(old),
            None => TriedCrl::new(crl),
        });
        let fresh: Vec<_> = fresh.collect();
        let next = Self::new(fresh.clone(), is_for_webpki);
        // It is the operator who waits here, not a handshake.
        let tries = Tries::new(algorithms, usize::MAX);
        let replacement = Replacement { next: &next, roots, tries, now };
        let kept = self.issuers().flat_map(|(name, old)| replacement.keeps(name, old));
        let (kept, told): (Vec<_>, Vec<_>) = kept.unzip();
        if kept.is_empty() {
            return next;
        }
        let mut both = Self::new([fresh, kept].concat(), is_for_webpki);
        both.kept = told;
        both
    }
}

/// What is to take the place of a set, and what is known of the keys that sign lists, at one instant.
struct Replacement<'a> {
    next: &'a CrlSet,
    roots: &'a Roots,
    tries: Tries<'a>,
    now: UnixTime,
}

impl Replacement<'_> {
    /// Of the old lists of one issuer those that stay beside the next ones.
    fn keeps(&self, name: &[u8], old: &IssuerCrls) -> Vec<(TriedCrl, KeptCrl)> {
        let named = self.roots.named(name).unwrap_or_default();
        let anchors = self.roots.anchors().get(named).unwrap_or_default();
        let of_roots = anchors.iter().map(|anchor| anchor.subject_public_key_info.to_vec());
        let signers = old.scopes().flatten().flat_map(TriedCrl::signers);
        let keys: BTreeSet<_> = of_roots.chain(signers).collect();
        old.scopes().flat_map(|scope| self.keeps_of(scope, &keys)).collect()
    }

    /// Of those of one scope, newest first; these are the keys that sign the issuer's lists, as far as
    /// they are known.
    fn keeps_of(&self, scope: &[TriedCrl], keys: &BTreeSet<Vec<u8>>) -> Vec<(TriedCrl, KeptCrl)> {
        let mut newest: HashMap<&[u8], &Crl> = HashMap::new();
        let mut kept = Vec::new();
        for old in scope.iter().filter(|old| old.crl.has_begun(self.now)) {
            let signers = keys.iter().filter(|key| old.is_signed_by(key, &self.tries).is_ok());
            // Those that are equally new all count.
            let signers =
                signers.filter(|key| newest.entry(key).or_insert(&old.crl).age() == old.crl.age());
            let signers: Vec<_> = signers.collect();
            if let Some(reason) = signers.into_iter().find_map(|key| self.lacks(old, key))
                && old.crl.next_update > self.now
            {
                let until = offset(old.crl.next_update);
                kept.push((old.clone(), KeptCrl { crl: old.crl.label(), reason, until }));
            }
        }
        kept
    }

    /// Why the next set has none in the place of this list that this key has signed and is as new;
    /// `None` if it has.
    fn lacks(&self, old: &TriedCrl, key: &[u8]) -> Option<KeptCrlReason> {
        let issuer = self.next.of_issuer(&old.crl.issuer);
        let scope = issuer.map(|issuer| issuer.scope_of(&old.crl)).unwrap_or_default();
        let mut reason = KeptCrlReason::Missing;
        for new in scope.iter().filter(|new| new.crl.has_begun(self.now)) {
            if new.is_signed_by(key, &self.tries).is_err() {
                reason = KeptCrlReason::NotSigned;
            } else if new.crl.age() < old.crl.age() {
                return Some(KeptCrlReason::Older);
            } else {
                return None;
            }
        }
        Some(reason)
    }
}
