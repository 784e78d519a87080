//! Handshakes without a network, flight by flight.

use std::ops::DerefMut;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::{
    ClientConfig, ClientConnection, CommonState, ConnectionCommon, Error, HandshakeKind,
    ProtocolVersion, ServerConfig, ServerConnection, SideData,
};

use super::super::pki::subject_of;
use super::{Stack, server_name};

/// How a handshake ended, for each end on its own.
#[derive(Debug)]
pub struct Outcome<T = Side> {
    pub server: Result<T, Error>,
    pub client: Result<T, Error>,
}

/// What one end saw of a handshake that went well.
#[derive(Debug)]
pub struct Side {
    pub peer_certificates: Option<Vec<CertificateDer<'static>>>,
    pub handshake_kind: HandshakeKind,
    pub protocol_version: ProtocolVersion,
}

impl<T> Outcome<T> {
    pub fn is_ok(&self) -> bool {
        self.server.is_ok() && self.client.is_ok()
    }
}

impl Side {
    /// The subject of the certificate that the other end presented.
    pub fn peer(&self) -> String {
        subject_of(&self.peer_certificates.as_ref().expect("it presented a certificate")[0])
    }

    fn of(connection: &CommonState, ended: Result<(), Error>) -> Result<Self, Error> {
        ended?;
        let (Some(handshake_kind), Some(protocol_version), false) = (
            connection.handshake_kind(),
            connection.protocol_version(),
            connection.is_handshaking(),
        ) else {
            return Err(Error::HandshakeNotComplete);
        };
        let peer_certificates = connection.peer_certificates().map(|chain| chain.to_vec());
        Ok(Self { peer_certificates, handshake_kind, protocol_version })
    }
}

/// A handshake with everything that is said after it: tickets, and the alert of a server that refuses.
pub fn handshake(
    server: impl Into<Arc<ServerConfig>>,
    client: impl Into<Arc<ClientConfig>>,
    name: &str,
) -> Outcome {
    let (mut server, mut client) = connections(server, client, name);
    let ended = handshake_in_memory(&mut server, &mut client, || {});
    Outcome { server: Side::of(&server, ended.server), client: Side::of(&client, ended.client) }
}

/// The two ends of a connection, before the first flight.
pub fn connections(
    server: impl Into<Arc<ServerConfig>>,
    client: impl Into<Arc<ClientConfig>>,
    name: &str,
) -> (ServerConnection, ClientConnection) {
    let client = ClientConnection::new(client.into(), server_name(name));
    (ServerConnection::new(server.into()).unwrap(), client.unwrap())
}

/// Carries flights to and fro until nobody has anything to say; `meanwhile` runs after each one that arrived.
pub fn handshake_in_memory(
    server: &mut ServerConnection,
    client: &mut ClientConnection,
    mut meanwhile: impl FnMut(),
) -> Outcome<()> {
    let mut outcome = Outcome { server: Ok(()), client: Ok(()) };
    while client.wants_write() || server.wants_write() {
        let arrived = receive(server, &send(client));
        outcome.server = outcome.server.and(arrived);
        meanwhile();
        let arrived = receive(client, &send(server));
        outcome.client = outcome.client.and(arrived);
        meanwhile();
    }
    outcome
}

/// Everything that one end has to send. An end that failed still sends its alert.
pub fn send<S: SideData>(from: &mut impl DerefMut<Target = ConnectionCommon<S>>) -> Vec<u8> {
    let mut flight = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut flight).expect("a Vec takes everything");
    }
    flight
}

/// Takes it, up to the first failure.
pub fn receive<S: SideData>(
    to: &mut impl DerefMut<Target = ConnectionCommon<S>>,
    mut flight: &[u8],
) -> Result<(), Error> {
    while !flight.is_empty() {
        // A slice can be read; but what rustls holds of it is bounded.
        to.read_tls(&mut flight).map_err(|error| Error::General(error.to_string()))?;
        to.process_new_packets()?;
    }
    Ok(())
}

impl Stack {
    /// The provider with the cipher suites of this version only, for configurations that are not told a version.
    pub fn provider_of_version(&self) -> Arc<CryptoProvider> {
        let mut provider = CryptoProvider::clone(&self.provider);
        let version = self.version;
        provider.cipher_suites.retain(|suite| suite.version() == version);
        Arc::new(provider)
    }
}
