//! [`Chains`]: for every certificate the best way up, put together across sources.
//!
//! The best way reaches a root, then lasts longest, then is shortest. From the roots down, every
//! issuer is reached once, by the best of those that could stand above it: so cycles end, and
//! thousands of CAs with one name cost no more than their number.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use time::OffsetDateTime;

use super::candidates::Directory;
use super::entry::Entry;
use super::inventory::Inventory;
use super::roles::Roles;
use crate::eku::{self, EkuViolation, Preset};
use crate::role::Role;

/// A certificate and its issuers as far as the inventory holds them, the certificate first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Chain<'a> {
    /// The certificate, its issuer, the issuer's issuer …; the root last, if it is there.
    pub entries: Vec<&'a Entry>,
    /// Whether the last one is a root.
    pub is_complete: bool,
}

impl<'a> Chain<'a> {
    /// The chain below its root: what peers judge the EKU of. A root stays if it is all there is.
    pub(super) fn path(&self) -> &[&'a Entry] {
        match &self.entries[..] {
            [path @ .., _] if self.is_complete && !path.is_empty() => path,
            path => path,
        }
    }
}

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

/// For every issuer that was reached, the one above it.
#[derive(Default)]
pub(super) struct Ways<'a> {
    above: HashMap<usize, Option<usize>>,
    directory: Directory<'a>,
}

impl Ways<'_> {
    /// What stands above an issuer; `Some(None)` for a top, `None` if it was not reached.
    pub(super) fn above(&self, issuer: usize) -> Option<Option<usize>> {
        self.above.get(&issuer).copied()
    }

    /// The best issuer of a certificate.
    pub(super) fn issuer_of(&self, entry: &Entry) -> Option<usize> {
        self.directory.issuer_of(entry)
    }
}

/// Where a way ends above; the best last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Top {
    /// Among issuers that stand above each other in a circle.
    Circle,
    /// Its issuer is not in the inventory.
    Open,
    Root,
}

/// One issuer on its way: by what it is compared, then who it is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    top: Top,
    lasts_until: OffsetDateTime,
    depth: Reverse<usize>,
    index: Reverse<usize>,
    above: Option<usize>,
}

pub(super) struct Descent<'a> {
    entries: &'a [Entry],
    next: BinaryHeap<Step>,
    /// Who waits for an issuer, by its name.
    waiting: HashMap<&'a [u8], Waiting<'a>>,
    ways: Ways<'a>,
}

/// Issuers by the key identifier of the one they wait for, if they name one.
#[derive(Default)]
struct Waiting<'a> {
    by_key_id: HashMap<Option<&'a [u8]>, Vec<usize>>,
}

impl<'a> Descent<'a> {
    /// Over all issuers, with the tops that were found.
    pub(super) fn of_all(entries: &'a [Entry]) -> (Ways<'a>, HashMap<usize, Top>) {
        let mut directory = Directory::default();
        let issuers = || (0..).zip(entries).filter(|(_, entry)| entry.can_issue());
        issuers().for_each(|(index, entry)| directory.add(index, entry));
        let mut tops: HashMap<_, _> = issuers()
            .filter_map(|(index, entry)| match entry.is_root() {
                true => Some((index, Top::Root)),
                false if directory.issuer_of(entry).is_none() => Some((index, Top::Open)),
                false => None,
            })
            .collect();
        let mut descent = Self::new(entries);
        issuers().for_each(|(index, entry)| descent.start(index, entry, tops.get(&index)));
        descent.run();
        for (index, _) in issuers() {
            // Reached by nothing: everything above it stands in a circle.
            if descent.ways.above(index).is_none() {
                tops.insert(index, Top::Circle);
                descent.push(index, Top::Circle, None);
                descent.run();
            }
        }
        (descent.ways, tops)
    }

    /// Over some of the issuers, from the tops of all.
    pub(super) fn of_some(
        entries: &'a [Entry],
        tops: &HashMap<usize, Top>,
        is_among: impl Fn(usize, &Entry) -> bool,
    ) -> Ways<'a> {
        let mut descent = Self::new(entries);
        for (index, entry) in entries.iter().enumerate() {
            if entry.can_issue() && is_among(index, entry) {
                descent.start(index, entry, tops.get(&index));
            }
        }
        descent.run();
        descent.ways
    }

    fn new(entries: &'a [Entry]) -> Self {
        Self {
            entries,
            next: BinaryHeap::new(),
            waiting: HashMap::new(),
            ways: Ways::default(),
        }
    }

    fn start(&mut self, index: usize, entry: &'a Entry, top: Option<&Top>) {
        match top {
            Some(top) => self.push(index, *top, None),
            None => {
                let name = self.waiting.entry(entry.certificate().issuer_der());
                let key = name.or_default().by_key_id.entry(entry.authority_key_id());
                key.or_default().push(index);
            }
        }
    }

    fn push(&mut self, index: usize, top: Top, above: Option<&Step>) {
        let Some(entry) = self.entries.get(index) else {
            return;
        };
        let not_after = entry.certificate().not_after();
        self.next.push(Step {
            top,
            lasts_until: above.map_or(not_after, |above| above.lasts_until.min(not_after)),
            depth: Reverse(above.map_or(0, |above| above.depth.0 + 1)),
            index: Reverse(index),
            above: above.map(|above| above.index.0),
        });
    }

    fn run(&mut self) {
        while let Some(step) = self.next.pop() {
            let Reverse(index) = step.index;
            // One in a circle may have been reached while it still waited.
            if self.ways.above.contains_key(&index) {
                continue;
            }
            self.ways.above.insert(index, step.above);
            let Some(entry) = self.entries.get(index) else {
                continue;
            };
            self.ways.directory.add(index, entry);
            for below in self.released_by(entry) {
                self.push(below, step.top, Some(&step));
            }
        }
    }

    /// Those that waited for this issuer, or for one like it.
    fn released_by(&mut self, issuer: &'a Entry) -> Vec<usize> {
        let name = issuer.certificate().subject_der();
        let Some(Waiting { by_key_id: waiting }) = self.waiting.get_mut(name) else {
            return Vec::new();
        };
        let Some(key) = issuer.subject_key_id() else {
            return waiting.drain().flat_map(|(_, indices)| indices).collect();
        };
        let mut released = waiting.remove(&Some(key)).unwrap_or_default();
        released.extend(waiting.remove(&None).unwrap_or_default());
        released
    }
}
