//! Which certificates will break when public CAs drop clientAuth: when, why, and what to do.
//!
//! Run it: `cargo run --example audit -- /etc/ssl`, and with `--help` for all options, examples and
//! exit codes.
//!
//! `sources` finds certificates, the crate judges them, `text`, `json` and `html` say what it found.

mod args;
mod html;
mod json;
mod printable;
mod progress;
mod report;
mod row;
mod sources;
mod text;

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::Parser;
use mtls_roles::audit::{Assessment, Roles, Serving, Timeline};
use time::OffsetDateTime;

use crate::args::{Args, Format, Role};
use crate::printable::printable;
use crate::progress::Progress;
use crate::report::Report;

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
    let timeline = timeline(args)?;
    let passwords = passwords(args)?;
    let progress = Progress::new();
    let found = sources::read(&args.sources, &passwords, &progress);
    progress.finish();
    let as_of = args
        .as_of
        .unwrap_or_else(|| OffsetDateTime::now_utc().date());
    let assessment = Assessment::new(&found.inventory, &timeline, as_of, serving(args));
    let report = Report::new(&found, &assessment);
    write(args, &report)?;
    Ok(match (report.is_incomplete(), report.breaks()) {
        (true, _) => ExitCode::from(2),
        (false, true) => ExitCode::from(1),
        (false, false) => ExitCode::SUCCESS,
    })
}

fn timeline(args: &Args) -> Result<Timeline, Box<dyn Error>> {
    let mut timeline = Timeline::builtin();
    if let Some(file) = &args.timeline {
        let in_file = |error: &dyn Error| format!("{}: {error}", file.display());
        let json = fs::read_to_string(file).map_err(|error| in_file(&error))?;
        timeline.merge(Timeline::from_json(&json).map_err(|error| in_file(&error))?);
    }
    Ok(timeline)
}

/// The empty one, those of the file, and that of the environment.
fn passwords(args: &Args) -> Result<Vec<String>, Box<dyn Error>> {
    let mut passwords = vec![String::new()];
    if let Some(file) = &args.password_file {
        let lines = fs::read_to_string(file);
        let lines = lines.map_err(|error| format!("{}: {error}", file.display()))?;
        passwords.extend(lines.lines().map(str::to_owned));
    }
    passwords.extend(std::env::var("AUDIT_PKCS12_PASSWORD"));
    Ok(passwords)
}

fn serving(args: &Args) -> Serving {
    match args.role {
        None => Serving::Suggested,
        Some(Role::Client) => Serving::In(Roles::CLIENT),
        Some(Role::Server) => Serving::In(Roles::SERVER),
        Some(Role::Both) => Serving::In(Roles::BOTH),
    }
}

fn write(args: &Args, report: &Report<'_>) -> Result<(), Box<dyn Error>> {
    let (page, out): (_, Box<dyn Write>) = match &args.output {
        None => (text::Page::of_stdout(), Box::new(io::stdout().lock())),
        Some(file) => {
            let created = File::create(file);
            let created = created.map_err(|error| format!("{}: {error}", file.display()))?;
            (text::Page::of_file(), Box::new(created))
        }
    };
    let mut out = BufWriter::new(out);
    match args.format {
        Format::Text => text::write(report, page, &mut out)?,
        Format::Json => json::write(report, &mut out)?,
        Format::Html => html::write(report, &mut out)?,
    }
    Ok(out.flush()?)
}
