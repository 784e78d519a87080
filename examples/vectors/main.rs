//! The test vectors of `docs/vectors/`, made and run.
//!
//! ```sh
//! cargo run --example vectors                 # through this crate: a line for each requirement
//! cargo run --example vectors -- generate     # writes the files anew; --check compares only
//! cargo run --example vectors -- export DIR   # as lines and PEM files, for programs without JSON
//! cargo run --example vectors -- judge NAME FILE   # what another program answered
//! cargo run --example vectors -- stacks       # how the stacks stand without the fix
//! ```

mod cannot;
mod export;
mod format;
mod judge;
mod make;
mod requirements;
mod run;
mod stacks;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use format::Suite;

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

/// Exit codes: 0 everything is as it should be; 1 something is not; 2 unreadable input or usage.
#[derive(Subcommand)]
enum Command {
    /// Run the vectors through this crate (the default).
    Run,
    /// Make the vectors, the certificates and the lists.
    Generate {
        /// Write nothing; fail if a file differs.
        #[arg(long)]
        check: bool,
    },
    /// Write the vectors as lines, and every certificate and list as a file.
    Export { folder: PathBuf },
    /// Write the table of how the stacks stand without the fix into `docs/REFERENCE.md`.
    Stacks,
    /// Hold the answers of an adapter against the vectors.
    Judge {
        /// Whose rows in `cannot.txt` count: a folder of `examples/reference/`.
        stack: String,
        /// Its answers, a line each.
        answers: PathBuf,
    },
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let is_right = match Args::parse().command {
        None | Some(Command::Run) => run::report(&Suite::read()?),
        Some(Command::Generate { check }) => generate(check)?,
        Some(Command::Export { folder }) => {
            export::write(&Suite::read()?, &folder).map(|()| true)?
        }
        Some(Command::Stacks) => stacks::write(&Suite::read()?).map(|()| true)?,
        Some(Command::Judge { stack, answers }) => {
            judge::report(&Suite::read()?, &stack, &fs::read_to_string(answers)?)?
        }
    };
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn generate(check: bool) -> Result<bool, Box<dyn Error>> {
    let folder = Suite::folder();
    let mut is_right = true;
    let suite = make::suite();
    for (name, text) in suite.files() {
        let file = folder.join(name);
        match check {
            false => fs::write(&file, text)?,
            true if fs::read_to_string(&file)? != text => {
                println!("{} is not what the generator makes", file.display());
                is_right = false;
            }
            true => {}
        }
    }
    println!(
        "{} vectors, {} certificates, {} lists",
        suite.all().count(),
        suite.certificates.len(),
        suite.crls.len()
    );
    Ok(is_right)
}
