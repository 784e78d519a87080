//! The house itself: the order of its modules, and the promises of its security policy.

mod layering;
mod picture;
mod security_policy;
