//! Proves what `examples/audit` promises, by running it as a user would: its reports, its exit
//! codes, what it reads and what it says of what it cannot read.

#![cfg(feature = "audit")]

mod common;

#[path = "audit_program/formats.rs"]
mod formats;
#[path = "audit_program/guard.rs"]
mod guard;
#[path = "audit_program/page.rs"]
mod page;
#[path = "audit_program/reports.rs"]
mod reports;
#[path = "audit_program/run.rs"]
mod run;
#[path = "audit_program/servers.rs"]
mod servers;
#[path = "audit_program/size.rs"]
mod size;
#[path = "audit_program/walk.rs"]
mod walk;
#[path = "audit_program/world.rs"]
mod world;
