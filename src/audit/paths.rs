//! [`Paths`]: for every certificate the best certification path, put together across sources.
//!
//! The best path reaches a root, then lasts longest, then is shortest. From the roots down, every
//! issuer is reached once, by the best of those that could stand above it: so loops end, and
//! thousands of CAs with one name cost no more than their number.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use time::OffsetDateTime;

use super::candidates::Candidates;
use super::entry::Entry;
use super::inventory::Inventory;
use super::roles::Roles;
use crate::eku::{EkuViolation, Requirement};
use crate::role::Role;

/// A certificate and its issuers as far as the inventory holds them, the certificate first.
///
/// ```
/// use mtls_roles::audit::{Assessment, Inventory, Serving, Timeline};
/// use time::macros::date;
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// # let mut inventory = Inventory::new();
/// # inventory.add("edge.pem", pem.as_bytes());
/// # let timeline = Timeline::builtin();
/// let assessment = Assessment::new(&inventory, &timeline, date!(2026-11-21), Serving::Suggested);
/// let path = &assessment.findings()[0].path;
/// assert!(path.is_complete);
/// assert_eq!(path.entries[1].label(), "O=DigiCert Inc, CN=Issuer");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CertificationPath<'a> {
    /// The certificate, its issuer, the issuer's issuer …; the root last, if it is there. Where a
    /// public root's key is, the path ends, whoever signed it, too.
    pub entries: Box<[&'a Entry]>,
    /// Whether the last one is a root, or has the key of a public one.
    pub is_complete: bool,
}

impl<'a> CertificationPath<'a> {
    /// What relying parties need of it. In the place of a public root's cross-sign they have the root.
    pub(super) fn needed(&self) -> &[&'a Entry] {
        match &self.entries[..] {
            [needed @ .., last] if !needed.is_empty() && last.is_cross_sign() => needed,
            all => all,
        }
    }
}

/// Why a path is unfit for a role under rfc5280; the decision is the one that a slot makes. A root's
/// own EKU is never the reason: of an unfit path, the first to lack the purpose stands below it.
pub(super) fn violation(path: &CertificationPath<'_>, role: Role) -> Option<EkuViolation> {
    let certificates = path.needed().iter().map(|entry| entry.certificate());
    Requirement::rfc5280(role).violation(certificates).map(bounded)
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

/// A finding quotes no more purposes of one certificate, and no more characters of its name.
pub(super) const MOST_PURPOSES: usize = 100;
const MOST_OF_A_NAME: usize = 1_000;

/// The paths up from every certificate of an inventory.
///
/// Several certificates may stand above one: cross-signed CAs, renewed ones. So there is a best
/// path at all, and a best one for each role, over issuers that are fit for it.
pub(super) struct Paths<'a> {
    entries: &'a [Entry],
    /// Beside each entry, what it is fit for by itself.
    own: Vec<Roles>,
    /// Of the issuers that are fit for these roles; first of all, for none.
    trees: [(Roles, IssuerTree<'a>); 4],
}

/// More issuers than any verifier follows: webpki follows six.
const MOST_ISSUERS: usize = 16;

impl<'a> Paths<'a> {
    pub(super) fn new(inventory: &'a Inventory) -> Self {
        let entries = inventory.entries();
        let own = entries.iter().map(|entry| {
            let is_fit = |role: &Role| Requirement::rfc5280(*role).is_met(0, entry.certificate());
            Role::BOTH.into_iter().filter(is_fit).collect()
        });
        let own: Vec<Roles> = own.collect();
        let ends = PathBuilder::ends(entries);
        let trees = [Roles::NONE, Roles::SERVER, Roles::CLIENT, Roles::BOTH].map(|roles| {
            (roles, PathBuilder::over(entries, &ends, |index| own[index].contains_all(roles)))
        });
        Self { entries, own, trees }
    }

    /// The roles that a certificate is fit for by some path, every level counted.
    pub(super) fn fit(&self, index: usize) -> Roles {
        let is_fit = |role: &Role| {
            let tree = self.tree_for(index, Roles::from_iter([*role]));
            tree.is_some_and(|tree| self.first_issuer(index, tree).is_some())
        };
        Role::BOTH.into_iter().filter(is_fit).collect()
    }

    /// The path that serves best in these roles; one that serves in none of them if there is no
    /// other.
    pub(super) fn best(&self, index: usize, roles: Roles) -> Option<CertificationPath<'a>> {
        let each = roles.iter().map(|role| Roles::from_iter([role]));
        let roles = [roles].into_iter().chain(each).chain([Roles::NONE]);
        let mut trees = roles.filter_map(|roles| self.tree_for(index, roles));
        trees.find_map(|tree| self.path(index, tree))
    }

    /// The tree of the issuers that serve in these roles, if the certificate itself does.
    fn tree_for(&self, index: usize, wanted: Roles) -> Option<&IssuerTree<'a>> {
        let is_fit = self.own[index].contains_all(wanted);
        let (_, tree) = self.trees.iter().find(|(roles, _)| *roles == wanted && is_fit)?;
        Some(tree)
    }

    fn path(&self, index: usize, tree: &IssuerTree<'a>) -> Option<CertificationPath<'a>> {
        let mut entries = vec![&self.entries[index]];
        let mut next = self.first_issuer(index, tree)?;
        while let Some(issuer) = next.filter(|_| entries.len() <= MOST_ISSUERS) {
            entries.push(&self.entries[issuer]);
            next = *tree.issuers.get(&issuer)?;
        }
        Some(CertificationPath {
            is_complete: entries.last().is_some_and(|last| last.ends_path()),
            entries: entries.into(),
        })
    }

    /// `None` if no path leads up from here; `Some(None)` if this is the end of what is known.
    fn first_issuer(&self, index: usize, tree: &IssuerTree<'a>) -> Option<Option<usize>> {
        let entry = &self.entries[index];
        if entry.ends_path() {
            return Some(None);
        }
        if entry.can_issue() {
            return tree.issuers.get(&index).copied();
        }
        match tree.candidates.issuer_of(entry) {
            None if self.trees[0].1.candidates.issuer_of(entry).is_some() => None,
            issuer => Some(issuer),
        }
    }
}

/// The issuers that were reached.
#[derive(Default)]
struct IssuerTree<'a> {
    /// Beside each, the one above it; `None` at the end of a path.
    issuers: HashMap<usize, Option<usize>>,
    /// The best first.
    candidates: Candidates<'a>,
}

