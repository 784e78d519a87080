//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use time::Date;
use time::macros::format_description;

const MORE: &str = "\
A source is one of
  FILE         PEM, DER, PKCS#7 or PKCS#12; told apart by their bytes, not by their names
  FOLDER       all of it, and what symbolic links in it lead to, once
  HOST:PORT    the chain that a server presents, which nothing here trusts, and whether it asks for
               a client certificate (at the start; a server may still ask later)
  -            standard input, any of the formats of a file

Examples (among the sources, write `cargo run --example audit --` for `audit`)
  What will break, and when?
    audit /etc/ssl /etc/letsencrypt/live
  With a picture of the timeline, to be sent around
    audit --format html -o audit.html /etc/ssl
  Which of my peers ask for a client certificate, and from which CAs?
    audit edge.example.com:5061 mail.example.com:25443
  For a program
    audit --format json /etc/ssl | jq -r 'select(.verdict != \"unaffected\") | .source[0]'
  In the deploy hook of an ACME client: has the renewal lost a purpose that is needed?
    audit --against /etc/mtls/live.pem --role client \"$RENEWED_LINEAGE/cert.pem\" && install …

Exit codes
  0  nothing to do, as far as is known
  1  something breaks, at renewal or on a date, or is unfit already
  2  something could not be read (the report says what, and has the rest), or wrong usage

PKCS#12 is tried with the empty password, with each line of --password-file, and with what the
environment variable AUDIT_PKCS12_PASSWORD holds. Private keys are noticed, never printed or kept.";

/// Which certificates will break when public CAs drop clientAuth: when, why, and what to do.
#[derive(Parser)]
#[command(name = "audit", after_help = MORE)]
pub struct Args {
    /// The day to judge at, as in 2027-03-15, from 00:00:00 UTC; today if not given
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Option<Date>,

    /// What is written
    #[arg(long, default_value = "text")]
    pub format: Format,

    /// Where it is written; standard output if not given
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// JSON file with milestones that are added to the timeline, or replace those of the same id
    #[arg(long, value_name = "FILE.json")]
    pub timeline: Option<PathBuf>,

    /// The certificate before it was renewed: has the one in PATH lost a purpose?
    #[arg(long, value_name = "OLD.pem")]
    pub against: Option<PathBuf>,

    /// What the certificates are used as; what their EKU says if not given
    #[arg(long)]
    pub role: Option<Role>,

    /// Passwords for PKCS#12, one a line
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,

    /// How long a server is waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: u64,

    /// Files, folders, HOST:PORT or `-`
    #[arg(value_name = "SOURCE", required = true)]
    pub sources: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: what needs action first
    Text,
    /// JSON Lines, one object a certificate
    Json,
    /// One self-contained page with a picture of the timeline
    Html,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    Client,
    Server,
    Both,
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|error| format!("{error}; needed is a day, as in 2027-03-15"))
}
