//! [`Milestone`]: one dated change, with its citation.

use std::fmt;

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use time::Date;
use time::macros::format_description;

use crate::text::Printable;

/// One dated change.
///
/// ```
/// use mtls_roles::audit::Timeline;
///
/// let timeline = Timeline::builtin();
/// let mut milestones = timeline.milestones().iter();
/// let chrome = milestones.find(|it| it.id == "chrome-leaf").unwrap();
/// assert_eq!(chrome.date.to_string(), "2027-03-15");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Milestone {
    /// Stable and unique within a timeline: `chrome-leaf`.
    pub id: String,
    /// From 00:00:00 UTC of this day on.
    #[serde(deserialize_with = "day")]
    pub date: Date,
    /// Who decides.
    pub who: String,
    /// What changes.
    pub change: String,
    /// Which date of a certificate it is compared with.
    pub compared: Compared,
    /// Organisations (O) of the issuer that a leaf names, for public chains that it concerns.
    /// Empty for all.
    #[serde(default)]
    pub issuers: Vec<String>,
    /// Certificates above, by common name (CN), or by the whole name as
    /// [`Certificate::subject`](crate::Certificate::subject) prints it. Empty for all.
    #[serde(default)]
    pub roots: Vec<String>,
    /// What follows for a certificate that it applies to.
    pub effect: Effect,
    /// Where it is written.
    pub citation: Citation,
    /// How it is known.
    pub confidence: Confidence,
    /// Sources that say otherwise.
    #[serde(default)]
    pub disagreements: Vec<Disagreement>,
}

impl Milestone {
    /// Whether it concerns all public chains.
    pub fn is_for_everybody(&self) -> bool {
        self.issuers.is_empty() && self.roots.is_empty()
    }
}

/// Which date of a certificate a milestone is compared with.
///
/// ```
/// use mtls_roles::audit::{Compared, Timeline};
///
/// let timeline = Timeline::builtin();
/// let mut milestones = timeline.milestones().iter();
/// let chrome = milestones.find(|it| it.id == "chrome-leaf").unwrap();
/// assert_eq!(chrome.compared, Compared::IssuedOnOrAfter);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Compared {
    /// notBefore, of the certificate or of the one that will replace it.
    IssuedOnOrAfter,
    /// notAfter.
    Expires,
    /// None: the day itself, for whatever chains to certain roots.
    ChainsTo,
    /// A day that no certificate shows, of disclosure or inclusion: informational.
    Disclosed,
}

/// What follows from a milestone.
///
/// ```
/// use mtls_roles::audit::{Effect, Timeline};
///
/// let timeline = Timeline::builtin();
/// let mut milestones = timeline.milestones().iter();
/// let chrome = milestones.find(|it| it.id == "chrome-leaf").unwrap();
/// assert_eq!(chrome.effect, Effect::ClientAuthEnds);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// New certificates no longer get clientAuth unless it is asked for.
    ClientAuthOnRequest,
    /// New certificates no longer get clientAuth.
    ClientAuthEnds,
    /// New certificates live at most so many days.
    MaxValidity(u16),
    /// What chains to it is trusted no longer.
    Distrust,
    /// Nothing that decides a verdict.
    Informational,
}

/// Where a fact is written.
///
/// ```
/// use mtls_roles::audit::Timeline;
///
/// let timeline = Timeline::builtin();
/// let mut milestones = timeline.milestones().iter();
/// let chrome = milestones.find(|it| it.id == "chrome-leaf").unwrap();
/// assert!(chrome.citation.to_string().ends_with(", read 2026-11-21"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Citation {
    /// The document.
    pub document: String,
    /// Its version, or the day of its last change.
    pub version: Option<String>,
    /// Section or clause.
    pub section: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// The day it was read.
    #[serde(deserialize_with = "day")]
    pub read_on: Date,
}

/// `document, version, section (address), read 2026-11-21`.
impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Printable(&self.document))?;
        for part in [&self.version, &self.section].into_iter().flatten() {
            write!(f, ", {}", Printable(part))?;
        }
        if let Some(address) = &self.address {
            write!(f, " ({})", Printable(address))?;
        }
        write!(f, ", read {}", self.read_on)
    }
}

/// How a fact is known.
///
/// ```
/// use mtls_roles::audit::{Confidence, Timeline};
///
/// let timeline = Timeline::builtin();
/// let mut milestones = timeline.milestones().iter();
/// let chrome = milestones.find(|it| it.id == "chrome-leaf").unwrap();
/// assert_eq!(chrome.confidence, Confidence::Primary);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Confidence {
    /// The text of whoever decides was read.
    Primary,
    /// Somebody else's text about it was read.
    Secondary,
    /// Computed from other facts.
    Derived,
}

/// A source that says otherwise.
///
/// ```
/// use mtls_roles::audit::Timeline;
///
/// let timeline = Timeline::builtin();
/// let mut milestones = timeline.milestones().iter();
/// let chrome = milestones.find(|it| it.id == "chrome-leaf").unwrap();
/// assert_eq!(chrome.disagreements[0].says, "2026-06-15");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Disagreement {
    /// What it says instead.
    pub says: String,
    /// Who says it, where.
    pub source: String,
}

/// What a public CA offers to those who need clientAuth.
///
/// ```
/// use mtls_roles::audit::Timeline;
/// use time::macros::date;
///
/// let timeline = Timeline::builtin();
/// let open = timeline.offers().iter().filter(|offer| offer.is_open(date!(2026-11-21)));
/// assert!(open.count() > 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CaOffer {
    /// Stable and unique within a timeline.
    pub id: String,
    /// The CA.
    pub ca: String,
    /// What it offers, and on what condition.
    pub offer: String,
    /// Roots that it stands under, as the CA names them.
    #[serde(default)]
    pub roots: Vec<String>,
    /// The last issuance is before this day; `None` without a known end.
    #[serde(default, deserialize_with = "optional_day")]
    pub until: Option<Date>,
    /// Where it is written.
    pub citation: Citation,
}

impl CaOffer {
    /// Whether it can still be had on a day.
    pub fn is_open(&self, on: Date) -> bool {
        self.until.is_none_or(|until| on < until)
    }
}

/// Who operates the CAs that bear other names: brands and customers' CAs under its roots.
///
/// ```
/// use mtls_roles::audit::Timeline;
///
/// let timeline = Timeline::builtin();
/// let mut operators = timeline.operators().iter();
/// let zerossl = operators.find(|it| it.organisations.iter().any(|name| name == "ZeroSSL"));
/// assert_eq!(zerossl.unwrap().operator, "Sectigo Limited");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Operator {
    /// The organisation, as milestones name it among their issuers.
    pub operator: String,
    /// Organisations (O) all of whose issuing CAs it operates.
    #[serde(default)]
    pub organisations: Vec<String>,
    /// Common names (CN) of issuing CAs, of organisations that have some of several operators.
    #[serde(default)]
    pub issuing_cas: Vec<String>,
    /// Where it is written.
    pub citation: Citation,
}

pub(super) fn day<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
    let text = String::deserialize(from)?;
    match Date::parse(&text, format_description!("[year]-[month]-[day]")) {
        // A year may have a sign.
        Ok(day) if text.len() == 10 => Ok(day),
        _ => Err(D::Error::custom(format!("found `{text}`, needed a day like 2027-03-15"))),
    }
}

pub(super) fn optional_day<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
    #[derive(Deserialize)]
    struct Day(#[serde(deserialize_with = "day")] Date);
    Ok(Option::<Day>::deserialize(from)?.map(|Day(day)| day))
}
