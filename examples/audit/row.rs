//! One certificate as a record with stable field names: a line of the JSON report, a row of the
//! HTML table.
//!
//! | field | |
//! | --- | --- |
//! | `source` | every place it was found in: `edge.pem:12` (line), `edge.example.com:443` |
//! | `kind` | `leaf`, `intermediate` or `root` |
//! | `subject`, `issuer`, `serial` | text, control characters escaped; the serial in hexadecimal |
//! | `sha256`, `spki_sha256` | of the certificate, of its public key |
//! | `names` | subjectAltName: `dns:edge.example.com` |
//! | `not_before`, `not_after` | first and last second of validity, RFC 3339, UTC |
//! | `key`, `key_usage`, `eku` | `eku` null: without the extension |
//! | `policies`, `timestamps` | certificate policies, by name or by number; how many signed certificate timestamps |
//! | `private_keys`, `more_private_keys` | where a private key for it was noticed: the first ten places, and how many more there are |
//! | `roles` | what it is fit for, every level of its chain counted, under RFC 5280 |
//! | `serves` | the roles it was judged for |
//! | `hierarchy` | `public`, `private` or `unknown` |
//! | `verdict` | `unaffected`, `unknown`, `breaks_at_renewal`, `breaks_on`, `already_unfit`; `unreadable`: then `source` and `because` are all there is |
//! | `breaks_on` | the day, for that verdict |
//! | `works_until` | the last second at which it does its job; null if it is unfit already |
//! | `because` | what caused the verdict: `milestone` (its id, or that of another cause), `date`, `citation`, `confidence`, `text` |
//! | `notes` | ids of milestones that concern its chain and change nothing |
//! | `advice` | `id`, `text` |
//! | `forecast` | leaves only: would this stack accept the chain in this role? |
//! | `obstacles` | leaves only: why not; `position` 0 is the leaf |
//! | `asks_for_client_certificate`, `ca_hints` | of a live server, else null |
//! | `as_of`, `timeline_read_on` | the day of the assessment, the last day the timeline was read |

use std::collections::BTreeMap;

use mtls_roles::Role;
use mtls_roles::audit::{Cause, Confidence, Finding, Forecast, Roles, Stack, Unreadable, Verdict};
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use crate::printable::printable;
use crate::printable::text::hex;
use crate::report::{Report, citation};
use crate::shortened::shortened;

#[derive(Serialize)]
pub struct Row {
    pub source: Vec<String>,
    pub kind: String,
    pub subject: String,
    pub issuer: String,
    pub serial: String,
    pub sha256: String,
    pub spki_sha256: String,
    pub names: Vec<String>,
    pub not_before: String,
    pub not_after: String,
    pub key: String,
    pub key_usage: Option<Vec<&'static str>>,
    pub eku: Option<Vec<String>>,
    pub policies: Vec<String>,
    pub timestamps: usize,
    pub private_keys: Vec<String>,
    pub more_private_keys: usize,
    pub roles: Vec<String>,
    pub serves: Vec<String>,
    pub hierarchy: String,
    pub verdict: &'static str,
    pub breaks_on: Option<String>,
    pub works_until: Option<String>,
    pub because: Vec<Because>,
    pub notes: Vec<String>,
    pub advice: Vec<Advice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Stacks>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub obstacles: Option<Vec<Obstacle>>,
    pub asks_for_client_certificate: Option<bool>,
    pub ca_hints: Option<Vec<String>>,
    pub as_of: String,
    pub timeline_read_on: String,
}

/// What could not be read.
#[derive(Serialize)]
pub struct UnreadableRow {
    pub source: Vec<String>,
    pub verdict: &'static str,
    pub because: Vec<Because>,
    pub as_of: String,
    pub timeline_read_on: String,
}

#[derive(Serialize)]
pub struct Because {
    pub milestone: String,
    pub date: Option<String>,
    pub citation: Option<String>,
    pub confidence: Option<Confidence>,
    pub text: String,
}

#[derive(Serialize)]
pub struct Advice {
    pub id: &'static str,
    pub text: String,
}

/// By the id of the stack, then by role.
type Stacks = BTreeMap<&'static str, BTreeMap<String, bool>>;

#[derive(Serialize)]
pub struct Obstacle {
    pub stack: &'static str,
    pub role: String,
    pub rule: &'static str,
    pub position: usize,
    pub reason: String,
}

