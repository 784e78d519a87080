//! [`Above`]: what stands above a certificate, and what follows from it for all that it issued.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use super::entry::Entry;
use super::hierarchy::{PublicRoots, Sign};
use super::inventory::Chain;
use super::timeline::{Compared, Milestone, Timeline};
use crate::certificate::attribute_of;

/// What is the same for every certificate below the same issuers.
pub(super) struct Above<'a> {
    issuers: Vec<&'a Entry>,
    /// By what the issuers are known to be public.
    pub(super) sign: Option<Sign>,
    /// The milestones whose scope holds the chain, if it is public.
    pub(super) milestones: Vec<&'a Milestone>,
    /// The issuer that is over first.
    pub(super) expires_first: Option<&'a Entry>,
}

impl<'a> Above<'a> {
    fn of(chain: &Chain<'a>, public: &PublicRoots<'_>, timeline: &'a Timeline) -> Self {
        let issuers = chain.entries.get(1..).unwrap_or_default();
        let names = Names::of(chain);
        let milestones = timeline.milestones().iter().filter(|milestone| {
            milestone.compared != Compared::Disclosed && milestone.scope.holds(&names)
        });
        Self {
            sign: public.sign_above(chain),
            milestones: milestones.collect(),
            expires_first: issuers
                .iter()
                .copied()
                .min_by_key(|it| it.certificate().not_after()),
            issuers: issuers.to_vec(),
        }
    }
}

/// How the issuers of a chain are called.
pub(super) struct Names<'a> {
    /// The organisation of the issuer that the leaf names.
    pub(super) organisation: Option<Cow<'a, str>>,
    common: Vec<Cow<'a, str>>,
    whole: Vec<&'a str>,
}

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];

impl<'a> Names<'a> {
    /// As the certificates of the chain name their issuers: so the last one's is there too.
    fn of(chain: &Chain<'a>) -> Self {
        let certificates = || chain.entries.iter().map(|entry| entry.certificate());
        let first = certificates().next();
        let common = certificates().filter_map(|each| common_name(each.issuer_der()));
        Self {
            organisation: first.and_then(|leaf| attribute_of(leaf.issuer_der(), ORGANISATION)),
            common: common.collect(),
            whole: certificates().map(|each| each.issuer()).collect(),
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.common.iter().any(|common| common == name) || self.whole.contains(&name)
    }
}

pub(super) fn common_name(name: &[u8]) -> Option<Cow<'_, str>> {
    attribute_of(name, COMMON_NAME)
}

/// What was computed already, by the first issuer. Not shared between threads.
#[derive(Default)]
pub(super) struct Memory<'a>(HashMap<[u8; 32], Vec<Rc<Above<'a>>>>);

impl<'a> Memory<'a> {
    pub(super) fn above(
        &mut self,
        chain: &Chain<'a>,
        public: &PublicRoots<'_>,
        timeline: &'a Timeline,
    ) -> Rc<Above<'a>> {
        let compute = || Rc::new(Above::of(chain, public, timeline));
        let [_, issuers @ ..] = &chain.entries[..] else {
            return compute();
        };
        let Some(first) = issuers.first() else {
            return compute();
        };
        let known = self.0.entry(first.sha256()).or_default();
        let is_same = |one: &&Entry, other: &&Entry| std::ptr::eq(*one, *other);
        let same = known.iter().find(|above| {
            let pairs = || above.issuers.iter().zip(issuers);
            above.issuers.len() == issuers.len() && pairs().all(|(one, other)| is_same(one, other))
        });
        match same {
            Some(above) => above.clone(),
            None => {
                let above = compute();
                known.push(above.clone());
                above
            }
        }
    }
}
