//! Metrics in the text form of Prometheus, for the textfile collector of its node exporter: counts of
//! all, and times of each leaf certificate.

use std::io::{self, Write};

use base16ct::lower::encode_string as hex;
use mtls_roles::audit::{CertificateKind, Finding};
use time::Date;

use crate::report::{Group, Report, due, place, short_name};

pub fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    head(out, "certificates", "Certificates by verdict.")?;
    for group in Group::WORST_FIRST {
        let count = report.group(group).len();
        writeln!(out, "mtls_audit_certificates{{verdict=\"{}\"}} {count}", group.id())?;
    }
    let unreadable = report.found.inventory.unreadable().len();
    number(out, "unreadable", "What could not be read.", unreadable as i64)?;
    let servers = report.found.servers.len();
    number(out, "servers", "Servers that answered.", servers as i64)?;
    let as_of = seconds(report.assessment.as_of());
    number(out, "as_of_seconds", "The day of the audit.", as_of)?;
    let read_on = seconds(report.assessment.timeline().read_on());
    number(out, "timeline_read_seconds", "The day on which the timeline was read.", read_on)?;
    let leaves = || {
        let findings = report.findings.iter();
        findings.filter(|finding| finding.entry.kind() == CertificateKind::Leaf)
    };
    head(out, "due_seconds", "When it breaks, else until when it works, else its end.")?;
    for finding in leaves() {
        let due = seconds(due(finding));
        writeln!(out, "mtls_audit_due_seconds{{{}}} {due}", labels(finding))?;
    }
    head(out, "not_after_seconds", "The last second of its validity.")?;
    for finding in leaves() {
        let end = finding.entry.certificate().not_after().unix_timestamp();
        writeln!(out, "mtls_audit_not_after_seconds{{{}}} {end}", labels(finding))?;
    }
    Ok(())
}

fn number(out: &mut dyn Write, name: &str, help: &str, value: i64) -> io::Result<()> {
    head(out, name, help)?;
    writeln!(out, "mtls_audit_{name} {value}")
}

fn head(out: &mut dyn Write, name: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# HELP mtls_audit_{name} {help}\n# TYPE mtls_audit_{name} gauge")
}

/// By certificate: two of them may have the same name and stand in the same place.
fn labels(finding: &Finding<'_>) -> String {
    let sha256 = hex(&finding.entry.sha256());
    let labels = [
        ("sha256", sha256),
        ("name", short_name(finding.entry)),
        ("place", place(finding.entry)),
        ("verdict", Group::of(finding.verdict).id().to_owned()),
        ("serves", finding.serves.to_string()),
        ("hierarchy", finding.hierarchy.to_string()),
    ];
    let labels = labels.map(|(name, value)| format!("{name}=\"{}\"", escaped(&value)));
    labels.join(",")
}

/// Control characters are escaped already.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn seconds(day: Date) -> i64 {
    day.midnight().assume_utc().unix_timestamp()
}
