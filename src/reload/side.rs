//! [`Side`]: what a generation presents and accepts on one side, as server or as client.

use std::fmt::Debug;

use rustls::{ClientConfig, ServerConfig};

use super::sessions::{Epochs, Sessions};
use crate::credentials::Credentials;
use crate::report::{Expiring, Expiry};
use crate::role::Role;
use crate::slot::{ClientSlot, EitherSlot as _, ServerSlot, Slot};
use crate::verifier::{ClientPeerVerifier, EitherVerifier as _, ServerPeerVerifier, Settings};

/// The side of a generation that serves: see [`Generation`](crate::Generation).
///
/// ```
/// use mtls_roles::rustls::{Error, ServerConnection};
/// use mtls_roles::{Reloader, ServerSide};
///
/// fn accept(tls: &Reloader<ServerSide, ()>) -> Result<ServerConnection, Error> {
///     ServerConnection::new(tls.current().server_config())
/// }
/// ```
#[derive(Debug)]
pub struct ServerSide {
    pub(super) slot: ServerSlot,
    pub(super) clients: ClientPeerVerifier,
    pub(super) sessions: Sessions<ServerConfig>,
}

/// The side of a generation that calls: see [`Generation`](crate::Generation).
///
/// ```
/// use mtls_roles::rustls::pki_types::ServerName;
/// use mtls_roles::rustls::{ClientConnection, Error};
/// use mtls_roles::{ClientSide, Reloader};
///
/// fn connect(tls: &Reloader<(), ClientSide>, to: ServerName<'static>) -> Result<ClientConnection, Error> {
///     ClientConnection::new(tls.current().client_config(), to)
/// }
/// ```
#[derive(Debug)]
pub struct ClientSide {
    pub(super) slot: ClientSlot,
    pub(super) servers: ServerPeerVerifier,
    pub(super) sessions: Sessions<ClientConfig>,
}

/// A side of a generation, or `()`: not there.
///
/// ```
/// use mtls_roles::{Reloader, Side};
///
/// fn is_well<S: Side, C: Side>(tls: &Reloader<S, C>) -> bool {
///     tls.health().failing_since.is_none()
/// }
/// ```
pub trait Side: Sided + Debug + Send + Sync + 'static {}

impl Side for () {}
impl Side for ServerSide {}
impl Side for ClientSide {}

/// What [`Side`] is made of. Sealed, since this module is private.
#[allow(private_interfaces)] // Sealed: nobody else calls it.
pub trait Sided {
    /// What is there, if the side is.
    fn ours(&self) -> Option<Ours<'_>> {
        None
    }
}

impl Sided for () {}

#[allow(private_interfaces)] // Sealed: nobody else calls it.
impl Sided for ServerSide {
    fn ours(&self) -> Option<Ours<'_>> {
        let (slot, peers) = (self.slot.inner(), self.clients.settings());
        Some(Ours { slot, peers, sessions: &self.sessions })
    }
}

#[allow(private_interfaces)] // Sealed: nobody else calls it.
impl Sided for ClientSide {
    fn ours(&self) -> Option<Ours<'_>> {
        let (slot, peers) = (self.slot.inner(), self.servers.settings());
        Some(Ours { slot, peers, sessions: &self.sessions })
    }
}

/// A side, whichever it is.
#[derive(Clone, Copy)]
pub(super) struct Ours<'a> {
    pub(super) slot: &'a Slot,
    pub(super) peers: &'a Settings,
    pub(super) sessions: &'a dyn Epochs,
}

impl<'a> Ours<'a> {
    pub(super) fn expiries(self) -> impl Iterator<Item = Expiry> + 'a {
        let (role, credentials) = (self.slot.role(), self.slot.credentials());
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
        ours.into_iter().chain(self.peers.expiries())
    }

    /// Who is trusted as CA: by role of the peers, what messages call it, and its key.
    pub(super) fn roots(self) -> impl Iterator<Item = (Role, String, &'a [u8])> + 'a {
        let role = self.peers.role();
        self.peers.roots().names().map(move |(name, key)| (role, name, key))
    }
}
