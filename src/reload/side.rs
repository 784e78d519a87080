//! [`Side`]: what a generation presents and accepts on one side, as server or as client.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, ServerConfig};

use super::sessions::{Limits, Resumes, Sessions};
use crate::credentials::Credentials;
use crate::report::{Expiring, Expiry};
use crate::role::Role;
use crate::slot::{self, ClientSlot, ServerSlot};
use crate::verifier::{self, ClientPeerVerifier, ServerPeerVerifier};

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
    /// As it was built, before it is anybody's.
    pub(super) config: C,
    pub(super) sessions: Option<Sessions<C>>,
}

/// A side of a generation, or `()`: not there.
pub trait Side: Sided + Send + Sync + 'static {}

impl Side for () {}
impl Side for Serving {}
impl Side for Calling {}

/// What [`Side`] is made of. Sealed, since this module is private.
#[allow(private_interfaces)] // Sealed: nobody else calls it.
pub trait Sided {
    /// What is there, if the side is.
    fn ours(&self) -> Option<&dyn AnySide>;

    /// As [`ours`](Self::ours), to begin it.
    fn ours_mut(&mut self) -> Option<&mut dyn AnySide>;
}

#[allow(private_interfaces)] // Sealed: nobody else calls it.
impl Sided for () {
    fn ours(&self) -> Option<&dyn AnySide> {
        None
    }

    fn ours_mut(&mut self) -> Option<&mut dyn AnySide> {
        None
    }
}

#[allow(private_interfaces)] // Sealed: nobody else calls it.
impl Sided for Serving {
    fn ours(&self) -> Option<&dyn AnySide> {
        Some(&self.0)
    }

    fn ours_mut(&mut self) -> Option<&mut dyn AnySide> {
        Some(&mut self.0)
    }
}

#[allow(private_interfaces)] // Sealed: nobody else calls it.
impl Sided for Calling {
    fn ours(&self) -> Option<&dyn AnySide> {
        Some(&self.0)
    }

    fn ours_mut(&mut self) -> Option<&mut dyn AnySide> {
        Some(&mut self.0)
    }
}

/// What a generation asks of a side, whichever it is.
pub(super) trait AnySide {
    /// Seals slot and verifier, and begins the sessions. Without a clock it is the configuration's own.
    fn begin(
        &mut self,
        limits: Option<Limits>,
        clock: Option<&Arc<dyn TimeProvider>>,
        ends: &[UnixTime],
    );

    fn end(&self);

    fn expiries(&self) -> Vec<Expiry>;

    /// Who is trusted as CA, with the role of those that are verified.
    fn roots(&self) -> Vec<(Role, String, Vec<u8>)>;

    fn credentials(&self) -> Option<(Role, Credentials)>;

    fn verify(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<(), String>;
}

impl<S: slot::OneRole, V: verifier::OneRole, C: Resumes> Ours<S, V, C> {
    pub(super) fn config(&self) -> Arc<C> {
        match &self.sessions {
            Some(sessions) => sessions.config(),
            None => Arc::new(self.config.clone().without_sessions()),
        }
    }
}

impl<S: slot::OneRole, V: verifier::OneRole, C: Resumes> AnySide for Ours<S, V, C> {
    fn begin(
        &mut self,
        limits: Option<Limits>,
        clock: Option<&Arc<dyn TimeProvider>>,
        ends: &[UnixTime],
    ) {
        if let Some(clock) = clock {
            *self.config.clock() = clock.clone();
        }
        let clock = self.config.clock().clone();
        self.slot.inner().seal();
        self.peers.settings().seal();
        self.sessions = Some(Sessions::new(self.config.clone(), limits, clock, ends.to_vec()));
    }

    fn end(&self) {
        self.sessions.iter().for_each(Sessions::end);
    }

    fn expiries(&self) -> Vec<Expiry> {
        let role = self.slot.inner().role();
        let credentials = self.slot.inner().credentials();
        let pairs = credentials.iter().flat_map(Credentials::pairs);
        let ours = pairs.flat_map(|pair| pair.certificates().iter().enumerate());
        // A root that is sent along is nobody's concern.
        let ours = ours.filter(|(position, it)| *position == 0 || !it.is_self_issued());
        let ours = ours.map(|(position, certificate)| Expiry {
            role,
            what: if position == 0 { Expiring::Leaf } else { Expiring::Issuer },
            name: certificate.label(),
            since: Some(certificate.not_before()),
            until: certificate.not_after(),
        });
        ours.chain(self.peers.settings().expiries()).collect()
    }

    fn roots(&self) -> Vec<(Role, String, Vec<u8>)> {
        let (role, roots) = (self.peers.settings().role(), self.peers.settings().roots().names());
        roots.map(|(name, key)| (role, name, key.to_vec())).collect()
    }

    fn credentials(&self) -> Option<(Role, Credentials)> {
        let slot = self.slot.inner();
        Some((slot.role(), slot.credentials()?))
    }

    fn verify(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<(), String> {
        let verified = self.peers.settings().verify_path(chain, now);
        verified.map(drop).map_err(|refusal| refusal.to_string())
    }
}
