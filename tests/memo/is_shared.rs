//! One memo serves verifiers of both roles in many threads, never the signature of a handshake, and nobody who said
//! `without_memo()`.

use std::sync::Arc;
use std::thread;

use crate::common::clock::{NOW, unix};
use crate::common::counting::{Check, Record, recorded};
use crate::common::ours::{roots, with_memo};
use crate::common::pki::{Ca, CaSpec, KeyKind, tamper_signature};
use crate::common::tls::{Stack, handshake_in_memory, stacks, stock_client, stock_server};
use crate::common::tls::{client_without_resumption, provider, server_without_resumption};
use crate::world::{World, accepts, client, name};
use mtls_roles::{ClientPeerVerifier, ServerPeerVerifier, SignatureMemo};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConnection, ServerConnection};

#[test]
fn what_one_verifier_has_found_the_other_role_and_every_clone_know() {
    let world = World::new();
    let (provider, record) = recorded(&provider());
    let memo = SignatureMemo::new(&provider);
    let clients = world.clients(&provider, Some(&memo));
    let servers = world.servers(&provider, Some(&memo.clone()));
    assert!(accepts(&clients, &world.chain()));
    assert_eq!(record.count(), 2);
    assert!(servers.verify(Some(&world.chain()), &name(), unix(NOW)).is_ok());
    assert!(accepts(&clients.clone(), &world.chain()));
    assert_eq!(record.count(), 0);
    let found = memo.counters();
    assert_eq!((found.hits, found.misses, found.entries), (4, 2, 2));
    assert_eq!(memo.clone().counters(), found);
}

#[test]
fn by_default_each_verifier_has_a_memo_of_its_own() {
    let world = World::new();
    let (provider, record) = recorded(&provider());
    for _ in 0..2 {
        let clients = ClientPeerVerifier::builder(world.roots(), &provider).build().unwrap();
        let servers = ServerPeerVerifier::builder(world.roots(), &provider).build().unwrap();
        for _ in 0..3 {
            assert!(accepts(&clients, &world.chain()));
            assert!(servers.verify(Some(&world.chain()), &name(), unix(NOW)).is_ok());
        }
        assert_eq!(record.count(), 4);
    }
}

#[test]
fn the_counters_of_many_threads_add_up() {
    const THREADS: u64 = 6;
    const VERIFICATIONS: u64 = 200;
    let world = World::new();
    let (provider, record) = recorded(&provider());
    let memo = SignatureMemo::new(&provider);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (world, provider, memo) = (&world, &provider, &memo);
            scope.spawn(move || {
                let clients = world.clients(provider, Some(memo));
                let servers = world.servers(provider, Some(memo));
                for _ in 0..VERIFICATIONS {
                    match thread % 2 {
                        0 => assert!(accepts(&clients, &world.chain())),
                        _ => assert!(
                            servers.verify(Some(&world.chain()), &name(), unix(NOW)).is_ok()
                        ),
                    }
                }
            });
        }
    });
    let found = memo.counters();
    assert_eq!(found.hits + found.misses, 2 * THREADS * VERIFICATIONS);
    assert_eq!(found.misses, record.count() as u64);
    // Each thread may have been the first with each signature.
    assert!((2..=2 * THREADS).contains(&found.misses), "{found:?}");
    assert_eq!((found.entries, found.evictions), (2, 0));
}

#[test]
fn without_memo_every_signature_is_checked_each_time() {
    let world = World::new();
    let (provider, record) = recorded(&provider());
    let (clients, servers) = (world.clients(&provider, None), world.servers(&provider, None));
    for _ in 0..3 {
        assert!(accepts(&clients, &world.chain()));
        assert_eq!(record.count(), 2);
        assert!(servers.verify(Some(&world.chain()), &name(), unix(NOW)).is_ok());
        assert_eq!(record.count(), 2);
    }
}

#[test]
fn a_bad_signature_is_checked_each_time() {
    for kind in [KeyKind::P256, KeyKind::Ed25519, KeyKind::Rsa2048] {
        let root = Ca::root(CaSpec::new("root").kind(kind));
        let bad = [tamper_signature(&root.leaf(client("peer")).der())];
        let (provider, record) = recorded(&provider());
        let memo = SignatureMemo::new(&provider);
        let clients = ClientPeerVerifier::builder(roots([&root]), &provider);
        let clients = with_memo(clients, Some(&memo));
        for _ in 0..3 {
            assert!(!accepts(&clients, &bad));
            assert_eq!(record.count(), 1, "{kind:?}");
        }
        let found = memo.counters();
        assert_eq!((found.hits, found.misses, found.entries), (0, 3, 0), "{kind:?}");
    }
}

/// Three full handshakes with one memo for both ends: the certificates are verified in the first one, what the ends
/// sign is verified in each.
#[test]
fn the_signature_of_a_handshake_is_verified_each_time() {
    for Stack { name: stack, provider, version } in stacks() {
        let world = World::new();
        let (recording, record) = recorded(&provider);
        let memo = SignatureMemo::new(&recording);
        let clients = Arc::new(world.clients(&recording, Some(&memo)));
        let servers = Arc::new(world.servers(&recording, Some(&memo)));
        let credentials = || (world.chain(), world.leaf.key_der());
        let server = stock_server(&provider, &[version], credentials(), Some(clients));
        let mut client =
            stock_client(&provider, &[version], &[world.root.der()], Some(credentials()));
        client.dangerous().set_certificate_verifier(servers);
        let server = Arc::new(server_without_resumption(server));
        let client = Arc::new(client_without_resumption(client));
        for certificates in [2, 0, 0] {
            let mut server = ServerConnection::new(Arc::clone(&server)).unwrap();
            let mut client = ClientConnection::new(Arc::clone(&client), name()).unwrap();
            let outcome = handshake_in_memory(&mut server, &mut client, || {});
            assert!(outcome.is_ok(), "{stack}: {outcome:?}");
            let found = kinds(&record, &world);
            assert_eq!(found, (certificates, 2), "{stack}");
        }
        assert_eq!((memo.counters().misses, memo.counters().entries), (2, 2), "{stack}");
    }
}

/// How many signatures of certificates were checked, and how many others.
fn kinds(record: &Record, world: &World) -> (usize, usize) {
    let checks = record.take();
    assert!(checks.iter().all(|check| check.is_good));
    let is_inside = |check: &Check, der: &CertificateDer<'_>| {
        der.windows(check.message.len()).any(|part| part == check.message)
    };
    let of_certificates =
        checks.iter().filter(|check| world.chain().iter().any(|der| is_inside(check, der)));
    let of_certificates = of_certificates.count();
    (of_certificates, checks.len() - of_certificates)
}
