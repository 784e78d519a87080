//! The manual: the long reasons behind the short sentences elsewhere.
//!
//! * [`roles`]: two jobs, one certificate, and what ends when;
//! * [`eku`]: what an EKU policy decides, how, and what other verifiers do;
//! * [`peer_rules`]: why a relaxation belongs to named peers, and what public roots change;
//! * [`resumption`]: why it is off, and what that costs;
//! * [`rotation`]: swapping credentials, lists, roots and policies while running;
//! * [`revocation`]: what a list says, about whom, until when;
//! * [`memo`]: what is remembered of a chain, what never is, and how large it must be;
//! * [`speed`]: what was measured, of chains, handshakes, audits and builds;
//! * [`conformance`]: what the path checks refuse, and every case that still disagrees;
//! * `audit` (feature `audit`): what its verdicts mean, and the form of a timeline;
//! * [`errors`]: which error, which alert, who hears what;
//! * [`frameworks`]: axum, tonic, reqwest and others: what to pass, and how to get the peer;
//! * [`proxy`]: what the proxy does on the wire, and how to build one.

#[cfg(feature = "audit")]
pub mod audit;
pub mod conformance;
pub mod eku;
pub mod errors;
pub mod frameworks;
pub mod memo;
pub mod peer_rules;
pub mod proxy;
pub mod resumption;
pub mod revocation;
pub mod roles;
pub mod rotation;
pub mod speed;
