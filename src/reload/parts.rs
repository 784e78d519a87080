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

/// A good state of a part.
#[derive(Clone)]
pub(super) struct Good {
    pub(super) made_from: Vec<Contents>,
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

impl Good {
    /// What it was made from of one of its places; a folder has many contents.
    fn of_place(&self, index: usize) -> &[Contents] {
        match self.made_from.len() == self.places.len() {
            true => self.made_from.get(index..=index).unwrap_or_default(),
            false => &self.made_from,
        }
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

    /// The places whose contents are new, and those of them that became shorter.
    pub(super) fn changes(&self, before: &Self) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let (mut changed, mut shorter) = (BTreeSet::new(), BTreeSet::new());
        let len = |contents: &[Contents]| -> usize { contents.iter().map(|it| it.len).sum() };
        for (part, good) in self.all.iter().filter(|(part, _)| self.is_new(part, before)) {
            for (index, place) in good.places.iter().enumerate() {
                let is_part = self.all.contains_key(&Part::Bytes(place.clone()));
                if is_part && matches!(part, Part::Slot(..)) {
                    continue;
                }
                let now = good.of_place(index);
                let then = before.all.get(part).map(|before| before.of_place(index));
                if then != Some(now) {
                    changed.insert(place.clone());
                }
                if then.is_some_and(|then| len(then) > len(now)) {
                    shorter.insert(place.clone());
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
