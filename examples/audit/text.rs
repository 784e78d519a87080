//! For people: what needs action first, one line a certificate, then why and what to do.

mod notes;
mod page;

use std::io::{self, Write};

use console::Style;
use mtls_roles::audit::{CertificateKind, Finding};

use self::notes::Notes;
pub use self::page::Page;
use crate::printable::printable;
use crate::report::{Group, Report, counted, due, short_name};
use crate::row::name;
use crate::shortened::shortened;
use crate::sources::Asks;

pub fn write(report: &Report<'_>, page: Page, out: &mut dyn Write) -> io::Result<()> {
    heading(report, page, out)?;
    let mut notes = Notes::default();
    for group in [Group::Unfit, Group::OnDate, Group::AtRenewal, Group::Unknown] {
        list(report, group, page, &mut notes, out)?;
    }
    notes.write(page, out)?;
    unreadable(report, page, out)?;
    servers(report, page, out)?;
    list(report, Group::Unaffected, page, &mut notes, out)?;
    summary(report, page, out)
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
        group > Group::Unknown || finding.entry.kind() == CertificateKind::Leaf
    });
    title(group, findings.len(), page, out)?;
    let lines = listed.into_iter().map(|finding| cells(finding, notes));
    let lines: Vec<_> = lines.collect();
    page.table(heading_of(group), &lines, out)?;
    match (counted_only.len(), lines.len()) {
        (0, _) => Ok(()),
        (count, 0) => writeln!(out, "  {}", counted(count, "CA certificate")),
        (count, _) => writeln!(out, "  and {}", counted(count, "CA certificate")),
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

/// Day, name, roles, why, what to do, where.
fn cells<'a>(finding: &Finding<'a>, notes: &mut Notes<'a>) -> [String; 6] {
    let places = finding.entry.locations();
    let place = places.first().map(ToString::to_string).unwrap_or_default();
    let more = match places.len() {
        0 | 1 => String::new(),
        count => format!(" +{}", count - 1),
    };
    [
        due(finding).to_string(),
        short_name(finding.entry),
        finding.serves.to_string(),
        notes.causes(finding),
        notes.advice(finding),
        place + &more,
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
