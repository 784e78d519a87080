//! Certificates in files, and clients that trust them. By the real clock: the proxy has no other.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use crate::common::files::TempDir;
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec};
use crate::common::tls::{provider, versions};
use rustls::pki_types::ServerName;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};
use time::OffsetDateTime;

/// A CA for servers, one for clients, and a folder with what they issued.
pub struct World {
    pub servers: Ca,
    pub clients: Ca,
    pub folder: TempDir,
}

pub type Tls = StreamOwned<ClientConnection, TcpStream>;

impl World {
    /// `server.*` for core.example.com, `client.*` for edge.example.com, the roots of both; as an
    /// operator has them.
    pub fn new() -> Self {
        let now = OffsetDateTime::now_utc();
        let (begin, end) = (now - time::Duration::days(1), now + time::Duration::days(800));
        let root = |name| Ca::root(CaSpec::new(name).valid(begin, end));
        let (servers, clients) = (root("Server CA"), root("Client CA"));
        let world = Self { servers, clients, folder: TempDir::new() };
        world.folder.write("server-ca.pem", world.servers.pem());
        world.folder.write("client-ca.pem", world.clients.pem());
        world.write("server", &world.server(), &world.servers);
        world.write("client", &world.client(), &world.clients);
        world
    }

    pub fn server(&self) -> Leaf {
        self.servers.leaf(named("core.example.com").eku(Eku::server()))
    }

    /// With its purpose.
    pub fn client(&self) -> Leaf {
        self.clients.leaf(named("edge.example.com").eku(Eku::client()))
    }

    /// With serverAuth only, as public CAs issue them from now on.
    pub fn unfit(&self) -> Leaf {
        self.clients.leaf(named("edge.example.com").eku(Eku::server()))
    }

    pub fn write(&self, name: &str, leaf: &Leaf, ca: &Ca) {
        self.folder.write(&format!("{name}.pem"), leaf.chain_pem(&[ca]));
        self.folder.write(&format!("{name}.key"), leaf.key_pem());
    }

    /// A handshake with core.example.com at this address, as `leaf`.
    pub fn connect(&self, address: SocketAddr, leaf: Option<&Leaf>) -> Tls {
        self.connect_with(address, leaf, &versions(), &[])
    }

    pub fn connect_with(
        &self,
        address: SocketAddr,
        leaf: Option<&Leaf>,
        versions: &[&'static SupportedProtocolVersion],
        alpn: &[&[u8]],
    ) -> Tls {
        let mut roots = RootCertStore::empty();
        roots.add(self.servers.der()).unwrap();
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match leaf {
            None => config.with_no_client_auth(),
            Some(leaf) => config.with_client_auth_cert(leaf.chain(&[]), leaf.key_der()).unwrap(),
        };
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        let name = ServerName::try_from("core.example.com").unwrap();
        let tcp = TcpStream::connect(address).unwrap();
        tcp.set_nodelay(true).unwrap();
        tcp.set_read_timeout(Some(PATIENCE)).unwrap();
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), tcp)
    }
}

pub fn named(name: &str) -> LeafSpec {
    valid(LeafSpec::new(name).dns(name))
}

pub fn valid(spec: LeafSpec) -> LeafSpec {
    let now = OffsetDateTime::now_utc();
    spec.valid(now - time::Duration::days(1), now + time::Duration::days(80))
}

/// Longer than anything here takes on a crowded machine.
pub const PATIENCE: Duration = Duration::from_secs(30);
