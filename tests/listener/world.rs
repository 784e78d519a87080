//! A service on the listener, and its visitors.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use crate::common::clock::Clock;
use crate::common::files::TempDir;
use crate::common::ours::{clients, credentials, roots, server_slot};
use crate::common::pki::{Ca, Eku, Leaf, LeafSpec};
use crate::common::tls::{provider, server_name, stock_client, versions};
use crate::listener::{Connection, Failed, Limits, Listener};
use mtls_roles::{ClientPeerVerifier, server_config};
use rustls::{ClientConfig, ClientConnection, ServerConfig, Stream, SupportedProtocolVersion};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// One root for everybody, and who lives under it.
pub struct World {
    pub root: Ca,
    site: Leaf,
    edge: Leaf,
}

/// A service that runs; it ends when this is dropped.
pub struct Service {
    pub address: SocketAddr,
    told: Receiver<Result<String, Failed>>,
    _runtime: Runtime,
}

impl World {
    pub fn new() -> Self {
        let root = Ca::root_named("root");
        let site = root.leaf(LeafSpec::new("site").dns("site.example"));
        let edge = root.leaf(LeafSpec::new("edge").dns("edge.example"));
        Self { root, site, edge }
    }

    /// A client certificate that is for servers.
    pub fn unfit(&self) -> Leaf {
        self.root.leaf(LeafSpec::new("unfit").dns("edge.example").eku(Eku::server()))
    }

    pub fn verifier(&self) -> ClientPeerVerifier {
        clients(&roots([&self.root])).build().unwrap()
    }

    pub fn config(&self, clients: &ClientPeerVerifier) -> Arc<ServerConfig> {
        let slot = server_slot().build_with(credentials(&self.site, &[&self.root])).unwrap();
        let mut config = server_config(&provider(), slot, clients.clone()).unwrap();
        config.time_provider = Arc::new(Clock::default());
        Arc::new(config)
    }

    pub fn serve(&self, limits: Limits) -> Service {
        let clients = self.verifier();
        let config = self.config(&clients);
        serve(limits, move || (config.clone(), clients.clone()))
    }

    pub fn visitor(&self) -> ClientConfig {
        self.visitor_with(Some(&self.edge), &versions())
    }

    pub fn visitor_with(
        &self,
        leaf: Option<&Leaf>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> ClientConfig {
        let credentials = leaf.map(|leaf| leaf.credentials(&[]));
        stock_client(&provider(), versions, &[self.root.der()], credentials)
    }

    /// What the service greets its visitor with.
    pub fn visit(&self, address: SocketAddr) -> io::Result<String> {
        ask(address, self.visitor(), b"")
    }

    /// `root.pem`, `site.pem` and `site.key`.
    pub fn files(&self) -> TempDir {
        let folder = TempDir::new();
        folder.write("root.pem", self.root.pem());
        folder.write("site.pem", self.site.cert_pem());
        folder.write("site.key", self.site.key_pem());
        folder
    }
}

pub fn serve(
    limits: Limits,
    tls: impl FnMut() -> (Arc<ServerConfig>, ClientPeerVerifier) + Send + 'static,
) -> Service {
    let runtime = Runtime::new().unwrap();
    let tcp = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let (address, (tell, told)) = (tcp.local_addr().unwrap(), mpsc::channel());
    runtime.spawn(async move {
        let mut listener = Listener::new(tcp, limits, tls);
        loop {
            let accepted = listener.accept().await.map(|(connection, _)| greet(connection));
            // The test may have heard enough.
            let _ = tell.send(accepted);
        }
    });
    Service { address, told, _runtime: runtime }
}

/// Says whom it greets.
pub fn greet(Connection { mut tls, peer }: Connection) -> String {
    let name = peer.map_or("nobody".into(), |peer| peer.leaf().subject().to_owned());
    let greeting = format!("hello {name}");
    tokio::spawn(async move {
        let _ = tls.write_all(greeting.as_bytes()).await;
        let _ = tls.shutdown().await;
    });
    name
}

impl Service {
    /// What became of the next connection.
    pub fn next(&self) -> Result<String, Failed> {
        self.told.recv_timeout(PATIENCE).expect("the listener says what became of each connection")
    }
}

/// Says something, and reads until the end.
pub fn ask(address: SocketAddr, config: ClientConfig, saying: &[u8]) -> io::Result<String> {
    let name = server_name("site.example");
    let mut connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut tcp = TcpStream::connect(address)?;
    tcp.set_read_timeout(Some(PATIENCE))?;
    let mut tls = Stream::new(&mut connection, &mut tcp);
    let mut answer = String::new();
    let asked = tls.write_all(saying).and_then(|()| tls.read_to_string(&mut answer));
    let _ = tcp.shutdown(Shutdown::Write);
    asked.map(|_| answer)
}

/// Longer than anything here takes on a crowded machine.
pub const PATIENCE: Duration = Duration::from_secs(30);
