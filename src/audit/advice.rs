//! [`Advice`]: what to do, in the terms of the field notices.

use std::fmt;

use time::{Date, OffsetDateTime};

use super::timeline::CaOffer;

/// What to do about a finding. `Display` is one sentence for operators.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Advice<'a> {
    /// Another root that still issues combined or client certificates.
    AlternateRoot(Vec<&'a CaOffer>),
    /// Renew before a day, to keep the purpose for as long as possible.
    RenewBefore {
        /// The first day that is too late (UTC).
        before: Date,
        /// The validity that is then allowed, in days of 86,400 seconds.
        max_days: u16,
        /// The last second that such a certificate can live, UTC.
        works_until: OffsetDateTime,
    },
    /// A private CA for the client side.
    PrivatePki,
    /// One certificate for each role, in two slots.
    TwoSlots,
    /// Let the peer ignore the EKU for this certificate, pinned, for the time of the migration.
    IgnoreEkuAtPeer,
    /// Renew it, or remove it.
    Replace,
    /// Add the missing issuers to the inventory and audit again.
    AddIssuers,
}

impl Advice<'_> {
    /// The stable name in reports.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::AlternateRoot(_) => "alternate_root",
            Self::RenewBefore { .. } => "renew_before",
            Self::PrivatePki => "private_pki",
            Self::TwoSlots => "two_slots",
            Self::IgnoreEkuAtPeer => "ignore_eku_at_peer",
            Self::Replace => "replace",
            Self::AddIssuers => "add_issuers",
        }
    }
}

impl fmt::Display for Advice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
