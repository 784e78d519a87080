//! What axum needs of the listener in `../common/listener.rs`, and what handlers get of it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use mtls_roles::VerifiedPeer;

use super::listener::{Connection, Listener};

/// The listener, as `axum::serve` takes it.
pub struct Mtls(pub Listener);

/// Who is at the other end, for every handler of the connection: `ConnectInfo(peer): ConnectInfo<Peer>`.
/// Nobody, if client authentication is optional.
#[derive(Clone)]
pub struct Peer(pub Option<Arc<VerifiedPeer>>);

impl axum::serve::Listener for Mtls {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok(accepted) => return accepted,
                Err(failed) => eprintln!("{failed}"),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Mtls>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Mtls>) -> Self {
        Self(stream.io().peer.clone().map(Arc::new))
    }
}
