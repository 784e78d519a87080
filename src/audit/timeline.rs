//! [`Timeline`]: dated, sourced milestones, as data.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::Date;

use super::milestone::{CaOffer, Effect, Milestone, Operator, optional_day};
use crate::text::Printable;

/// Dated milestones with their citations, and what public CAs still offer.
///
/// The dates have moved before and will move again: a timeline says when its sources were read,
/// and can be added to from a file.
///
/// ```
/// use mtls_roles::audit::Timeline;
/// use time::macros::date;
///
/// let timeline = Timeline::builtin();
/// assert_eq!(timeline.read_on(), date!(2026-11-21));
/// assert!(!timeline.is_stale(date!(2027-02-19)));
/// assert!(timeline.is_stale(date!(2027-02-20)));
/// assert_eq!(timeline.max_validity(date!(2027-03-14)), 200);
/// assert_eq!(timeline.max_validity(date!(2027-03-15)), 100);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    read_on: Option<Date>,
    max_validity_days: Option<u16>,
    milestones: Vec<Milestone>,
    offers: Vec<CaOffer>,
    public_roots: Vec<String>,
    operators: Vec<Operator>,
    industry_pkis: Vec<String>,
}

/// After this many days without a reading, dates are likely to have moved.
const FRESH_DAYS: i64 = 90;
/// Baseline Requirements, 6.3.2: 398 days, and from 2026-03-15 on what the milestones say.
const FORMER_MAX_VALIDITY: u16 = 398;

impl Timeline {
    /// The timeline that is built into this version of the crate.
    pub fn builtin() -> Self {
        // `tests/audit/timeline.rs` reads both: an error cannot get into a release.
        let read = |json| Self::from_json(json).unwrap_or_default();
        let mut timeline = read(include_str!("timeline.json"));
        timeline.merge(read(include_str!("operators.json")));
        timeline
    }

    /// Reads a timeline in the JSON form that [`manual::audit`](crate::manual::audit) describes.
    ///
    /// # Errors
    ///
    /// It is not of that form, or two milestones share an `id`: the error says where.
    pub fn from_json(json: &str) -> Result<Self, TimelineError> {
        let file = serde_json::from_str(json).map_err(|error| error.to_string());
        file.and_then(TimelineFile::read)
            .map_err(|reason| TimelineError { reason: Printable(&reason).to_string() })
    }

    /// Adds the other's milestones, offers and roots; those with an `id` that is here replace it.
    ///
    /// A `read_on` or `max_validity_days` of the other replaces the one that is here, so a file
    /// that only adds something should not have them.
    pub fn merge(&mut self, other: Self) {
        self.read_on = other.read_on.or(self.read_on);
        self.max_validity_days = other.max_validity_days.or(self.max_validity_days);
        let replaced = |id: &str| other.milestones.iter().any(|new| new.id == id);
        self.milestones.retain(|milestone| !replaced(&milestone.id));
        self.milestones.extend(other.milestones);
        self.milestones.sort_by_key(|milestone| milestone.date);
        let replaced = |id: &str| other.offers.iter().any(|new| new.id == id);
        self.offers.retain(|offer| !replaced(&offer.id));
        self.offers.extend(other.offers);
        self.public_roots.extend(other.public_roots);
        self.operators.extend(other.operators);
        self.industry_pkis.extend(other.industry_pkis);
    }

    /// The day on which the sources were read last. Without one, the latest day of a citation.
    pub fn read_on(&self) -> Date {
        let citations = self.milestones.iter().map(|each| each.citation.read_on);
        self.read_on.or(citations.max()).unwrap_or(Date::MIN)
    }

    /// Whether the sources were read more than 90 days before a day.
    pub fn is_stale(&self, on: Date) -> bool {
        (on - self.read_on()).whole_days() > FRESH_DAYS
    }

    /// The milestones, by date.
    pub fn milestones(&self) -> &[Milestone] {
        &self.milestones
    }

    /// What public CAs still offer, or no longer do.
    pub fn offers(&self) -> &[CaOffer] {
        &self.offers
    }

    /// The common names (CN) of public roots that the crate `webpki-roots` does not know.
    pub fn public_roots(&self) -> impl Iterator<Item = &str> {
        self.public_roots.iter().map(String::as_str)
    }

    /// Who operates the CAs of other names.
    pub fn operators(&self) -> &[Operator] {
        &self.operators
    }

    /// What names of issuers contain in PKIs that an industry shares.
    pub fn industry_pkis(&self) -> impl Iterator<Item = &str> {
        self.industry_pkis.iter().map(String::as_str)
    }

    /// Who operates an issuing CA of this organisation and common name, if that is another.
    pub(super) fn operator_of(
        &self,
        organisation: Option<&str>,
        name: Option<&str>,
    ) -> Option<&str> {
        let has = |names: &[String], it| names.iter().any(|name| Some(&name[..]) == it);
        let mut operators = self.operators.iter();
        let found =
            operators.find(|it| has(&it.organisations, organisation) || has(&it.issuing_cas, name));
        found.map(|it| &it.operator[..])
    }

