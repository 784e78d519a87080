//! [`Paths`]: those that the presented certificates offer (RFC 4158), from the leaf up.
//!
//! Every certificate is reached once, the nearest first: so loops end, and thousands of namesakes cost
//! no more than their number. Whether a certificate fits does not depend on the path below it, so no
//! path is missed.

use std::collections::{HashMap, HashSet};
use std::{iter, mem};

use crate::certificate::Certificate;
use crate::certificate::view::View;
use crate::roots::PublicWeb;

/// The presented certificates, by who may have issued whom. The leaf is the first.
pub(super) struct Paths<'a> {
    certificates: &'a [Certificate],
    /// Beside each certificate.
    links: Vec<Link<'a>>,
    /// Those that may stand above others.
    issuers: HashMap<Issuers<'a>, Vec<usize>>,
}

/// Issuers of one name: all, or those with one key identifier, or with none.
type Issuers<'a> = (&'a [u8], Option<Option<&'a [u8]>>);

struct Link<'a> {
    /// The first with the same bytes, which may be itself.
    first: usize,
    key_id: Option<&'a [u8]>,
    issuer_key_id: Option<&'a [u8]>,
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

/// One that was reached, and by which step.
#[derive(Clone, Copy)]
struct Step {
    index: usize,
    below: Option<usize>,
}

impl<'a> Paths<'a> {
    pub(super) fn of(certificates: &'a [Certificate]) -> Self {
        let web = PublicWeb::default();
        let (mut known, mut issuers) = (HashMap::new(), HashMap::<_, Vec<_>>::new());
        let links = certificates.iter().enumerate().map(|(index, certificate)| {
            let first = *known.entry(certificate.der().as_ref()).or_insert(index);
            let link = Link::new(first, certificate, &web);
            if index > 0 && first == index && (certificate.is_ca() || link.end.is_some()) {
                for key_id in [None, Some(link.key_id)] {
                    issuers.entry((certificate.subject_der(), key_id)).or_default().push(index);
                }
            }
            link
        });
        Self { certificates, links: links.collect(), issuers }
    }

    /// The nearest path that fits, by indices, the leaf first; else why the nearest that does not
    /// fit does not. An anchor ends a path and is not asked.
    pub(super) fn find<E>(
        &self,
        fits: impl Fn(usize, &'a Certificate) -> Result<(), E>,
    ) -> Result<Vec<usize>, E> {
        let mut misfit = None;
        let steps = self.reach(true, |index| {
            if self.is_anchor(index) {
                return true;
            }
            let fit = fits(index, &self.certificates[index]);
            fit.map_err(|error| misfit.get_or_insert(error)).is_ok()
        });
        let path_to = |step: &Step| path_to(&steps, *step);
        match (steps.iter().find(|step| self.is_end(step, &steps)), misfit) {
            (Some(end), _) => Ok(path_to(end)),
            (None, Some(misfit)) => Err(misfit),
            // Nothing but loops: one end is as good as another.
            (None, None) => Ok(steps.last().map(path_to).unwrap_or_default()),
        }
    }

    /// Beside each certificate, whether it stands on any path.
    pub(super) fn reached(&self, stops_at_public_roots: bool) -> Vec<bool> {
        let mut reached = vec![false; self.certificates.len()];
        let steps = self.reach(stops_at_public_roots, |_| true);
        steps.iter().for_each(|step| reached[step.index] = true);
        reached
    }

    /// Everything from the leaf up that `enters` lets in, the nearest first.
    fn reach(
        &self,
        stops_at_public_roots: bool,
        mut enters: impl FnMut(usize) -> bool,
    ) -> Vec<Step> {
        let (mut seen, mut steps) = (vec![false; self.certificates.len()], vec![]);
        let mut known = HashSet::new();
        let mut enter = |index: usize, below, steps: &mut Vec<Step>| {
            if !mem::replace(&mut seen[index], true) && enters(index) {
                steps.push(Step { index, below });
            }
        };
        enter(0, None, &mut steps);
        let mut next = 0;
        while let Some(&Step { index, .. }) = steps.get(next) {
            if !(stops_at_public_roots && self.is_public_root(index)) {
                let new = self.lists_of(index).filter(|list| known.insert(*list));
                let new: Vec<_> = new.flat_map(|list| &self.issuers[&list]).collect();
                new.into_iter().for_each(|issuer| enter(*issuer, Some(next), &mut steps));
            }
            next += 1;
        }
        steps
    }

    pub(super) fn issuers_of(&self, index: usize) -> impl Iterator<Item = usize> {
        let issuers = self.lists_of(index).flat_map(|list| &self.issuers[&list]).copied();
        issuers.filter(move |issuer| *issuer != index)
    }

    /// By name; and by key identifier (RFC 5280, 4.2.1.1), if any of the name has it.
    fn lists_of(&self, index: usize) -> impl Iterator<Item = Issuers<'a>> {
        let name = self.certificates[index].issuer_der();
        let key_id = self.links[index].issuer_key_id;
        let of_key = (name, Some(key_id));
        let lists = match self.links[index].end {
            Some(End::SelfSigned) => [None, None],
            _ if key_id.is_some() && self.issuers.contains_key(&of_key) => {
                [Some(of_key), Some((name, Some(None)))]
            }
            _ => [Some((name, None)), None],
        };
        let lists = lists.into_iter().flatten();
        lists.filter(|list| self.issuers.contains_key(list))
    }

    /// The first that may stand above others and has the name of this one.
    pub(super) fn first_of_name(&self, index: usize) -> Option<usize> {
        let name = self.certificates[index].subject_der();
        self.issuers.get(&(name, None))?.first().copied()
    }

    /// Whether no presented certificate extends the path that leads here.
    fn is_end(&self, step: &Step, steps: &[Step]) -> bool {
        let index = step.index;
        if self.is_anchor(index) || self.issuers_of(index).next().is_none() {
            return true;
        }
        let path = path_to(steps, *step);
        self.issuers_of(index).all(|issuer| path.contains(&issuer))
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

impl<'a> Link<'a> {
    fn new(first: usize, certificate: &'a Certificate, web: &PublicWeb) -> Self {
        // What was read once can be read again.
        let view = View::read(certificate.der()).ok();
        let is_self_signed = view.is_some_and(|view| view.is_own_issuer());
        Self {
            first,
            key_id: view.and_then(|view| view.subject_key_id()),
            issuer_key_id: view.and_then(|view| view.authority_key_id()),
            end: match view {
                Some(view) if web.has_key_of(&view) => Some(End::PublicRoot),
                _ => is_self_signed.then_some(End::SelfSigned),
            },
        }
    }
}

fn path_to(steps: &[Step], to: Step) -> Vec<usize> {
    let below = |step: &Step| step.below.map(|below| steps[below]);
    let mut path: Vec<_> = iter::successors(Some(to), below).map(|step| step.index).collect();
    path.reverse();
    path
}
