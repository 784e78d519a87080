//! [`Advice`]: what to do, in the terms of the field notices.

use std::fmt;

use time::{Date, Duration, OffsetDateTime};

use super::milestone::CaOffer;
use super::timeline::Timeline;
use crate::role::Purpose;
use crate::text::{Printable, utc};

/// What to do about a finding. `Display` is one sentence for operators.
///
/// ```
/// use mtls_roles::audit::{Advice, Assessment, Inventory, Serving, Timeline};
/// use time::macros::date;
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// # let mut inventory = Inventory::new();
/// # inventory.add("edge.pem", pem.as_bytes());
/// # let timeline = Timeline::builtin();
/// let assessment = Assessment::new(&inventory, &timeline, date!(2026-11-21), Serving::Suggested);
/// let advice = &assessment.findings()[0].advice;
/// assert!(advice.contains(&Advice::TwoSlots));
/// assert_eq!(advice[0].id(), "renew_before");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Advice<'a> {
    /// Renew before a day, to keep the purpose for as long as possible.
    #[non_exhaustive]
    RenewBefore {
        /// The first day that is too late (UTC).
        before: Date,
        /// The validity that is then allowed, in days of 86,400 seconds.
        max_days: u16,
        /// The last second that such a certificate can live, UTC.
        works_until: OffsetDateTime,
    },
    /// Another root that still issues combined or client certificates.
    AlternateRoot(Vec<&'a CaOffer>),
    /// A private CA for the client side.
    PrivatePki,
    /// One certificate for each role, in two slots.
    TwoSlots,
    /// Let the peers ignore the EKU of this certificate, pinned, for the time of the migration.
    IgnoreEkuAtPeer,
    /// Have the private CA issue it with this purpose, on every level.
    IssueWith(Purpose),
    /// Renew it, or remove it.
    Replace,
    /// Get a chain whose issuers outlive it, or another root.
    ReplaceChain,
    /// Add the missing issuers to the inventory and audit again.
    AddIssuers,
    /// Ask the CA whether it goes on issuing such certificates.
    AskTheCa,
}

impl<'a> Advice<'a> {
    /// Renewed in the last second before a day, for as long as is then allowed.
    pub(super) fn renew_before(before: Date, timeline: &Timeline) -> Option<Self> {
        let last_day = before.previous_day()?;
        let issued = before.midnight().assume_utc() - Duration::SECOND;
        let max_days = timeline.max_validity(last_day);
        // Baseline Requirements 2.2.6, 1.6.1: a day is 86,400 seconds, and the last one is included.
        let life = Duration::days(max_days.into()) - Duration::SECOND;
        let works_until = issued.checked_add(life)?;
        Some(Self::RenewBefore { before, max_days, works_until })
    }

    /// The stable name in reports.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::RenewBefore { .. } => "renew_before",
            Self::AlternateRoot(_) => "alternate_root",
            Self::PrivatePki => "private_pki",
            Self::TwoSlots => "two_slots",
            Self::IgnoreEkuAtPeer => "ignore_eku_at_peer",
            Self::IssueWith(_) => "issue_with",
            Self::Replace => "replace",
            Self::ReplaceChain => "replace_chain",
            Self::AddIssuers => "add_issuers",
            Self::AskTheCa => "ask_the_ca",
        }
    }
}

impl fmt::Display for Advice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RenewBefore { before, max_days, works_until } => {
                let until = utc(*works_until);
                write!(
                    f,
                    "renew before {before}, with clientAuth asked for: {max_days} days are allowed \
                     then, so it can work until {until}"
                )
            }
            Self::AlternateRoot(offers) => {
                let offers = names(offers);
                write!(f, "use another root that still issues clientAuth: {offers}")
            }
            Self::PrivatePki => {
                f.write_str("use a private CA for the client side, and have its peers trust it")
            }
            Self::TwoSlots => f.write_str(
                "use two certificates: serverAuth in the server slot, clientAuth in the client slot \
                 (in XMPP between servers the one with serverAuth in both: Prosody judges clients as \
                 servers)",
            ),
            Self::IgnoreEkuAtPeer => f.write_str(
                "let the peers ignore the EKU of this certificate, pinned and with an end date, \
                 while you migrate",
            ),
            Self::IssueWith(purpose) => write!(
                f,
                "have it issued with {purpose}, under issuers that either list {purpose} or have \
                 no extended key usage",
            ),
            Self::Replace => f.write_str("renew it, or remove it if nobody uses it"),
            Self::ReplaceChain => f.write_str(
                "renew it under an issuer and a root that outlive it, and give peers the new chain",
            ),
            Self::AddIssuers => {
                f.write_str("add its issuers up to the root to what is audited, and audit again")
            }
            Self::AskTheCa => f.write_str("ask its CA whether such certificates go on"),
        }
    }
}

/// `DigiCert (before 2027-03-01)`, each CA once; what exactly it offers is in the data.
fn names(offers: &[&CaOffer]) -> String {
    let each = offers.iter().map(|offer| match offer.until {
        Some(until) => format!("{} (before {until})", Printable(&offer.ca)),
        None => format!("{} (client roots)", Printable(&offer.ca)),
    });
    each.collect::<Vec<_>>().join(", ")
}