impl Row {
    pub fn new(report: &Report<'_>, finding: &Finding<'_>) -> Self {
        let entry = finding.entry;
        let certificate = entry.certificate();
        let mut keys = report.found.inventory.private_keys_of(entry);
        let first_keys = keys.by_ref().take(FEW).map(|key| key.location.to_string());
        let eku = certificate.purposes();
        let notes = finding.notes.iter();
        Self {
            source: strings(entry.locations()),
            kind: entry.kind().to_string(),
            subject: certificate.subject().to_owned(),
            issuer: certificate.issuer().to_owned(),
            serial: certificate.serial().to_owned(),
            sha256: hex(&entry.sha256()),
            spki_sha256: hex(&certificate.spki_sha256()),
            names: strings(certificate.alt_names()),
            not_before: instant(certificate.not_before()),
            not_after: instant(certificate.not_after()),
            key: entry.key().to_string(),
            key_usage: entry.key_usage().map(|usage| usage.names().collect()),
            eku: eku.map(strings),
            policies: entry.policies(),
            timestamps: entry.timestamps(),
            private_keys: first_keys.collect(),
            more_private_keys: keys.len(),
            roles: roles(finding.roles),
            serves: roles(finding.serves),
            hierarchy: finding.hierarchy.to_string(),
            verdict: finding.verdict.id(),
            breaks_on: breaks_on(finding.verdict),
            works_until: finding.works_until.map(instant),
            because: finding.causes.iter().map(Because::new).collect(),
            notes: notes.map(|note| note.id.clone()).collect(),
            advice: finding.advice.iter().map(Advice::new).collect(),
            forecast: finding.forecast.as_ref().map(stacks),
            obstacles: finding.forecast.as_ref().map(obstacles),
            asks_for_client_certificate: asks(report, finding),
            ca_hints: ca_hints(report, finding),
            as_of: report.assessment.as_of().to_string(),
            timeline_read_on: report.assessment.timeline().read_on().to_string(),
        }
    }
}

impl UnreadableRow {
    pub fn new(report: &Report<'_>, unreadable: &Unreadable) -> Self {
        Self {
            source: vec![unreadable.location.to_string()],
            verdict: "unreadable",
            because: vec![Because {
                milestone: "unreadable".into(),
                date: None,
                citation: None,
                confidence: None,
                text: printable(&unreadable.reason),
            }],
            as_of: report.assessment.as_of().to_string(),
            timeline_read_on: report.assessment.timeline().read_on().to_string(),
        }
    }
}

impl Because {
    fn new(cause: &Cause<'_>) -> Self {
        Self {
            milestone: cause.id().to_owned(),
            date: cause.date().map(|date| date.to_string()),
            citation: cause.citation().map(citation),
            confidence: confidence(cause),
            text: sentence(cause),
        }
    }
}

impl Advice {
    fn new(advice: &mtls_roles::audit::Advice<'_>) -> Self {
        Self { id: advice.id(), text: sentence(advice) }
    }
}

fn confidence(cause: &Cause<'_>) -> Option<Confidence> {
    match cause {
        Cause::Milestone(milestone) => Some(milestone.confidence),
        _ => None,
    }
}

fn breaks_on(verdict: Verdict) -> Option<String> {
    match verdict {
        Verdict::BreaksOn(date) => Some(date.to_string()),
        _ => None,
    }
}

fn stacks(forecast: &Forecast) -> Stacks {
    let accepts = |stack| BOTH.map(|role| (role.to_string(), forecast.accepts(stack, role)));
    Stack::ALL.into_iter().map(|stack| (stack.id(), accepts(stack).into())).collect()
}

fn obstacles(forecast: &Forecast) -> Vec<Obstacle> {
    let cells = Stack::ALL.into_iter().flat_map(|stack| BOTH.map(|role| (stack, role)));
    let obstacles = cells.filter_map(|(stack, role)| {
        let obstacle = forecast.obstacle(stack, role)?;
        Some(Obstacle {
            stack: stack.id(),
            role: role.to_string(),
            rule: obstacle.rule,
            position: obstacle.position,
            reason: sentence(obstacle),
        })
    });
    obstacles.collect()
}

const BOTH: [Role; 2] = [Role::Server, Role::Client];

/// Whether any server asks that presented this certificate; null if none presented it.
fn asks(report: &Report<'_>, finding: &Finding<'_>) -> Option<bool> {
    report.servers_of(finding).map(|server| server.asks.is_some()).max()
}

fn ca_hints(report: &Report<'_>, finding: &Finding<'_>) -> Option<Vec<String>> {
    let asks = report.servers_of(finding).find_map(|server| server.asks.as_ref())?;
    Some(asks.hints.iter().map(|hint| name(hint)).collect())
}

/// A report grows with what was found, and not with its square: what one certificate says or one
/// key is found with may concern all the others.
pub const FEW: usize = 10;
const MOST_OF_A_SENTENCE: usize = 500;

/// What may quote a certificate at length.
pub fn sentence(text: &impl ToString) -> String {
    shortened(&printable(&text.to_string()), MOST_OF_A_SENTENCE)
}

/// A Name as text; what is no Name is shown as bytes.
pub fn name(der: &[u8]) -> String {
    match X509Name::from_der(der) {
        Ok((_, name)) => printable(&name.to_string()),
        Err(_) => format!("not a Name: {}", hex(der)),
    }
}

fn roles(roles: Roles) -> Vec<String> {
    roles.iter().map(|role| role.to_string()).collect()
}

fn strings<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(T::to_string).collect()
}

fn instant(instant: OffsetDateTime) -> String {
    // Years past 9999 have no RFC 3339 form.
    instant.format(&Rfc3339).unwrap_or_else(|_| instant.to_string())
}
