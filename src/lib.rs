//! Separate TLS server and client certificates for rustls.
//!
//! # Map
//!
//! A module imports only what stands before it here; `tests/layering.rs` is the judge.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod text;
mod role;
mod error;
mod pem;
mod certificate;
mod eku;
mod credentials;
mod roots;
mod peer;
mod refusal;
mod observe;
mod slot;
mod verifier;
mod config;

pub use certificate::{Certificate, SubjectAltName};
pub use config::{ResumableConfig, client_config, server_config, without_resumption};
pub use credentials::Credentials;
pub use eku::{EkuOutcome, EkuPolicy, EkuViolation};
pub use error::Error;
pub use observe::{Counters, NothingPresented, Observer, Published, Verified};
pub use peer::{PeerRule, VerifiedPeer};
pub use refusal::{Refusal, RefusalClass};
pub use role::{Purpose, Role};
pub use roots::Roots;
pub use slot::{ClientSlot, ServerSlot, SlotBuilder};
pub use verifier::{
    ClientPeerVerifier, ClientPeerVerifierBuilder, Crls, ServerPeerVerifier,
    ServerPeerVerifierBuilder,
};
