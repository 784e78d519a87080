//! What is to be reported, in the order in which it matters. Text, JSON and HTML render it.

use std::cmp::Reverse;

use mtls_roles::audit::{
    Assessment, Cause, CertificateKind, Citation, Entry, Finding, Roles, Verdict,
};
use mtls_roles::{Purpose, SubjectAltName};
use time::{Date, Duration};

use crate::printable::printable;
use crate::sources::{Found, Server};

pub struct Report<'a> {
    pub found: &'a Found,
    pub assessment: &'a Assessment<'a>,
    /// What needs action first: by group, then by the day it works until, then by name.
    pub findings: Vec<&'a Finding<'a>>,
    /// How many have expired and are not among them.
    pub left_out: usize,
    /// Whether the roles are those that were asked for, of all.
    pub is_asked: bool,
}

impl<'a> Report<'a> {
    pub fn new(found: &'a Found, assessment: &'a Assessment<'a>) -> Self {
        let mut findings: Vec<_> = assessment.findings().iter().collect();
        // By itself: all in one key would take as much memory as the findings.
        findings.sort_by_cached_key(|finding| finding.entry.sha256());
        findings.sort_by_cached_key(|finding| {
            let group = Reverse(Group::of(finding.verdict));
            let subject = finding.entry.certificate().subject();
            (group, due(finding), subject.into_boxed_str())
        });
        Self { found, assessment, findings, left_out: 0, is_asked: false }
    }

    /// Leaves out what has expired, and says how many.
    pub fn ignore_expired(&mut self) {
        self.findings.retain(|finding| !is_expired(finding));
        self.left_out = self.assessment.findings().len() - self.findings.len();
    }

    /// The findings of one group; they stand together.
    pub fn group(&self, group: Group) -> &[&'a Finding<'a>] {
        let begin = self.findings.partition_point(|finding| Group::of(finding.verdict) > group);
        let end = self.findings.partition_point(|finding| Group::of(finding.verdict) >= group);
        &self.findings[begin..end]
    }

    /// The servers that presented this certificate as theirs.
    pub fn servers_of(&self, finding: &Finding<'a>) -> impl Iterator<Item = &'a Server> {
        let presented = finding.entry.certificate().der();
        let servers = self.found.servers.iter();
        servers.filter(move |server| server.leaf == *presented)
    }

    /// Whether something of these groups does a job, and stops to within so many days.
    pub fn has_any(&self, groups: &[Group], within: Option<u32>) -> bool {
        let last = within.map(|days| {
            let days = Duration::days(days.into());
            self.assessment.as_of().saturating_add(days)
        });
        let findings = groups.iter().flat_map(|group| self.group(*group));
        let mut findings = findings.filter(|finding| finding.serves != Roles::NONE);
        findings.any(|finding| {
            let is_now = finding.verdict == Verdict::AlreadyUnfit;
            is_now || last.is_none_or(|last| due(finding) <= last)
        })
    }

    pub fn is_incomplete(&self) -> bool {
        !self.found.inventory.unreadable().is_empty()
    }

    /// When the timeline was read, with a warning if that is long ago.
    pub fn reading_day(&self) -> String {
        let timeline = self.assessment.timeline();
        let read_on = timeline.read_on();
        match self.is_stale() {
            false => format!("The timeline was last read on {read_on}."),
            true => format!(
                "WARNING: the timeline was last read on {read_on}, more than 90 days before: dates \
                 may have moved. Update this program, or give --timeline."
            ),
        }
    }

    pub fn is_stale(&self) -> bool {
        let timeline = self.assessment.timeline();
        timeline.is_stale(self.assessment.as_of())
    }

    /// `41 certificates: 3 already unfit, 7 break at renewal, 31 unaffected`
    pub fn summary(&self) -> String {
        let groups = Group::WORST_FIRST.into_iter().filter_map(|group| {
            let count = self.group(group).len();
            (count > 0).then(|| group.counted(count))
        });
        let groups: Vec<_> = groups.collect();
        let count = counted(self.findings.len(), "certificate");
        let summary = match groups.is_empty() {
            true => count,
            false => format!("{count}: {}", groups.join(", ")),
        };
        let left_out =
            [(self.left_out, "expired certificate"), (self.found.excluded, "excluded source")];
        let left_out = left_out.into_iter().filter(|(count, _)| *count > 0);
        let left_out = left_out.map(|(count, what)| format!("; {} left out", counted(count, what)));
        let silent = Some(self.found.silent).filter(|count| *count > 0);
        let silent = silent.map(|count| format!("; nobody at {count} addresses of ranges"));
        summary + &left_out.chain(silent).collect::<String>()
    }
}

/// The verdicts without their dates, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Unaffected,
    Unknown,
    AtRenewal,
    OnDate,
    Unfit,
}

