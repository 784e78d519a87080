//! One certificate as a record with stable field names: a line of the JSON report, a row of the
//! HTML table.
//!
//! | field | |
//! | --- | --- |
//! | `schema_version`, `record` | 2; `certificate` or `unreadable` |
//! | `source` | every place it was found in: `kind` (`file`, `server` or `stdin`), `text` (`edge.pem:12`), `path` or `host` and `port`, `place` inside (a member, an alias, a key), `line` |
//! | `kind` | `leaf`, `intermediate` or `root` |
//! | `subject`, `issuer`, `serial` | text, control characters escaped; the serial in hexadecimal |
//! | `sha256`, `spki_sha256` | of the certificate, of its public key |
//! | `names`, `names_complete` | subjectAltName: `dns:edge.example.com`; false if some cannot be read |
//! | `not_before`, `not_after` | first and last second of validity, RFC 3339, UTC |
//! | `key`, `key_usage`, `eku` | `eku` null: without the extension |
//! | `policies`, `timestamps` | certificate policies, by name or by number; how many signed certificate timestamps |
//! | `private_keys`, `more_private_keys` | where a private key for it was noticed: the first ten places, and how many more there are |
//! | `roles` | what it is fit for, every level of its chain counted, under RFC 5280 |
//! | `serves`, `serves_by` | the roles it was judged for, and by what: `eku`, `no_eku` (so both), `any_eku`, `names` (e-mail only), `told` (of its place), `asked` (of all), `ca` |
//! | `chain`, `chain_complete` | its issuers in the inventory, the nearest first: `subject`, `sha256`; whether they reach a root |
//! | `hierarchy` | `public`, `industry`, `private` or `unknown` |
//! | `hierarchy_reason` | by what it is known: `root_key`, `disclosed_root_key`, `root_name`, `marks`; `industry_name`; `own_root`; `no_root` |
//! | `verdict` | `unaffected`, `unknown`, `breaks_at_renewal`, `breaks_on`, `already_unfit`; `unreadable`: then `source` and `because` are all there is |
//! | `due`, `is_expired` | the day to write down: when it breaks, else until when it works, else its end; whether that has passed |
//! | `breaks_on` | the day, for that verdict |
//! | `works_until` | the last second at which it does its job; null if it is unfit already |
//! | `because` | what caused the verdict: `milestone` (its id, or that of another cause), `date`, `citation`, `confidence`, `text` |
//! | `notes` | what changes nothing: ids of milestones that concern its chain, and of the path check (`leaf_with_key_cert_sign` …) for which verifiers of this crate refuse it |
//! | `advice` | `id`, `text`, `command` (the request for the client slot, else empty) |
//! | `forecast` | leaves only: would this stack accept the chain in this role? |
//! | `obstacles` | leaves only: why not; `position` 0 is the leaf |
//! | `asks_for_client_certificate`, `ca_hints` | of a live server, else null |
//! | `as_of`, `timeline_read_on` | the day of the assessment, the last day the timeline was read |

use std::collections::BTreeMap;

use base16ct::lower::encode_string as hex;
use mtls_roles::audit::{
    self, Cause, CertificateKind, Confidence, Entry, Finding, Forecast, Hierarchy, Location,
    PublicEvidence, Roles, Stack, Unreadable, Verdict,
};
use mtls_roles::{Purpose, Role};
use serde::Serialize;
use x509_parser::prelude::FromDer;
use x509_parser::x509::X509Name;

use crate::acme;
use crate::printable::printable;
use crate::printable::text::utc;
use crate::report::{Report, citation, due, is_expired};
use crate::shortened::shortened;
use crate::sources;

#[derive(Serialize)]
pub struct Row {
    pub schema_version: u32,
    pub record: &'static str,
    pub source: Vec<Source>,
    pub kind: String,
    pub subject: String,
    pub issuer: String,
    pub serial: String,
    pub sha256: String,
    pub spki_sha256: String,
    pub names: Vec<String>,
    pub names_complete: bool,
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
    pub serves_by: &'static str,
    pub chain: Vec<Issuer>,
    pub chain_complete: bool,
    pub hierarchy: String,
    pub hierarchy_reason: &'static str,
    pub verdict: &'static str,
    pub due: String,
    pub is_expired: bool,
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
    pub schema_version: u32,
    pub record: &'static str,
    pub source: Vec<Source>,
    pub verdict: &'static str,
    pub because: Vec<Because>,
    pub as_of: String,
    pub timeline_read_on: String,
}

/// Of the fields and what they mean; a new one changes nothing for those who read the others.
const SCHEMA_VERSION: u32 = 2;

/// A place where something was found.
#[derive(Serialize)]
pub struct Source {
    pub kind: &'static str,
    /// As the text report names it.
    pub text: String,
    pub path: Option<String>,
    pub host: Option<String>,
    pub port: Option<u16>,
    pub place: Option<String>,
    pub line: Option<usize>,
}

