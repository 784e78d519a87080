//! JSON Lines: one object a certificate, what needs action first, then one for each thing that could
//! not be read. The fields are those of [`Row`] and [`UnreadableRow`].

use std::io::{self, Write};

use serde::Serialize;

use crate::report::Report;
use crate::row::{Row, UnreadableRow};

pub fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        line(&Row::new(report, finding), out)?;
    }
    for unreadable in report.found.inventory.unreadable() {
        line(&UnreadableRow::new(report, unreadable), out)?;
    }
    Ok(())
}

fn line(row: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, row)?;
    out.write_all(b"\n")
}
