//! Certificates that follow files: what is published, what stays, and what nobody ever sees.

#[path = "../common/mod.rs"]
mod common;
mod world;

mod back;
mod every_kind_of_change;
mod expiries;
mod for_life;
mod generations;
mod half_written;
mod lists_of_several;
mod observers;
mod our_own_roots;
mod parts_on_their_own;
mod reading;
mod sealed;
mod sessions;
mod storm;
