//! Chains by the thousand: a [`World`] describes one, a strategy draws it, [`issue()`] signs it.
//!
//! | module | what it is |
//! | --- | --- |
//! | `quirk` | what is unusual in a certificate |
//! | `world` | the description of a chain, printable and without a key in it |
//! | `strategy` | how descriptions are drawn |
//! | `keys` | a pool of keys, made once and used by every case |
//! | `spec`, `issue` | from a description to certificates |
//! | `verdict` | what we and stock rustls say to them |
//!
//! `common/cases.rs` says how many cases each property gets, and which. Keys, and
//! with them the signatures, are fresh in every run; the descriptions are the seed's.

mod issue;
mod keys;
mod quirk;
mod spec;
mod strategy;
mod verdict;
mod world;

pub use crate::common::cases::check;
pub use issue::{Issued, issue};
pub use quirk::{Quirk, Subtree, violations_of_issuer};
pub use strategy::{Twins, twins, worlds_with_ekus, worlds_with_mixed_ekus};
pub use verdict::{Ours, kind, stock, stock_as_server, text};
pub use world::{Ekus, Extra, Lists, Name, Signer, Trusted, World};
