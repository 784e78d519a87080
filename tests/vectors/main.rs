//! Proves what `docs/vectors/` and `docs/REFERENCE.md` promise: the crate answers as the vectors ask,
//! and the generator makes the very files.

#[path = "../common/mod.rs"]
mod common;

mod adapters;
mod files;
mod requirements;

use std::path::PathBuf;

/// Where cargo put an example, once it has built it.
fn program(name: &str) -> PathBuf {
    common::programs::example(&["vectors", "embed"], name)
}
