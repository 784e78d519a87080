//! quinn. QUIC is TLS 1.3, and every protocol over it has a name in ALPN.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use mtls_roles::{ClientPeerVerifier, VerifiedPeer};
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{Connection, Endpoint};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{ClientConfig, ServerConfig};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Later, `endpoint.set_server_config(Some(server(new)?))` is for the connections from then on.
pub fn listen(address: SocketAddr, config: ServerConfig) -> Result<Endpoint> {
    Ok(Endpoint::server(server(config)?, address)?)
}

pub fn server(mut config: ServerConfig) -> Result<quinn::ServerConfig> {
    config.alpn_protocols = vec![b"h3".to_vec()];
    Ok(quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(config)?)))
}

/// For `endpoint.connect_with(config, …)`: a configuration for each connection.
pub fn client(mut config: ClientConfig) -> Result<quinn::ClientConfig> {
    config.alpn_protocols = vec![b"h3".to_vec()];
    Ok(quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(config)?)))
}

/// quinn gives the certificates without the connection of rustls: `verify` in place of `identify`.
/// `None` where client authentication is optional and there was none.
pub fn peer(connection: &Connection, clients: &ClientPeerVerifier) -> Result<Option<VerifiedPeer>> {
    let Some(identity) = connection.peer_identity() else { return Ok(None) };
    let chain = identity.downcast::<Vec<CertificateDer<'static>>>();
    let chain = chain.map_err(|_| "quinn was built with another version of rustls")?;
    Ok(Some(clients.verify(Some(&chain), UnixTime::now())?))
}
