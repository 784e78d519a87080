//! A slot presents what was published last, refuses what is unfit and keeps what it has, never borrows, and never
//! withholds in silence.

use std::sync::Arc;

use crate::common::clock::{Clock, NOW};
use crate::common::device::{Device, Tells};
use crate::common::ours::{Heard, client_slot, credentials, server_slot};
use crate::common::pki::{Ca, CaSpec, Eku, LeafSpec, subject_of};
use crate::common::tls::{connections, handshake_in_memory, provider, receive, send, stacks};
use crate::world::{World, assert_seen};
use mtls_roles::{Counters, Credentials, EkuOutcome, EkuPolicy, Error, Role, ServerSlot};
use rustls::HandshakeKind::Full;
use rustls::client::ResolvesClientCert;
use rustls::{AlertDescription, Error as TlsError, SignatureScheme};
use time::Duration;

const P256: &[SignatureScheme] = &[SignatureScheme::ECDSA_NISTP256_SHA256];

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
        if policy == rfc() {
            // What a root sent along is for, nobody asks.
            if let Ok(fitness) = client.judge(&credentials) {
                assert_eq!(fitness.eku, EkuOutcome::Enforced, "{id}");
            }
            let fit = [as_server.is_none(), as_client.is_none()];
            let found = [Role::Server, Role::Client].map(|role| credentials.is_fit_for(role));
            assert_eq!((found, credentials.is_combined()), (fit, fit == [true, true]), "{id}");
        }
        let found = unfit_position(client.swap(credentials.clone()));
        if found != as_client {
            wrong.push(format!("{id} client: found {found:?}, needed {as_client:?}"));
        }
        if policy == accept() {
            continue; // It has no server slot.
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
fn validity_is_judged_when_credentials_are_published_and_both_ends_are_inclusive() {
    let root = Ca::root(CaSpec::new("root").expired());
    let sub_ends = NOW + Duration::days(50);
    let sub = root.sub(CaSpec::new("sub").valid(NOW - Duration::days(50), sub_ends));
    let chain = credentials(&sub.leaf(LeafSpec::new("leaf")), &[&sub, &root]);
    let (leaf_begins, second) = (NOW - Duration::days(10), Duration::SECOND);
    for (id, now, needed) in [
        ("before the leaf", leaf_begins - second, "certificate 1 of the chain (CN=leaf)"),
        ("first second", leaf_begins, "published"),
        ("an expired root sent along", NOW, "published"),
        ("last second of the intermediate", sub_ends, "published"),
        ("after it", sub_ends + second, "certificate 2 of the chain (CN=sub)"),
    ] {
        let slot = ServerSlot::builder().time_provider(Arc::new(Clock::at(now)));
        let found = match slot.build_with(chain.clone()) {
            Ok(_) => "published".into(),
            Err(Error::Expired { certificate, .. } | Error::NotYetValid { certificate, .. }) => {
                certificate
            }
            Err(other) => other.to_string(),
        };
        assert_eq!(found, needed, "{id}");
    }
}

#[test]
fn the_end_of_a_slots_policy_is_judged_by_its_clock_and_what_is_published_stays() {
    let (root, clock) = (Ca::root_named("root"), Clock::default());
    let unfit = || credentials(&root.leaf(LeafSpec::new("unfit").eku(Eku::server())), &[]);
    let slot = client_slot()
        .time_provider(Arc::new(clock.clone()))
        .eku_policy(EkuPolicy::ignore().until(NOW + Duration::days(1)))
        .build_with(unfit())
        .unwrap();
    clock.advance(Duration::days(1) - Duration::SECOND);
    let last = unfit();
    slot.swap(last.clone()).expect("one second before the end");
    clock.advance(Duration::SECOND);
    let refused = slot.swap(unfit()).expect_err("at the end");
    assert!(matches!(refused, Error::Unfit { .. }), "{refused}");
    assert_eq!(slot.credentials(), Some(last));
}

/// What cannot be loaded never comes to a slot: `tests/loading/errors.txt`.
#[test]
fn whatever_is_refused_the_old_credentials_stay_and_are_presented() {
    let (root, told) = (Ca::root_named("root"), Arc::new(Heard::default()));
    let make = |spec: LeafSpec| credentials(&root.leaf(spec), &[]);
    let old = make(LeafSpec::new("old"));
    let slot = client_slot().observer(told.clone()).build_with(old.clone()).unwrap();
    told.lines();
    for (name, spec) in [
        ("expired", LeafSpec::new("expired").expired()),
        ("early", LeafSpec::new("early").not_yet_valid()),
        ("lost", LeafSpec::new("lost").eku(Eku::server())),
        ("ca", LeafSpec::new("ca").ca()),
    ] {
        slot.swap(make(spec)).expect_err(name);
        let refused = format!("refused as client: certificate 1 of the chain (CN={name}) ");
        assert!(matches!(&told.lines()[..], [line] if line.starts_with(&refused)), "{name}");
        assert_eq!(slot.credentials(), Some(old.clone()), "{name}");
        let presented = slot.resolve(&[], P256).expect(name);
        assert_eq!(presented.cert[0], *old.leaf().der(), "{name}");
    }
}

#[test]
fn an_empty_slot_presents_nothing_says_so_and_borrows_nothing_from_the_other_slot() {
    for stack in stacks() {
        let (world, at) = (World::paved(&stack), &stack.name);
        // Each end has a full slot for the other role, with a certificate that is good for both.
        let both = world.credentials("both", Eku::both());
        world.server_slot.swap(both.clone()).unwrap();
        world.client_slot.clear().unwrap();
        world.told.lines();
        let outcome = world.visit();
        assert_eq!(outcome.server.unwrap_err(), TlsError::NoCertificatesPresented, "{at}");
        let alert = TlsError::AlertReceived(AlertDescription::CertificateRequired);
        assert_eq!(outcome.client.unwrap_err(), alert, "{at}");
        assert_eq!(world.told.lines(), ["nothing as client: the slot is empty"], "{at}");

        world.client_slot.swap(both).unwrap();
        world.server_slot.clear().unwrap();
        world.told.lines();
        let outcome = world.visit();
        let error = TlsError::General("no server certificate chain resolved".into());
        assert_eq!(outcome.server.unwrap_err(), error, "{at}");
        let alert = TlsError::AlertReceived(AlertDescription::AccessDenied);
        assert_eq!(outcome.client.unwrap_err(), alert, "{at}");
        assert_eq!(world.told.lines(), ["nothing as server: the slot is empty"], "{at}");
    }
}

#[test]
fn what_a_slot_does_is_heard_and_counted() {
    let (told, counters) = (Arc::new(Heard::default()), Arc::new(Counters::default()));
    let root = Ca::root_named("root");
    let make = |name: &str, eku| credentials(&root.leaf(LeafSpec::new(name).eku(eku)), &[]);
    let slot = client_slot()
        .observer(told.clone())
        .observer(counters.clone())
        .eku_policy(EkuPolicy::accept_server_auth())
        .build_with(make("first", Eku::client()))
        .unwrap();
    slot.swap(make("relaxed", Eku::server())).unwrap();
    slot.swap(make("signer", Eku::code_signing())).unwrap_err();
    assert!(slot.resolve(&[], &[SignatureScheme::ED25519]).is_none());
    assert!(slot.clear().unwrap().is_some());
    assert!(slot.clear().unwrap().is_none(), "and nobody hears of it");
    assert!(slot.resolve(&[], P256).is_none());
    let error = Credentials::from_pem(b"", b"", &provider()).unwrap_err();
    slot.load_failed(&error);
    let server = ServerSlot::builder().observer(told.clone()).observer(counters.clone());
    server.build().unwrap().load_failed(&error);
    let heard = told.lines();
    let needed = [
        "published as client: CN=first, Enforced, single",
        "published as client: CN=relaxed, Relaxed(",
        "refused as client: certificate 1 of the chain (CN=signer) is unfit for role client",
        "nothing as client: the key can sign under none of the signature schemes that the peer offers",
        "cleared as client",
        "nothing as client: the slot is empty",
        &format!("not loaded as client: {error}"),
        &format!("not loaded as server: {error}"),
    ];
    assert_eq!(heard.len(), needed.len(), "{heard:?}");
    heard.iter().zip(needed).for_each(|(line, needed)| assert!(line.starts_with(needed), "{line}"));
    assert_eq!((counters.published(), counters.publish_refused(), counters.cleared()), (2, 1, 1));
    assert_eq!((counters.nothing_presented(), counters.load_failed()), (2, 2));
}

#[test]
fn the_same_credentials_in_both_slots_work_and_show() {
    for stack in stacks() {
        let world = World::paved(&stack);
        let World { server_slot: server, client_slot: client, told, .. } = &world;
        assert!(!server.shares_key_with(client), "two certificates, two keys");
        let combined = world.credentials("combined", Eku::both());
        server.swap(combined.clone()).unwrap();
        client.swap(combined).unwrap();
        let published = ["server", "client"]
            .map(|role| format!("published as {role}: CN=combined, Enforced, combined"));
        assert_eq!(told.lines(), published);
        assert!(server.shares_key_with(client));
        assert_seen(world.visit(), Full, "combined", "combined", &stack);
    }
}

#[test]
fn two_certificates_for_one_key_share_it_and_an_empty_slot_shares_nothing() {
    let root = Ca::root_named("root");
    let served = root.leaf(LeafSpec::new("server").eku(Eku::server()));
    let called = root.leaf(LeafSpec::new("client").eku(Eku::client()).key(&served.key));
    let server = server_slot().build_with(credentials(&served, &[])).unwrap();
    let client = client_slot().build_with(credentials(&called, &[])).unwrap();
    assert!(server.shares_key_with(&client));
    client.clear().unwrap();
    assert!(!server.shares_key_with(&client));
    server.clear().unwrap();
    assert!(!server.shares_key_with(&client));
}

#[test]
fn a_client_slot_filled_after_the_hello_was_sent_presents_what_it_holds() {
    for stack in stacks() {
        let world = World::paved(&stack);
        world.client_slot.clear().unwrap();
        let (accept, connect) = (world.accept.clone(), world.connect.clone());
        let (mut server, mut client) = connections(accept, connect, "server.example");
        // The hello has left the client, and rustls has asked `has_certs`.
        let hello = send(&mut client);
        world.client_slot.swap(world.credentials("late", Eku::client())).unwrap();
        receive(&mut server, &hello).unwrap();
        let outcome = handshake_in_memory(&mut server, &mut client, || {});
        assert!(outcome.is_ok(), "{}: {outcome:?}", stack.name);
        let presented = server.peer_certificates().map(|chain| subject_of(&chain[0]));
        assert_eq!(presented.as_deref(), Some("CN=late"), "{}", stack.name);
    }
}

#[test]
fn a_key_that_is_not_bytes_works_in_both_slots() {
    for stack in stacks() {
        let world = World::paved(&stack);
        let leaf = world.leaf("device", Eku::both());
        let device = |tells| Device::holding(&leaf, &stack.provider, tells);
        let telling = Credentials::from_signing_key(leaf.chain(&[]), device(Tells::ItsPublicKey));
        let make = Credentials::from_signing_key_without_comparing;
        let mute = make(leaf.chain(&[]), device(Tells::Nothing));
        for credentials in [telling.unwrap(), mute.unwrap()] {
            world.server_slot.swap(credentials.clone()).unwrap();
            world.client_slot.swap(credentials).unwrap();
            assert_seen(world.visit(), Full, "device", "device", &stack);
        }
    }
}

#[test]
fn a_key_that_is_not_bytes_is_compared_with_its_leaf_wherever_it_tells_its_public_key() {
    let [leaf, other] = ["a", "b"].map(|name| Ca::root_named("root").leaf(LeafSpec::new(name)));
    let device = |tells| Device::holding(&other, &provider(), tells);
    let compared = Credentials::from_signing_key(leaf.chain(&[]), device(Tells::ItsPublicKey));
    assert!(matches!(compared, Err(Error::KeyMismatch { .. })));
    let make = Credentials::from_signing_key_without_comparing;
    let compared = make(leaf.chain(&[]), device(Tells::ItsPublicKey));
    assert!(matches!(compared, Err(Error::KeyMismatch { .. })));
    make(leaf.chain(&[]), device(Tells::Nothing)).expect("nobody can tell");
}
