//! Revocation: what lists say of each certificate of a path, and how they replace each other.

#[path = "../common/mod.rs"]
mod common;

mod drawn;
mod generated;
mod kinds;
mod levels;
mod openssl;
mod oracle;
mod replacement;
mod scope;
mod signatures;
mod time_and_order;
mod world;
