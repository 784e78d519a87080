//! Revocation: what lists say of each certificate of a path, and how they replace each other.

#[path = "../common/mod.rs"]
mod common;

mod kinds;
mod levels;
mod replacement;
mod scope;
mod signatures;
mod stock;
mod time_and_order;
mod world;
