//! Each snippet is run once, against another of them.

#[path = "../../../../tests/common/ports.rs"]
mod ports;
#[path = "../../../common/issue.rs"]
mod issue;

use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use http_body_util::{BodyExt, Full};
use issue::issue;
use mtls_roles::{
    ClientPeerVerifier, ClientSlot, ServerPeerVerifier, ServerSlot, client_config, server_config,
};
use mtls_roles_frameworks::listener::{Limits, Listener};
use mtls_roles_frameworks::*;
use ports::free_address;
use rcgen::ExtendedKeyUsagePurpose;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, ServerConfig};
use tokio::net::TcpListener;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_http_are_known_to_axum() -> Result<()> {
    let (world, address) = (World::new()?, axum().await?);
    let url = format!("https://localhost:{}/whoami", address.port());
    let client = with_reqwest::client(world.connect.clone())?;
    let response = client.get(&url).send().await?;
    let peer = with_reqwest::peer(&response, &world.servers).ok_or("no peer")?;
    assert_eq!(peer.alt_names()[0].to_string(), "dns:localhost");
    assert_eq!(response.version(), reqwest::Version::HTTP_2);
    assert_eq!(response.text().await?, "dns:edge.example.com");

    let client = with_hyper_rustls::client(world.connect.clone());
    let request = hyper::Request::get(&url).body(Full::default())?;
    let body = client.request(request).await?.into_body().collect().await?;
    assert_eq!(body.to_bytes(), "dns:edge.example.com");

    let (connect, asked) = (Arc::new(world.connect.clone()), url.clone());
    let answer = tokio::task::spawn_blocking(move || -> Result<String> {
        let agent = with_ureq::agent(connect);
        // Twice, by one connection.
        agent.get(&asked).call()?.into_body().read_to_string()?;
        Ok(agent.get(&asked).call()?.into_body().read_to_string()?)
    });
    assert_eq!(answer.await??, "dns:edge.example.com");
    let plain = url.replace("https", "http");
    let connect = Arc::new(world.connect.clone());
    let refused =
        tokio::task::spawn_blocking(move || with_ureq::agent(connect).get(&plain).call().is_err());
    assert!(refused.await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn axum_server_and_actix_web_know_their_peer() -> Result<()> {
    let world = World::new()?;
    let address = free_address();
    tokio::spawn(with_axum_server::serve(address, world.accept.clone(), world.clients.clone()));
    assert_eq!(world.ask(address).await?, r#"[Dns("edge.example.com")]"#);

    let address = free_address();
    let (accept, clients) = (world.accept.clone(), world.clients.clone());
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(with_actix_web::serve(address, accept, clients))
    });
    assert_eq!(world.ask(address).await?, r#"[Dns("edge.example.com")]"#);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn quinn_knows_its_peer() -> Result<()> {
    let world = World::new()?;
    let server = with_quinn::listen("127.0.0.1:0".parse()?, world.accept.clone())?;
    let client = quinn::Endpoint::client("127.0.0.1:0".parse()?)?;
    let config = with_quinn::client(world.connect.clone())?;
    let connecting = client.connect_with(config, server.local_addr()?, "localhost")?;
    let accepting = async {
        Ok::<_, Box<dyn Error + Send + Sync>>(server.accept().await.ok_or("closed")?.await?)
    };
    let (accepted, connected) = tokio::join!(accepting, connecting);
    let (accepted, _connected) = (accepted?, connected?);
    let peer = with_quinn::peer(&accepted, &world.clients)?.ok_or("nobody")?;
    assert_eq!(peer.alt_names()[0].to_string(), "dns:edge.example.com");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rumqttc_shakes_hands() -> Result<()> {
    let world = World::new()?;
    let tcp = TcpListener::bind("127.0.0.1:0").await?;
    let port = tcp.local_addr()?.port();
    let (accept, clients) = (Arc::new(world.accept.clone()), world.clients.clone());
    let mut listener =
        Listener::new(tcp, Limits::default(), move || (accept.clone(), clients.clone()));
    let (_client, mut events) =
        with_rumqttc::client("localhost", port, Arc::new(world.connect.clone()));
    tokio::spawn(async move { while events.poll().await.is_ok() {} });
    let (connection, _) = listener.accept().await.map_err(|failed| failed.to_string())?;
    assert!(connection.peer.is_some());
    Ok(())
}

#[test]
fn the_example_for_tonic_knows_its_peer() -> Result<()> {
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_tonic_mtls")).output()?;
    let said = String::from_utf8(run.stdout)?;
    assert!(run.status.success(), "{said}");
    assert!(said.contains("dns:edge.example.com") && said.contains("Serving"), "{said}");
    Ok(())
}

async fn axum() -> Result<SocketAddr> {
    let world = World::new()?;
    let tcp = TcpListener::bind("127.0.0.1:0").await?;
    let address = tcp.local_addr()?;
    let mut accept = world.accept.clone();
    accept.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (accept, clients) = (Arc::new(accept), world.clients.clone());
    let listener = Listener::new(tcp, Limits::default(), move || (accept.clone(), clients.clone()));
    let app = Router::new().route(
        "/whoami",
        get(|ConnectInfo(with_axum::Peer(peer))| async move {
            peer.map_or("nobody".into(), |peer: Arc<mtls_roles::VerifiedPeer>| {
                peer.alt_names()[0].to_string()
            })
        }),
    );
    let app = app.into_make_service_with_connect_info::<with_axum::Peer>();
    tokio::spawn(axum::serve(with_axum::Mtls(listener), app).into_future());
    Ok(address)
}

struct World {
    accept: ServerConfig,
    connect: ClientConfig,
    clients: ClientPeerVerifier,
    servers: ServerPeerVerifier,
}

impl World {
    fn new() -> Result<Arc<Self>> {
        static WORLD: OnceLock<Arc<World>> = OnceLock::new();
        if let Some(world) = WORLD.get() {
            return Ok(world.clone());
        }
        let world = Arc::new(Self::make()?);
        Ok(WORLD.get_or_init(|| world).clone())
    }

    fn make() -> Result<Self> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let (server_roots, server) =
            issue("localhost", ExtendedKeyUsagePurpose::ServerAuth, &provider)?;
        let (client_roots, client) =
            issue("edge.example.com", ExtendedKeyUsagePurpose::ClientAuth, &provider)?;
        let clients = ClientPeerVerifier::builder(client_roots, &provider).build()?;
        let servers = ServerPeerVerifier::builder(server_roots, &provider).build()?;
        let accept = server_config(&provider, ServerSlot::new(server)?, clients.clone())?;
        let connect = client_config(&provider, ClientSlot::new(client)?, servers.clone())?;
        Ok(Self { accept, connect, clients, servers })
    }

    /// As soon as it listens.
    async fn ask(&self, address: SocketAddr) -> Result<String> {
        let client = with_reqwest::client(self.connect.clone())?;
        let url = format!("https://localhost:{}/whoami", address.port());
        loop {
            match client.get(&url).send().await {
                Ok(response) => return Ok(response.text().await?),
                Err(error) if error.is_connect() => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
