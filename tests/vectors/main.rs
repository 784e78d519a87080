//! Proves what `docs/vectors/` and `docs/REFERENCE.md` promise: the crate answers as the vectors ask,
//! and the generator makes the very files.

#[path = "../common/mod.rs"]
mod common;

mod adapters;
mod files;
mod requirements;
