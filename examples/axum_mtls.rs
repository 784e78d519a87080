//! mtls-roles behind axum: HTTP over mutual TLS, upgrades, and handlers that know their peer.
//!
//! Run it, it needs nothing and ends by itself: `cargo run --example axum_mtls`
//!
//! axum serves from any listener; here it is the one of `common/listener.rs`, and `frameworks/axum.rs`
//! stands between them. Copy both and `whoami`. The client asks over HTTP/2 who it is, and then has an
//! HTTP/1.1 connection upgraded to a protocol of its own.

#[path = "common/issue.rs"]
mod issue;
#[path = "common/listener.rs"]
mod listener;
#[path = "frameworks/axum.rs"]
mod served;

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::header::{CONNECTION, HeaderName, UPGRADE};
use axum::http::{Request, StatusCode, Version};
use axum::routing::get;
use hyper::client::conn::{http1, http2};
use hyper::upgrade::{self, Upgraded};
use hyper_util::rt::{TokioExecutor, TokioIo};
use issue::issue;
use listener::{Limits, Listener};
use mtls_roles::{
    ClientPeerVerifier, ClientSlot, ServerPeerVerifier, ServerSlot, client_config, server_config,
};
use rcgen::ExtendedKeyUsagePurpose;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use served::{Mtls, Peer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsConnector, client};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let (server_roots, server) =
        issue("core.example.com", ExtendedKeyUsagePurpose::ServerAuth, &provider)?;
    let (client_roots, client) =
        issue("edge.example.com", ExtendedKeyUsagePurpose::ClientAuth, &provider)?;
    let clients = ClientPeerVerifier::builder(client_roots, &provider).build()?;
    let servers = ServerPeerVerifier::builder(server_roots, &provider).build()?;

    // The configurations are yours: ALPN is set as on any other.
    let mut accept = server_config(&provider, ServerSlot::new(server)?, clients.clone())?;
    accept.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let connect = client_config(&provider, ClientSlot::new(client)?, servers)?;

    let app = Router::new().route("/whoami", get(whoami)).route("/echo", get(echo));
    let tcp = TcpListener::bind("127.0.0.1:0").await?;
    let address = tcp.local_addr()?;
    let accept = Arc::new(accept);
    let listener = Listener::new(tcp, Limits::default(), move || (accept.clone(), clients.clone()));
    let app = app.into_make_service_with_connect_info::<Peer>();
    tokio::spawn(axum::serve(Mtls(listener), app).into_future());

    let answer = ask(open(&connect, b"h2", address).await?).await?;
    println!("the handler says: {answer}");
    let echo = shout(open(&connect, b"http/1.1", address).await?).await?;
    println!("the echo says:    {echo}");
    match (&*answer, &*echo) {
        ("dns:edge.example.com over HTTP/2.0", "dns:edge.example.com, you said: hello") => Ok(()),
        _ => Err("that is not who we are, or not how we asked".into()),
    }
}

fn names(Peer(peer): &Peer) -> String {
    let names = peer.iter().flat_map(|peer| peer.alt_names());
    names.map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
}

async fn whoami(ConnectInfo(peer): ConnectInfo<Peer>, version: Version) -> String {
    format!("{} over {version:?}", names(&peer))
}

/// After the answer the connection is no longer HTTP, and still the peer's.
async fn echo(
    ConnectInfo(peer): ConnectInfo<Peer>,
    mut request: Request<Body>,
) -> (StatusCode, [(HeaderName, &'static str); 2]) {
    let upgraded = upgrade::on(&mut request);
    tokio::spawn(async move {
        let echoed = async { answer_upgraded(upgraded.await?, &peer).await };
        if let Err(error) = echoed.await {
            eprintln!("{}: {error}", names(&peer));
        }
    });
    (StatusCode::SWITCHING_PROTOCOLS, [(CONNECTION, "upgrade"), (UPGRADE, "echo")])
}

async fn answer_upgraded(upgraded: Upgraded, peer: &Peer) -> Result<()> {
    let mut io = TokioIo::new(upgraded);
    let mut said = [0; 5];
    io.read_exact(&mut said).await?;
    let echo = format!("{}, you said: {}", names(peer), String::from_utf8_lossy(&said));
    io.write_all(echo.as_bytes()).await?;
    Ok(io.shutdown().await?)
}

async fn open(
    connect: &ClientConfig,
    protocol: &[u8],
    address: SocketAddr,
) -> Result<client::TlsStream<TcpStream>> {
    let mut connect = connect.clone();
    connect.alpn_protocols = vec![protocol.to_vec()];
    let tcp = TcpStream::connect(address).await?;
    let name = "core.example.com".try_into()?;
    let tls = TlsConnector::from(Arc::new(connect)).connect(name, tcp).await?;
    match tls.get_ref().1.alpn_protocol() == Some(protocol) {
        true => Ok(tls),
        false => Err("the server did not agree to the protocol".into()),
    }
}

/// One request over HTTP/2.
async fn ask(tls: client::TlsStream<TcpStream>) -> Result<String> {
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await?;
    tokio::spawn(connection);
    let request = Request::get("https://core.example.com/whoami").body(Body::empty())?;
    let body = sender.send_request(request).await?.into_body();
    let bytes = to_bytes(Body::new(body), 1024).await?;
    Ok(String::from_utf8(bytes.to_vec())?)
}

/// One request over HTTP/1.1, and then no HTTP at all.
async fn shout(tls: client::TlsStream<TcpStream>) -> Result<String> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(tls)).await?;
    tokio::spawn(connection.with_upgrades());
    let request = Request::get("/echo").header(CONNECTION, "upgrade").header(UPGRADE, "echo");
    let response = sender.send_request(request.body(Body::empty())?).await?;
    let mut io = TokioIo::new(upgrade::on(response).await?);
    io.write_all(b"hello").await?;
    let mut echo = String::new();
    io.read_to_string(&mut echo).await?;
    Ok(echo)
}
