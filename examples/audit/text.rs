//! For people: what needs action first, one line a certificate, then why and what to do.

mod notes;
mod page;

use std::io::{self, Write};

use console::Style;
use mtls_roles::audit::{CertificateKind, Finding, Roles};

use self::notes::Notes;
pub use self::page::Page;
use crate::acme;
use crate::printable::printable;
use crate::report::{Group, Report, counted, due, is_expired, short_name};
use crate::row::{name, serves_by};
use crate::shortened::shortened;
use crate::sources::Asks;

pub fn write(report: &Report<'_>, page: Page, out: &mut dyn Write) -> io::Result<()> {
    heading(report, page, out)?;
    let mut notes = Notes::default();
    for group in [Group::Unfit, Group::OnDate, Group::AtRenewal, Group::Unknown] {
        list(report, group, page, &mut notes, out)?;
    }
    notes.write(page, out)?;
    acme(report, page, out)?;
    unreadable(report, page, out)?;
    servers(report, page, out)?;
    list(report, Group::Unaffected, page, &mut notes, out)?;
    summary(report, page, out)
}

/// One line a certificate, apart by tabs: until when it lasts, its name, who issued it, where it is.
pub fn list_lines(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        let certificate = finding.entry.certificate();
        let (end, name) = (certificate.not_after().date(), short_name(finding.entry));
        let places = places(finding).join(", ");
        writeln!(out, "{end}\t{name}\t{}\t{places}", certificate.issuer())?;
    }
    Ok(())
}

fn places(finding: &Finding<'_>) -> Vec<String> {
    finding.entry.locations().iter().map(ToString::to_string).collect()
}

fn acme(report: &Report<'_>, page: Page, out: &mut dyn Write) -> io::Result<()> {
    if !acme::is_worth_saying(report) {
        return Ok(());
    }
    writeln!(out, "\n{}", page.paint(Style::new().bold(), "WITH AN ACME CLIENT"))?;
    acme::COMMANDS.lines().try_for_each(|line| writeln!(out, "  {line}"))
}

fn heading(report: &Report<'_>, page: Page, out: &mut dyn Write) -> io::Result<()> {
    let title = format!("Audit as of {}", report.assessment.as_of());
    writeln!(out, "{}", page.paint(Style::new().bold(), title))?;
    let warns = Style::new().yellow().bold();
    let style = if report.is_stale() { warns } else { Style::new() };
    page.wrapped("", &page.paint(style, report.reading_day()), out)
}

/// One line a certificate. Of what nothing needs to be done about, only leaves.
fn list<'a>(
    report: &Report<'a>,
    group: Group,
    page: Page,
    notes: &mut Notes<'a>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let findings = report.group(group);
    let (listed, counted_only): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| {
        let is_leaf = finding.entry.kind() == CertificateKind::Leaf;
        is_leaf || group > Group::Unknown && !is_idle(finding)
    });
    title(group, findings.len(), page, out)?;
    let cells = |finding: &&&Finding<'a>| cells(report, finding, page, notes);
    page.table(heading_of(group), &listed, cells, out)?;
    match (counted_only.len(), listed.len()) {
        (0, _) => Ok(()),
        (count, 0) => writeln!(out, "  {}", idle(group, count)),
        (count, _) => writeln!(out, "  and {}", idle(group, count)),
    }
}

/// A CA certificate that has expired: those it issued tell whether anybody minds.
fn is_idle(finding: &Finding<'_>) -> bool {
    finding.serves == Roles::NONE && is_expired(finding)
}

fn idle(group: Group, count: usize) -> String {
    match group {
        Group::Unfit => counted(count, "expired CA certificate"),
        _ => counted(count, "CA certificate"),
    }
}

fn title(group: Group, count: usize, page: Page, out: &mut dyn Write) -> io::Result<()> {
    if count == 0 {
        return Ok(());
    }
    let title = format!("{} ({count})", group.title().to_uppercase());
    writeln!(out, "\n{}", page.paint(style(group).bold(), title))
}

