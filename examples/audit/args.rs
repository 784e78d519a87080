//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use mtls_roles::audit::Roles;
use time::Date;
use time::macros::format_description;

const MORE: &str = "\
A source is one of
  FILE         PEM and base64 in any text (YAML, JSON, env, XML, CSV, LDIF, source), DER, PKCS#7, PKCS#12,
               JKS, JCEKS, BKS, zip, tar, gzip, in one another; told apart by their bytes, not by names
  FOLDER       all of it, and what symbolic links in it lead to, once
  HOST[:PORT]  the chain that a server presents, which nothing here trusts, and whether it asks for
               a client certificate (at the start; a server may still ask later). Port 443 if none
               is given. [2001:db8::1]:443, https://HOST/, NAME@ADDRESS:PORT to ask an address for
               a name, 10.0.0.0/28:8443 for a range of at most 4,096 addresses.
               STARTTLS by port (25, 587, 143, 110, 389, 5222, 5269, 5432, 3306, 21, 4190) or by
               smtp://HOST, lmtp, imap, pop3, ldap, xmpp, xmpp-server, postgres, mysql, ftp, sieve;
               tls://HOST:PORT for TLS from the first byte whatever the port
  -            standard input, any of the formats of a file; a pipe is read as it is

Examples (among the sources, write `cargo run --example audit --` for `audit`)
  Which public certificates have clientAuth? One a line
    audit --list client-auth /etc/ssl /etc/letsencrypt/live
  What must my peers trust, with fingerprints for the telephone?
    audit --share -o for-peers.pem /etc/mtls
  What will break, and when?
    audit /etc/ssl /etc/letsencrypt/live
  With a picture of the timeline, to be sent around
    audit --format html -o audit.html /etc/ssl
  Which of my peers ask for a client certificate, and from which CAs?
    audit edge.example.com:5061 smtp://mail.example.com
    audit --hosts hosts.txt        (a line each: edge.example.com:5061 both  # and what it serves as)
  For a program
    audit --format json /etc/ssl | jq -r 'select(.verdict != \"unaffected\") | .source[0].path'
  For many machines: examples/audit/schema.sql and queries.sql, for DuckDB
  For node_exporter, whole or not at all
    audit --format prometheus -o /var/lib/node_exporter/mtls_audit.prom /etc/ssl
  In the deploy hook of an ACME client: has the renewal lost a purpose that is needed?
    audit --against /etc/mtls/live.pem --role client \"$RENEWED_LINEAGE/cert.pem\" && install …

Exit codes
  0  nothing to do, as far as is known
  1  something breaks, at renewal or on a date, or is unfit already
  2  something could not be read (the report says what, and has the rest), or wrong usage
What counts is what --fail-on lists: breaks, unfit, unknown (all of these 1), unreadable (2); `none`
for always 0. CA certificates count by what they do to a leaf certificate that is there: an expired
root among others breaks nothing. With --within DAYS, what breaks later does not count yet; with
--ignore-expired, expired certificates are left out, and --exclude GLOB leaves out files, folders and
servers ('*.bak', 'archive', '/etc/ssl/private/**', '*.test.example.com'). The report tells how many.

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

    /// Only these, one a line in text: public certificates whose EKU lists clientAuth
    #[arg(long, value_name = "WHAT")]
    pub list: Option<Listed>,

    /// What to give to peers instead of a report: the roots and issuers of our own chains for each
    /// role, as PEM with names and fingerprints
    #[arg(long, conflicts_with_all = ["format", "list", "against"])]
    pub share: bool,

    /// Where it is written; standard output if not given
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// JSON file with milestones that are added to the timeline, or replace those of the same id
    #[arg(long, value_name = "FILE.json")]
    pub timeline: Option<PathBuf>,

    /// The certificate before it was renewed: has the one in PATH lost a purpose?
    #[arg(long, value_name = "OLD.pem")]
    pub against: Option<PathBuf>,

    /// What the certificates are used as, client, server or both; `client:PATH` for those of a
    /// file, a folder or a server (may be given several times); what their EKU says if not given
    #[arg(long, value_name = "ROLE[:PATH]", value_parser = role)]
    pub role: Vec<RoleOf>,

    /// What makes the exit code: breaks, unfit, unknown, unreadable, or none
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "breaks,unfit,unreadable"
    )]
    pub fail_on: Vec<FailOn>,

    /// Count only what breaks within so many days
    #[arg(long, value_name = "DAYS")]
    pub within: Option<u32>,

    /// Leave out certificates that have expired
    #[arg(long)]
    pub ignore_expired: bool,

    /// Leave out files, folders and servers of these names (may be given several times)
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,

    /// Passwords for PKCS#12, one a line
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,

    /// Servers to be asked, one a line, and what each serves as behind it; `-`: standard input
    #[arg(long, value_name = "FILE")]
    pub hosts: Option<PathBuf>,

    /// How long a server is waited for, and a pipe
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: u64,

    /// Files, folders, HOST[:PORT] or `-`
    #[arg(value_name = "SOURCE", required_unless_present = "hosts")]
    pub sources: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: what needs action first
    Text,
    /// JSON Lines, one object a certificate
    Json,
    /// One line a certificate, with a heading
    Csv,
    /// Metrics for the textfile collector
    Prometheus,
    /// One self-contained page with a picture of the timeline
    Html,
}

/// A question that a list answers.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Listed {
    /// Public certificates whose EKU lists clientAuth
    ClientAuth,
}

/// What makes the exit code.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// What breaks, at renewal or on a date
    Breaks,
    /// What is unfit already
    Unfit,
    /// What would decide is not known
    Unknown,
    /// What could not be read
    Unreadable,
    /// Nothing
    None,
}

/// What certificates are used as: all of them, or those of a place.
#[derive(Clone)]
pub struct RoleOf {
    pub roles: Roles,
    pub place: Option<String>,
}

fn role(text: &str) -> Result<RoleOf, String> {
    let (word, place) = match text.split_once(':') {
        Some((word, place)) => (word, Some(place.to_owned())),
        None => (text, None),
    };
    Ok(RoleOf { roles: roles(word)?, place })
}

/// `client`, `server` or `both`.
pub fn roles(word: &str) -> Result<Roles, String> {
    match word.to_ascii_lowercase().as_str() {
        "client" => Ok(Roles::CLIENT),
        "server" => Ok(Roles::SERVER),
        "both" | "server+client" => Ok(Roles::BOTH),
        _ => Err(format!("found `{word}`, needed client, server or both")),
    }
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|error| format!("{error}; needed is a day, as in 2027-03-15"))
}
