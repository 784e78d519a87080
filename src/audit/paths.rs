//! [`Paths`]: for every certificate the best certification path, put together across sources.
//!
//! The best path reaches a root, then lasts longest, then is shortest. From the roots down, every
//! certificate is reached once, by the best of those that could stand above it: so loops end, and
//! thousands of CAs with one name cost no more than their number.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::mem;

use time::OffsetDateTime;

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
    /// Beside each entry, what stands above it on its best path, over those that are fit for these
    /// roles; first over all, for none.
    trees: [(Roles, Vec<NextIssuer>); 4],
}

/// Who stands above a certificate on its best path.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NextIssuer {
    /// No path leads up from here.
    NoPath,
    /// This is the end of what is known.
    End,
    /// The index of its issuer, in few octets: there is one beside each certificate.
    Issuer(u32),
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
        let groups = Groups::new(entries);
        let ends = PathBuilder::ends(entries, &groups);
        let trees = [Roles::NONE, Roles::SERVER, Roles::CLIENT, Roles::BOTH].map(|roles| {
            let mut builder = PathBuilder::new(entries, &groups);
            for (index, entry) in entries.iter().enumerate() {
                // A root's own EKU binds nobody below it.
                let is_root = entry.can_issue() && entry.ends_path();
                if is_root || own[index].contains_all(roles) {
                    builder.start(index, ends[index]);
                }
            }
            builder.run();
            (roles, builder.issuers)
        });
        Self { entries, own, trees }
    }

    /// The roles that a certificate is fit for by some path, every level counted.
    pub(super) fn fit(&self, index: usize) -> Roles {
        let is_fit = |role: &Role| self.tree(index, Roles::from_iter([*role])).is_some();
        Role::BOTH.into_iter().filter(is_fit).collect()
    }

    /// The path that serves best in these roles; one that serves in none of them if there is no
    /// other.
    pub(super) fn best(&self, index: usize, roles: Roles) -> CertificationPath<'a> {
        let each = roles.iter().map(|role| Roles::from_iter([role]));
        let mut wanted = [roles].into_iter().chain(each);
        let tree = wanted.find_map(|roles| self.tree(index, roles));
        let tree = tree.unwrap_or(&self.trees[0].1);
        let mut entries = vec![&self.entries[index]];
        let mut next = tree[index];
        while let NextIssuer::Issuer(issuer) = next
            && entries.len() <= MOST_ISSUERS
        {
            entries.push(&self.entries[issuer as usize]);
            next = tree[issuer as usize];
        }
        CertificationPath {
            is_complete: entries.last().is_some_and(|last| last.ends_path()),
            entries: entries.into(),
        }
    }

    /// The one for these roles, if the certificate serves in them by a path of it.
    fn tree(&self, index: usize, wanted: Roles) -> Option<&Vec<NextIssuer>> {
        let (_, tree) = self.trees.iter().find(|(roles, _)| *roles == wanted)?;
        let serves = self.own[index].contains_all(wanted) && tree[index] != NextIssuer::NoPath;
        serves.then_some(tree)
    }
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
    issuer: NextIssuer,
}

/// Which certificates wait for the same issuer.
///
/// An issuer is found by name and key: its subject equals the certificate's issuer byte for byte,
/// and the key identifiers (RFC 5280, 4.2.1.1 and 4.2.1.2) are equal where both are there.
#[derive(Default)]
struct Groups<'a> {
    /// Beside each certificate, its group.
    of: Vec<usize>,
    by_name: HashMap<&'a [u8], SameName<'a>>,
    count: usize,
}

/// By the key identifier of the issuer, if it is named.
type SameName<'a> = HashMap<Option<&'a [u8]>, usize>;

impl<'a> Groups<'a> {
    fn new(entries: &'a [Entry]) -> Self {
        let mut groups = Self::default();
        for entry in entries {
            let same_name = groups.by_name.entry(entry.certificate().issuer_der()).or_default();
            let group = *same_name.entry(entry.authority_key_id()).or_insert(groups.count);
            groups.count = groups.count.max(group + 1);
            groups.of.push(group);
        }
        groups
    }
}