/// Where a path ends above; the best last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PathEnd {
    /// Among issuers that stand above each other in a loop (RFC 4158).
    Loop,
    /// Its issuer is not in the inventory.
    NoIssuer,
    Root,
}

/// A path from its end to one issuer: by what it is compared, then who it is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct PartialPath {
    end: PathEnd,
    lasts_until: OffsetDateTime,
    depth: Reverse<usize>,
    index: Reverse<usize>,
    issuer: Option<usize>,
}

/// Builds from the ends of paths down to every issuer, the best first.
#[derive(Default)]
struct PathBuilder<'a> {
    entries: &'a [Entry],
    next: BinaryHeap<PartialPath>,
    /// Who waits for an issuer, by its name.
    waiting: HashMap<&'a [u8], Waiting<'a>>,
    tree: IssuerTree<'a>,
}

/// By the key identifier of the issuer, if it is named.
type Waiting<'a> = HashMap<Option<&'a [u8]>, Vec<usize>>;

impl<'a> PathBuilder<'a> {
    /// Where the paths from issuers end: at roots, at those whose issuer is unknown, and in a loop at
    /// the first of it.
    fn ends(entries: &'a [Entry]) -> HashMap<usize, PathEnd> {
        let mut all = Candidates::default();
        let issuers = || (0..).zip(entries).filter(|(_, entry)| entry.can_issue());
        issuers().for_each(|(index, entry)| all.add(index, entry));
        let mut ends: HashMap<_, _> = issuers()
            .filter_map(|(index, entry)| match entry.ends_path() {
                true => Some((index, PathEnd::Root)),
                false => all.issuer_of(entry).is_none().then_some((index, PathEnd::NoIssuer)),
            })
            .collect();
        let mut builder = Self { entries, ..Self::default() };
        issuers().for_each(|(index, entry)| builder.start(index, entry, &ends));
        builder.run();
        for (index, _) in issuers() {
            // Reached by nothing: everything above it stands in a loop.
            if !builder.tree.issuers.contains_key(&index) {
                ends.insert(index, PathEnd::Loop);
                builder.push(index, PathEnd::Loop, None);
                builder.run();
            }
        }
        ends
    }

    /// Over the ends of paths and some of the issuers.
    fn over(
        entries: &'a [Entry],
        ends: &HashMap<usize, PathEnd>,
        is_among: impl Fn(usize) -> bool,
    ) -> IssuerTree<'a> {
        let mut builder = Self { entries, ..Self::default() };
        for (index, entry) in entries.iter().enumerate() {
            if entry.can_issue() && (entry.ends_path() || is_among(index)) {
                builder.start(index, entry, ends);
            }
        }
        builder.run();
        builder.tree
    }

    fn start(&mut self, index: usize, entry: &'a Entry, ends: &HashMap<usize, PathEnd>) {
        if let Some(end) = ends.get(&index) {
            return self.push(index, *end, None);
        }
        let waiting = self.waiting.entry(entry.certificate().issuer_der());
        let waiting = waiting.or_default().entry(entry.authority_key_id());
        waiting.or_default().push(index);
    }

    fn push(&mut self, index: usize, end: PathEnd, above: Option<&PartialPath>) {
        let not_after = self.entries[index].certificate().not_after();
        self.next.push(PartialPath {
            end,
            lasts_until: above.map_or(not_after, |above| above.lasts_until.min(not_after)),
            depth: Reverse(above.map_or(0, |above| above.depth.0 + 1)),
            index: Reverse(index),
            issuer: above.map(|above| above.index.0),
        });
    }

    fn run(&mut self) {
        while let Some(path) = self.next.pop() {
            let Reverse(index) = path.index;
            // One in a loop may have been reached while it still waited.
            if self.tree.issuers.contains_key(&index) {
                continue;
            }
            self.tree.issuers.insert(index, path.issuer);
            let entry = &self.entries[index];
            self.tree.candidates.add(index, entry);
            for below in self.released_by(entry) {
                self.push(below, path.end, Some(&path));
            }
        }
    }

    /// Those that waited for this issuer, or for one like it.
    fn released_by(&mut self, issuer: &'a Entry) -> Vec<usize> {
        let waiting = self.waiting.get_mut(issuer.certificate().subject_der());
        let waiting = waiting.map(|waiting| match issuer.subject_key_id() {
            None => waiting.drain().flat_map(|(_, below)| below).collect(),
            key => {
                let keys = [key, None].into_iter();
                keys.flat_map(|key| waiting.remove(&key).unwrap_or_default()).collect()
            }
        });
        waiting.unwrap_or_default()
    }
}
