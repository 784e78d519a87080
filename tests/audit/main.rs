//! What the audit promises, one file a promise.

#![cfg(feature = "audit")]

#[path = "../common/mod.rs"]
mod common;

mod facts;
mod forecast;
mod hierarchy;
mod inventory;
mod real_chains;
mod renewal;
mod timeline;
mod verdicts;
mod world;
