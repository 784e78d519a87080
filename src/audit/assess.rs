//! [`Assessment`]: inventory × timeline × date → findings.

use time::{Date, OffsetDateTime};

use super::advice::Advice;
use super::entry::{Entry, Hierarchy};
use super::forecast::Forecast;
use super::inventory::{Chain, Inventory};
use super::roles::Roles;
use super::timeline::Timeline;
use super::verdict::{Cause, Verdict};

/// In which roles the certificates serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Serving {
    /// As each certificate's purposes and names suggest.
    #[default]
    Suggested,
    /// Every leaf serves in these roles.
    In(Roles),
}

/// One finding for each certificate of an inventory, at 00:00:00 UTC of a day.
#[derive(Clone, Debug)]
pub struct Assessment<'a> {
    timeline: &'a Timeline,
    as_of: Date,
    findings: Vec<Finding<'a>>,
}

impl<'a> Assessment<'a> {
    /// Judges every certificate of an inventory.
    pub fn new(
        inventory: &'a Inventory,
        timeline: &'a Timeline,
        as_of: Date,
        serving: Serving,
    ) -> Self {
        let _ = (inventory, serving);
        Self {
            timeline,
            as_of,
            findings: Vec::new(),
        }
    }

    /// The findings, in the order of the inventory's entries.
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
    /// The chain it was judged by.
    pub chain: Chain<'a>,
    /// The roles it is fit for, every level of its chain counted, under rfc5280.
    pub roles: Roles,
    /// The roles it was judged for.
    pub serves: Roles,
    /// Whose rules apply.
    pub hierarchy: Hierarchy,
    /// The verdict.
    pub verdict: Verdict,
    /// The last second, inclusive, UTC, at which it does its job.
    pub works_until: OffsetDateTime,
    /// What caused the verdict.
    pub causes: Vec<Cause<'a>>,
    /// What to do.
    pub advice: Vec<Advice<'a>>,
    /// For leaves: who would accept it.
    pub forecast: Option<Forecast>,
}
