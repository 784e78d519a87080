//! Who a peer is: rules, what the roots are worth to them, what an application is told, and who may present what.

#[path = "../common/mod.rs"]
mod common;

mod hints;
mod possession;
mod public_roots;
mod reasons;
mod rules;
mod who_is_it;
