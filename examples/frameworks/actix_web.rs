//! actix-web.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpRequest, HttpServer, web};
use mtls_roles::{ClientPeerVerifier, VerifiedPeer};
use rustls::ServerConfig;
use rustls::pki_types::UnixTime;

/// actix-web adds its ALPN protocols itself, and takes one configuration for life.
pub async fn serve(
    address: SocketAddr,
    config: ServerConfig,
    clients: ClientPeerVerifier,
) -> io::Result<()> {
    HttpServer::new(|| App::new().route("/whoami", web::get().to(whoami)))
        .on_connect(move |connection, extensions| {
            let tls = connection.downcast_ref::<TlsStream<TcpStream>>();
            let peer = tls.map(|tls| clients.identify(tls.get_ref().1, UnixTime::now()));
            if let Some(Ok(Some(peer))) = peer {
                extensions.insert(Arc::new(peer));
            }
        })
        .bind_rustls_0_23(address, config)?
        .run()
        .await
}

/// Without a peer: nobody, or one that was refused right after its handshake.
async fn whoami(request: HttpRequest) -> String {
    match request.conn_data::<Arc<VerifiedPeer>>() {
        Some(peer) => format!("{:?}", peer.alt_names()),
        None => "nobody".to_owned(),
    }
}