#[derive(Serialize)]
pub struct Issuer {
    pub subject: String,
    pub sha256: String,
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
    /// What a shell does about it; empty if nothing can be said so.
    pub command: String,
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
        let notes = finding.notes.iter().map(|note| note.id.clone());
        let path_check = finding.path_check.map(|check| check.id().to_owned());
        let (names, names_complete) = entry.alt_names();
        let forecast = finding.forecast();
        Self {
            schema_version: SCHEMA_VERSION,
            record: "certificate",
            source: entry.locations().iter().map(|it| Source::new(report, it)).collect(),
            kind: entry.kind().to_string(),
            subject: certificate.subject(),
            issuer: certificate.issuer(),
            serial: certificate.serial(),
            sha256: hex(&entry.sha256()),
            spki_sha256: hex(&certificate.spki_sha256()),
            names: strings(&names),
            names_complete,
            not_before: utc(certificate.not_before()),
            not_after: utc(certificate.not_after()),
            key: entry.key().to_string(),
            key_usage: entry.key_usage().map(|usage| usage.names().collect()),
            eku: eku.map(strings),
            policies: entry.policies(),
            timestamps: entry.timestamps(),
            private_keys: first_keys.collect(),
            more_private_keys: keys.len(),
            roles: roles(finding.roles),
            serves: roles(finding.serves),
            serves_by: serves_by(report, finding),
            chain: finding.path.entries.iter().skip(1).map(|it| Issuer::new(it)).collect(),
            chain_complete: finding.path.is_complete,
            hierarchy: finding.hierarchy.to_string(),
            hierarchy_reason: hierarchy_reason(finding.hierarchy),
            verdict: finding.verdict.id(),
            due: due(finding).to_string(),
            is_expired: is_expired(finding),
            breaks_on: breaks_on(finding.verdict),
            works_until: finding.works_until.map(utc),
            because: finding.causes.iter().map(Because::new).collect(),
            notes: notes.chain(path_check).collect(),
            advice: finding.advice.iter().map(|it| Advice::new(entry, it)).collect(),
            forecast: forecast.as_ref().map(stacks),
            obstacles: forecast.as_ref().map(obstacles),
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
            schema_version: SCHEMA_VERSION,
            record: "unreadable",
            source: vec![Source::new(report, &unreadable.location)],
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

impl Source {
    fn new(report: &Report<'_>, location: &Location) -> Self {
        let server = report.found.hosts.get(&*location.source);
        let is_stdin = &*location.source == sources::STDIN;
        Self {
            kind: match server {
                Some(_) => "server",
                None if is_stdin => "stdin",
                None => "file",
            },
            text: location.to_string(),
            path: (server.is_none() && !is_stdin).then(|| printable(&location.source)),
            host: server.map(|(host, _)| printable(host)),
            port: server.map(|(_, port)| *port),
            place: location.place.as_deref().map(printable),
            line: location.line,
        }
    }
}

impl Issuer {
    fn new(entry: &Entry) -> Self {
        Self { subject: entry.certificate().subject(), sha256: hex(&entry.sha256()) }
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
    fn new(entry: &Entry, advice: &audit::Advice<'_>) -> Self {
        let request = match advice {
            audit::Advice::TwoSlots => acme::request(entry),
            _ => None,
        };
        Self { id: advice.id(), text: sentence(advice), command: request.unwrap_or_default() }
    }
}

/// What says in which roles it serves; "server and client" is one thing, "no EKU, so both" another.
pub fn serves_by(report: &Report<'_>, finding: &Finding<'_>) -> &'static str {
    match finding.entry.certificate().purposes() {
        _ if report.is_asked => "asked",
        _ if finding.entry.told_roles().is_some() => "told",
        _ if finding.entry.kind() != CertificateKind::Leaf => "ca",
        _ if finding.serves == Roles::CLIENT && !lists_client_alone(finding) => "names",
        None | Some([]) => "no_eku",
        Some(all) if all.contains(&Purpose::ANY) && finding.serves == Roles::BOTH => "any_eku",
        Some(_) => "eku",
    }
}

fn lists_client_alone(finding: &Finding<'_>) -> bool {
    let purposes = finding.entry.certificate().purposes();
    purposes.is_some_and(|all| !all.is_empty() && !all.contains(&Purpose::SERVER_AUTH))
}

fn hierarchy_reason(hierarchy: Hierarchy) -> &'static str {
    match hierarchy {
        Hierarchy::Public(PublicEvidence::RootKey) => "root_key",
        Hierarchy::Public(PublicEvidence::DisclosedRootKey) => "disclosed_root_key",
        Hierarchy::Public(PublicEvidence::RootName) => "root_name",
        Hierarchy::Public(_) => "marks",
        Hierarchy::Industry => "industry_name",
        Hierarchy::Private => "own_root",
        // And what a later version of the crate may add.
        _ => "no_root",
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
    let accepts = |stack, role: Role| (role.to_string(), forecast.accepts(stack, role));
    let of = |stack| Roles::BOTH.iter().map(|role| accepts(stack, role)).collect();
    Stack::ALL.into_iter().map(|stack| (stack.id(), of(stack))).collect()
}

fn obstacles(forecast: &Forecast) -> Vec<Obstacle> {
    let cells =
        Stack::ALL.into_iter().flat_map(|stack| Roles::BOTH.iter().map(move |role| (stack, role)));
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
