//! Proves that `examples/audit` finds certificates in the forms in which operators have them, says what
//! it cannot read, keeps silent of what holds none, and does so in bounded time.
//!
//! Every file is made here. Each table is one folder and one run of the program.

#![cfg(feature = "audit")]

#[path = "../common/mod.rs"]
mod common;

mod forms;
mod hostile;
mod make;
mod pkcs12;
mod run;
mod silence;
mod unreadable;
