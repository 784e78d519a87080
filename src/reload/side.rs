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
pub trait Sided {
    #[allow(private_interfaces)] // Sealed: nobody else calls it.
    fn begin(&mut self, _: Option<Limits>, _: Option<&Arc<dyn TimeProvider>>, _: &[UnixTime]) {}

    fn end(&self) {}

    fn expiries(&self) -> Vec<Expiry> {
        Vec::new()
    }

    fn roots(&self) -> Vec<(Role, String, Vec<u8>)> {
        Vec::new()
    }

    fn credentials(&self) -> Option<(Role, Credentials)> {
        None
    }

    /// Without a verifier there is nothing to refuse by.
    fn verify(&self, _: &[CertificateDer<'_>], _: UnixTime) -> Result<(), String> {
        Ok(())
    }
}

impl Sided for () {}

impl Sided for Serving {
    #[allow(private_interfaces)] // Sealed: nobody else calls it.
    fn begin(
        &mut self,
        limits: Option<Limits>,
        clock: Option<&Arc<dyn TimeProvider>>,
        ends: &[UnixTime],
    ) {
        if let Some(clock) = clock {
            self.0.config.time_provider = clock.clone();
        }
        self.0.begin(limits, self.0.config.time_provider.clone(), ends);
    }

    fn end(&self) {
        self.0.end();
    }

    fn expiries(&self) -> Vec<Expiry> {
        self.0.expiries()
    }

    fn roots(&self) -> Vec<(Role, String, Vec<u8>)> {
        self.0.roots(Role::Client)
    }

    fn credentials(&self) -> Option<(Role, Credentials)> {
        Some((Role::Server, self.0.slot.credentials()?))
    }

    fn verify(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<(), String> {
        self.0.verify(chain, now)
    }
}

impl Sided for Calling {
    #[allow(private_interfaces)] // Sealed: nobody else calls it.
    fn begin(
        &mut self,
        limits: Option<Limits>,
        clock: Option<&Arc<dyn TimeProvider>>,
        ends: &[UnixTime],
    ) {
        if let Some(clock) = clock {
            self.0.config.time_provider = clock.clone();
        }
        self.0.begin(limits, self.0.config.time_provider.clone(), ends);
    }

    fn end(&self) {
        self.0.end();
    }

    fn expiries(&self) -> Vec<Expiry> {
        self.0.expiries()
    }

    fn roots(&self) -> Vec<(Role, String, Vec<u8>)> {
        self.0.roots(Role::Server)
    }

    fn credentials(&self) -> Option<(Role, Credentials)> {
        Some((Role::Client, self.0.slot.credentials()?))
    }

    fn verify(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<(), String> {
        self.0.verify(chain, now)
    }
}

impl<S: slot::OneRole, V: verifier::OneRole, C: Resumes> Ours<S, V, C> {
    fn begin(&mut self, limits: Option<Limits>, clock: Arc<dyn TimeProvider>, ends: &[UnixTime]) {
        self.slot.inner().seal();
        self.peers.settings().seal();
        self.sessions = Some(Sessions::new(self.config.clone(), limits, clock, ends.to_vec()));
    }

    fn end(&self) {
        self.sessions.iter().for_each(Sessions::end);
    }

    pub(super) fn config(&self) -> Arc<C> {
        match &self.sessions {
            Some(sessions) => sessions.config(),
            None => Arc::new(self.config.clone().without_sessions()),
        }
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

    fn roots(&self, role: Role) -> Vec<(Role, String, Vec<u8>)> {
        let roots = self.peers.settings().roots().names();
        roots.map(|(name, key)| (role, name, key.to_vec())).collect()
    }

    fn verify(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> Result<(), String> {
        let verified = self.peers.settings().verify_path(chain, now);
        verified.map(drop).map_err(|refusal| refusal.to_string())
    }
}
