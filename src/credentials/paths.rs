//! [`Paths`]: those that the presented certificates offer (RFC 4158), from the leaf up.
//!
//! Every certificate is reached once, the nearest first: so loops end, and thousands of namesakes cost
//! no more than their number. Whether a certificate fits does not depend on the path below it, so no
//! path is missed.

use std::collections::{HashMap, HashSet};
use std::{iter, mem};

use crate::certificate::Certificate;
use crate::certificate::view::View;
use crate::roots::public;

/// The presented certificates, by who may have issued whom. The leaf is the first.
pub(super) struct Paths<'a> {
    links: Vec<Link<'a>>,
    /// Those that may stand above others.
    issuers: HashMap<IssuerKey<'a>, Vec<usize>>,
}

/// Issuers of one name: all, or those with one key identifier, or with none.
type IssuerKey<'a> = (&'a [u8], Option<Option<&'a [u8]>>);

struct Link<'a> {
    view: View<'a>,
    /// The first with the same bytes, which may be itself.
    first: usize,
    end: Option<End>,
}

/// Why a path ends at a certificate, whatever stands above it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It is its own issuer.
    SelfSigned,
    /// Peers have its key among their roots.
    PublicRoot,
}

/// Everything that is reached from the leaf up.
struct Reached {
    /// The nearest first.
    order: Vec<usize>,
    /// By certificate.
    steps: Vec<Option<Step>>,
}

/// How a certificate is reached.
#[derive(Clone, Copy)]
struct Step {
    /// How many stand below it.
    depth: usize,
    below: Option<usize>,
}

impl<'a> Paths<'a> {
    pub(super) fn of(certificates: &'a [Certificate]) -> Self {
        let mut known = HashMap::new();
        // What was read once can be read again.
        let views = certificates.iter().filter_map(|read| View::read(read.der()).ok());
        let links = views.enumerate().map(|(index, view)| {
            let first = *known.entry(view.der()).or_insert(index);
            Link { view, first, end: End::of(&view) }
        });
        let (links, mut issuers) = (links.collect::<Vec<_>>(), HashMap::<_, Vec<_>>::new());
        for (index, Link { view, first, end }) in links.iter().enumerate().skip(1) {
            if *first == index && (view.is_ca() || end.is_some()) {
                for key_id in [None, Some(view.subject_key_id())] {
                    issuers.entry((view.subject, key_id)).or_default().push(index);
                }
            }
        }
        Self { links, issuers }
    }

    /// The nearest path that fits, by indices, the leaf first; else why the nearest that does not
    /// fit does not. An anchor ends a path and is not asked.
    pub(super) fn find<E>(&self, fits: impl Fn(usize) -> Result<(), E>) -> Result<Vec<usize>, E> {
        let mut misfit = None;
        let reached = self.reach(true, |index| {
            let fit = if self.is_anchor(index) { Ok(()) } else { fits(index) };
            fit.map_err(|error| misfit.get_or_insert(error)).is_ok()
        });
        let is_end = |index: &&usize| self.is_end(**index, &reached);
        match (reached.order.iter().find(is_end), misfit) {
            (Some(end), _) => Ok(reached.path_to(*end)),
            (None, Some(misfit)) => Err(misfit),
            // Nothing but loops: one end is as good as another.
            (None, None) => Ok(reached.path_to(reached.order.last().copied().unwrap_or(0))),
        }
    }

    /// Beside each certificate, whether it stands on any path.
    pub(super) fn reached(&self, stops_at_public_roots: bool) -> Vec<bool> {
        let reached = self.reach(stops_at_public_roots, |_| true);
        reached.steps.iter().map(Option::is_some).collect()
    }

