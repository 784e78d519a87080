//! mtls-roles behind axum: HTTP/2 over mutual TLS, and handlers that know their peer.
//!
//! Run it, it needs nothing and ends by itself: `cargo run --example axum_mtls`
//!
//! No wrapper around axum: the router is served per connection with hyper-util, and the verified
//! peer of that connection is handed to every handler as an extension. Copy `serve` and `whoami`;
//! the client makes one request over HTTP/2 and prints the answer.

use std::error::Error;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Version};
use axum::routing::get;
use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use mtls_roles::{
    ClientPeerVerifier, ClientSlot, Credentials, Roots, ServerPeerVerifier, ServerSlot,
    VerifiedPeer, client_config, server_config,
};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{PrivateKeyDer, UnixTime};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

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
    let mut connect = client_config(&provider, ClientSlot::new(client)?, servers)?;
    connect.alpn_protocols = vec![b"h2".to_vec()];

    let app = Router::new().route("/whoami", get(whoami));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let tcp = TcpStream::connect(listener.local_addr()?).await?;
    tokio::spawn(serve(listener, TlsAcceptor::from(Arc::new(accept)), clients, app));

    let answer = ask(connect, tcp).await?;
    println!("the handler says: {answer}");
    match answer.as_str() {
        "dns:edge.example.com over HTTP/2.0" => Ok(()),
        _ => Err("that is not who we are, or not how we asked".into()),
    }
}

/// One peer per connection, known to every request on it.
async fn whoami(Extension(peer): Extension<Arc<VerifiedPeer>>, version: Version) -> String {
    let names: Vec<_> = peer.alt_names().iter().map(ToString::to_string).collect();
    format!("{} over {version:?}", names.join(", "))
}

async fn serve(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    clients: ClientPeerVerifier,
    app: Router,
) {
    while let Ok((tcp, from)) = listener.accept().await {
        let (acceptor, clients, app) = (acceptor.clone(), clients.clone(), app.clone());
        tokio::spawn(async move {
            if let Err(error) = serve_connection(tcp, acceptor, clients, app).await {
                eprintln!("{from}: {error}");
            }
        });
    }
}

/// The handshake is the moment of the verdict; to bound how long it holds, bound the connection.
async fn serve_connection(
    tcp: TcpStream,
    acceptor: TlsAcceptor,
    clients: ClientPeerVerifier,
    app: Router,
) -> Result<()> {
    let tls = acceptor.accept(tcp).await?;
    let (_, connection) = tls.get_ref();
    let peer = clients.verify(connection.peer_certificates(), UnixTime::now())?;
    let app = app.layer(Extension(Arc::new(peer)));
    auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(tls), TowerToHyperService::new(app))
        .await
}

/// One request over HTTP/2, which the server must have agreed to in the handshake.
async fn ask(connect: ClientConfig, tcp: TcpStream) -> Result<String> {
    let name = "core.example.com".try_into()?;
    let tls = TlsConnector::from(Arc::new(connect)).connect(name, tcp).await?;
    if tls.get_ref().1.alpn_protocol() != Some(b"h2") {
        return Err("the server did not agree to h2".into());
    }
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await?;
    tokio::spawn(connection);
    let request = Request::get("https://core.example.com/whoami").body(Body::empty())?;
    let body = sender.send_request(request).await?.into_body();
    let bytes = to_bytes(Body::new(body), 1024).await?;
    Ok(String::from_utf8(bytes.to_vec())?)
}

/// You have certificates already: see the example `embed` for PEM files.
fn issue(
    host: &str,
    purpose: ExtendedKeyUsagePurpose,
    provider: &CryptoProvider,
) -> Result<(Roots, Credentials)> {
    let (mut ca, ca_key) = (CertificateParams::new([])?, KeyPair::generate()?);
    ca.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = ca.self_signed(&ca_key)?.der().clone();
    let (mut leaf, key) = (CertificateParams::new([host.to_owned()])?, KeyPair::generate()?);
    leaf.extended_key_usages = vec![purpose];
    let leaf = leaf.signed_by(&key, &Issuer::new(ca, ca_key))?.der().clone();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let credentials = Credentials::from_der(vec![leaf], key, provider)?;
    Ok((Roots::from_der([root])?, credentials))
}
