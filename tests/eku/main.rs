//! The EKU policies: every cell of the matrix, in tables and on the wire, relaxed for those who are named, and reported.

#[path = "../common/mod.rs"]
mod common;

mod chains;
mod matrix;
mod on_the_wire;
mod oracle;
mod relaxation_is_for_named_peers;
mod reported;
mod until;
