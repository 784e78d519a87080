//! CSV (RFC 4180) with a heading: one line a certificate, what needs action first, then what could
//! not be read. Lists stand in one cell, apart by `; `.
//!
//! A cell that a spreadsheet would take for a formula begins with an apostrophe.

use std::io::{self, Write};

use crate::printable::printable;
use crate::report::{Report, short_name};
use crate::row::Row;

const HEADING: &str = "verdict,due,works_until,kind,name,serves,serves_by,fit_as,hierarchy,\
                       hierarchy_reason,subject,issuer,serial,sha256,spki_sha256,not_before,\
                       not_after,key,eku,names,because,advice,places";

pub fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{HEADING}\r\n")?;
    for finding in &report.findings {
        let row = Row::new(report, finding);
        let because = row.because.iter().map(|it| &*it.text).collect::<Vec<_>>();
        let advice = row.advice.iter().map(|it| &*it.text).collect::<Vec<_>>();
        let places = finding.entry.locations().iter().map(ToString::to_string);
        let cells = [
            row.verdict.to_owned(),
            row.due,
            row.works_until.unwrap_or_default(),
            row.kind,
            short_name(finding.entry),
            row.serves.join("+"),
            row.serves_by.to_owned(),
            row.roles.join("+"),
            row.hierarchy,
            row.hierarchy_reason.to_owned(),
            row.subject,
            row.issuer,
            row.serial,
            row.sha256,
            row.spki_sha256,
            row.not_before,
            row.not_after,
            row.key,
            row.eku.map(|eku| eku.join("; ")).unwrap_or_default(),
            row.names.join("; "),
            because.join("; "),
            advice.join("; "),
            places.collect::<Vec<_>>().join("; "),
        ];
        line(&cells, out)?;
    }
    for unreadable in report.found.inventory.unreadable() {
        let mut cells = [const { String::new() }; 23];
        cells[0] = "unreadable".into();
        cells[20] = printable(&unreadable.reason);
        cells[22] = unreadable.location.to_string();
        line(&cells, out)?;
    }
    Ok(())
}

fn line(cells: &[String], out: &mut dyn Write) -> io::Result<()> {
    let cells = cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>();
    write!(out, "{}\r\n", cells.join(","))
}

fn quoted(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let cell = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    match cell.contains([',', '"', '\n', '\r', '\'']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    }
}
