//! Two ends of a connection, each with everything that can change, and one clock.

use std::sync::Arc;

use mtls_roles::{
    ClientPeerVerifier, ClientSlot, Counters, Credentials, Crls, EkuPolicy, ServerPeerVerifier,
    ServerSlot,
};
use rustls::{ClientConfig, HandshakeKind, ServerConfig};
use time::{Duration, OffsetDateTime};

use crate::common::clock::{Clock, NOW};
use crate::common::ours::{
    Heard, Setup, Whom, client_slot, configs, credentials, roots, rule, server_slot,
};
use crate::common::pki::{Ca, CrlSpec, Eku, Leaf, LeafSpec};
use crate::common::tls::{Outcome, Stack, handshake};

pub const POLICY_ENDS: OffsetDateTime = NOW.saturating_add(Duration::days(2));
pub const CLIENT_ENDS: OffsetDateTime = NOW.saturating_add(Duration::days(3));
pub const SERVER_ENDS: OffsetDateTime = NOW.saturating_add(Duration::days(4));

pub struct World {
    pub root: Ca,
    pub clock: Clock,
    pub server: Leaf,
    pub client: Leaf,
    pub server_slot: ServerSlot,
    pub client_slot: ClientSlot,
    /// By the slots.
    pub told: Arc<Heard>,
    pub clients: ClientPeerVerifier,
    pub servers: ServerPeerVerifier,
    /// Of the verifiers.
    pub counters: Arc<Counters>,
    pub accept: Arc<ServerConfig>,
    pub connect: Arc<ClientConfig>,
}

impl World {
    /// By the builders of rustls, from the same slots and verifiers.
    pub fn by_hand(stack: &Stack) -> Self {
        let mut world = Self::paved(stack);
        let Stack { provider, version, .. } = stack;
        let clock = Arc::new(world.clock.clone());
        let accept = ServerConfig::builder_with_details(provider.clone(), clock.clone())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(Arc::new(world.clients.clone()))
            .with_cert_resolver(Arc::new(world.server_slot.clone()));
        let connect = ClientConfig::builder_with_details(provider.clone(), clock)
            .with_protocol_versions(&[version])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(world.servers.clone()))
            .with_client_cert_resolver(Arc::new(world.client_slot.clone()));
        (world.accept, world.connect) = (Arc::new(accept), Arc::new(connect));
        world
    }

    /// By `server_config` and `client_config`.
    pub fn paved(stack: &Stack) -> Self {
        let (root, clock, counters) = (Ca::root_named("root"), Clock::default(), Arc::default());
        let told = Arc::new(Heard::default());
        let ending = |name, end| spec(name).valid(NOW - Duration::days(10), end);
        let server = root.leaf(ending("server", SERVER_ENDS).eku(Eku::server()));
        let client = root.leaf(ending("client", CLIENT_ENDS).eku(Eku::client()));
        let server_slot = server_slot().eku_policy(EkuPolicy::ignore()).observer(told.clone());
        let server_slot = server_slot.time_provider(Arc::new(clock.clone()));
        let server_slot = server_slot.build_with(credentials(&server, &[])).unwrap();
        let client_slot = client_slot().eku_policy(EkuPolicy::ignore()).observer(told.clone());
        let client_slot = client_slot.time_provider(Arc::new(clock.clone()));
        let client_slot = client_slot.build_with(credentials(&client, &[])).unwrap();
        told.lines();
        let setup = Setup {
            policy: EkuPolicy::ignore().until(POLICY_ENDS),
            relax_for: Whom::Named(rule("dns:unfit.example")),
            crls: vec![root.crl(CrlSpec::new(1))],
            observer: Some(Arc::<Counters>::clone(&counters)),
            ..Setup::default()
        };
        let clients = setup.clients(&roots([&root]), &stack.provider).unwrap();
        let servers = setup.servers(&roots([&root]), &stack.provider).unwrap();
        let (server_end, client_end) = ((&server_slot, &clients), (&client_slot, &servers));
        let (accept, connect) = configs(stack, &clock, server_end, client_end);
        let (accept, connect) = (Arc::new(accept), Arc::new(connect));
        Self {
            root,
            clock,
            server,
            client,
            server_slot,
            client_slot,
            told,
            clients,
            servers,
            counters,
            accept,
            connect,
        }
    }

    pub fn visit(&self) -> Outcome {
        handshake(self.accept.clone(), self.connect.clone(), "server.example")
    }

    /// Another leaf, good for the name of the server and for a name of its own.
    pub fn leaf(&self, name: &str, eku: Eku) -> Leaf {
        self.root.leaf(spec(name).eku(eku))
    }

    pub fn credentials(&self, name: &str, eku: Eku) -> Credentials {
        credentials(&self.leaf(name, eku), &[])
    }

    /// Takes the place of the list that the verifiers were built with.
    pub fn revoking(&self, leaf: &Leaf) -> Crls {
        Crls::from_der([self.root.crl(CrlSpec::new(2).revoke(&leaf.serial))]).unwrap()
    }
}

fn spec(name: &str) -> LeafSpec {
    let own = format!("{}.example", name.replace(' ', "-"));
    let spec = LeafSpec::new(name).dns("server.example");
    match name {
        "server" => spec,
        _ => spec.dns(&own),
    }
}

/// That it went well, and whom each end saw: the client the server, the server the client.
#[track_caller]
pub fn assert_seen(outcome: Outcome, kind: HandshakeKind, server: &str, client: &str, at: &Stack) {
    let (seen_by_client, seen_by_server) =
        (outcome.client.expect(&at.name), outcome.server.unwrap());
    assert_eq!(seen_by_client.handshake_kind, kind, "{}", at.name);
    assert_eq!(seen_by_client.protocol_version, at.version.version, "{}", at.name);
    assert_eq!(seen_by_client.peer(), format!("CN={server}"), "{}", at.name);
    assert_eq!(seen_by_server.peer(), format!("CN={client}"), "{}", at.name);
}
