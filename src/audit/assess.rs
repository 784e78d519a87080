//! [`Assessment`]: inventory × timeline × date → findings.

use std::thread;

use time::Date;

use super::finding::{Finding, Serving};
use super::inventory::Inventory;
use super::judge::Judge;
use super::timeline::Timeline;
use super::verdict::Verdict;

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
