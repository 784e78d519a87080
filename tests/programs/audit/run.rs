//! Runs the program as a user would.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::common::programs::Built;
pub use crate::common::programs::{Run, run};

/// `audit` with these arguments, in a folder, on a day that is past every test certificate's first.
pub fn audit(folder: &Path, arguments: &str) -> Run {
    audit_with(folder, arguments, b"", &[])
}

pub fn audit_with(folder: &Path, arguments: &str, stdin: &[u8], env: &[(&str, &str)]) -> Run {
    let mut audit = Command::new(program());
    audit.current_dir(folder).envs(env.iter().copied());
    audit.args(arguments.split_whitespace());
    if !arguments.contains("--as-of") {
        audit.args(["--as-of", "2026-11-21"]);
    }
    run(audit, stdin)
}

/// Where cargo put the example, once it has built it.
pub fn program() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| Built::examples(&["audit"]).program("audit"))
}