impl Group {
    pub const WORST_FIRST: [Self; 5] =
        [Self::Unfit, Self::OnDate, Self::AtRenewal, Self::Unknown, Self::Unaffected];

    pub fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Unaffected => Self::Unaffected,
            Verdict::BreaksAtRenewal { .. } => Self::AtRenewal,
            Verdict::BreaksOn(_) => Self::OnDate,
            Verdict::AlreadyUnfit => Self::Unfit,
            // And what a later version of the crate may add.
            _ => Self::Unknown,
        }
    }

    /// As a verdict is called.
    pub fn id(self) -> &'static str {
        match self {
            Self::Unfit => "already_unfit",
            Self::OnDate => "breaks_on",
            Self::AtRenewal => "breaks_at_renewal",
            Self::Unknown => "unknown",
            Self::Unaffected => "unaffected",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Unfit => "Already unfit",
            Self::OnDate => "Breaks on a date",
            Self::AtRenewal => "Breaks at renewal",
            Self::Unknown => "Unknown",
            Self::Unaffected => "Unaffected",
        }
    }

    /// `1 breaks on a date`, `2 break on a date`
    fn counted(self, count: usize) -> String {
        let title = self.title().to_lowercase();
        match count {
            1 => format!("1 {title}"),
            _ => format!("{count} {}", title.replacen("breaks", "break", 1)),
        }
    }
}

/// The day to write down: when it breaks, else until when it works, else its end.
pub fn due(finding: &Finding<'_>) -> Date {
    match finding.verdict {
        Verdict::BreaksOn(date) => date,
        Verdict::BreaksAtRenewal { works_until } => works_until.date(),
        _ => finding.entry.certificate().not_after().date(),
    }
}

pub fn is_expired(finding: &Finding<'_>) -> bool {
    finding.causes.iter().any(|cause| matches!(cause, Cause::Expired { .. }))
}

/// Public certificates whose EKU lists clientAuth: what the field notices ask for.
pub fn has_public_client_auth(finding: &Finding<'_>) -> bool {
    let purposes = finding.entry.certificate().purposes().unwrap_or_default();
    finding.hierarchy.is_public()
        && finding.entry.kind() == CertificateKind::Leaf
        && purposes.contains(&Purpose::CLIENT_AUTH)
}

/// What people call it, in few characters: the first DNS name of a leaf, else its common name.
pub fn short_name(entry: &Entry) -> String {
    let dns = entry.alt_names().0.into_iter().find_map(|name| match name {
        SubjectAltName::Dns(name) => Some(printable(&name)),
        _ => None,
    });
    let label = entry.label();
    match (entry.kind(), dns) {
        (CertificateKind::Leaf, Some(name)) => name,
        _ => match label.rsplit_once("CN=") {
            Some((_, name)) if !name.is_empty() => name.to_owned(),
            _ => label,
        },
    }
}

/// Where it was found first.
pub fn place(entry: &Entry) -> String {
    entry.locations().first().map(ToString::to_string).unwrap_or_default()
}

/// Document, version, section, address and the day it was read, on one line.
pub fn citation(citation: &Citation) -> String {
    let mut parts = vec![citation.document.clone()];
    parts.extend(citation.version.clone());
    parts.extend(citation.section.clone());
    parts.extend(citation.address.clone());
    format!("{} (read {})", printable(&parts.join(", ")), citation.read_on)
}

pub fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}

/// The number of a text in a list of what was said already, from 1; what is new goes to its end.
pub fn number_of(text: String, said: &mut Vec<String>) -> usize {
    let place = said.iter().position(|it| *it == text).unwrap_or_else(|| {
        said.push(text);
        said.len() - 1
    });
    place + 1
}

/// `a` to `z`, then `(27)`.
pub fn letter(number: usize) -> String {
    let letter = "abcdefghijklmnopqrstuvwxyz".chars().nth(number.saturating_sub(1));
    letter.map_or_else(|| format!("({number})"), String::from)
}
