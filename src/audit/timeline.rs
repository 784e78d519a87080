//! [`Timeline`]: dated, sourced milestones, as data.

use time::Date;

/// Dated milestones with their citations, and what the CAs still offer.
#[derive(Clone, Debug)]
pub struct Timeline {
    read_on: Date,
    milestones: Vec<Milestone>,
    offers: Vec<CaOffer>,
}

impl Timeline {
    /// The timeline that is built into this version of the crate.
    pub fn builtin() -> Self {
        Self {
            read_on: Date::from_calendar_date(2026, time::Month::November, 21).unwrap_or(Date::MIN),
            milestones: Vec::new(),
            offers: Vec::new(),
        }
    }

    /// Reads a timeline in the JSON form that [`manual`](crate::manual) describes.
    ///
    /// # Errors
    ///
    /// It is not of that form: the error says where.
    pub fn from_json(json: &str) -> Result<Self, TimelineError> {
        Err(TimelineError {
            reason: json.chars().take(0).collect(),
        })
    }

    /// Adds the other's milestones and offers; those with an `id` that is here replace it.
    pub fn merge(&mut self, other: Self) {
        self.milestones.extend(other.milestones);
        self.offers.extend(other.offers);
    }

    /// The last day on which the sources were read.
    pub fn read_on(&self) -> Date {
        self.read_on
    }

    /// Whether the sources were read more than 90 days before a date.
    pub fn is_stale(&self, on: Date) -> bool {
        (on - self.read_on).whole_days() > 90
    }

    /// The milestones, by date.
    pub fn milestones(&self) -> &[Milestone] {
        &self.milestones
    }

    /// What public CAs still offer.
    pub fn offers(&self) -> &[CaOffer] {
        &self.offers
    }
}

/// A timeline that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the timeline cannot be read: {reason}")]
#[non_exhaustive]
pub struct TimelineError {
    /// What is wrong with it, and where.
    pub reason: String,
}

/// One dated change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Milestone {
    /// Stable and unique within a timeline: `chrome-leaf`.
    pub id: String,
    /// From 00:00:00 UTC of this day on.
    pub date: Date,
    /// Who decides.
    pub who: String,
    /// What changes.
    pub change: String,
    /// Which date of a certificate it is compared with.
    pub compared: Compared,
    /// What follows for a certificate that it applies to.
    pub effect: Effect,
    /// Where it is written.
    pub citation: Citation,
    /// How it is known.
    pub confidence: Confidence,
    /// Sources that say otherwise.
    pub disagreements: Vec<Disagreement>,
}

/// Which date of a certificate a milestone is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compared {
    /// notBefore: certificates issued on or after the date.
    IssuedOnOrAfter,
    /// notAfter.
    Expires,
    /// The day itself, for whatever chains to certain roots.
    ChainsTo,
    /// The day of disclosure to the CCADB, which a certificate does not show: informational.
    Disclosed,
}

/// What follows from a milestone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// Certificates no longer get clientAuth unless it is asked for.
    ClientAuthOnRequest,
    /// Certificates no longer get clientAuth.
    ClientAuthEnds,
    /// Certificates live at most so many days.
    MaxValidity(u16),
    /// What chains to it is trusted no longer.
    Distrust,
    /// Nothing that a certificate shows.
    Informational,
}

/// Where a fact is written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Citation {
    /// Title of the document.
    pub document: String,
    /// Its version, or the day of its last change.
    pub version: Option<String>,
    /// Section or clause.
    pub section: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// The day it was read.
    pub read_on: Date,
}

/// How a fact is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Confidence {
    /// The text of whoever decides was read.
    Primary,
    /// Somebody else's text about it was read.
    Secondary,
    /// Computed from other facts.
    Derived,
}

/// A source that gives another date.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Disagreement {
    /// What it says instead.
    pub says: String,
    /// Where.
    pub citation: Citation,
}

/// A public CA or root that still issues combined or client certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaOffer {
    /// Stable and unique within a timeline.
    pub id: String,
    /// The CA.
    pub ca: String,
    /// What it offers, on what condition.
    pub offer: String,
    /// Issued before this day; `None` without a known end.
    pub until: Option<Date>,
    /// Where it is written.
    pub citation: Citation,
}
