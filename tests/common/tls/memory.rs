//! Handshakes without a network, flight by flight, for tests that need many or that meddle in between.

use std::ops::DerefMut;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, Error, ServerConfig, ServerConnection,
    SideData,
};

use super::{Stack, server_name};

/// How a handshake in memory ended, for each end on its own.
#[derive(Debug)]
pub struct MemoryOutcome {
    pub server: Result<(), Error>,
    pub client: Result<(), Error>,
}

impl MemoryOutcome {
    pub fn is_ok(&self) -> bool {
        self.server.is_ok() && self.client.is_ok()
    }
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
) -> MemoryOutcome {
    let mut outcome = MemoryOutcome { server: Ok(()), client: Ok(()) };
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
        to.read_tls(&mut flight).expect("a slice can be read");
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
