//! The house itself: its modules, what it promises, and the tools of its tests.

#[path = "../common/mod.rs"]
mod common;

mod factory_works;
mod handshakes_work;
mod layering;
mod security_policy;