fn style(group: Group) -> Style {
    match group {
        Group::Unfit => Style::new().red(),
        Group::OnDate => Style::new().magenta(),
        Group::AtRenewal => Style::new().yellow(),
        Group::Unknown => Style::new().cyan(),
        Group::Unaffected => Style::new().green(),
    }
}

fn heading_of(group: Group) -> [&'static str; 6] {
    let day = match group {
        Group::OnDate => "on",
        Group::AtRenewal => "works until",
        _ => "ends",
    };
    match group {
        Group::Unaffected => [day, "certificate", "serves as", "", "", "found in"],
        _ => [day, "certificate", "serves as", "why", "to do", "found in"],
    }
}

/// Day, name, roles, why, what to do, where. In a pipe all of it.
fn cells<'a>(
    report: &Report<'_>,
    finding: &Finding<'a>,
    page: Page,
    notes: &mut Notes<'a>,
) -> [String; 6] {
    let places = places(finding);
    let place = match (page.is_cut(), &places[..]) {
        (true, [first, _, ..]) => format!("{first} +{}", places.len() - 1),
        _ => places.join(", "),
    };
    let by = match serves_by(report, finding) {
        "no_eku" => " (no EKU)",
        "any_eku" => " (any EKU)",
        "told" => " (told)",
        _ => "",
    };
    [
        due(finding).to_string(),
        short_name(finding.entry),
        format!("{}{by}", finding.serves),
        notes.causes(finding),
        notes.advice(finding),
        place,
    ]
}

fn unreadable(report: &Report<'_>, page: Page, out: &mut dyn Write) -> io::Result<()> {
    let unreadable = report.found.inventory.unreadable();
    if unreadable.is_empty() {
        return Ok(());
    }
    let title = format!("COULD NOT BE READ ({})", unreadable.len());
    writeln!(out, "\n{}", page.paint(Style::new().red().bold(), title))?;
    for unreadable in unreadable {
        let line = format!("{}: {}", unreadable.location, printable(&unreadable.reason));
        page.wrapped("  ", &line, out)?;
    }
    Ok(())
}

fn servers(report: &Report<'_>, page: Page, out: &mut dyn Write) -> io::Result<()> {
    if report.found.servers.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", page.paint(Style::new().bold(), "SERVERS"))?;
    for server in &report.found.servers {
        let address = printable(&server.address);
        let line = match &server.asks {
            None => "asks for no client certificate".to_owned(),
            Some(asks) => format!("ASKS for a client certificate {}", issuers(asks)),
        };
        page.wrapped("  ", &format!("{address} {line}"), out)?;
    }
    Ok(())
}

fn issuers(asks: &Asks) -> String {
    let hints: Vec<_> = asks.hints.iter().map(|hint| shortened(&name(hint), 200)).collect();
    match (hints.is_empty(), asks.more) {
        (true, _) => "and does not say of which CAs".to_owned(),
        (false, 0) => format!("of {}", hints.join("; ")),
        (false, more) => format!("of {}; and {more} more", hints.join("; ")),
    }
}

fn summary(report: &Report<'_>, page: Page, out: &mut dyn Write) -> io::Result<()> {
    let mut parts = vec![report.summary()];
    let unreadable = report.found.inventory.unreadable().len();
    if unreadable > 0 {
        parts.push(format!("{} could not be read", counted(unreadable, "source")));
    }
    let keys = report.found.inventory.private_keys().len();
    if keys > 0 {
        parts.push(format!("{} noticed", counted(keys, "private key")));
    }
    if report.found.passed_over > 0 {
        let other = counted(report.found.passed_over, "other file");
        parts.push(format!("{other} passed over"));
    }
    writeln!(out)?;
    page.wrapped("", &page.paint(Style::new().bold(), parts.join("; ")), out)
}
