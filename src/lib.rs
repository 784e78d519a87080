//! Separate TLS server and client certificates for rustls, an EKU policy that relaxes nothing else,
//! and an audit of what will break when public CAs drop clientAuth.
//!
//! | I want to … | |
//! | --- | --- |
//! | load a certificate and its key | [`Credentials`]: files, bytes, DER, an HSM |
//! | present one certificate as server, another as client | [`ServerSlot`], [`ClientSlot`] |
//! | say whom I trust as CA | [`Roots`] |
//! | verify the clients that connect, the servers that I call | [`ClientPeerVerifier`], [`ServerPeerVerifier`] |
//! | let a peer come with the wrong EKU for a while | [`EkuPolicy`], and [`relax_for`](PeerVerifierBuilder::relax_for) a [`PeerRule`] |
//! | say who may connect at all | [`allow`](PeerVerifierBuilder::allow) a [`PeerRule`] |
//! | refuse revoked certificates | [`Crls`] |
//! | a rustls configuration of all this | [`server_config`], [`client_config`] |
//! | know in a handler who the peer is | [`ClientPeerVerifier::identify`], a [`VerifiedPeer`] |
//! | use it under axum, tonic, reqwest, quinn … | [manual](manual::frameworks) |
//! | run a proxy, or build one | [manual](manual::proxy) |
//! | ask a CA for a certificate of one role | `CertificateRequest` (feature `csr`) |
//! | follow files: certificates, roots, lists, policies | [`Reloader`], [`Generation`]; [manual](manual::rotation) |
//! | change a certificate while running | [`ServerSlot::swap`], [`ClientSlot::swap`]; [manual](manual::rotation) |
//! | hear what was relaxed, refused, swapped | [`Observer`], [`Counters`]; `TracingObserver` (feature `tracing`) |
//! | understand why a peer was refused | [`Refusal`]; [manual](manual::errors) |
//! | pay for each signature once | [`SignatureMemo`], on by default; [manual](manual::memo) |
//! | know what will break, when, and what to do | `audit` (feature `audit`) |
//! | read the long reasons | [`manual`] |
//!
//! The README has the quick start and the table of policies; `examples/` has programs to run.

// The map, for contributors. A module imports only what stands before it; `tests/house/layering.rs` is
// the judge.
//
// text         text that others wrote, made safe to print
// role         the role, and the purpose that it needs
// error        what is wrong before a handshake
// pem          PEM, read completely or not at all
// tlv          DER, read in place
// certificate  what is read of one certificate
// eku          the policy, the violation, and the pure decision between them
// roots        trust anchors of one role
// credentials  chains and keys
// csr          asks a CA for a certificate of one role
// peer         rules that name peers, and a verified peer
// memo         good signatures, remembered
// refusal      why a peer was refused
// report       what is told of certificates that follow files
// observe      who hears of it
// counters     … as numbers
// trace        … as events of `tracing`
// slot         what we present
// verifier     what we accept
// config       rustls configurations of both
// reload       certificates that follow files: generations of all of this
// audit        which certificates will break, when and why
// manual       the long reasons

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::todo))]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod text;
mod role;
mod error;
mod tlv;
mod content;
mod pem;
mod certificate;
mod eku;
mod roots;
mod credentials;
#[cfg(feature = "csr")]
mod csr;
mod peer;
mod memo;
mod refusal;
mod report;
mod observe;
mod counters;
#[cfg(feature = "tracing")]
mod trace;
mod slot;
mod verifier;
mod config;
mod reload;
#[cfg(feature = "audit")]
pub mod audit;
pub mod manual;

/// Its types stand in signatures of this crate.
pub use rustls;
/// Its instants stand in signatures of this crate.
pub use time;

pub use certificate::{Certificate, PathCheck, SubjectAltName};
pub use config::{ResumableConfig, client_config, server_config, without_resumption};
pub use counters::{Counters, Verdicts};
pub use credentials::{Credentials, Fitness, Note, NoteKind};
#[cfg(feature = "csr")]
pub use csr::CertificateRequest;
pub use eku::{EkuOutcome, EkuPolicy, EkuViolation};
pub use error::Error;
pub use memo::{MemoCounters, SignatureMemo};
pub use observe::{KeptCrl, KeptCrlReason, NothingPresented, Observer, Published};
pub use peer::{PeerRule, VerifiedPeer};
pub use refusal::{Refusal, RefusalClass, UnverifiedLeaf};
pub use reload::{
    ClientSide, Files, Follower, Generation, GenerationBuilder, Health, Reloader, ReloaderBuilder,
    ServerSide, Side,
};
pub use report::{Expiring, Expiry, RefusedPart, ReloadReport};
pub use role::{Purpose, Role};
pub use roots::Roots;
pub use slot::{ClientSlot, ServerSlot, SlotBuilder};
#[cfg(feature = "tracing")]
pub use trace::TracingObserver;
pub use verifier::{
    ClientPeerVerifier, Crls, PathViolation, PeerVerifier, PeerVerifierBuilder, ServerPeerVerifier,
};
