//! [`Parts`]: what a generation was made from, part by part.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::disk::Contents;
use crate::observe::KeptCrl;
use crate::role::Role;
use crate::verifier::Lineage;

/// One thing that a recipe asks for; each keeps its last good state on its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    Bytes(PathBuf),
    Roots(PathBuf),
    Crls(PathBuf),
    /// The slots of a role are told apart by the order in which they are asked for.
    Slot(Role, usize),
}

impl Part {
    pub(super) fn place(&self) -> Option<&PathBuf> {
        match self {
            Self::Bytes(place) | Self::Roots(place) | Self::Crls(place) => Some(place),
            Self::Slot(..) => None,
        }
    }
}

/// The contents that a part was made from.
pub(super) type MadeFrom = BTreeMap<Source, Contents>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    File(PathBuf),
    /// The certificates of a slot may come from anywhere: the place of one among them.
    Certificate(usize),
}

/// A good state of a part.
#[derive(Clone)]
pub(super) struct Good {
    pub(super) made_from: MadeFrom,
    /// The files and folders that it was read from.
    pub(super) places: Vec<PathBuf>,
    /// Of the type that its kind of part has.
    pub(super) value: Arc<dyn Any + Send + Sync>,
}

/// As far as publishing goes: the same contents make the same.
impl PartialEq for Good {
    fn eq(&self, other: &Self) -> bool {
        self.made_from == other.made_from
    }
}

#[derive(Clone, Default)]
pub(super) struct Parts {
    pub(super) all: BTreeMap<Part, Good>,
    /// What the verifiers' sets of lists descend from, by folder and the order of use.
    pub(super) lineages: BTreeMap<(PathBuf, usize), Arc<Lineage>>,
}

impl Parts {
    pub(super) fn places(&self, part: &Part) -> Vec<PathBuf> {
        self.all.get(part).map(|good| good.places.clone()).unwrap_or_default()
    }

    /// Whether this part was made from something else than it was before.
    pub(super) fn is_new(&self, part: &Part, before: &Self) -> bool {
        self.all.get(part) != before.all.get(part)
    }

    /// The files whose contents are new, and those of them that became shorter or went.
    pub(super) fn changes(&self, before: &Self) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let (mut changed, mut shorter) = (BTreeSet::new(), BTreeSet::new());
        for (part, good) in &self.all {
            let then = before.all.get(part).map(|good| good.made_from.clone()).unwrap_or_default();
            for source in good.made_from.keys().chain(then.keys()) {
                let (now, then) = (good.made_from.get(source), then.get(source));
                let Source::File(file) = source else { continue };
                if now != then {
                    changed.insert(file.clone());
                }
                if now.map_or(0, |now| now.len) < then.map_or(0, |then| then.len) {
                    shorter.insert(file.clone());
                }
            }
        }
        (changed.into_iter().collect(), shorter.into_iter().collect())
    }

    /// The lists that stay in use although files lack them, and did not before.
    pub(super) fn newly_kept(&self, before: &Self) -> Vec<(Role, KeptCrl)> {
        let all = |parts: &Self| -> Vec<_> {
            parts.lineages.values().flat_map(|lineage| lineage.kept()).collect()
        };
        let (known, mut kept) = (all(before), all(self));
        kept.retain(|kept| !known.contains(kept));
        kept
    }
}
