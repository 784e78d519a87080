//! The house itself: the order of its modules, who reads what, examples for all that is public, and the promises of
//! its security policy.

mod examples;
mod layering;
mod picture;
mod readers;
mod security_policy;
mod sources;
