#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! A module imports only what stands before it; `tests/house/layering.rs` is the judge.
//!
//! | module | what it is |
//! | --- | --- |
//! | `text` | text that others wrote, made safe to print |
//! | `role` | [`Role`] and the [`Purpose`] each role needs |
//! | `error` | [`Error`] |
//! | `pem` | PEM, read completely or not at all |
//! | `tlv` | DER, read in place |
//! | `certificate` | [`Certificate`]: what is read of one certificate |
//! | `eku` | [`EkuPolicy`], [`EkuViolation`] and the pure decision between them |
//! | `credentials` | [`Credentials`] |
//! | `roots` | [`Roots`] |
//! | `peer` | [`PeerRule`], [`VerifiedPeer`] |
//! | `memo` | [`SignatureMemo`] |
//! | `refusal` | [`Refusal`]: why a peer was refused |
//! | `observe` | [`Observer`], [`Counters`] |
//! | `trace` | `TracingObserver` (feature `tracing`) |
//! | `slot` | [`ServerSlot`], [`ClientSlot`] |
//! | `verifier` | [`ClientPeerVerifier`], [`ServerPeerVerifier`], [`Crls`] |
//! | `config` | [`server_config`], [`client_config`], [`without_resumption`] |
//! | `audit` | which certificates will break, when and why (feature `audit`) |
//! | [`manual`] | the long reasons |

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod text;
mod role;
mod error;
mod pem;
mod tlv;
mod certificate;
mod eku;
mod credentials;
mod roots;
mod peer;
mod memo;
mod refusal;
mod observe;
#[cfg(feature = "tracing")]
mod trace;
mod slot;
mod verifier;
mod config;
#[cfg(feature = "audit")]
pub mod audit;
pub mod manual;

/// Its types stand in signatures of this crate.
pub use rustls;
/// Its instants stand in signatures of this crate.
pub use time;

pub use certificate::{Certificate, SubjectAltName};
pub use config::{ResumableConfig, client_config, server_config, without_resumption};
pub use credentials::Credentials;
pub use eku::{EkuOutcome, EkuPolicy, EkuViolation};
pub use error::Error;
pub use memo::{MemoCounters, SignatureMemo};
pub use observe::{
    Counters, KeptCrl, KeptCrlReason, NothingPresented, Observer, Published, Verdicts,
};
pub use peer::{PeerRule, VerifiedPeer};
pub use refusal::{Refusal, RefusalClass};
pub use role::{Purpose, Role};
pub use roots::Roots;
pub use slot::{ClientSlot, ServerSlot, SlotBuilder};
#[cfg(feature = "tracing")]
pub use trace::TracingObserver;
pub use verifier::{
    ClientPeerVerifier, Crls, PathCheck, PathViolation, PeerVerifier, PeerVerifierBuilder,
    ServerPeerVerifier,
};
