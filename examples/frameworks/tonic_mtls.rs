//! mtls-roles under tonic: gRPC over mutual TLS, and services that know their peer.
//!
//! Run it from a clone of the repository, it needs nothing and ends by itself:
//! `cargo run --manifest-path examples/frameworks/check/Cargo.toml`
//!
//! `tonic.rs` beside this file stands between tonic and the listener in `../common/listener.rs`. The
//! service is tonic's own health check; an interceptor in front of it asks who is there.

#[path = "../common/issue.rs"]
mod issue;
#[path = "../common/listener.rs"]
mod listener;
#[path = "tonic.rs"]
mod served;

use std::error::Error;
use std::sync::Arc;

use issue::issue;
use listener::{Limits, Listener};
use mtls_roles::{
    ClientPeerVerifier, ClientSlot, ServerPeerVerifier, ServerSlot, client_config, server_config,
};
use rcgen::ExtendedKeyUsagePurpose;
use rustls::crypto::aws_lc_rs;
use served::Peer;
use tokio::net::TcpListener;
use tonic::service::InterceptorLayer;
use tonic::transport::Server;
use tonic::{Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let (server_roots, server) =
        issue("localhost", ExtendedKeyUsagePurpose::ServerAuth, &provider)?;
    let (client_roots, client) =
        issue("edge.example.com", ExtendedKeyUsagePurpose::ClientAuth, &provider)?;
    let clients = ClientPeerVerifier::builder(client_roots, &provider).build()?;
    let servers = ServerPeerVerifier::builder(server_roots, &provider).build()?;
    let mut accept = server_config(&provider, ServerSlot::new(server)?, clients.clone())?;
    let mut connect = client_config(&provider, ClientSlot::new(client)?, servers)?;
    for alpn in [&mut accept.alpn_protocols, &mut connect.alpn_protocols] {
        *alpn = vec![b"h2".to_vec()];
    }

    let tcp = TcpListener::bind("localhost:0").await?;
    let uri = format!("https://localhost:{}", tcp.local_addr()?.port());
    let accept = Arc::new(accept);
    let listener = Listener::new(tcp, Limits::default(), move || (accept.clone(), clients.clone()));
    let (_reporter, health) = tonic_health::server::health_reporter();
    let server = Server::builder().layer(InterceptorLayer::new(only_edge)).add_service(health);
    tokio::spawn(server.serve_with_incoming(served::incoming(listener)));

    let connect = Arc::new(connect);
    let channel = served::channel(uri.parse()?, move || connect.clone());
    let answer = HealthClient::new(channel).check(HealthCheckRequest::default()).await?;
    println!("the service says: {:?}", answer.into_inner().status());
    Ok(())
}

/// Who is it? Before every request, and without a look at the connection.
fn only_edge(request: Request<()>) -> std::result::Result<Request<()>, Status> {
    let peer = request.extensions().get::<Peer>().and_then(|Peer(peer)| peer.as_deref());
    let names: Vec<_> =
        peer.iter().flat_map(|peer| peer.alt_names()).map(|name| name.to_string()).collect();
    println!("the peer is:      {}", names.join(", "));
    match names.iter().any(|name| name == "dns:edge.example.com") {
        true => Ok(request),
        false => Err(Status::permission_denied("edge.example.com alone may ask")),
    }
}
