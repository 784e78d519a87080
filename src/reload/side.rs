//! [`Side`]: what a generation presents and accepts on one side, as server or as client.

use std::fmt::Debug;
use std::sync::Arc;

use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ServerConfig};

use super::sessions::{Limits, Resumes, Sessions};
use crate::credentials::Credentials;
use crate::report::{Expiring, Expiry};
use crate::role::Role;
use crate::slot::{self, ClientSlot, ServerSlot, Slot};
use crate::verifier::{self, ClientPeerVerifier, ServerPeerVerifier, Settings};

/// The side of a generation that serves: see [`Generation`](crate::Generation).
#[derive(Debug)]
pub struct Serving(pub(super) Ours<ServerSlot, ClientPeerVerifier, ServerConfig>);

/// The side of a generation that calls: see [`Generation`](crate::Generation).
#[derive(Debug)]
pub struct Calling(pub(super) Ours<ClientSlot, ServerPeerVerifier, ClientConfig>);

#[derive(Debug)]
pub(super) struct Ours<S, V, C> {
    pub(super) slot: S,
    pub(super) peers: V,
    pub(super) sessions: Sessions<C>,
}

/// A side of a generation, or `()`: not there.
pub trait Side: Sided + Debug + Send + Sync + 'static {}

impl Side for () {}
impl Side for Serving {}
impl Side for Calling {}

/// What [`Side`] is made of. Sealed, since this module is private.
#[allow(private_interfaces)] // Sealed: nobody else calls it.
pub trait Sided {
    /// What is there, if the side is.
    fn ours(&self) -> Option<&dyn AnySide> {
        None
    }
}

impl Sided for () {}

#[allow(private_interfaces)] // Sealed: nobody else calls it.
impl Sided for Serving {
    fn ours(&self) -> Option<&dyn AnySide> {
        Some(&self.0)
    }
}

#[allow(private_interfaces)] // Sealed: nobody else calls it.
impl Sided for Calling {
    fn ours(&self) -> Option<&dyn AnySide> {
        Some(&self.0)
    }
}

/// A side, whichever it is.
pub(super) trait AnySide {
    fn slot(&self) -> &Slot;

    fn peers(&self) -> &Settings;

    /// As [`Sessions::begin`].
    fn begin(&self, limits: Limits, clock: Option<&Arc<dyn TimeProvider>>, ends: Vec<u64>);

    /// As [`Sessions::end`].
    fn end(&self);
}

impl<S: slot::OneRole, V: verifier::OneRole, C: Resumes> AnySide for Ours<S, V, C> {
    fn slot(&self) -> &Slot {
        self.slot.inner()
    }

    fn peers(&self) -> &Settings {
        self.peers.settings()
    }

    fn begin(&self, limits: Limits, clock: Option<&Arc<dyn TimeProvider>>, ends: Vec<u64>) {
        self.sessions.begin(limits, clock, ends);
    }

    fn end(&self) {
        self.sessions.end();
    }
}

impl dyn AnySide + '_ {
    pub(super) fn expiries(&self) -> impl Iterator<Item = Expiry> {
        let (role, credentials) = (self.slot().role(), self.slot().credentials());
        let pairs = credentials.iter().flat_map(Credentials::pairs);
        let ours = pairs.flat_map(|pair| pair.chain.certificates().iter().enumerate());
        // A root that is sent along is nobody's concern.
        let ours = ours.filter(|(position, it)| *position == 0 || !it.is_self_issued());
        let ours = ours.map(|(position, certificate)| Expiry {
            role,
            what: if position == 0 { Expiring::Leaf } else { Expiring::Issuer },
            name: certificate.label(),
            since: Some(certificate.not_before()),
            until: certificate.not_after(),
        });
        let ours: Vec<_> = ours.collect();
        ours.into_iter().chain(self.peers().expiries())
    }

    /// Who is trusted as CA: by role of the peers, what messages call it, and its key.
    pub(super) fn roots(&self) -> impl Iterator<Item = (Role, String, &[u8])> {
        let role = self.peers().role();
        self.peers().roots().names().map(move |(name, key)| (role, name, key))
    }
}
