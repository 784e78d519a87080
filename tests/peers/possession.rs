//! rustls asks a verifier before the peer has proved that it holds the key of its certificate: what an
//! observer hears may be about a chain that anybody copied.

use std::sync::Arc;

use crate::common::clock::Clock;
use crate::common::ours::Heard;
use crate::common::pki::{Ca, Eku, KeyKind, Leaf, LeafSpec};
use crate::common::tls::{Outcome, Stack, handshake, provider, stacks, stock_client, stock_server};
use mtls_roles::{
    ClientPeerVerifier, Counters, EkuPolicy, PeerRule, Role, Roots, ServerPeerVerifier, Verdicts,
};
use rustls::crypto::CryptoProvider;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{AlertDescription, CertificateError, ClientConfig, Error};

/// A victim whose chain is public, and what a stranger signs with: a key of the same kind.
struct World {
    root: Ca,
    victim: Leaf,
    stranger: Leaf,
    told: Arc<Heard>,
    counters: Arc<Counters>,
}

#[test]
fn a_stranger_who_sends_a_victims_chain_is_heard_as_relaxed_and_fails_the_handshake() {
    let relaxed = "relaxed client dns:victim.example: leaf `CN=victim` has extended key usage \
                   serverAuth, needed clientAuth";
    heard_of_a_stranger(Role::Client, Eku::server(), relaxed);
}

#[test]
fn a_stranger_who_sends_a_victims_chain_is_heard_as_accepted_and_fails_the_handshake() {
    heard_of_a_stranger(Role::Client, Eku::client(), "accepted client");
}

#[test]
fn a_stranger_in_the_servers_place_is_heard_as_accepted_or_relaxed_and_fails_the_handshake() {
    heard_of_a_stranger(Role::Server, Eku::server(), "accepted server");
    let relaxed = "relaxed server dns:victim.example: leaf `CN=victim` has extended key usage \
                   clientAuth, needed serverAuth";
    heard_of_a_stranger(Role::Server, Eku::client(), relaxed);
}

/// Twice: with the key of another, which is refused and heard all the same; with its own.
fn heard_of_a_stranger(role: Role, eku: Eku, heard: &str) {
    for stack in stacks() {
        let world = World::new(eku.clone());
        for (key, is_victim) in [(&world.stranger, false), (&world.victim, true)] {
            let outcome = world.visit(&stack, role, key);
            let (judge, peer) = match role {
                Role::Client => (outcome.server, outcome.client),
                _ => (outcome.client, outcome.server),
            };
            let id = format!("{} {role} is_victim {is_victim}", stack.name);
            match is_victim {
                true => assert_eq!((judge.err(), peer.err()), (None, None), "{id}"),
                false => {
                    let refused = Error::InvalidCertificate(CertificateError::BadSignature);
                    let alert = Error::AlertReceived(AlertDescription::DecryptError);
                    assert_eq!((judge.err(), peer.err()), (Some(refused), Some(alert)), "{id}");
                }
            }
            assert_eq!(world.told.lines(), [heard], "{id}");
        }
        // So a counter counts both, too.
        let Verdicts { enforced, relaxed, .. } = world.counters.verdicts(role);
        assert_eq!(enforced + relaxed, 2, "{}", stack.name);
    }
}

/// Required, rustls refuses before it asks; optional, there is nobody to verify.
#[test]
fn a_client_that_presents_nothing_reaches_no_observer() {
    for stack in stacks() {
        for is_required in [true, false] {
            let world = World::new(Eku::client());
            let connect =
                stock_client(&stack.provider, &[stack.version], &[world.root.der()], None);
            let outcome = world.call(&stack, connect, is_required);
            let error = is_required.then_some(Error::NoCertificatesPresented);
            assert_eq!(outcome.server.err(), error, "{}", stack.name);
            assert_eq!(world.told.lines(), [""; 0], "{}", stack.name);
            let counted = world.counters.verdicts(Role::Client);
            assert_eq!(counted, Counters::default().verdicts(Role::Client));
        }
    }
}

impl World {
    fn new(eku: Eku) -> Self {
        let root = Ca::root_named("root");
        let victim = LeafSpec::new("victim").dns("victim.example").eku(eku);
        Self {
            victim: root.leaf(victim.kind(KeyKind::P256)),
            stranger: Leaf::self_signed(LeafSpec::new("stranger").kind(KeyKind::P256)),
            root,
            told: Arc::default(),
            counters: Arc::default(),
        }
    }

    /// A peer in this role presents the victim's chain and signs with this key.
    fn visit(&self, stack: &Stack, role: Role, key: &Leaf) -> Outcome {
        let presented = Arc::new(SingleCertAndKey::from(self.presented(&stack.provider, key)));
        if role == Role::Client {
            let mut connect =
                stock_client(&stack.provider, &[stack.version], &[self.root.der()], None);
            connect.client_auth_cert_resolver = presented;
            return self.call(stack, connect, true);
        }
        let own = self.victim.credentials(&[]);
        let mut accept = stock_server(&stack.provider, &[stack.version], own, None);
        accept.cert_resolver = presented;
        let servers = ServerPeerVerifier::builder(self.roots(), &provider())
            .eku_policy(EkuPolicy::ignore())
            .relax_for(rule())
            .observer(self.told.clone())
            .observer(self.counters.clone());
        let connect =
            ClientConfig::builder_with_details(stack.provider.clone(), Arc::new(Clock::default()))
                .with_protocol_versions(&[stack.version])
                .unwrap()
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(servers.build().unwrap()))
                .with_no_client_auth();
        handshake(accept, connect, "victim.example")
    }

    /// To a server with our verifier of clients.
    fn call(&self, stack: &Stack, connect: ClientConfig, is_required: bool) -> Outcome {
        let clients = ClientPeerVerifier::builder(self.roots(), &provider())
            .eku_policy(EkuPolicy::ignore())
            .relax_for(rule())
            .observer(self.told.clone())
            .observer(self.counters.clone());
        let clients = match is_required {
            true => clients,
            false => clients.allow_unauthenticated(),
        };
        let site = self.root.leaf(LeafSpec::new("site").dns("site.example"));
        let clients = Arc::new(clients.build().unwrap());
        let own = site.credentials(&[]);
        let accept = stock_server(&stack.provider, &[stack.version], own, Some(clients));
        handshake(accept, connect, "site.example")
    }

    fn presented(&self, provider: &CryptoProvider, key: &Leaf) -> CertifiedKey {
        let key = provider.key_provider.load_private_key(key.key_der());
        CertifiedKey::new(self.victim.chain(&[]), key.unwrap())
    }

    fn roots(&self) -> Roots {
        Roots::from_der([self.root.der()]).unwrap()
    }
}

fn rule() -> PeerRule {
    PeerRule::dns_name("victim.example").unwrap()
}
