//! reqwest.

use mtls_roles::{ServerPeerVerifier, VerifiedPeer};
use reqwest::tls::TlsInfo;
use reqwest::{Client, Response};
use rustls::ClientConfig;
use rustls::pki_types::{ServerName, UnixTime};

/// With a configuration of another version of rustls, `build` fails: "unknown TLS backend".
pub fn client(mut config: ClientConfig) -> reqwest::Result<Client> {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Client::builder().https_only(true).tls_backend_preconfigured(config).tls_info(true).build()
}

/// reqwest keeps the leaf alone, so that this works where a root of `servers` has issued it.
pub fn peer(response: &Response, servers: &ServerPeerVerifier) -> Option<VerifiedPeer> {
    let leaf = response.extensions().get::<TlsInfo>()?.peer_certificate()?;
    let name = ServerName::try_from(response.url().host_str()?).ok()?;
    servers.verify_der(&[leaf], &name, UnixTime::now()).ok()
}