/// Builds from the ends of paths down to every certificate, the best first.
struct PathBuilder<'k, 'a> {
    entries: &'a [Entry],
    groups: &'k Groups<'a>,
    /// To issuers that are not reached yet.
    next: BinaryHeap<PartialPath>,
    /// Who waits, in each group.
    waiting: Vec<Vec<usize>>,
    /// Names for whose issuers nobody waits any more, whatever their keys.
    released: HashSet<&'a [u8]>,
    issuers: Vec<NextIssuer>,
}

impl<'k, 'a> PathBuilder<'k, 'a> {
    fn new(entries: &'a [Entry], groups: &'k Groups<'a>) -> Self {
        Self {
            entries,
            groups,
            next: BinaryHeap::new(),
            waiting: vec![Vec::new(); groups.count],
            released: HashSet::new(),
            issuers: vec![NextIssuer::NoPath; entries.len()],
        }
    }

    /// Beside each certificate how paths end there: at roots, at those whose issuer is unknown, and in
    /// a loop at the first of it.
    fn ends(entries: &'a [Entry], groups: &'k Groups<'a>) -> Vec<Option<PathEnd>> {
        let issuers = || (0..).zip(entries).filter(|(_, entry)| entry.can_issue());
        let mut ends = vec![Some(PathEnd::NoIssuer); entries.len()];
        let mut all = Self::new(entries, groups);
        (0..entries.len()).for_each(|index| all.start(index, None));
        for (_, issuer) in issuers() {
            all.released_by(issuer).into_iter().for_each(|below| ends[below] = None);
        }
        let roots = (0..).zip(entries).filter(|(_, entry)| entry.ends_path());
        roots.for_each(|(index, _)| ends[index] = Some(PathEnd::Root));
        let mut builder = Self::new(entries, groups);
        issuers().for_each(|(index, _)| builder.start(index, ends[index]));
        builder.run();
        for (index, _) in issuers() {
            // Reached by nothing: everything above it stands in a loop.
            if builder.issuers[index] == NextIssuer::NoPath {
                ends[index] = Some(PathEnd::Loop);
                builder.start(index, ends[index]);
                builder.run();
            }
        }
        ends
    }

    /// At its end, or below an issuer that is not reached yet.
    fn start(&mut self, index: usize, end: Option<PathEnd>) {
        match end {
            Some(end) => self.reach(index, end, None),
            None => self.waiting[self.groups.of[index]].push(index),
        }
    }

    fn reach(&mut self, index: usize, end: PathEnd, issuer: Option<&PartialPath>) {
        let entry = &self.entries[index];
        let next =
            issuer.map_or(NextIssuer::End, |issuer| NextIssuer::Issuer(issuer.index.0 as u32));
        if !entry.can_issue() {
            self.issuers[index] = next;
            return;
        }
        let not_after = entry.certificate().not_after();
        self.next.push(PartialPath {
            end,
            lasts_until: issuer.map_or(not_after, |issuer| issuer.lasts_until.min(not_after)),
            depth: Reverse(issuer.map_or(0, |issuer| issuer.depth.0 + 1)),
            index: Reverse(index),
            issuer: next,
        });
    }

    fn run(&mut self) {
        while let Some(path) = self.next.pop() {
            let Reverse(index) = path.index;
            // One in a loop may have been reached while it still waited.
            if self.issuers[index] != NextIssuer::NoPath {
                continue;
            }
            self.issuers[index] = path.issuer;
            for below in self.released_by(&self.entries[index]) {
                self.reach(below, path.end, Some(&path));
            }
        }
    }

    /// Those that waited for this issuer, or for one like it.
    fn released_by(&mut self, issuer: &'a Entry) -> Vec<usize> {
        let name = issuer.certificate().subject_der();
        let Some(groups) = self.groups.by_name.get(name) else {
            return Vec::new();
        };
        let released: Vec<_> = match issuer.subject_key_id() {
            None if self.released.insert(name) => groups.values().collect(),
            None => Vec::new(),
            key => [key, None].iter().filter_map(|key| groups.get(key)).collect(),
        };
        released.into_iter().flat_map(|group| mem::take(&mut self.waiting[*group])).collect()
    }
}
