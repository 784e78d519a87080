//! [`server_config`] and [`client_config`]: the paved path, on which nothing old survives.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::{ClientConfig, ServerConfig};

use crate::error::Error;
use crate::slot::{ClientSlot, ServerSlot};
use crate::verifier::{ClientPeerVerifier, ServerPeerVerifier};

/// A server that presents what is in `slot` and verifies clients with `clients`.
///
/// Session resumption is off, see [`without_resumption`]. The configuration is yours: set ALPN
/// and whatever else; keep `session_storage`, `ticketer`, `send_tls13_tickets` and
/// `max_early_data_size` as they are.
///
/// # Errors
///
/// The provider has no cipher suite for the TLS versions that are compiled in.
///
/// ```
/// use mtls_roles::{ClientPeerVerifier, Roots, ServerSlot, server_config};
/// # fn example(roots: Roots) -> Result<rustls::ServerConfig, mtls_roles::Error> {
/// let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
/// let clients = ClientPeerVerifier::builder(roots, &provider).build()?;
/// let mut config = server_config(&provider, ServerSlot::empty(), clients)?;
/// config.alpn_protocols = vec![b"h2".to_vec()];
/// # Ok(config)
/// # }
/// ```
pub fn server_config(
    provider: &Arc<CryptoProvider>,
    slot: ServerSlot,
    clients: ClientPeerVerifier,
) -> Result<ServerConfig, Error> {
    server_config_of(provider, Arc::new(slot), Arc::new(clients))
}

/// Of whatever presents and verifies.
pub(crate) fn server_config_of(
    provider: &Arc<CryptoProvider>,
    slot: Arc<dyn ResolvesServerCert>,
    clients: Arc<dyn ClientCertVerifier>,
) -> Result<ServerConfig, Error> {
    let mut config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(Error::Config)?
        .with_client_cert_verifier(clients)
        .with_cert_resolver(slot);
    without_resumption(&mut config);
    Ok(config)
}

/// A client that presents what is in `slot` and verifies servers with `servers`.
///
/// Session resumption is off, see [`without_resumption`]. The configuration is yours: set ALPN
/// and whatever else; keep `resumption` and `enable_early_data` as they are.
///
/// # Errors
///
/// The provider has no cipher suite for the TLS versions that are compiled in.
///
/// ```
/// use mtls_roles::{ClientSlot, Roots, ServerPeerVerifier, client_config};
///
/// let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
/// let servers = ServerPeerVerifier::builder(Roots::public_web(), &provider).build()?;
/// let mut config = client_config(&provider, ClientSlot::empty(), servers)?;
/// config.alpn_protocols = vec![b"h2".to_vec()];
/// # Ok::<(), mtls_roles::Error>(())
/// ```
pub fn client_config(
    provider: &Arc<CryptoProvider>,
    slot: ClientSlot,
    servers: ServerPeerVerifier,
) -> Result<ClientConfig, Error> {
    client_config_of(provider, Arc::new(slot), Arc::new(servers))
}

/// Of whatever presents and verifies.
pub(crate) fn client_config_of(
    provider: &Arc<CryptoProvider>,
    slot: Arc<dyn ResolvesClientCert>,
    servers: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, Error> {
    let mut config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(Error::Config)?
        .dangerous() // rustls' word for any verifier that is not its own.
        .with_custom_certificate_verifier(servers)
        .with_client_cert_resolver(slot);
    without_resumption(&mut config);
    Ok(config)
}

/// Turns session resumption and tickets off in a configuration that was made by hand.
///
/// A resumed session runs no verifier and presents no certificate (the server's resolver is asked, and
/// its answer is not sent), and it renews itself: no swap, revocation, expiry or end of a policy ever reaches a peer that comes back often enough. Both
/// [`server_config`] and [`client_config`] call this.
///
/// ```
/// # fn example(mut config: rustls::ServerConfig) {
/// mtls_roles::without_resumption(&mut config);
/// assert_eq!(config.send_tls13_tickets, 0);
/// # }
/// ```
pub fn without_resumption(config: &mut impl ResumableConfig) {
    config.turn_resumption_off();
}

/// A rustls configuration that can resume sessions: [`ServerConfig`] or [`ClientConfig`].
///
/// ```
/// fn for_this_crate<C: mtls_roles::ResumableConfig>(mut config: C) -> C {
///     mtls_roles::without_resumption(&mut config);
///     config
/// }
/// ```
pub trait ResumableConfig: sealed::Sealed {
    #[doc(hidden)]
    fn turn_resumption_off(&mut self);
}

impl ResumableConfig for ServerConfig {
    fn turn_resumption_off(&mut self) {
        self.session_storage = Arc::new(NoServerSessionStorage {});
        self.ticketer = Arc::new(NoTickets);
        self.send_tls13_tickets = 0;
        self.max_early_data_size = 0;
    }
}

impl ResumableConfig for ClientConfig {
    fn turn_resumption_off(&mut self) {
        self.resumption = Resumption::disabled();
        self.enable_early_data = false;
    }
}

/// rustls' own is private.
#[derive(Debug)]
struct NoTickets;

impl rustls::server::ProducesTickets for NoTickets {
    fn enabled(&self) -> bool {
        false
    }

    fn lifetime(&self) -> u32 {
        0
    }

    fn encrypt(&self, _plain: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn decrypt(&self, _cipher: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for rustls::ServerConfig {}
    impl Sealed for rustls::ClientConfig {}
}
