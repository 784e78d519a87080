//! What tonic needs of the listener in `../common/listener.rs`, what services get of it, and a client's
//! channel.

use std::io;
use std::sync::Arc;

use futures_util::stream::{self, Stream};
use hyper_util::rt::TokioIo;
use mtls_roles::VerifiedPeer;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::server::Connected;
use tonic::transport::{Channel, Endpoint, Uri};

use super::listener::{Connection, Listener};

/// Who is at the other end, for every request on the connection: `request.extensions().get::<Peer>()`.
/// Nobody, if client authentication is optional.
#[derive(Clone)]
pub struct Peer(pub Option<Arc<VerifiedPeer>>);

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        Peer(self.peer.clone().map(Arc::new))
    }
}

/// For `Server::serve_with_incoming`. The configuration has `h2` among its ALPN protocols.
pub fn incoming(listener: Listener) -> impl Stream<Item = io::Result<Connection>> {
    stream::unfold(listener, async |mut listener| {
        loop {
            match listener.accept().await {
                Ok((connection, _)) => return Some((Ok(connection), listener)),
                Err(failed) => eprintln!("{failed}"),
            }
        }
    })
}

/// A channel over a connector of one's own: tonic's takes PEM files. It connects when it is used, and
/// again when the connection is lost; the configuration, with `h2` too, is asked for each time.
pub fn channel(
    uri: Uri,
    config: impl Fn() -> Arc<ClientConfig> + Clone + Send + 'static,
) -> Channel {
    let connect = tower::service_fn(move |uri: Uri| {
        let config = config();
        async move {
            let host = uri.host().unwrap_or_default().to_owned();
            let tcp = TcpStream::connect((&*host, uri.port_u16().unwrap_or(443))).await?;
            let name = ServerName::try_from(host).map_err(io::Error::other)?;
            TlsConnector::from(config).connect(name, tcp).await.map(TokioIo::new)
        }
    });
    Endpoint::from(uri).connect_with_connector_lazy(connect)
}
