//! Runs a suite in the x509-limbo schema through the peer verifiers.
//!
//! ```sh
//! cargo run --release --example limbo -- limbo.json > result.json
//! ```
//!
//! The result file goes to stdout, in the convention of C2SP/x509-limbo's harnesses; a summary
//! against the expected results goes to stderr: agree, too lenient, too strict, skipped.

mod case;
mod summary;

use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Write};
use std::path::PathBuf;

use clap::Parser;
use serde_json::{Value, json};

use case::{Eku, Memo, Outcome, Runner};
use summary::Summary;

/// Run an x509-limbo suite through the peer verifiers of mtls-roles.
///
/// Exit codes: 0 the suite was run, whatever its results; 2 unreadable input or usage.
#[derive(Parser)]
struct Args {
    /// The EKU policy; a relaxed one is relaxed for the case's own leaf.
    #[arg(long, value_enum, default_value = "rfc5280")]
    eku: Eku,
    /// Turn off the checks that go beyond stock rustls.
    #[arg(long)]
    stock: bool,
    /// Where good signatures are remembered; the results must not depend on it.
    #[arg(long, value_enum, default_value = "own")]
    memo: Memo,
    /// List every case that disagrees with its expected result.
    #[arg(long)]
    disagreements: bool,
    /// The suite, a JSON file; `-` is standard input.
    suite: PathBuf,
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let suite = read(&args.suite).unwrap_or_else(|error| {
        eprintln!("{}: {error}", args.suite.display());
        std::process::exit(2);
    });
    let cases = suite["testcases"].as_array().cloned().unwrap_or_default();
    let runner = Runner::new(args.eku, args.stock, args.memo);
    let (mut results, mut summary) = (Vec::new(), Summary::default());
    let shows_progress = io::stderr().is_terminal();
    for (index, case) in cases.iter().enumerate() {
        if shows_progress && index % 100 == 0 {
            eprint!("\r{index} of {} cases", cases.len());
        }
        let outcome = runner.run(case);
        summary.add(case, &outcome);
        results.push(result(case, &outcome));
    }
    if shows_progress {
        eprint!("\r\x1b[K");
    }
    let file = json!({"version": 1, "harness": "mtls-roles", "results": results});
    writeln!(io::stdout().lock(), "{file}")?;
    eprint!("{}", summary.text(args.disagreements));
    Ok(())
}

fn read(suite: &PathBuf) -> Result<Value, Box<dyn Error>> {
    let value: Value = match suite.as_os_str() == "-" {
        true => serde_json::from_reader(io::stdin().lock())?,
        false => serde_json::from_reader(BufReader::new(File::open(suite)?))?,
    };
    match value["testcases"].is_array() {
        true => Ok(value),
        false => Err("not in the x509-limbo schema: there are no `testcases`".into()),
    }
}

fn result(case: &Value, outcome: &Outcome) -> Value {
    let (actual, context) = match outcome {
        Outcome::Success => ("SUCCESS", None),
        Outcome::Failure(context) => ("FAILURE", Some(context)),
        Outcome::Skipped(context) => ("SKIPPED", Some(context)),
    };
    json!({"id": case["id"], "actual_result": actual, "context": context})
}
