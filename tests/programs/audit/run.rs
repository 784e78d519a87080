//! Runs the program as a user would.

use std::process::Command;

use super::world::World;
pub use crate::common::programs::{Run, places, run};
use crate::program;

/// `audit` with these arguments, in a folder, on a day that is past every test certificate's first.
pub fn audit(world: &World, arguments: &str) -> Run {
    audit_with(world, arguments, b"", &[])
}

pub fn audit_with(world: &World, arguments: &str, stdin: &[u8], env: &[(&str, &str)]) -> Run {
    let mut audit = Command::new(program("audit"));
    audit.current_dir(world.path()).envs(env.iter().copied());
    audit.args(arguments.split_whitespace());
    if !arguments.contains("--as-of") {
        audit.args(["--as-of", "2026-11-21"]);
    }
    run(audit, stdin)
}

/// Each row: the arguments, the exit code.
pub fn exits(world: &World, rows: &[(impl AsRef<str>, i32)]) {
    let failures = rows.iter().filter_map(|(arguments, code)| {
        let arguments = arguments.as_ref();
        let output = audit(world, arguments);
        (output.code != *code).then(|| format!("{arguments}: needed {code}: {output:?}\n"))
    });
    assert_eq!(failures.collect::<String>(), "");
}

/// Whether OpenSSL is here, and did it.
pub fn openssl(world: &World, arguments: &str) -> bool {
    let mut openssl = Command::new("openssl");
    let output = openssl.current_dir(world.path()).args(arguments.split_whitespace()).output();
    let Ok(output) = output else {
        eprintln!("SKIPPED: no openssl is here");
        return false;
    };
    assert!(output.status.success(), "{arguments}: {output:?}");
    true
}
