//! The chains of `cargo bench --bench peers` through OpenSSL, and through Go where there is one.
//!
//! `cargo run --release --manifest-path benches/others/Cargo.toml`, after the bench: it reads
//! `peers-chains` in the target folder and adds its rows to `peers.json` there. The target folder
//! is `CARGO_TARGET_DIR` or the crate's own. `-- --quick` and `-- --test` as in the bench.
//!
//! Needs the headers of OpenSSL (Debian: `libssl-dev pkg-config`). Go needs no more than `go`.

mod chain;
mod golang;
mod ossl;
mod results;

#[allow(dead_code)] // The bench uses more of it.
#[path = "../../peers/race.rs"]
mod race;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chain::Chain;
use race::Effort;
use results::Results;

fn main() -> ExitCode {
    let target = target();
    let (Some(chains), Some(mut results)) = (Chain::all(&target), Results::read(&target)) else {
        eprintln!(
            "{} has no peers-chains or peers.json: run `cargo bench --bench peers` first",
            target.display()
        );
        return ExitCode::FAILURE;
    };
    let effort = Effort::asked_for(env::args().skip(1));
    ossl::measure(&chains, effort, &mut results);
    golang::measure(&target, effort, &mut results);
    results.print(&chains);
    match effort == Effort::SMOKE {
        true => println!("a smoke run: nothing is written"),
        false => results.write(&target),
    }
    ExitCode::SUCCESS
}

/// Where the bench of the crate writes: this package has a target folder of its own.
fn target() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from)
}
