//! [`Parts`]: what the current generation was made from, part by part.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::disk::Hash;
use crate::credentials::Credentials;
use crate::observe::KeptCrl;
use crate::role::Role;
use crate::roots::Roots;
use crate::verifier::{Crls, Lineage};

/// One thing that a recipe asks for; each keeps its last good state on its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    Bytes(PathBuf),
    Roots(PathBuf),
    Crls(PathBuf),
    /// The slots of a role are told apart by the order in which they are asked for.
    Slot(Role, usize),
}

/// A good state of a part.
#[derive(Clone)]
pub(super) struct Good {
    /// The hashes of the contents that it was made from.
    pub(super) made_from: Vec<Hash>,
    pub(super) files: Vec<PathBuf>,
    /// How many bytes they have.
    pub(super) len: usize,
    pub(super) value: Value,
}

#[derive(Clone)]
pub(super) enum Value {
    Bytes(Arc<Zeroizing<Vec<u8>>>),
    Roots(Roots),
    /// By file.
    Crls(BTreeMap<PathBuf, (Hash, Crls)>),
    /// With the PEM text of chain and key, if the files hold them.
    Slot(Credentials, Option<Arc<Zeroizing<Vec<u8>>>>),
}

#[derive(Clone, Default)]
pub(super) struct Parts {
    pub(super) all: BTreeMap<Part, Good>,
    /// What the verifiers' sets of lists descend from, by folder and the order of use.
    pub(super) lineages: BTreeMap<(PathBuf, usize), Arc<Lineage>>,
}

impl Parts {
    pub(super) fn is_made_from_the_same_as(&self, other: &Self) -> bool {
        let prints = |parts: &Self| -> Vec<_> {
            parts.all.iter().map(|(part, good)| (part.clone(), good.made_from.clone())).collect()
        };
        prints(self) == prints(other)
    }

    /// Whether this part was made from something else than it was before.
    pub(super) fn is_new(&self, part: &Part, before: &Self) -> bool {
        let made_from = |parts: &Self| parts.all.get(part).map(|good| good.made_from.clone());
        made_from(self) != made_from(before)
    }

    /// The files whose contents are new, and those of them that became shorter.
    pub(super) fn changes(&self, before: &Self) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let (mut changed, mut shorter) = (BTreeSet::new(), BTreeSet::new());
        for (part, good) in self.all.iter().filter(|(part, _)| self.is_new(part, before)) {
            changed.extend(good.files.iter().cloned());
            if before.all.get(part).is_some_and(|before| before.len > good.len) {
                shorter.extend(good.files.iter().cloned());
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
