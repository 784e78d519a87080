//! [`ClientPeerVerifier`] and [`ServerPeerVerifier`]: decide about the chain that a peer presents.
//!
//! # What is checked, in which order
//!
//! 1. webpki searches a path from the leaf to a root: signatures, validity, basic constraints, path
//!    length, EKU, name constraints. This first search *enforces*: every certificate that has an EKU
//!    must list the purpose of the role, as in stock rustls.
//!    Paths that it verifies are then checked where it is too lenient (see [`PathCheck`](crate::PathCheck)); each
//!    certificate of them is looked up in the revocation lists; and last of all it is asked whose they
//!    are. All that inside the search, so that another path may still be found.
//! 2. If the EKU stood in its way, and the policy is relaxed now, a second search relaxes the EKU
//!    and nothing else. Of its paths it is also asked whether the relaxation is for this peer. What is
//!    reported is computed from the path it returns.
//!
//! Good signatures of certificates, and which certificates passed the path checks, are remembered
//! (see [`SignatureMemo`](crate::SignatureMemo)); everything else is judged afresh each time.
//!
//! # What is not checked
//!
//! The signature of the handshake: rustls asks for it separately, and it is always delegated to
//! rustls' own functions. OCSP, CRL download, certificate transparency: nobody does. What a name
//! may do: the service's authorization decides that from the [`VerifiedPeer`].

// In the order in which they import each other.
mod errors;
mod path;
mod candidates;
mod checks;
mod crl;
mod unusable;
mod tried;
mod crl_set;
mod replacement;
mod crls;
mod revocation;
mod settings;
mod cost;
mod signatures;
mod eku;
mod unverified;
mod search;
mod decision;
mod builder;
mod client;
mod server;

pub use self::builder::{PeerVerifier, PeerVerifierBuilder};
pub use self::checks::PathViolation;
pub use self::client::ClientPeerVerifier;
pub use self::crls::Crls;
pub use self::server::ServerPeerVerifier;
pub(crate) use self::{builder::EitherVerifier, crls::Lineage, settings::Settings};
