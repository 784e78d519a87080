//! [`Assessment`]: inventory × timeline × date → findings.

use std::thread;

use time::{Date, OffsetDateTime};

use super::advice::Advice;
use super::entry::Entry;
use super::forecast::Forecast;
use super::hierarchy::Hierarchy;
use super::inventory::{Chain, Inventory};
use super::judge::Judge;
use super::roles::Roles;
use super::timeline::{Milestone, Timeline};
use super::verdict::{Cause, Verdict};

/// In which roles the certificates serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Serving {
    /// As each leaf's purposes and names suggest; a CA serves in no role itself.
    ///
    /// A leaf serves in the roles whose purpose its EKU lists; in both if it lists none of the two
    /// or is not there. One with no name but e-mail addresses is a client's.
    #[default]
    Suggested,
    /// Every certificate is judged for these roles, CAs by what they can issue.
    In(Roles),
}

/// One finding for each certificate of an inventory, as of 00:00:00 UTC of a day.
#[derive(Clone, Debug)]
pub struct Assessment<'a> {
    timeline: &'a Timeline,
    as_of: Date,
    findings: Vec<Finding<'a>>,
}

/// Fewer certificates than this are not worth a thread.
const WORTH_A_THREAD: usize = 2_000;

impl<'a> Assessment<'a> {
    /// Judges every certificate of an inventory. Large inventories are judged on all cores.
    pub fn new(
        inventory: &'a Inventory,
        timeline: &'a Timeline,
        as_of: Date,
        serving: Serving,
    ) -> Self {
        let judge = Judge::new(inventory, timeline, as_of, serving);
        let count = inventory.entries().len();
        let cores = thread::available_parallelism().map_or(1, Into::into);
        let share = count.div_ceil(cores).max(WORTH_A_THREAD);
        let findings = thread::scope(|scope| {
            let starts: Vec<_> = (0..count).step_by(share).collect();
            let judge = &judge;
            let of_share = |start| {
                let share = start..count.min(start + share);
                move || judge.findings(share)
            };
            let (last, others) = match starts.split_last() {
                Some((last, others)) => (of_share(*last), others),
                None => return Vec::new(),
            };
            let others: Vec<_> = others
                .iter()
                .map(|start| scope.spawn(of_share(*start)))
                .collect();
            let last: Vec<Finding<'a>> = last();
            let others = others.into_iter().flat_map(|share| match share.join() {
                Ok(findings) => findings,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            others.chain(last).collect()
        });
        Self {
            timeline,
            as_of,
            findings,
        }
    }

    /// The findings, one for each of the inventory's entries, in their order.
    pub fn findings(&self) -> &[Finding<'a>] {
        &self.findings
    }

    /// The worst verdict; `None` for an empty inventory.
    pub fn worst(&self) -> Option<Verdict> {
        self.findings.iter().map(|finding| finding.verdict).max()
    }

    /// The day of the assessment.
    pub fn as_of(&self) -> Date {
        self.as_of
    }

    /// The timeline that it was judged against.
    pub fn timeline(&self) -> &'a Timeline {
        self.timeline
    }
}

/// What was found about one certificate.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding<'a> {
    /// The certificate.
    pub entry: &'a Entry,
    /// The chain it was judged by: the best of those that the inventory holds.
    pub chain: Chain<'a>,
    /// The roles it is fit for, every level of its chain counted, under rfc5280. Of an incomplete
    /// chain, as far as it is known.
    pub roles: Roles,
    /// The roles it was judged for.
    pub serves: Roles,
    /// Whose rules apply.
    pub hierarchy: Hierarchy,
    /// The verdict.
    pub verdict: Verdict,
    /// The last second, inclusive, UTC, at which it does its job; `None` if it is unfit already.
    pub works_until: Option<OffsetDateTime>,
    /// What caused the verdict, the worst first; empty if it is unaffected.
    pub causes: Vec<Cause<'a>>,
    /// What to do, the best first.
    pub advice: Vec<Advice<'a>>,
    /// Milestones that concern its chain and change nothing about the verdict.
    pub notes: Vec<&'a Milestone>,
    /// For leaves: who would accept it.
    pub forecast: Option<Forecast>,
}
