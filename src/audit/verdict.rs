//! [`Verdict`] and its [`Cause`]s.

use std::cmp::{Ordering, Reverse};
use std::fmt;

use time::{Date, OffsetDateTime};

use super::entry::Entry;
use super::milestone::{Citation, Milestone};
use crate::eku::EkuViolation;
use crate::role::Role;
use crate::text::{Printable, utc};

/// What will become of a certificate; ordered, the worst last.
///
/// What each means in detail, and what it does not: [`manual::audit`](crate::manual::audit).
///
/// ```
/// use mtls_roles::audit::{Assessment, Inventory, Serving, Timeline, Verdict};
/// use time::macros::date;
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// # let mut inventory = Inventory::new();
/// # inventory.add("edge.pem", pem.as_bytes());
/// # let timeline = Timeline::builtin();
/// let assessment = Assessment::new(&inventory, &timeline, date!(2026-11-21), Serving::Suggested);
/// let verdict = assessment.findings()[0].verdict;
/// assert_eq!(verdict.id(), "breaks_at_renewal");
/// assert!(Verdict::Unknown < verdict && verdict < Verdict::AlreadyUnfit);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Nothing of the timeline concerns it in the roles it serves in.
    Unaffected,
    /// What would decide is not known.
    Unknown,
    /// It works to its end; a successor of it will not do the same job.
    BreaksAtRenewal {
        /// The last second, inclusive, UTC.
        works_until: OffsetDateTime,
    },
    /// It stops working on this day (UTC), before its own end.
    BreaksOn(Date),
    /// It does not work, or not in a role it serves in.
    AlreadyUnfit,
}

impl Verdict {
    /// The stable name in reports: `unaffected`, `unknown`, `breaks_at_renewal`, `breaks_on`,
    /// `already_unfit`.
    pub fn id(self) -> &'static str {
        self.rank_and_id().2
    }

    /// By what it is, then the earlier end is the worse.
    fn rank_and_id(self) -> (u8, Reverse<Option<OffsetDateTime>>, &'static str) {
        let (rank, end, id) = match self {
            Self::Unaffected => (0, None, "unaffected"),
            Self::Unknown => (1, None, "unknown"),
            Self::BreaksAtRenewal { works_until } => (2, Some(works_until), "breaks_at_renewal"),
            Self::BreaksOn(day) => (3, Some(day.midnight().assume_utc()), "breaks_on"),
            Self::AlreadyUnfit => (4, None, "already_unfit"),
        };
        (rank, Reverse(end), id)
    }
}

impl Ord for Verdict {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank_and_id().cmp(&other.rank_and_id())
    }
}

impl PartialOrd for Verdict {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BreaksAtRenewal { works_until } => {
                write!(f, "breaks at renewal (works until {})", utc(*works_until))
            }
            Self::BreaksOn(date) => write!(f, "breaks on {date}"),
            other => f.write_str(&other.id().replace('_', " ")),
        }
    }
}

/// Why a verdict is what it is. `Display` is for operators.
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
/// let causes = &assessment.findings()[0].causes;
/// assert!(causes.iter().any(|cause| cause.id() == "chrome-leaf"));
/// assert!(causes.iter().all(|cause| cause.citation().is_some()));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Cause<'a> {
    /// A milestone of the timeline.
    Milestone(&'a Milestone),
    /// It has expired.
    #[non_exhaustive]
    Expired {
        /// Its last second, UTC.
        not_after: OffsetDateTime,
    },
    /// A certificate above it expires first, or has expired.
    #[non_exhaustive]
    IssuerExpires {
        /// The issuer.
        issuer: &'a Entry,
        /// Its last second, UTC.
        not_after: OffsetDateTime,
    },
    /// Its chain lacks the purpose of a role.
    #[non_exhaustive]
    Unfit {
        /// The role.
        role: Role,
        /// Where it lacks it.
        violation: Box<EkuViolation>,
    },
    /// Its root is not in the inventory, so nobody knows whose rules apply.
    NoRoot,
    /// It is for clients alone, and the rules for public TLS certificates speak of servers'.
    ClientOnly,
}

impl<'a> Cause<'a> {
    /// The stable name in reports: a milestone's id, or `expired`, `issuer_expires`, `unfit`,
    /// `no_root`, `client_only`.
    pub fn id(&self) -> &str {
        match self {
            Self::Milestone(milestone) => &milestone.id,
            Self::Expired { .. } => "expired",
            Self::IssuerExpires { .. } => "issuer_expires",
            Self::Unfit { .. } => "unfit",
            Self::NoRoot => "no_root",
            Self::ClientOnly => "client_only",
        }
    }

    /// The day of the cause, if it has one (UTC).
    pub fn date(&self) -> Option<Date> {
        match self {
            Self::Milestone(milestone) => Some(milestone.date),
            Self::Expired { not_after } | Self::IssuerExpires { not_after, .. } => {
                Some(not_after.date())
            }
            _ => None,
        }
    }

    /// Where it is written, for milestones.
    pub fn citation(&self) -> Option<&'a Citation> {
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
                let (date, who) = (milestone.date, Printable(&milestone.who));
                write!(f, "{date}, {who}: {}", Printable(&milestone.change))
            }
            Self::Expired { not_after } => write!(f, "it expired at {}", utc(*not_after)),
            Self::IssuerExpires { issuer, not_after } => {
                let (issuer, end) = (issuer.label(), utc(*not_after));
                write!(f, "its issuer `{issuer}` lasts until {end}")
            }
            Self::Unfit { role, violation } => write!(f, "unfit for role {role}: {violation}"),
            Self::NoRoot => f.write_str(
                "its root is not in the inventory, so whether public rules apply is unknown",
            ),
            Self::ClientOnly => f.write_str(
                "it is for clients alone under a public root, and the dates are those of server \
                 certificates; only its CA can say whether it goes on",
            ),
        }
    }
}