    /// How many days a public certificate issued on a day may live.
    ///
    /// A day has 86,400 seconds, and the last second of validity counts: 90 days end one second
    /// before the time of day at which they began (Baseline Requirements 2.2.6, 1.6.1).
    pub fn max_validity(&self, issued: Date) -> u16 {
        let limits = self.milestones.iter().filter_map(|each| match each.effect {
            Effect::MaxValidity(days) if each.date <= issued => Some((each.date, days)),
            _ => None,
        });
        let former = self.max_validity_days.unwrap_or(FORMER_MAX_VALIDITY);
        let last = limits.max_by_key(|limit| limit.0);
        last.map_or(former, |limit| limit.1)
    }
}

/// A timeline that cannot be read.
///
/// ```
/// use mtls_roles::audit::Timeline;
///
/// let error = Timeline::from_json("{}}").unwrap_err();
/// assert!(error.to_string().starts_with("the timeline cannot be read: trailing characters"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the timeline cannot be read: {reason}")]
#[non_exhaustive]
pub struct TimelineError {
    /// What is wrong with it, and where; control characters are escaped.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TimelineFile {
    #[serde(default, deserialize_with = "optional_day")]
    read_on: Option<Date>,
    max_validity_days: Option<u16>,
    #[serde(default)]
    milestones: Vec<Value>,
    #[serde(default)]
    offers: Vec<Value>,
    #[serde(default)]
    public_roots: Vec<String>,
    #[serde(default)]
    operators: Vec<Value>,
    #[serde(default)]
    industry_pkis: Vec<String>,
}

impl TimelineFile {
    fn read(self) -> Result<Timeline, String> {
        let of_citation = |fact: &mut Value| complete_citation(fact, self.read_on);
        let mut milestones: Vec<Milestone> = facts("milestone", self.milestones, |milestone| {
            of_citation(milestone).and_then(|()| nest_days(milestone))
        })?;
        milestones.sort_by_key(|milestone| milestone.date);
        let offers: Vec<CaOffer> = facts("offer", self.offers, of_citation)?;
        unique(milestones.iter().map(|milestone| &milestone.id[..]))?;
        unique(offers.iter().map(|offer| &offer.id[..]))?;
        Ok(Timeline {
            read_on: self.read_on,
            max_validity_days: self.max_validity_days,
            milestones,
            offers,
            public_roots: self.public_roots,
            operators: facts("operator", self.operators, of_citation)?,
            industry_pkis: self.industry_pkis,
        })
    }
}

fn facts<T: DeserializeOwned>(
    what: &str,
    facts: Vec<Value>,
    prepare: impl Fn(&mut Value) -> Result<(), &'static str>,
) -> Result<Vec<T>, String> {
    let read = |mut fact: Value| {
        let id = fact["id"].as_str().unwrap_or_default().to_owned();
        let prepared = prepare(&mut fact).map_err(str::to_owned);
        let read = prepared.and_then(|()| T::deserialize(fact).map_err(|error| error.to_string()));
        read.map_err(|error| format!("{what} `{id}`: {error}"))
    };
    facts.into_iter().map(read).collect()
}

/// A citation without a day of its own was read when the file says.
fn complete_citation(fact: &mut Value, read_on: Option<Date>) -> Result<(), &'static str> {
    let citation = fact.get_mut("citation").and_then(Value::as_object_mut);
    let citation = citation.filter(|citation| citation.get("read_on").is_none_or(Value::is_null));
    if let Some(citation) = citation {
        let needs = "its citation needs `read_on`, the day it was read, as the file has none";
        citation.insert("read_on".into(), read_on.ok_or(needs)?.to_string().into());
    }
    Ok(())
}

/// In the file, `days` stand beside the effect that they belong to.
fn nest_days(milestone: &mut Value) -> Result<(), &'static str> {
    let Some(fields) = milestone.as_object_mut() else {
        return Ok(());
    };
    let days = fields.remove("days").filter(|days| !days.is_null());
    match (fields.get("effect").and_then(Value::as_str), days) {
        (None, _) => Err("needs an `effect`, a word"),
        (Some("max_validity"), Some(days)) if days != 0 => {
            fields.insert("effect".into(), json!({ "max_validity": days }));
            Ok(())
        }
        (Some("max_validity"), _) => Err("effect max_validity needs `days` of 1 or more"),
        (_, Some(_)) => Err("`days` belongs to effect max_validity only"),
        (_, None) => Ok(()),
    }
}

fn unique<'a>(mut ids: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = HashSet::new();
    match ids.find(|id| !seen.insert(*id)) {
        Some(id) => Err(format!("the id `{id}` is given twice")),
        None => Ok(()),
    }
}
