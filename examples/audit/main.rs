//! Which certificates will break when public CAs drop clientAuth: when, why, and what to do.
//!
//! Run it: `cargo run --example audit -- /etc/ssl`, and with `--help` for all options, examples and
//! exit codes.
//!
//! `sources` finds bytes, `contents` finds certificates in them, the crate judges them, `text`, `json`,
//! `csv`, `metrics` and `html` say what it found.

mod acme;
mod args;
mod contents;
mod csv;
mod html;
mod json;
mod metrics;
mod output;
#[path = "../common/printable.rs"]
mod printable;
mod progress;
mod renewal;
mod report;
mod row;
mod share;
mod shortened;
mod sources;
mod text;

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use mtls_roles::audit::{Assessment, Serving, Timeline};
use time::OffsetDateTime;

use crate::args::{Args, FailOn, Format, Listed};
use crate::contents::Passwords;
use crate::output::Output;
use crate::printable::printable;
use crate::progress::Progress;
use crate::renewal::Comparison;
use crate::report::{Group, Report, has_public_client_auth};
use crate::sources::{Exclude, Found, Means, Wanted};

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", printable(&error.to_string()));
            ExitCode::from(2)
        }
    }
}

/// Exit code 0 is nothing to do, 1 something breaks, 2 something could not be read.
fn run(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    if args.against.is_some() && !matches!(args.format, Format::Text | Format::Json) {
        return Err("--against compares two certificates: text and json only".into());
    }
    let timeline = timeline(args)?;
    let found = read(args)?;
    let as_of = args.as_of.unwrap_or_else(|| OffsetDateTime::now_utc().date());
    let assessment = Assessment::new(&found.inventory, &timeline, as_of, serving(args)?);
    let report = report(args, &found, &assessment);
    // The others show it in the report.
    let is_told = args.list.is_none() && matches!(args.format, Format::Text | Format::Html);
    if !is_told && report.is_stale() {
        eprintln!("{}", report.reading_day());
    }
    let breaks = match &args.against {
        Some(old) => {
            warn_of_unreadable(&found);
            compare(args, &old.to_string_lossy(), &assessment)?
        }
        None => {
            if args.share || args.list.is_some() && args.format == Format::Text {
                warn_of_unreadable(&found);
            }
            let mut out = Output::new(args.output.as_deref())?;
            unless_closed(write(args, &report, &mut out))?;
            unless_closed(out.finish())?;
            breaks(args, &report)
        }
    };
    let is_incomplete = report.is_incomplete() || args.share && !share::is_complete(&report);
    let is_incomplete = is_incomplete && args.fail_on.contains(&FailOn::Unreadable);
    Ok(match (is_incomplete, breaks) {
        (true, _) => ExitCode::from(2),
        (false, true) => ExitCode::from(1),
        (false, false) => ExitCode::SUCCESS,
    })
}

/// What is shared with peers is no judgement.
fn breaks(args: &Args, report: &Report<'_>) -> bool {
    if args.share {
        return false;
    }
    let groups = args.fail_on.iter().flat_map(|fail_on| match fail_on {
        FailOn::Breaks => &[Group::AtRenewal, Group::OnDate][..],
        FailOn::Unfit => &[Group::Unfit],
        FailOn::Unknown => &[Group::Unknown],
        FailOn::Unreadable | FailOn::None => &[],
    });
    report.has_any(&groups.copied().collect::<Vec<_>>(), args.within)
}

fn read(args: &Args) -> Result<Found, Box<dyn Error>> {
    let mut sources = args.sources.clone();
    // The file with the old certificate may have the issuers of both.
    sources.extend(args.against.iter().map(|old| old.to_string_lossy().into_owned()));
    let roles = args.role.iter().filter_map(|it| Some((it.place.clone()?, it.roles)));
    let wanted = Wanted {
        sources,
        hosts: args.hosts.clone(),
        exclude: Exclude::new(&args.exclude)?,
        roles: roles.collect(),
    };
    let means = Means {
        passwords: Passwords::new(&passwords(args)?),
        patience: Duration::from_secs(args.timeout),
    };
    let progress = Progress::new();
    let found = sources::read(&wanted, &means, &progress);
    progress.finish();
    Ok(found)
}

/// A comparison has no list of them, as the reports have.
fn warn_of_unreadable(found: &Found) {
    for unreadable in found.inventory.unreadable() {
        eprintln!("error: {}: {}", unreadable.location, printable(&unreadable.reason));
    }
}

/// Whether a renewed certificate lost a purpose.
fn compare(args: &Args, old: &str, assessment: &Assessment<'_>) -> Result<bool, Box<dyn Error>> {
    let comparisons = Comparison::all(assessment, old, serving(args)?)?;
    let mut out = Output::new(args.output.as_deref())?;
    for comparison in &comparisons {
        match args.format {
            Format::Json => comparison.json(&mut out)?,
            _ => comparison.text(&mut out)?,
        }
    }
    out.finish()?;
    Ok(!comparisons.iter().all(Comparison::is_fit))
}

fn timeline(args: &Args) -> Result<Timeline, String> {
    let mut timeline = Timeline::builtin();
    if let Some(file) = &args.timeline {
        let own = Timeline::from_json(&text_of(file)?);
        timeline.merge(own.map_err(|error| format!("{}: {error}", file.display()))?);
    }
    Ok(timeline)
}

/// The empty one, those of the file, and that of the environment.
fn passwords(args: &Args) -> Result<Vec<String>, String> {
    let mut passwords = vec![String::new()];
    if let Some(file) = &args.password_file {
        passwords.extend(text_of(file)?.lines().map(str::to_owned));
    }
    passwords.extend(std::env::var("AUDIT_PKCS12_PASSWORD"));
    Ok(passwords)
}

fn text_of(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Of all certificates; what is told of places, the inventory knows.
fn serving(args: &Args) -> Result<Serving, &'static str> {
    let mut of_all = args.role.iter().filter(|it| it.place.is_none()).map(|it| it.roles);
    match (of_all.next(), of_all.next()) {
        (None, _) => Ok(Serving::Suggested),
        (Some(_), None) if args.role.len() > 1 => {
            Err("--role says it of all certificates, so it cannot say it of some too")
        }
        (Some(roles), None) => Ok(Serving::In(roles)),
        (Some(_), Some(_)) => Err("--role says twice what all certificates are used as"),
    }
}

fn report<'a>(args: &Args, found: &'a Found, assessment: &'a Assessment<'a>) -> Report<'a> {
    let mut report = Report::new(found, assessment);
    report.is_asked = args.role.iter().any(|role| role.place.is_none());
    if args.ignore_expired {
        report.ignore_expired();
    }
    if let Some(Listed::ClientAuth) = args.list {
        report.findings.retain(|finding| has_public_client_auth(finding));
    }
    report
}

fn write(args: &Args, report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    match args.format {
        _ if args.share => share::write(report, out)?,
        Format::Text if args.list.is_some() => text::list_lines(report, out)?,
        Format::Text => text::write(report, page(args), out)?,
        Format::Json => json::write(report, out)?,
        Format::Csv => csv::write(report, out)?,
        Format::Prometheus => metrics::write(report, out)?,
        Format::Html => html::write(report, out)?,
    }
    out.flush()
}

/// Whoever reads the output, `head` for example, may have enough of it.
fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    written.or_else(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    })
}

fn page(args: &Args) -> text::Page {
    match args.output {
        None => text::Page::of_stdout(),
        Some(_) => text::Page::of_file(),
    }
}
