//! After a swap, a CRL update, an expiry or the end of a policy, the next connection sees the new state on both ends;
//! with stock configurations it does not, days later.

use std::sync::Arc;

use crate::common::clock::{Clock, NOW, unix};
use crate::common::ours::{Setup, Whom, configs, credentials, roots, rule};
use crate::common::pki::{Ca, CrlSpec, Eku, Leaf, LeafSpec};
use crate::common::tls::{
    Outcome, Stack, handshake, stacks, stock_client, stock_client_verifier, stock_server,
};
use mtls_roles::{
    ClientPeerVerifier, ClientSlot, Counters, Credentials, Crls, EkuPolicy, Role,
    ServerPeerVerifier, ServerSlot, without_resumption,
};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, ExtendedKeyPurpose, HandshakeKind,
    ServerConfig,
};
use time::{Duration, OffsetDateTime};

#[test]
fn after_a_swap_both_ends_see_the_new_certificate() {
    for stack in stacks() {
        let world = World::paved(&stack);
        world.visit().sees("server", "client", &stack);
        world.server_slot.swap(world.serving("server 2")).unwrap();
        world.visit().sees("server 2", "client", &stack);
        world.client_slot.swap(world.calling("client 2")).unwrap();
        world.visit().sees("server 2", "client 2", &stack);
    }
}

#[test]
fn after_the_client_slot_is_emptied_the_server_sees_no_certificate() {
    for stack in stacks() {
        let world = World::paved(&stack);
        world.visit().sees("server", "client", &stack);
        world.client_slot.clear().unwrap();
        let alert = AlertDescription::CertificateRequired;
        let outcome = world.visit().0;
        assert_eq!(outcome.server.unwrap_err(), Error::NoCertificatesPresented);
        assert_eq!(outcome.client.unwrap_err(), Error::AlertReceived(alert));
    }
}

#[test]
fn a_server_that_resumes_asks_its_slot_and_sends_nothing_of_a_new_answer() {
    for stack in stacks() {
        let world = World::by_hand(&stack);
        world.visit().sees("server", "client", &stack);
        world.server_slot.swap(world.serving("server 2")).unwrap();
        world.visit().resumes("server", "client", &stack);
        world.server_slot.clear().unwrap();
        assert!(world.visit().0.server.is_err(), "{}: the slot was not asked", stack.name);
    }
}

#[test]
fn after_a_crl_update_each_end_refuses_the_revoked_peer() {
    for stack in stacks() {
        let revoke = |world: &World, leaf: &Leaf| {
            let crl = CrlSpec::new(2).revoke(&leaf.serial);
            Crls::from_der([world.root.crl(crl)]).unwrap()
        };
        let alert = AlertDescription::CertificateRevoked;
        let world = World::paved(&stack);
        world.visit().sees("server", "client", &stack);
        let crls = revoke(&world, &world.client);
        world.clients.replace_crls(crls, unix(NOW)).unwrap();
        world.visit().server_refuses(CertificateError::Revoked, alert);

        let world = World::paved(&stack);
        world.visit().sees("server", "client", &stack);
        let crls = revoke(&world, &world.server);
        world.servers.replace_crls(crls, unix(NOW)).unwrap();
        world.visit().client_refuses(CertificateError::Revoked, alert);
    }
}

#[test]
fn after_it_expired_each_end_refuses_the_other_ends_certificate() {
    for stack in stacks() {
        let late = CLIENT_ENDS + Duration::seconds(1);
        let expired =
            |now, end| CertificateError::ExpiredContext { time: unix(now), not_after: unix(end) };
        let alert = AlertDescription::CertificateExpired;
        let world = World::paved(&stack);
        world.clock.set(CLIENT_ENDS);
        world.visit().sees("server", "client", &stack);
        world.clock.set(late);
        world.visit().server_refuses(expired(late, CLIENT_ENDS), alert);
        world.client_slot.swap(world.calling("renewed")).unwrap();
        world.visit().sees("server", "renewed", &stack);

        let late = SERVER_ENDS + Duration::seconds(1);
        world.clock.set(SERVER_ENDS);
        world.visit().sees("server", "renewed", &stack);
        world.clock.set(late);
        world.visit().client_refuses(expired(late, SERVER_ENDS), alert);
    }
}

