//! Slots: what they take, what they present, and that nothing old survives a replacement.

#[path = "../common/mod.rs"]
mod common;

mod asked_first;
mod certificate_request;
mod nothing_old_survives;
mod presented;
mod roles;
mod several;
mod under_fire;
mod world;
