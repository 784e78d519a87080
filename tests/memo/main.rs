//! The memo of signatures: what it knows, for whom, and how much.

#[path = "../common/mod.rs"]
mod common;

mod compares_every_byte;
mod is_bounded;
mod is_shared;
mod knows_nothing_else;
mod of_one_provider;
mod resists_scans;
mod world;
