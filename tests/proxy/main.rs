//! Proves what `examples/proxy` promises, by running it as an operator would: real sockets, real
//! files, signals, and peers of other makes where they are installed.

#[path = "../common/mod.rs"]
mod common;

mod admin;
mod alerts;
mod config;
mod demonstration;
mod header;
mod load;
mod modes;
mod readers;
mod running;
mod signals;
mod tunnel;
mod wire;
mod world;
