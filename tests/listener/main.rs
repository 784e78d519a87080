//! The listener that people copy: it goes on whatever its peers do, and its alerts arrive.

#[path = "../common/mod.rs"]
mod common;
#[path = "../../examples/common/listener.rs"]
mod listener;

mod alerts;
mod exhausted;
mod failures;
mod slow;
mod world;