#[test]
fn after_the_end_of_a_policy_each_end_refuses_what_it_had_relaxed() {
    for stack in stacks() {
        let needed = |required, presented| CertificateError::InvalidPurposeContext {
            required,
            presented: vec![presented],
        };
        let (client, server) = (ExtendedKeyPurpose::ClientAuth, ExtendedKeyPurpose::ServerAuth);
        let alert = AlertDescription::UnsupportedCertificate;
        let world = World::paved(&stack);
        world.client_slot.swap(world.unfit_client()).unwrap();
        world.visit().sees("server", "unfit", &stack);
        world.clock.set(POLICY_ENDS - Duration::seconds(1));
        world.visit().sees("server", "unfit", &stack);
        world.clock.set(POLICY_ENDS);
        let error = needed(client.clone(), server.clone());
        world.visit().server_refuses(error, alert);

        let world = World::paved(&stack);
        world.server_slot.swap(world.unfit_server()).unwrap();
        world.visit().sees("unfit", "client", &stack);
        world.clock.set(POLICY_ENDS);
        world.visit().client_refuses(needed(server, client), alert);
    }
}

#[test]
fn a_config_made_by_hand_presents_and_accepts_the_old_certificate_after_a_swap() {
    for stack in stacks() {
        let world = World::by_hand(&stack);
        world.visit().sees("server", "client", &stack);
        world.server_slot.swap(world.serving("server 2")).unwrap();
        world.client_slot.swap(world.calling("client 2")).unwrap();
        world.visit().resumes("server", "client", &stack);
    }
}

#[test]
fn a_config_made_by_hand_never_verifies_a_daily_visitor_again() {
    for stack in stacks() {
        let at = &stack.name;
        let world = World::by_hand(&stack);
        let unfit = world.unfit_client();
        world.client_slot.swap(unfit.clone()).unwrap();
        world.visit().sees("server", "unfit", &stack);
        let counted =
            || (world.counters.verdicts(Role::Client), world.counters.verdicts(Role::Server));
        let first = counted();
        assert_eq!((first.0.relaxed, first.1.enforced), (1, 1), "{at}");
        let revoked = CrlSpec::new(2).revoke(&world.server.serial);
        let revoked = Crls::from_der([world.root.crl(revoked)]).unwrap();
        world.servers.replace_crls(revoked, unix(NOW)).unwrap();
        while world.clock.now() < SERVER_ENDS + Duration::days(4) {
            world.clock.advance(Duration::hours(23));
            world.visit().resumes("server", "unfit", &stack);
        }
        // By now the policy has ended, both certificates have expired, and one is revoked.
        assert_eq!(counted(), first, "{at}: nobody was verified");
        let now = unix(world.clock.now());
        let chain = [unfit.leaf().der().clone()];
        world.clients.verify(Some(&chain), now).unwrap_err();
    }
}

#[test]
fn stock_rustls_accepts_a_daily_visitor_when_both_certificates_have_expired() {
    for Stack { name, provider, version } in stacks() {
        let root = Ca::root_named("root");
        let leaf = |name| root.leaf(ending(name, CLIENT_ENDS)).credentials(&[]);
        let clients = stock_client_verifier(&provider, &[root.der()], []);
        let mut server = stock_server(&provider, &[version], leaf("server"), Some(clients));
        let roots = [root.der()];
        let mut client = stock_client(&provider, &[version], &roots, Some(leaf("client")));
        let clock = Clock::default();
        server.time_provider = Arc::new(clock.clone());
        client.time_provider = Arc::new(clock.clone());
        let (server, client) = (Arc::new(server), Arc::new(client));
        let visit = || Visit(handshake(server.clone(), client.clone(), "server.example"));
        let kind = |visit: Visit| visit.0.server.expect(&name).handshake_kind;
        assert_eq!(kind(visit()), HandshakeKind::Full, "{name}");
        while clock.now() < CLIENT_ENDS + Duration::days(4) {
            clock.advance(Duration::hours(23));
            assert_eq!(kind(visit()), HandshakeKind::Resumed, "{name}");
        }
    }
}

#[test]
fn without_resumption_makes_a_config_made_by_hand_see_the_new_state() {
    for stack in stacks() {
        // Either end suffices: who is in charge of one end only can do it, too.
        for role in [Role::Server, Role::Client] {
            let mut world = World::by_hand(&stack);
            match role {
                Role::Server => {
                    let accept = Arc::get_mut(&mut world.accept).unwrap();
                    accept.ticketer = rustls::crypto::ring::Ticketer::new().unwrap();
                    without_resumption(accept);
                    assert!(!accept.ticketer.enabled() && accept.send_tls13_tickets == 0);
                }
                Role::Client => without_resumption(Arc::get_mut(&mut world.connect).unwrap()),
            }
            world.visit().sees("server", "client", &stack);
            world.server_slot.swap(world.serving("server 2")).unwrap();
            world.client_slot.swap(world.calling("client 2")).unwrap();
            world.visit().sees("server 2", "client 2", &stack);
        }
    }
}

