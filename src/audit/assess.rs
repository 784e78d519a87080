//! [`Assessment`]: inventory × timeline × date → findings.

use std::panic::resume_unwind;
use std::thread;

use time::Date;

use super::finding::{Finding, Serving};
use super::inventory::Inventory;
use super::judge::Judge;
use super::timeline::Timeline;
use super::verdict::Verdict;

/// One finding for each certificate of an inventory, as of 00:00:00 UTC of a day.
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
/// assert_eq!(assessment.findings().len(), 3);
/// assert_eq!(assessment.worst().unwrap().id(), "breaks_at_renewal");
/// ```
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
        let shares = (0..count).step_by(share);
        let mut shares = shares.map(|start| start..count.min(start + share));
        let findings = thread::scope(|scope| {
            let first = shares.next().unwrap_or_default();
            let others =
                shares.map(|share| scope.spawn(|| judge.findings(share).collect::<Vec<_>>()));
            let others: Vec<_> = others.collect();
            let mut findings = Vec::with_capacity(count);
            findings.extend(judge.findings(first));
            for share in others {
                findings.extend(share.join().unwrap_or_else(|it| resume_unwind(it)));
            }
            findings
        });
        Self { timeline, as_of, findings }
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
