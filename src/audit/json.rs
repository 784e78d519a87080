//! The JSON form of a timeline.

use std::collections::HashSet;

use serde::Deserialize;
use time::Date;

use super::milestone::{
    CaOffer, Citation, Compared, Confidence, Disagreement, Effect, Milestone, Scope,
};
use super::timeline::{Timeline, date};

/// Reads the form that `manual::audit` describes.
pub(super) fn read(json: &str) -> Result<Timeline, String> {
    let file: File = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let read_on = file.read_on.as_deref().map(day).transpose()?;
    let mut milestones: Vec<_> = each(file.milestones, |it| it.read(read_on))?;
    milestones.sort_by_key(|milestone| milestone.date);
    let offers = each(file.offers, |it| it.read(read_on))?;
    unique(milestones.iter().map(|milestone| &milestone.id[..]))?;
    unique(offers.iter().map(|offer| &offer.id[..]))?;
    Ok(Timeline {
        read_on,
        max_validity_days: file.max_validity_days,
        milestones,
        offers,
        public_roots: file.public_roots,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    read_on: Option<String>,
    max_validity_days: Option<u16>,
    #[serde(default)]
    milestones: Vec<MilestoneForm>,
    #[serde(default)]
    offers: Vec<OfferForm>,
    #[serde(default)]
    public_roots: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MilestoneForm {
    id: String,
    date: String,
    who: String,
    change: String,
    compared: ComparedForm,
    #[serde(default)]
    issuers: Vec<String>,
    #[serde(default)]
    roots: Vec<String>,
    effect: EffectForm,
    days: Option<u16>,
    citation: CitationForm,
    confidence: ConfidenceForm,
    #[serde(default)]
    disagreements: Vec<DisagreementForm>,
}

impl MilestoneForm {
    fn read(self, read_on: Option<Date>) -> Result<Milestone, String> {
        let in_this = |error| format!("milestone `{}`: {error}", self.id);
        Ok(Milestone {
            date: day(&self.date).map_err(in_this)?,
            effect: self.effect.read(self.days).map_err(in_this)?,
            citation: self.citation.read(read_on).map_err(in_this)?,
            id: self.id,
            who: self.who,
            change: self.change,
            compared: self.compared.into(),
            scope: Scope {
                issuers: self.issuers,
                roots: self.roots,
            },
            confidence: self.confidence.into(),
            disagreements: self.disagreements.into_iter().map(Into::into).collect(),
        })
    }
}

/// Declares an enum of JSON words and what each stands for.
macro_rules! words {
    ($form:ident => $target:ident { $($word:ident),+ }) => {
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum $form { $($word),+ }

        impl From<$form> for $target {
            fn from(form: $form) -> Self {
                match form { $($form::$word => Self::$word),+ }
            }
        }
    };
}

words!(ComparedForm => Compared { IssuedOnOrAfter, Expires, ChainsTo, Disclosed });
words!(ConfidenceForm => Confidence { Primary, Secondary, Derived });

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum EffectForm {
    ClientAuthOnRequest,
    ClientAuthEnds,
    MaxValidity,
    Distrust,
    Informational,
}

impl EffectForm {
    fn read(self, days: Option<u16>) -> Result<Effect, String> {
        match (self, days) {
            (Self::MaxValidity, Some(days @ 1..)) => Ok(Effect::MaxValidity(days)),
            (Self::MaxValidity, _) => Err("effect max_validity needs `days` of 1 or more".into()),
            (_, Some(_)) => Err("`days` belongs to effect max_validity only".into()),
            (Self::ClientAuthOnRequest, None) => Ok(Effect::ClientAuthOnRequest),
            (Self::ClientAuthEnds, None) => Ok(Effect::ClientAuthEnds),
            (Self::Distrust, None) => Ok(Effect::Distrust),
            (Self::Informational, None) => Ok(Effect::Informational),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CitationForm {
    document: String,
    version: Option<String>,
    section: Option<String>,
    address: Option<String>,
    read_on: Option<String>,
}

impl CitationForm {
    fn read(self, read_on: Option<Date>) -> Result<Citation, String> {
        let own = self.read_on.as_deref().map(day).transpose()?;
        Ok(Citation {
            read_on: own
                .or(read_on)
                .ok_or("its citation needs `read_on`, the day it was read, as the file has none")?,
            document: self.document,
            version: self.version,
            section: self.section,
            address: self.address,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DisagreementForm {
    says: String,
    source: String,
}

impl From<DisagreementForm> for Disagreement {
    fn from(form: DisagreementForm) -> Self {
        Self {
            says: form.says,
            source: form.source,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfferForm {
    id: String,
    ca: String,
    offer: String,
    #[serde(default)]
    roots: Vec<String>,
    until: Option<String>,
    citation: CitationForm,
}

impl OfferForm {
    fn read(self, read_on: Option<Date>) -> Result<CaOffer, String> {
        let in_this = |error| format!("offer `{}`: {error}", self.id);
        let until = self.until.as_deref().map(day).transpose();
        Ok(CaOffer {
            until: until.map_err(in_this)?,
            citation: self.citation.read(read_on).map_err(in_this)?,
            id: self.id,
            ca: self.ca,
            offer: self.offer,
            roots: self.roots,
        })
    }
}

fn day(text: &str) -> Result<Date, String> {
    date(text).ok_or_else(|| format!("found `{text}`, needed a day like 2027-03-15"))
}

fn each<F, T>(forms: Vec<F>, read: impl Fn(F) -> Result<T, String>) -> Result<Vec<T>, String> {
    forms.into_iter().map(read).collect()
}

fn unique<'a>(ids: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = HashSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(format!("the id `{id}` is given twice"));
        }
    }
    Ok(())
}
