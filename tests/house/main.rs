//! The house itself: the order of its modules, examples for all that is public, and the promises of its security policy.

mod examples;
mod layering;
mod picture;
mod security_policy;
