//! What every integration test shares: one clock, one certificate factory, one TLS harness, and in `ours` one way to
//! build verifiers of either role.
//!
//! Nothing but `ours`, and `theirs` for its choices, knows `mtls_roles`: a factory that used the crate under test could hide its mistakes.
// Every test binary compiles all of this and uses a part of it.
#![allow(dead_code, unused_imports)]

pub mod agreed;
pub mod alerts;
pub mod cases;
pub mod clock;
pub mod counting;
pub mod device;
pub mod files;
pub mod errors;
pub mod ours;
pub mod openssl;
pub mod pki;
pub mod ports;
pub mod process;
pub mod programs;
pub mod theirs;
pub mod tls;

use std::path::{Path, PathBuf};

/// A file or folder in `../shared`, or `None` (and a line on stderr) where there is no such thing.
///
/// The shared samples are not part of the published crate: a test over them must be skipped there, and say so.
pub fn shared(path: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if found.exists() {
        return Some(found);
    }
    eprintln!("SKIPPED: ../shared/{path} is not here");
    None
}