    /// Everything from the leaf up that `enters` lets in.
    fn reach(&self, stops_at_public_roots: bool, mut enters: impl FnMut(usize) -> bool) -> Reached {
        let mut reached = Reached { order: vec![], steps: vec![None; self.links.len()] };
        let (mut seen, mut known) = (vec![false; self.links.len()], HashSet::new());
        let mut enter = |index: usize, step, reached: &mut Reached| {
            if !mem::replace(&mut seen[index], true) && enters(index) {
                reached.steps[index] = Some(step);
                reached.order.push(index);
            }
        };
        enter(0, Step { depth: 0, below: None }, &mut reached);
        let mut next = 0;
        while let Some(&index) = reached.order.get(next) {
            if !(stops_at_public_roots && self.is_public_root(index)) {
                let step = Step { depth: reached.depth(index) + 1, below: Some(index) };
                let new = self.lists_of(index).filter(|list| known.insert(*list));
                let new: Vec<_> = new.flat_map(|list| &self.issuers[&list]).collect();
                new.into_iter().for_each(|issuer| enter(*issuer, step, &mut reached));
            }
            next += 1;
        }
        reached
    }

    pub(super) fn issuers_of(&self, index: usize) -> impl Iterator<Item = usize> {
        let issuers = self.lists_of(index).flat_map(|list| &self.issuers[&list]).copied();
        issuers.filter(move |issuer| *issuer != index)
    }

    /// By name; and by key identifier (RFC 5280, 4.2.1.1), if any of the name has it.
    fn lists_of(&self, index: usize) -> impl Iterator<Item = IssuerKey<'a>> {
        let Link { view, end, .. } = &self.links[index];
        let key_id = view.authority_key_id();
        let of_key = (view.issuer, Some(key_id));
        let lists = match end {
            Some(End::SelfSigned) => [None, None],
            _ if key_id.is_some() && self.issuers.contains_key(&of_key) => {
                [Some(of_key), Some((view.issuer, Some(None)))]
            }
            _ => [Some((view.issuer, None)), None],
        };
        let lists = lists.into_iter().flatten();
        lists.filter(|list| self.issuers.contains_key(list))
    }

    /// The first that may stand above others and has the name of this one.
    pub(super) fn first_of_name(&self, index: usize) -> Option<usize> {
        let name = self.links[index].view.subject;
        self.issuers.get(&(name, None))?.first().copied()
    }

    /// Whether no presented certificate extends the path that leads here.
    fn is_end(&self, index: usize, reached: &Reached) -> bool {
        let is_below = |issuer| reached.is_on_path(issuer, index);
        self.is_anchor(index) || self.issuers_of(index).all(is_below)
    }

    /// Whether peers have it or its key as a root, if they trust this path.
    pub(super) fn is_anchor(&self, index: usize) -> bool {
        index > 0 && self.links[index].end.is_some()
    }

    /// Whether it stands above what issued the leaf: it may be a cross-sign, whose key peers have among
    /// their roots.
    pub(super) fn may_be_cross_sign(&self, index: usize) -> bool {
        index > 0 && self.issuers_of(0).all(|issuer| issuer != index)
    }

    pub(super) fn is_public_root(&self, index: usize) -> bool {
        self.links[index].end == Some(End::PublicRoot)
    }

    /// The first with the same bytes, if this is another.
    pub(super) fn duplicate_of(&self, index: usize) -> Option<usize> {
        Some(self.links[index].first).filter(|first| *first != index)
    }
}

impl End {
    fn of(view: &View<'_>) -> Option<Self> {
        match public::has_key_of(view) {
            true => Some(Self::PublicRoot),
            false => view.is_own_issuer().then_some(Self::SelfSigned),
        }
    }
}

impl Reached {
    fn depth(&self, index: usize) -> usize {
        self.steps[index].map_or(0, |step| step.depth)
    }

    /// A certificate that was reached, and those below it down to the leaf.
    fn down_from(&self, index: usize) -> impl Iterator<Item = usize> {
        iter::successors(Some(index), |index| self.steps[*index]?.below)
    }

    fn path_to(&self, index: usize) -> Vec<usize> {
        let mut path: Vec<_> = self.down_from(index).collect();
        path.reverse();
        path
    }

    /// Whether one certificate stands on the path to another. No step is taken where its depth tells.
    fn is_on_path(&self, index: usize, to: usize) -> bool {
        let Some(step) = self.steps[index] else {
            return false;
        };
        let mut path = self.down_from(to).take_while(|below| self.depth(*below) >= step.depth);
        path.any(|below| below == index)
    }
}
