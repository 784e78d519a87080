//! [`Ends`]: whole handshakes in memory, the time of each end counted on its own.

use std::ops::DerefMut;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mtls_roles::{
    ClientPeerVerifier, ClientSlot, Credentials, EkuPolicy, Generation, ServerPeerVerifier,
    ServerSlot, client_config, server_config,
};
use rustls::crypto::CryptoProvider;
use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, HandshakeKind, ServerConfig,
    ServerConnection, SideData, SupportedProtocolVersion,
};

use super::chains::{Hierarchy, SERVER};
use super::clock::Clock;
use super::pki::{Eku, Leaf};
use super::tls::{
    Stack, client_without_resumption, provider, server_without_resumption, stock_client,
    stock_client_verifier, stock_server,
};
use super::verifiers::builder;

/// Two ends that authenticate each other, with resumption off.
pub struct Ends {
    pub server: Arc<ServerConfig>,
    pub client: Arc<ClientConfig>,
}

/// What one handshake cost, end by end. One thread does all of it, so this is the time of the
/// processor, as far as the system leaves the thread alone.
#[derive(Default)]
pub struct Cpu {
    pub server: Duration,
    pub client: Duration,
}

impl Ends {
    /// A full handshake, from two new connections to both ends having what they need.
    pub fn shake(&self) -> Cpu {
        self.shake_as(HandshakeKind::Full)
    }

    /// A handshake that is to be of this kind.
    pub fn shake_as(&self, kind: HandshakeKind) -> Cpu {
        let mut cpu = Cpu::default();
        let name = SERVER.try_into().unwrap();
        let (server, client) = (Arc::clone(&self.server), Arc::clone(&self.client));
        let mut server = counted(&mut cpu.server, || ServerConnection::new(server).unwrap());
        let mut client = counted(&mut cpu.client, || ClientConnection::new(client, name).unwrap());
        while client.wants_write() || server.wants_write() {
            let flight = counted(&mut cpu.client, || send(&mut client));
            counted(&mut cpu.server, || receive(&mut server, &flight));
            let flight = counted(&mut cpu.server, || send(&mut server));
            counted(&mut cpu.client, || receive(&mut client, &flight));
        }
        assert_eq!(server.handshake_kind(), Some(kind));
        assert!(!server.is_handshaking() && !client.is_handshaking());
        assert!(server.peer_certificates().is_some() && client.peer_certificates().is_some());
        cpu
    }
}

fn counted<T>(clock: &mut Duration, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = work();
    *clock += began.elapsed();
    result
}

fn send<S: SideData>(from: &mut impl DerefMut<Target = ConnectionCommon<S>>) -> Vec<u8> {
    let mut flight = Vec::with_capacity(8192);
    while from.wants_write() {
        from.write_tls(&mut flight).unwrap();
    }
    flight
}

fn receive<S: SideData>(to: &mut impl DerefMut<Target = ConnectionCommon<S>>, mut flight: &[u8]) {
    while !flight.is_empty() {
        to.read_tls(&mut flight).unwrap();
        to.process_new_packets().unwrap();
    }
}

/// Both ends, ours and stock's, over one hierarchy and one TLS version.
pub struct Party {
    hierarchy: Hierarchy,
    provider: Arc<CryptoProvider>,
    version: &'static SupportedProtocolVersion,
    server: Leaf,
    client: Leaf,
}

impl Party {
    pub fn new(hierarchy: Hierarchy, version: &'static SupportedProtocolVersion) -> Self {
        let stack = Stack { name: String::new(), provider: provider(), version };
        Self {
            server: hierarchy.leaf(hierarchy.server_spec()),
            client: hierarchy.leaf(hierarchy.client_spec(Eku::client())),
            provider: stack.provider_of_version(),
            hierarchy,
            version,
        }
    }

    pub fn our_server(&self) -> Arc<ServerConfig> {
        let credentials = self.credentials(&self.server);
        let slot = ServerSlot::builder().time_provider(Arc::new(Clock::default()));
        let slot = slot.build_with(credentials).unwrap();
        let mut config = server_config(&self.provider, slot, self.our_verifier()).unwrap();
        config.time_provider = Arc::new(Clock::default());
        Arc::new(config)
    }

    pub fn our_client(&self) -> Arc<ClientConfig> {
        let credentials = self.credentials(&self.client);
        let slot = ClientSlot::builder().time_provider(Arc::new(Clock::default()));
        let slot = slot.build_with(credentials).unwrap();
        let servers = ServerPeerVerifier::builder(self.hierarchy.roots(), &self.provider);
        let servers = servers.build().unwrap();
        let mut config = client_config(&self.provider, slot, servers).unwrap();
        config.time_provider = Arc::new(Clock::default());
        Arc::new(config)
    }

    /// Both ends of one generation, which resumes its sessions.
    pub fn resuming(&self) -> Ends {
        let clock = || Arc::new(Clock::default());
        let serving = ServerSlot::builder().time_provider(clock());
        let calling = ClientSlot::builder().time_provider(clock());
        let serving = serving.build_with(self.credentials(&self.server)).unwrap();
        let calling = calling.build_with(self.credentials(&self.client)).unwrap();
        let servers = ServerPeerVerifier::builder(self.hierarchy.roots(), &self.provider);
        let generation = Generation::new(&self.provider)
            .serve(serving, self.our_verifier())
            .call(calling, servers.build().unwrap())
            .adjust_server(|config| config.time_provider = clock())
            .adjust_client(|config| config.time_provider = clock())
            .resume_within(Duration::from_secs(3600));
        let generation = generation.build().unwrap();
        Ends { server: generation.server_config(), client: generation.client_config() }
    }

    pub fn stock_server(&self) -> Arc<ServerConfig> {
        let roots = [self.hierarchy.root.der()];
        let clients = stock_client_verifier(&self.provider, &roots);
        let presented = (self.hierarchy.present(&self.server), self.server.key_der());
        let config = stock_server(&self.provider, &[self.version], presented, Some(clients));
        Arc::new(server_without_resumption(config))
    }

    pub fn stock_client(&self) -> Arc<ClientConfig> {
        let roots = [self.hierarchy.root.der()];
        let presented = (self.hierarchy.present(&self.client), self.client.key_der());
        let config = stock_client(&self.provider, &[self.version], &roots, Some(presented));
        Arc::new(client_without_resumption(config))
    }

    fn our_verifier(&self) -> ClientPeerVerifier {
        let builder = builder(&self.hierarchy.roots(), EkuPolicy::rfc5280());
        builder.build().unwrap()
    }

    fn credentials(&self, leaf: &Leaf) -> Credentials {
        let chain = self.hierarchy.present(leaf);
        Credentials::from_der(chain, leaf.key_der(), &self.provider).unwrap()
    }
}
