//! A slot presents what was published last, refuses what is unfit and keeps what it has, never borrows, and never
//! withholds in silence.

use std::sync::Arc;

use crate::common::clock::{Clock, NOW};
use crate::common::ours::{Heard, client_slot, configs, credentials, roots, server_slot};
use crate::common::pki::{Ca, CaSpec, Eku, KeyKind, Leaf, LeafSpec, WeakRsaKey, subject_of};
use crate::common::tls::{
    Outcome, Stack, handshake, handshake_in_memory, provider, stacks, with_schemes,
};
use mtls_roles::{
    ClientPeerVerifier, ClientSlot, Counters, Credentials, EkuOutcome, EkuPolicy, Error, Role,
    Roots, ServerPeerVerifier, ServerSlot,
};
use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{PrivateKeyDer, ServerName, SubjectPublicKeyInfoDer};
use rustls::sign::{Signer, SigningKey};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, Error as TlsError,
    ServerConfig, ServerConnection, SignatureAlgorithm, SignatureScheme,
};
use time::Duration;

#[test]
fn credentials_fit_a_slot_as_its_policy_says_at_every_level_below_the_root() {
    let (rfc, strict, ignore) = (EkuPolicy::rfc5280, EkuPolicy::strict, EkuPolicy::ignore);
    let accept = EkuPolicy::accept_server_auth;
    let (server, client, both, none) = (Eku::server(), Eku::client(), Eku::both(), Eku::Absent);
    // Leaf, intermediate, root that is sent along, policy; the position that is unfit in each role, or none.
    let rows = [
        ("S1", &server, &none, &none, rfc(), None, Some(0)),
        ("S2", &client, &none, &none, rfc(), Some(0), None),
        ("S3", &both, &none, &none, rfc(), None, None),
        ("S4", &none, &none, &none, rfc(), None, None),
        ("S5", &none, &none, &none, strict(), Some(0), Some(0)),
        ("S5a", &both, &none, &none, strict(), None, None),
        ("S6", &both, &server, &none, rfc(), None, Some(1)),
        ("S7", &both, &client, &none, rfc(), Some(1), None),
        ("S8", &both, &server, &none, ignore(), None, None),
        ("S9", &server, &none, &none, ignore(), None, None),
        ("R1", &both, &both, &server, rfc(), None, None),
        ("R2", &both, &both, &Eku::code_signing(), rfc(), None, None),
        ("E1", &Eku::Empty, &none, &none, ignore(), Some(0), Some(0)),
        ("A1", &server, &server, &none, accept(), None, None),
        ("A2", &server, &client, &none, accept(), None, Some(0)),
    ];
    let mut wrong = vec![];
    for (id, leaf, sub, root, policy, as_server, as_client) in rows {
        let root = Ca::root(CaSpec::new("root").eku(root.clone()));
        let sub = root.sub(CaSpec::new("sub").eku(sub.clone()));
        let leaf = sub.leaf(LeafSpec::new("leaf").eku(leaf.clone()));
        let credentials = credentials(&leaf, &[&sub, &root]);
        let client = client_slot().eku_policy(policy).build().unwrap();
        // What a root sent along is for, nobody asks.
        if let (true, Ok(fitness)) = (policy == rfc(), client.judge(&credentials)) {
            assert_eq!(fitness.eku, EkuOutcome::Enforced, "{id}");
        }
        let found = unfit_position(client.swap(credentials.clone()));
        if found != as_client {
            wrong.push(format!("{id} client: found {found:?}, needed {as_client:?}"));
        }
        if policy == accept() {
            continue; // It has no server slot; see below.
        }
        let server = server_slot().eku_policy(policy).build().unwrap();
        let found = unfit_position(server.swap(credentials));
        if found != as_server {
            wrong.push(format!("{id} server: found {found:?}, needed {as_server:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Messages count certificates from 1.
fn unfit_position(swapped: Result<Option<Credentials>, Error>) -> Option<usize> {
    match swapped {
        Ok(_) => None,
        Err(Error::Unfit { certificate, .. }) => {
            let place = certificate.split(' ').nth(1).and_then(|place| place.parse::<usize>().ok());
            Some(place.expect(&certificate) - 1)
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_server_slot_that_would_accept_server_auth_does_not_build() {
    let slot = || server_slot().eku_policy(EkuPolicy::accept_server_auth());
    let refused = |built: Result<ServerSlot, Error>| {
        assert!(matches!(built, Err(Error::AcceptServerAuthForServers)));
    };
    refused(slot().build());
    refused(slot().build_with(World::new().serving("server")));
    let ended = EkuPolicy::accept_server_auth().until(NOW - Duration::days(1));
    refused(server_slot().eku_policy(ended).build());
}

#[test]
fn validity_is_judged_when_credentials_are_published_and_both_ends_are_inclusive() {
    let root = Ca::root(CaSpec::new("root").expired());
    let sub_ends = NOW + Duration::days(50);
    let sub = root.sub(CaSpec::new("sub").valid(NOW - Duration::days(50), sub_ends));
    let leaf = sub.leaf(LeafSpec::new("leaf"));
    let chain = credentials(&leaf, &[&sub, &root]);
    let leaf_begins = NOW - Duration::days(10);
    let second = Duration::seconds(1);
    let mut wrong = vec![];
    for (id, now, needed) in [
        ("before the leaf", leaf_begins - second, Err("certificate 1 of the chain (CN=leaf)")),
        ("first second", leaf_begins, Ok(())),
        ("an expired root sent along", NOW, Ok(())),
        ("last second of the intermediate", sub_ends, Ok(())),
        ("after it", sub_ends + second, Err("certificate 2 of the chain (CN=sub)")),
    ] {
        let slot = ServerSlot::builder().time_provider(Arc::new(Clock::at(now)));
        let found = match slot.build_with(chain.clone()) {
            Ok(_) => Ok(()),
            Err(Error::Expired { certificate, .. } | Error::NotYetValid { certificate, .. }) => {
                Err(certificate)
            }
            Err(other) => Err(other.to_string()),
        };
        if found.as_ref().map_err(String::as_str) != needed.as_ref().map_err(|text| *text) {
            wrong.push(format!("{id}: found {found:?}, needed {needed:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_end_of_a_slots_policy_is_judged_by_its_clock_and_what_is_published_stays() {
    let world = World::new();
    let unfit = || world.credentials("unfit", Eku::server());
    let clock = Clock::default();
    let slot = ClientSlot::builder()
        .time_provider(Arc::new(clock.clone()))
        .eku_policy(EkuPolicy::ignore().until(NOW + Duration::days(1)))
        .build_with(unfit())
        .unwrap();
    clock.advance(Duration::days(1) - Duration::seconds(1));
    slot.swap(unfit()).expect("one second before the end");
    clock.advance(Duration::seconds(1));
    let refused = slot.swap(unfit()).expect_err("at the end");
    assert!(matches!(refused, Error::Unfit { .. }), "{refused}");
    assert_eq!(subject(slot.credentials()), "CN=unfit");
    let outcome = world.meet(&stacks()[0], &world.server_slot(), &slot);
    let refused = outcome.server.expect_err("the server enforces");
    let TlsError::InvalidCertificate(refused) = refused else {
        panic!("{refused}");
    };
    let is_eku = matches!(refused, CertificateError::InvalidPurposeContext { .. });
    assert!(is_eku, "{refused}");
}

#[test]
fn whatever_is_refused_the_old_credentials_stay_and_are_presented() {
    let world = World::new();
    let (ears, slot) = world.heard_client_slot();
    let good = world.leaf("renewed", Eku::client());
    let other = world.leaf("other", Eku::client());
    let (chain, key) = (good.cert_pem(), good.key_pem());
    let expired = world.root.leaf(LeafSpec::new("expired").expired());
    let early = world.root.leaf(LeafSpec::new("early").not_yet_valid());
    let lost = world.leaf("lost", Eku::server());
    let encrypted = key.replace("PRIVATE", "ENCRYPTED PRIVATE");
    let cut = |text: &str| text[..text.len() / 2].to_owned();
    for (id, chain, key) in [
        ("expired", expired.cert_pem(), expired.key_pem()),
        ("not yet valid", early.cert_pem(), early.key_pem()),
        ("wrong purpose", lost.cert_pem(), lost.key_pem()),
        ("another key", chain.clone(), other.key_pem()),
        ("upside down", world.root.pem() + &chain, key.clone()),
        ("another leaf first", other.cert_pem() + &chain, key.clone()),
        ("encrypted", chain.clone(), encrypted),
        ("empty chain", String::new(), key.clone()),
        ("empty key", chain.clone(), String::new()),
        ("garbage", "garbage".into(), "garbage".into()),
        ("truncated chain", cut(&chain), key.clone()),
        ("truncated key", chain.clone(), cut(&key)),
        ("two keys", chain.clone(), key.repeat(2)),
    ] {
        let read = Credentials::from_pem(chain.as_bytes(), key.as_bytes(), &provider());
        let swapped = read.and_then(|credentials| slot.swap(credentials));
        swapped.expect_err(id);
        assert_eq!(subject(slot.credentials()), "CN=client", "{id}");
    }
    let heard = ears.lines();
    let subjects = ["CN=expired", "CN=early", "CN=lost"];
    assert_eq!(heard.len(), subjects.len(), "{heard:?}");
    for (line, subject) in heard.iter().zip(subjects) {
        assert!(
            line.starts_with("refused as client: certificate 1 of the given chain PEM ("),
            "{line}"
        );
        assert!(line.contains(subject), "{line}");
    }
    for stack in stacks() {
        let outcome = world.meet(&stack, &world.server_slot(), &slot);
        assert_eq!(seen_by_server(&outcome), "CN=client", "{}", stack.name);
    }
}

#[test]
fn a_swap_hands_back_the_previous_credentials_and_swapping_them_in_again_rolls_back() {
    let world = World::new();
    for stack in stacks() {
        let (server, client) = (world.server_slot(), world.client_slot());
        let presented = || {
            let outcome = world.meet(&stack, &server, &client);
            (seen_by_client(&outcome), seen_by_server(&outcome))
        };
        let both = |server: &str, client: &str| (server.to_owned(), client.to_owned());
        assert_eq!(presented(), both("CN=server", "CN=client"));
        let old_server = server.swap(world.serving("new server")).unwrap();
        let old_client = client.swap(world.calling("new client")).unwrap();
        assert_eq!(presented(), both("CN=new server", "CN=new client"));
        server.swap(old_server.unwrap()).unwrap();
        let undone = client.swap(old_client.unwrap()).unwrap();
        assert_eq!(presented(), both("CN=server", "CN=client"));
        assert_eq!(subject(undone), "CN=new client");
    }
}

#[test]
fn a_slot_that_is_cleared_hands_back_what_it_held_and_says_so_if_it_held_something() {
    let world = World::new();
    let (ears, client) = world.heard_client_slot();
    assert_eq!(subject(client.clear().unwrap()), "CN=client");
    assert_eq!(ears.lines(), ["cleared as client"]);
    assert!(client.credentials().is_none());
    assert!(client.clear().unwrap().is_none());
    assert_eq!(ears.lines(), [""; 0]);
    assert!(client.swap(world.calling("client")).unwrap().is_none());
    let (ears, server) = world.heard_server_slot();
    server.clear().unwrap();
    assert_eq!(ears.lines(), ["cleared as server"]);
}

#[test]
fn counters_count_what_slots_do() {
    let world = World::new();
    let counters = Arc::new(Counters::default());
    let slot = client_slot().observer(counters.clone()).build().unwrap();
    let counted = || {
        (
            counters.published(),
            counters.publish_refused(),
            counters.cleared(),
            counters.nothing_presented(),
        )
    };
    assert_eq!(counted(), (0, 0, 0, 0));
    slot.swap(world.calling("client")).unwrap();
    slot.swap(world.calling("new client")).unwrap();
    slot.swap(world.serving("server")).unwrap_err();
    assert_eq!(counted(), (2, 1, 0, 0));
    slot.clear().unwrap();
    slot.clear().unwrap();
    assert_eq!(counted(), (2, 1, 1, 0));
    for asked in 1..=3 {
        assert!(slot.resolve(&[], &[SignatureScheme::ED25519]).is_none());
        assert_eq!(counted(), (2, 1, 1, asked));
    }
}

#[test]
fn clones_of_a_slot_are_one_slot() {
    let world = World::new();
    let slot = world.client_slot();
    slot.clone().swap(world.calling("new client")).unwrap();
    assert_eq!(subject(slot.credentials()), "CN=new client");
}

#[test]
fn an_empty_slot_presents_nothing_says_so_and_borrows_nothing_from_the_other_slot() {
    let world = World::new();
    for stack in stacks() {
        let at = &stack.name;
        let received = |alert| TlsError::AlertReceived(alert);
        // Each node has a full slot for its other role, with a certificate that is good for both.
        let node = world.credentials("node", Eku::both());
        let (ears, slot) = world.heard_client_slot();
        let other = serving_with(node.clone());
        slot.clear().unwrap();
        ears.lines();
        let outcome = world.meet(&stack, &world.server_slot(), &slot);
        assert_eq!(outcome.server.unwrap_err(), TlsError::NoCertificatesPresented, "{at}");
        let alert = received(AlertDescription::CertificateRequired);
        assert_eq!(outcome.client.unwrap_err(), alert, "{at}");
        assert_eq!(ears.lines(), ["nothing as client: the slot is empty"], "{at}");
        let outcome = world.meet_anybody(&stack, &world.server_slot(), &slot);
        assert_eq!(outcome.server.expect(at).peer_certificates, None, "{at}");
        assert_eq!(ears.lines(), ["nothing as client: the slot is empty"], "{at}");
        assert_eq!(subject(other.credentials()), "CN=node");

        let (ears, slot) = world.heard_server_slot();
        let other = calling_with(node);
        slot.clear().unwrap();
        ears.lines();
        let outcome = world.meet(&stack, &slot, &world.client_slot());
        let error = TlsError::General("no server certificate chain resolved".into());
        assert_eq!(outcome.server.unwrap_err(), error, "{at}");
        let alert = received(AlertDescription::AccessDenied);
        assert_eq!(outcome.client.unwrap_err(), alert, "{at}");
        assert_eq!(ears.lines(), ["nothing as server: the slot is empty"], "{at}");
        assert_eq!(subject(other.credentials()), "CN=node");
    }
}

#[test]
fn the_same_credentials_in_both_slots_work_and_show() {
    let world = World::new();
    let combined = world.credentials("combined", Eku::both());
    assert!(combined.is_combined());
    assert!(!world.serving("server").is_combined());
    let (server_ears, server) = world.heard_server_slot();
    let (client_ears, client) = world.heard_client_slot();
    assert!(!server.shares_key_with(&client), "two certificates, two keys");
    server.swap(combined.clone()).unwrap();
    client.swap(combined).unwrap();
    assert_eq!(server_ears.lines(), ["published as server: CN=combined, Enforced, combined"]);
    assert_eq!(client_ears.lines(), ["published as client: CN=combined, Enforced, combined"]);
    assert!(server.shares_key_with(&client));
    for stack in stacks() {
        let outcome = world.meet(&stack, &server, &client);
        assert_eq!(seen_by_client(&outcome), "CN=combined", "{}", stack.name);
        assert_eq!(seen_by_server(&outcome), "CN=combined", "{}", stack.name);
    }
}

#[test]
fn two_certificates_for_one_key_share_it_and_an_empty_slot_shares_nothing() {
    let world = World::new();
    let served = world.leaf("server", Eku::server());
    let called = LeafSpec::new("client").eku(Eku::client()).key(&served.key);
    let server = serving_with(credentials(&served, &[]));
    let client = calling_with(credentials(&world.root.leaf(called), &[]));
    assert!(server.shares_key_with(&client));
    client.clear().unwrap();
    assert!(!server.shares_key_with(&client));
    server.clear().unwrap();
    assert!(!server.shares_key_with(&client));
}

#[test]
fn a_combined_leaf_below_an_intermediate_for_servers_is_not_combined() {
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub").eku(Eku::server()));
    let leaf = sub.leaf(LeafSpec::new("leaf").eku(Eku::both()));
    let credentials = credentials(&leaf, &[&sub]);
    assert!(credentials.is_fit_for(Role::Server));
    assert!(!credentials.is_fit_for(Role::Client));
    assert!(!credentials.is_combined());
}

#[test]
fn a_client_slot_filled_after_the_hello_was_sent_presents_what_it_holds() {
    let world = World::new();
    for stack in stacks() {
        let slot = client_slot().build().unwrap();
        let (server, client) = world.configs(&stack, &world.server_slot(), &slot, |b| b);
        let name = ServerName::try_from("server.example").unwrap();
        let mut server = ServerConnection::new(server.into()).unwrap();
        let mut client = ClientConnection::new(client.into(), name).unwrap();
        // The hello has left the client, and rustls has asked `has_certs`.
        let mut hello = vec![];
        client.write_tls(&mut hello).unwrap();
        slot.swap(world.calling("late")).unwrap();
        server.read_tls(&mut hello.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        let outcome = handshake_in_memory(&mut server, &mut client, || {});
        assert!(outcome.is_ok(), "{}: {outcome:?}", stack.name);
        let presented = server.peer_certificates().map(|chain| subject_of(&chain[0]));
        assert_eq!(presented.as_deref(), Some("CN=late"), "{}", stack.name);
    }
}

#[test]
fn a_slot_whose_key_fits_no_offered_scheme_says_so() {
    let world = World::new();
    let (server_ears, server) = world.heard_server_slot();
    let (client_ears, client) = world.heard_client_slot();
    server.swap(world.with_ed25519("ed25519")).unwrap();
    client.swap(world.with_ed25519("ed25519")).unwrap();
    server_ears.lines();
    client_ears.lines();
    let nothing = |role| {
        format!(
            "nothing as {role}: the key can sign under none of the signature schemes that the peer offers"
        )
    };
    for stack in stacks() {
        let at = &stack.name;
        let outcome = world.meet(&stack, &server, &client);
        assert_eq!(seen_by_server(&outcome), "CN=ed25519", "{at}");
        assert_eq!(seen_by_client(&outcome), "CN=ed25519", "{at}");
        assert_eq!([server_ears.lines(), client_ears.lines()].concat(), [""; 0], "{at}");
        let outcome = world.meet_ecdsa_only(&stack, &world.server_slot(), &client);
        assert_eq!(outcome.server.expect(at).peer_certificates, None, "{at}");
        assert_eq!(client_ears.lines(), [nothing(Role::Client)], "{at}");
        let outcome = world.meet_ecdsa_only(&stack, &server, &world.client_slot());
        outcome.server.expect_err(at);
        assert_eq!(server_ears.lines(), [nothing(Role::Server)], "{at}");
    }
}

#[test]
fn a_client_slot_presents_its_certificate_whatever_roots_the_server_names() {
    let (world, elsewhere) = (World::new(), World { root: Ca::root_named("elsewhere") });
    for stack in stacks() {
        let (ears, slot) = world.heard_client_slot();
        let outcome = elsewhere.meet(&stack, &elsewhere.server_slot(), &slot);
        let error = TlsError::InvalidCertificate(CertificateError::UnknownIssuer);
        assert_eq!(outcome.server.unwrap_err(), error, "{}", stack.name);
        assert_eq!(ears.lines(), [""; 0], "{}", stack.name);
    }
}

#[test]
fn a_key_that_is_not_bytes_works_in_both_slots() {
    let world = World::new();
    let (served, called) =
        (world.leaf("server", Eku::server()), world.leaf("client", Eku::client()));
    for stack in stacks() {
        let at = &stack.name;
        let telling = |leaf: &Leaf| {
            let device = Device::holding(leaf, &stack.provider, Tells::ItsPublicKey);
            Credentials::from_signing_key(leaf.chain(&[]), device)
        };
        let mute = |leaf: &Leaf| {
            let device = Device::holding(leaf, &stack.provider, Tells::Nothing);
            Credentials::from_signing_key_without_comparing(leaf.chain(&[]), device)
        };
        for (server, client) in
            [(telling(&served), mute(&called)), (mute(&served), telling(&called))]
        {
            let (server, client) =
                (serving_with(server.expect(at)), calling_with(client.expect(at)));
            let outcome = world.meet(&stack, &server, &client);
            assert_eq!(seen_by_client(&outcome), "CN=server", "{at}");
            assert_eq!(seen_by_server(&outcome), "CN=client", "{at}");
        }
    }
}

#[test]
fn a_key_that_is_not_bytes_is_compared_with_its_leaf_wherever_it_tells_its_public_key() {
    let world = World::new();
    let (leaf, other) = (world.leaf("a", Eku::both()), world.leaf("b", Eku::both()));
    let device = |tells| Device::holding(&other, &provider(), tells);
    let chain = || leaf.chain(&[]);
    let compared = Credentials::from_signing_key(chain(), device(Tells::ItsPublicKey));
    assert!(matches!(compared, Err(Error::KeyMismatch { .. })));
    let compared = Credentials::from_signing_key(chain(), device(Tells::Nothing));
    assert!(matches!(compared, Err(Error::KeyNotComparable { .. })));
    let make = Credentials::from_signing_key_without_comparing;
    let compared = make(chain(), device(Tells::ItsPublicKey));
    assert!(matches!(compared, Err(Error::KeyMismatch { .. })));
    // What cannot be known before shows in the first handshake, and not as a success.
    let slot = calling_with(make(chain(), device(Tells::Nothing)).unwrap());
    let outcome = world.meet(&stacks()[0], &world.server_slot(), &slot);
    outcome.server.unwrap_err();
}

#[test]
fn a_key_that_is_the_issuers_or_no_handshakes_is_said_to_be() {
    let world = World::new();
    let (leaf, key) = (world.leaf("leaf", Eku::both()), world.root.key.serialize_der());
    let issuers = Credentials::from_der(
        leaf.chain(&[&world.root]),
        PrivateKeyDer::Pkcs8(key.into()),
        &provider(),
    );
    let said = issuers.unwrap_err().to_string();
    assert!(said.contains("EC P-256, that of certificate 2 of the chain (CN=root)"), "{said}");
    // What stands in the certificate, too, is renewed with it.
    let weak = world.root.leaf_for(LeafSpec::new("weak"), &WeakRsaKey::default());
    let key = PrivateKeyDer::Pkcs8(b"rubbish".to_vec().into());
    let unusable = Credentials::from_der(vec![weak], key, &provider());
    assert!(matches!(unusable, Err(Error::UnusableLeafKey { .. })), "{unusable:?}");
}

#[test]
fn the_observer_hears_what_is_published_and_what_is_refused() {
    let world = World::new();
    let ears = Arc::new(Heard::default());
    let slot = client_slot()
        .observer(ears.clone())
        .eku_policy(EkuPolicy::accept_server_auth())
        .build_with(world.calling("first"))
        .unwrap();
    slot.swap(world.serving("relaxed")).unwrap();
    slot.swap(world.credentials("signer", Eku::code_signing())).unwrap_err();
    let heard = ears.lines();
    assert_eq!(heard.len(), 3, "{heard:?}");
    assert_eq!(heard[0], "published as client: CN=first, Enforced, single");
    assert!(heard[1].starts_with("published as client: CN=relaxed, Relaxed("), "{heard:?}");
    assert!(
        heard[2].starts_with("refused as client: certificate 1 of the chain (CN=signer)"),
        "{heard:?}"
    );
}

/// One private CA for both roles, and the two ends of a connection under it.
struct World {
    root: Ca,
}

impl World {
    fn new() -> Self {
        Self { root: Ca::root_named("root") }
    }

    fn leaf(&self, name: &str, eku: Eku) -> Leaf {
        self.root.leaf(LeafSpec::new(name).dns("server.example").eku(eku))
    }

    fn credentials(&self, name: &str, eku: Eku) -> Credentials {
        credentials(&self.leaf(name, eku), &[])
    }

    fn serving(&self, name: &str) -> Credentials {
        self.credentials(name, Eku::server())
    }

    fn calling(&self, name: &str) -> Credentials {
        self.credentials(name, Eku::client())
    }

    fn with_ed25519(&self, name: &str) -> Credentials {
        let spec = LeafSpec::new(name).dns("server.example");
        credentials(&self.root.leaf(spec.kind(KeyKind::Ed25519)), &[])
    }

    fn server_slot(&self) -> ServerSlot {
        serving_with(self.serving("server"))
    }

    fn client_slot(&self) -> ClientSlot {
        calling_with(self.calling("client"))
    }

    /// With an observer that has heard nothing yet.
    fn heard_server_slot(&self) -> (Arc<Heard>, ServerSlot) {
        let ears = Arc::new(Heard::default());
        let slot = server_slot().observer(ears.clone());
        let slot = slot.build_with(self.serving("server")).unwrap();
        ears.lines();
        (ears, slot)
    }

    fn heard_client_slot(&self) -> (Arc<Heard>, ClientSlot) {
        let ears = Arc::new(Heard::default());
        let slot = client_slot().observer(ears.clone());
        let slot = slot.build_with(self.calling("client")).unwrap();
        ears.lines();
        (ears, slot)
    }

    fn meet(&self, stack: &Stack, server: &ServerSlot, client: &ClientSlot) -> Outcome {
        let (server, client) = self.configs(stack, server, client, |clients| clients);
        handshake(server, client, "server.example")
    }

    /// The server takes clients without a certificate, too.
    fn meet_anybody(&self, stack: &Stack, server: &ServerSlot, client: &ClientSlot) -> Outcome {
        let optional = |clients: Builder| clients.allow_unauthenticated();
        let (server, client) = self.configs(stack, server, client, optional);
        handshake(server, client, "server.example")
    }

    /// As [`meet_anybody`](Self::meet_anybody), between verifiers that offer ECDSA only.
    fn meet_ecdsa_only(&self, stack: &Stack, server: &ServerSlot, client: &ClientSlot) -> Outcome {
        let is_ecdsa = |scheme: &SignatureScheme| format!("{scheme:?}").starts_with("ECDSA");
        let stack = Stack { provider: with_schemes(&stack.provider, is_ecdsa), ..stack.clone() };
        self.meet_anybody(&stack, server, client)
    }

    fn configs(
        &self,
        stack: &Stack,
        server: &ServerSlot,
        client: &ClientSlot,
        choose: impl FnOnce(Builder) -> Builder,
    ) -> (ServerConfig, ClientConfig) {
        let clients = choose(ClientPeerVerifier::builder(self.roots(), &stack.provider));
        let (clients, servers) = (clients.build().unwrap(), self.servers(stack));
        configs(stack, &Clock::default(), (server, &clients), (client, &servers))
    }

    fn servers(&self, stack: &Stack) -> ServerPeerVerifier {
        ServerPeerVerifier::builder(self.roots(), &stack.provider).build().unwrap()
    }

    fn roots(&self) -> Roots {
        roots([&self.root])
    }
}

type Builder = mtls_roles::PeerVerifierBuilder<ClientPeerVerifier>;

fn serving_with(credentials: Credentials) -> ServerSlot {
    server_slot().build_with(credentials).unwrap()
}

fn calling_with(credentials: Credentials) -> ClientSlot {
    client_slot().build_with(credentials).unwrap()
}

fn subject(credentials: Option<Credentials>) -> String {
    let credentials = credentials.expect("the slot is not empty");
    credentials.leaf().subject()
}

fn seen_by_server(outcome: &Outcome) -> String {
    outcome.server.as_ref().expect("the server accepts").peer()
}

fn seen_by_client(outcome: &Outcome) -> String {
    outcome.client.as_ref().expect("the client accepts").peer()
}

/// A key that can be used and not be read, as in an HSM.
#[derive(Debug)]
pub struct Device {
    key: Arc<dyn SigningKey>,
    tells: Tells,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tells {
    ItsPublicKey,
    Nothing,
}

impl Device {
    pub fn holding(leaf: &Leaf, provider: &CryptoProvider, tells: Tells) -> Arc<dyn SigningKey> {
        let key = provider.key_provider.load_private_key(leaf.key_der());
        let key = key.expect("the provider knows the kind");
        Arc::new(Self { key, tells })
    }
}

impl SigningKey for Device {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        self.key.choose_scheme(offered)
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        match self.tells {
            Tells::ItsPublicKey => self.key.public_key(),
            Tells::Nothing => None,
        }
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm()
    }
}

/// A key in a device that says nothing about itself, and signs nothing.
#[derive(Debug)]
pub struct MuteKey;

impl SigningKey for MuteKey {
    fn choose_scheme(&self, _: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        None
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ECDSA
    }
}