const POLICY_ENDS: OffsetDateTime = NOW.saturating_add(Duration::days(2));
const CLIENT_ENDS: OffsetDateTime = NOW.saturating_add(Duration::days(3));
const SERVER_ENDS: OffsetDateTime = NOW.saturating_add(Duration::days(4));

/// Two ends of a connection, each with everything that can change, and one clock.
struct World {
    root: Ca,
    clock: Clock,
    server: Leaf,
    client: Leaf,
    server_slot: ServerSlot,
    client_slot: ClientSlot,
    clients: ClientPeerVerifier,
    servers: ServerPeerVerifier,
    counters: Arc<Counters>,
    accept: Arc<ServerConfig>,
    connect: Arc<ClientConfig>,
}

impl World {
    /// By the builders of rustls, from the same slots and verifiers.
    fn by_hand(stack: &Stack) -> Self {
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
    fn paved(stack: &Stack) -> Self {
        let (root, clock, counters) = (Ca::root_named("root"), Clock::default(), Arc::default());
        let server = root.leaf(ending("server", SERVER_ENDS).eku(Eku::server()));
        let client = root.leaf(ending("client", CLIENT_ENDS).eku(Eku::client()));
        let server_slot = ServerSlot::builder()
            .time_provider(Arc::new(clock.clone()))
            .eku_policy(EkuPolicy::ignore())
            .build_with(credentials(&server, &[]))
            .unwrap();
        let client_slot = ClientSlot::builder()
            .time_provider(Arc::new(clock.clone()))
            .eku_policy(EkuPolicy::ignore())
            .build_with(credentials(&client, &[]))
            .unwrap();
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
        Self {
            root,
            clock,
            server,
            client,
            server_slot,
            client_slot,
            clients,
            servers,
            counters,
            accept: Arc::new(accept),
            connect: Arc::new(connect),
        }
    }

    fn visit(&self) -> Visit {
        let (server, client) = (self.accept.clone(), self.connect.clone());
        Visit(handshake(server, client, "server.example"))
    }

    fn serving(&self, name: &str) -> Credentials {
        credentials(&self.root.leaf(spec(name).eku(Eku::server())), &[])
    }

    fn calling(&self, name: &str) -> Credentials {
        credentials(&self.root.leaf(spec(name).eku(Eku::client())), &[])
    }

    /// For servers only.
    fn unfit_client(&self) -> Credentials {
        self.serving("unfit")
    }

    /// For clients only.
    fn unfit_server(&self) -> Credentials {
        self.calling("unfit")
    }
}

/// Every leaf is good for the one server's name, and for a name of its own.
fn spec(name: &str) -> LeafSpec {
    let own = format!("{}.example", name.replace(' ', "-"));
    let spec = LeafSpec::new(name).dns("server.example");
    match own == "server.example" {
        true => spec,
        false => spec.dns(&own),
    }
}

fn ending(name: &str, end: OffsetDateTime) -> LeafSpec {
    spec(name).valid(NOW - Duration::days(10), end)
}

/// One connection, and what each end saw.
struct Visit(Outcome);

impl Visit {
    fn sees(self, server: &str, client: &str, stack: &Stack) {
        self.went(HandshakeKind::Full, server, client, stack);
    }

    fn resumes(self, server: &str, client: &str, stack: &Stack) {
        self.went(HandshakeKind::Resumed, server, client, stack);
    }

    #[track_caller]
    fn went(self, kind: HandshakeKind, server: &str, client: &str, stack: &Stack) {
        let at = &stack.name;
        let seen_by_client = self.0.client.expect(at);
        let seen_by_server = self.0.server.expect(at);
        assert_eq!(seen_by_client.handshake_kind, kind, "{at}");
        assert_eq!(seen_by_client.protocol_version, stack.version.version, "{at}");
        assert_eq!(seen_by_client.peer(), format!("CN={server}"), "{at}");
        assert_eq!(seen_by_server.peer(), format!("CN={client}"), "{at}");
    }

    #[track_caller]
    fn server_refuses(self, error: CertificateError, alert: AlertDescription) {
        assert_eq!(self.0.server.unwrap_err(), Error::from(error));
        assert_eq!(self.0.client.unwrap_err(), Error::AlertReceived(alert));
    }

    #[track_caller]
    fn client_refuses(self, error: CertificateError, alert: AlertDescription) {
        assert_eq!(self.0.client.unwrap_err(), Error::from(error));
        assert_eq!(self.0.server.unwrap_err(), Error::AlertReceived(alert));
    }
}
