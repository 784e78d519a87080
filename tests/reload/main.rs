//! Certificates that follow files: what is published, what stays, and what nobody ever sees.

#[path = "../common/mod.rs"]
mod common;
mod world;

mod every_kind_of_change;
mod half_written;
mod parts_on_their_own;
mod sessions;
mod storm;
