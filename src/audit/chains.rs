//! [`Chains`]: for every certificate the best way up, put together across sources.
//!
//! An issuer is found by name and key: its subject equals the certificate's issuer byte for byte,
//! and the key identifiers (RFC 5280, 4.2.1.1 and 4.2.1.2) are equal where both are there.

use super::descent::{Descent, Ways};
use super::entry::Entry;
use super::inventory::{Chain, Inventory};
use super::roles::Roles;
use crate::eku::{self, EkuViolation, Preset};
use crate::role::Role;

/// The ways up from every certificate of an inventory.
///
/// Several certificates may stand above one: cross-signed CAs, renewed ones. So there is a best
/// chain at all, and a best one for each role, over issuers that are fit for it.
pub(super) struct Chains<'a> {
    entries: &'a [Entry],
    /// Beside each entry, what it is fit for by itself.
    own: Vec<Roles>,
    any: Ways<'a>,
    by_roles: [(Roles, Ways<'a>); 3],
}

/// More issuers than any verifier follows: webpki follows six.
const MOST_ISSUERS: usize = 16;
/// A finding quotes no more purposes of one certificate, and no more characters of its name.
pub(super) const MOST_PURPOSES: usize = 100;
const MOST_OF_A_NAME: usize = 1_000;

impl<'a> Chains<'a> {
    pub(super) fn new(inventory: &'a Inventory) -> Self {
        let entries = inventory.entries();
        let own: Vec<_> = entries.iter().map(roles_of_one).collect();
        let (any, tops) = Descent::of_all(entries);
        let towards = |roles| {
            let is_fit = |index: usize, entry: &Entry| {
                entry.is_root() || own.get(index).is_some_and(|own| own.contains_all(roles))
            };
            (roles, Descent::of_some(entries, &tops, is_fit))
        };
        Self {
            by_roles: [Roles::BOTH, Roles::SERVER, Roles::CLIENT].map(towards),
            entries,
            own,
            any,
        }
    }

    /// The roles that a certificate is fit for by some chain, every level counted.
    pub(super) fn fit(&self, index: usize) -> Roles {
        let is_fit = |role: &Role| {
            let ways = self.towards(index, Roles::from_iter([*role]));
            ways.is_some_and(|ways| self.first_issuer(index, ways).is_some())
        };
        Roles::BOTH.iter().filter(is_fit).collect()
    }

    /// The chain that serves best in these roles; one that serves in none of them if there is no
    /// other.
    pub(super) fn best(&self, index: usize, roles: Roles) -> Option<Chain<'a>> {
        let single = roles.iter().map(|role| Roles::from_iter([role]));
        [roles]
            .into_iter()
            .chain(single)
            .find_map(|roles| self.up(index, self.towards(index, roles)?))
            .or_else(|| self.up(index, &self.any))
    }

    /// The ways that serve in these roles, if the certificate itself does.
    fn towards(&self, index: usize, wanted: Roles) -> Option<&Ways<'a>> {
        let own = self.own.get(index)?;
        let by_roles = self.by_roles.iter();
        let (_, ways) = by_roles
            .filter(|_| own.contains_all(wanted))
            .find(|(roles, _)| *roles == wanted)?;
        Some(ways)
    }

    fn up(&self, index: usize, ways: &Ways<'a>) -> Option<Chain<'a>> {
        let mut entries = vec![self.entries.get(index)?];
        let mut next = self.first_issuer(index, ways)?;
        while let Some(issuer) = next.filter(|_| entries.len() <= MOST_ISSUERS) {
            entries.push(self.entries.get(issuer)?);
            next = ways.above(issuer)?;
        }
        Some(Chain {
            is_complete: entries.last().is_some_and(|last| last.is_root()),
            entries,
        })
    }

    /// `None` if no way leads up from here; `Some(None)` if this is the top of what is known.
    fn first_issuer(&self, index: usize, ways: &Ways<'a>) -> Option<Option<usize>> {
        let entry = self.entries.get(index)?;
        if entry.is_root() {
            return Some(None);
        }
        if entry.can_issue() {
            return ways.above(index);
        }
        match ways.issuer_of(entry) {
            None if self.any.issuer_of(entry).is_some() => None,
            issuer => Some(issuer),
        }
    }
}

/// Why a chain is unfit for a role under rfc5280; the decision is the one that a slot makes.
pub(super) fn violation(chain: &Chain<'_>, role: Role) -> Option<EkuViolation> {
    let path = chain.path().iter().map(|entry| entry.certificate());
    eku::decide(Preset::Rfc5280, role, path).err().map(bounded)
}

/// Thousands of findings may quote one issuer, whose name and purposes may fill a file.
fn bounded(mut violation: EkuViolation) -> EkuViolation {
    if let Some(found) = &mut violation.found {
        found.truncate(MOST_PURPOSES);
        found.shrink_to_fit();
    }
    if let Some((end, _)) = violation.certificate.char_indices().nth(MOST_OF_A_NAME) {
        violation.certificate.truncate(end);
        violation.certificate.shrink_to_fit();
    }
    violation
}

fn roles_of_one(entry: &Entry) -> Roles {
    let is_fit = |role: &Role| eku::is_fit_alone(*role, entry.certificate());
    Roles::BOTH.iter().filter(is_fit).collect()
}
