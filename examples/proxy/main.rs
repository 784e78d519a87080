//! A TLS proxy for operators, and the reference for those who build their own: several tunnels in one
//! process, TLS on either side or both, server certificate and client certificate separate, per tunnel
//! its roots, rules, revocation lists and EKU policy with its end, all of it following its files.
//!
//! * `cargo run --example proxy` is a demonstration on loopback; it needs nothing and ends by itself;
//! * `cargo run --example proxy -- CONFIG.toml` runs the tunnels of a file;
//! * `… -- --check CONFIG.toml` reads and judges everything, prints a report, and opens no port;
//! * `… -- --check A.toml --with B.toml`: would these two ends accept each other, and until when?
//!
//! SIGHUP reads the file and everything it names anew. SIGTERM lets open connections end, within
//! `drain`. What a file may say is in `config.rs`; each file beside it is one step of a connection's
//! way: `accept`, `originate`, `relay`.

mod accept;
mod admin;
mod check;
mod client;
mod config;
mod demo;
mod drain;
mod gauges;
mod log;
mod metrics;
mod originate;
mod page;
mod pair;
mod proxy_header;
mod record;
mod refused;
mod relay;
mod reports;
mod run;
mod secret;
mod seen;
mod side;
mod status;
mod tls;
mod tunnel;
mod tunnels;
mod words;
#[path = "../common/folder.rs"]
mod folder;
#[path = "../common/listener.rs"]
mod listener;
#[path = "../common/printable.rs"]
mod common;

/// Readers of encrypted keys, which the audit has, too.
#[allow(dead_code)]
#[path = "../audit/contents"]
mod contents {
    pub mod pkcs12;
    pub mod tlv;
}

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

const MORE: &str = "\
What a file may say stands in the crate's manual, on the page \"proxy\". SIGHUP reads the file and
everything it names anew; SIGTERM and SIGINT let open connections end, for as long as its `drain` says.

Exit codes
  0  it ended as it was told to; with --check: it would start; with --with: both ends accept each other
  1  with --with: today one end refuses the other
  2  wrong usage, or a file that cannot be used: standard error has a line for each reason";

#[derive(Parser)]
#[command(
    name = "proxy",
    about = "mTLS proxy: separate certificates per role, an EKU policy that ends",
    after_help = MORE
)]
struct Args {
    /// The tunnels to run; without any, a demonstration.
    config: Option<PathBuf>,
    /// Reads and judges everything in this file, prints a report, and opens no port.
    #[arg(long, value_name = "CONFIG", conflicts_with = "config")]
    check: Option<PathBuf>,
    /// The file of the other end: would they accept each other?
    #[arg(long, value_name = "CONFIG", requires = "check")]
    with: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    match (args.config, args.check, args.with) {
        (Some(config), ..) => run::run(&config),
        (None, Some(own), Some(other)) => pair::pair(&own, &other),
        (None, Some(own), None) => check::check(&own),
        (None, None, _) => demo::demonstrate(),
    }
}
