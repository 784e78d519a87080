//! What the benches share: the certificate factory of the tests, the chains and the verifiers.
// Every bench compiles all of this and uses a part of it.
#![allow(dead_code, unused_imports)]

#[path = "../../tests/common/mod.rs"]
mod tests;

pub mod chains;
pub mod cpu;
pub mod memo;
pub mod revoked;
pub mod strangers;
pub mod threads;
pub mod verifiers;

pub use tests::{clock, pki, tls};
