//! [`Descent`]: from the roots down to every issuer, the best first.
//!
//! The best way reaches a root, then lasts longest, then is shortest. Every issuer is reached once,
//! by the best of those that could stand above it: so cycles end, and thousands of CAs with one
//! name cost no more than their number.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use time::OffsetDateTime;

use super::entry::Entry;

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

/// Issuers by name and key identifier; of several, the first that was added.
#[derive(Default)]
struct Directory<'a> {
    len: usize,
    names: HashMap<&'a [u8], Namesakes<'a>>,
}

#[derive(Default)]
struct Namesakes<'a> {
    first: Option<Listed>,
    without_key_id: Option<Listed>,
    by_key_id: HashMap<&'a [u8], Listed>,
}

/// An issuer, and the how-manieth it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Listed {
    rank: usize,
    index: usize,
}

impl<'a> Directory<'a> {
    fn add(&mut self, index: usize, issuer: &'a Entry) {
        let listed = Listed {
            rank: self.len,
            index,
        };
        self.len += 1;
        let name = self.names.entry(issuer.certificate().subject_der());
        let name = name.or_default();
        name.first.get_or_insert(listed);
        match issuer.subject_key_id() {
            Some(key) => name.by_key_id.entry(key).or_insert(listed),
            None => name.without_key_id.get_or_insert(listed),
        };
    }

    fn issuer_of(&self, entry: &Entry) -> Option<usize> {
        let name = self.names.get(entry.certificate().issuer_der())?;
        let listed = match entry.authority_key_id() {
            None => name.first,
            Some(key) => {
                let keyed = name.by_key_id.get(key).copied();
                keyed.into_iter().chain(name.without_key_id).min()
            }
        };
        listed.map(|listed| listed.index)
    }
}
