//! [`Verdict`] and its [`Cause`]s.

use std::fmt;

use time::{Date, OffsetDateTime};

use super::timeline::{Citation, Milestone};
use crate::eku::EkuViolation;
use crate::error::utc;
use crate::role::Role;

/// What will become of a certificate; ordered, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Verdict {
    /// Nothing of the timeline concerns it in the roles it serves in.
    Unaffected,
    /// What would decide is not in the inventory.
    Unknown,
    /// It works to its end; its successor will not do the same job.
    BreaksAtRenewal {
        /// The last second, inclusive, UTC.
        works_until: OffsetDateTime,
    },
    /// It stops working on this day (UTC), before its own end.
    BreaksOn(Date),
    /// It does not work in a role it serves in.
    AlreadyUnfit,
}

impl Verdict {
    /// The stable name in reports: `unaffected`, `unknown`, `breaks_at_renewal`, `breaks_on`,
    /// `already_unfit`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Unaffected => "unaffected",
            Self::Unknown => "unknown",
            Self::BreaksAtRenewal { .. } => "breaks_at_renewal",
            Self::BreaksOn(_) => "breaks_on",
            Self::AlreadyUnfit => "already_unfit",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unaffected => f.write_str("unaffected"),
            Self::Unknown => f.write_str("unknown"),
            Self::BreaksAtRenewal { works_until } => {
                write!(f, "breaks at renewal (works until {})", utc(*works_until))
            }
            Self::BreaksOn(date) => write!(f, "breaks on {date}"),
            Self::AlreadyUnfit => f.write_str("already unfit"),
        }
    }
}

/// Why a verdict is what it is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cause<'a> {
    /// A milestone of the timeline.
    Milestone(&'a Milestone),
    /// It has expired.
    Expired,
    /// An issuer in its chain expires first.
    IssuerExpires {
        /// The issuer, control characters escaped.
        issuer: String,
        /// Its last second, UTC.
        not_after: OffsetDateTime,
    },
    /// Its chain lacks the purpose of a role.
    Unfit {
        /// The role.
        role: Role,
        /// Where it lacks it.
        violation: EkuViolation,
    },
    /// Its root is not in the inventory, so nobody knows whose rules apply.
    NoRoot,
}

impl Cause<'_> {
    /// The stable name in reports: a milestone's id, or `expired`, `issuer_expires`, `unfit`,
    /// `no_root`.
    pub fn id(&self) -> &str {
        match self {
            Self::Milestone(milestone) => &milestone.id,
            Self::Expired => "expired",
            Self::IssuerExpires { .. } => "issuer_expires",
            Self::Unfit { .. } => "unfit",
            Self::NoRoot => "no_root",
        }
    }

    /// The day of the cause, if it has one (UTC).
    pub fn date(&self) -> Option<Date> {
        match self {
            Self::Milestone(milestone) => Some(milestone.date),
            Self::IssuerExpires { not_after, .. } => Some(not_after.date()),
            _ => None,
        }
    }

    /// Where it is written, for milestones.
    pub fn citation(&self) -> Option<&Citation> {
        match self {
            Self::Milestone(milestone) => Some(&milestone.citation),
            _ => None,
        }
    }
}

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Milestone(milestone) => {
                write!(
                    f,
                    "{}, {}: {}",
                    milestone.date, milestone.who, milestone.change
                )
            }
            Self::Expired => f.write_str("it has expired"),
            Self::IssuerExpires { issuer, not_after } => {
                write!(f, "its issuer `{issuer}` expires at {}", utc(*not_after))
            }
            Self::Unfit { role, violation } => write!(f, "unfit for role {role}: {violation}"),
            Self::NoRoot => f.write_str("its root is not in the inventory"),
        }
    }
}
