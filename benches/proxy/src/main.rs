//! The example `proxy` beside nginx stream, HAProxy and stunnel: one run, in turns, one thread each.
//!
//! `cargo run --release --manifest-path benches/proxy/Cargo.toml`, or with `-- --quick` for a look.
//! It builds the proxy (or takes the program that `MTLS_ROLES_PROXY` names), pins every contender to one processor and itself to another, and writes
//! `proxy.json` to the target folder of the crate. Needs `nginx` (with its stream module), `haproxy`
//! and `stunnel4`, as Debian has them; what is not there is skipped, and said. Linux only.

mod contender;
mod load;
mod pki;
#[path = "../../../tests/common/ports.rs"]
mod ports;
mod usage;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use contender::Contender;
use load::Result;
use pki::Pki;

/// How much of each.
struct Effort {
    rounds: usize,
    handshakes: usize,
    mib: usize,
    idle: &'static [usize],
    time: Duration,
}

const WHOLE: Effort = Effort {
    rounds: 5,
    handshakes: 1_500,
    mib: 256,
    idle: &[400, 4_000],
    time: Duration::from_secs(4),
};
const QUICK: Effort =
    Effort { rounds: 1, handshakes: 200, mib: 32, idle: &[50], time: Duration::from_millis(500) };

fn main() -> ExitCode {
    let effort = if std::env::args().any(|it| it == "--quick") { QUICK } else { WHOLE };
    match run(&effort) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(effort: &Effort) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let ours = match std::env::var_os("MTLS_ROLES_PROXY") {
        Some(program) => program.into(),
        None => build(&root, &target)?,
    };
    Command::new("taskset").args(["-acp", "1", &std::process::id().to_string()]).output()?;

    let folder = tempfile::tempdir()?;
    let pki = Pki::write(folder.path())?;
    let backend = load::echo_backend()?;
    let contenders = Contender::all(&ours, folder.path(), &pki, backend)?;
    let mut rows = vec![];
    rows.push(measure(
        "handshake_cpu_vs_best",
        "CPU µs per full mutual handshake",
        &contenders,
        effort.rounds,
        |it| {
            let before = usage::cpu_ns(it);
            load::handshakes(it.address, &pki.client, effort.handshakes)?;
            Ok((usage::cpu_ns(it) - before) as f64 / 1e3 / effort.handshakes as f64)
        },
    )?);
    rows.push(measure(
        "bulk_cpu_vs_best",
        "CPU ms per GiB and direction",
        &contenders,
        effort.rounds,
        |it| {
            let before = usage::cpu_ns(it);
            load::bulk(it.address, &pki.client, effort.mib)?;
            Ok((usage::cpu_ns(it) - before) as f64 / 1e6 / effort.mib as f64 * 512.0)
        },
    )?);
    let mut rate = f64::MAX;
    for contender in &contenders {
        rate = rate.min(load::rate(contender.address, &pki.client, effort.time)?);
    }
    let title =
        format!("µs of a small request at {:.0}/s, half of what the slowest can", rate / 2.0);
    rows.push(measure("latency_vs_best", &title, &contenders, effort.rounds, |it| {
        load::latency(it.address, &pki.client, rate / 2.0, effort.time)
    })?);
    for &count in effort.idle {
        let title = format!("kB per idle connection, {count} of them");
        rows.push(measure("idle_memory_vs_best", &title, &contenders, 1, |it| {
            let before = usage::memory(it);
            let held = load::idle(it.address, &pki.client, count)?;
            std::thread::sleep(Duration::from_millis(500));
            let after = usage::memory(it);
            drop(held);
            Ok(after.saturating_sub(before) as f64 / 1e3 / count as f64)
        })?);
    }
    report(&contenders, &rows, &target)
}

fn build(root: &Path, target: &Path) -> Result<PathBuf> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--example", "proxy", "--manifest-path"]);
    cargo.arg(root.join("Cargo.toml")).env("CARGO_TARGET_DIR", target);
    match cargo.status()?.success() {
        true => Ok(target.join("release/examples/proxy")),
        false => Err("the proxy does not build".into()),
    }
}

/// One thing measured: the median of each contender.
struct Row {
    key: &'static str,
    title: String,
    medians: Vec<f64>,
}

impl Row {
    /// Ours by the best of the others.
    fn ratio(&self) -> f64 {
        let best = self.medians.iter().skip(1).copied().fold(f64::MAX, f64::min);
        self.medians[0] / best
    }
}

/// In turns, so that what else the machine does is nobody's own.
fn measure(
    key: &'static str,
    title: &str,
    contenders: &[Contender],
    rounds: usize,
    once: impl Fn(&Contender) -> Result<f64>,
) -> Result<Row> {
    let mut found = vec![vec![]; contenders.len()];
    for round in 0..rounds {
        for (contender, found) in contenders.iter().zip(&mut found) {
            let value = once(contender).map_err(|error| format!("{}: {error}", contender.name))?;
            found.push(value);
            eprintln!("{title}, {} of {rounds}: {} {value:.1}", round + 1, contender.name);
        }
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Ok(Row { key, title: title.to_owned(), medians: found.into_iter().map(median).collect() })
}

fn report(contenders: &[Contender], rows: &[Row], target: &Path) -> Result<()> {
    let names: Vec<_> = contenders.iter().map(|it| it.name).collect();
    println!(
        "| | {} | ours ÷ best |\n|{} ---: |",
        names.join(" | "),
        " --- |".repeat(names.len() + 1)
    );
    let mut json = serde_json::Map::new();
    for row in rows {
        let medians: Vec<_> = row.medians.iter().map(|it| format!("{it:.1}")).collect();
        println!("| {} | {} | {:.2} |", row.title, medians.join(" | "), row.ratio());
        // Of two numbers of idle connections the worse counts.
        let worse = json.get(row.key).and_then(serde_json::Value::as_f64).unwrap_or(f64::MIN);
        json.insert(row.key.to_owned(), row.ratio().max(worse).into());
    }
    std::fs::write(target.join("proxy.json"), serde_json::to_vec_pretty(&json)?)?;
    Ok(())
}
