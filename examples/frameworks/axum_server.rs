//! axum-server copies the certificates into the extensions of every request.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Router};
use axum_server::tls::TlsInfo;
use axum_server::tls_rustls::RustlsConfig;
use mtls_roles::ClientPeerVerifier;
use rustls::ServerConfig;
use rustls::pki_types::UnixTime;

pub async fn serve(
    address: SocketAddr,
    mut config: ServerConfig,
    clients: ClientPeerVerifier,
) -> io::Result<()> {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Keep a clone: `reload_from_config(new)` is for the connections from then on.
    let config = RustlsConfig::from_config(Arc::new(config));
    let app = Router::new().route("/whoami", get(whoami)).with_state(clients);
    axum_server::bind_rustls(address, config).serve(app.into_make_service()).await
}

/// Judged at each request, and so refused when something has ended since the handshake. Without
/// certificates it is refused, too: ask `is_empty` first where client authentication is optional.
async fn whoami(
    State(clients): State<ClientPeerVerifier>,
    Extension(tls): Extension<Arc<TlsInfo>>,
) -> Result<String, (StatusCode, String)> {
    let peer = clients.verify_der(&tls.peer_certificates, UnixTime::now());
    let peer = peer.map_err(|refusal| (StatusCode::FORBIDDEN, refusal.to_string()))?;
    Ok(format!("{:?}", peer.alt_names()))
}
