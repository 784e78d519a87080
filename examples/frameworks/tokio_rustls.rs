//! tokio-rustls, as a client; the server is the listener in `../common/listener.rs`.

use std::error::Error;
use std::sync::Arc;

use mtls_roles::{ServerPeerVerifier, VerifiedPeer};
use rustls::ClientConfig;
use rustls::pki_types::{ServerName, UnixTime};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub async fn connect(
    host: &'static str,
    config: Arc<ClientConfig>,
    servers: &ServerPeerVerifier,
) -> Result<(TlsStream<TcpStream>, VerifiedPeer), Box<dyn Error + Send + Sync>> {
    let tcp = TcpStream::connect((host, 443)).await?;
    let name = ServerName::try_from(host)?;
    // A configuration for each connection: this is where it may change.
    let tls = TlsConnector::from(config).connect(name.clone(), tcp).await?;
    let peer = servers.identify(tls.get_ref().1, &name, UnixTime::now())?;
    Ok((tls, peer))
}
