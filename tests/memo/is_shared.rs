//! One memo serves verifiers of both roles, never the signature of a handshake, and nobody who said `without_memo()`.

use std::sync::Arc;

use crate::common::counting::{Check, recorded};
use crate::common::pki::World;
use crate::common::pki::der::children;
use crate::common::tls::{
    Stack, handshake_in_memory, server_name, stacks, stock_client, stock_server,
};
use crate::common::tls::{client_without_resumption, provider, server_without_resumption};
use crate::world::{accepts, accepts_server};
use mtls_roles::{ClientPeerVerifier, ServerPeerVerifier, SignatureMemo};
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
    assert!(accepts_server(&servers, &world.chain()));
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
            assert!(accepts_server(&servers, &world.chain()));
        }
        assert_eq!(record.count(), 4);
    }
}

#[test]
fn without_memo_every_signature_is_checked_each_time() {
    let world = World::new();
    let (provider, record) = recorded(&provider());
    let (clients, servers) = (world.clients(&provider, None), world.servers(&provider, None));
    for _ in 0..3 {
        assert!(accepts(&clients, &world.chain()));
        assert_eq!(record.count(), 2);
        assert!(accepts_server(&servers, &world.chain()));
        assert_eq!(record.count(), 2);
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
        let signed =
            world.chain().iter().map(|der| children(der).swap_remove(0)).collect::<Vec<_>>();
        for certificates in [2, 0, 0] {
            let mut server = ServerConnection::new(Arc::clone(&server)).unwrap();
            let mut client =
                ClientConnection::new(Arc::clone(&client), server_name(World::NAME)).unwrap();
            let outcome = handshake_in_memory(&mut server, &mut client, || {});
            assert!(outcome.is_ok(), "{stack}: {outcome:?}");
            let checks = record.take();
            assert!(checks.iter().all(|check| check.is_good));
            let is_signed = |of: &&Check| signed.contains(&of.message);
            let of_certificates = checks.iter().filter(is_signed).count();
            let found = (of_certificates, checks.len() - of_certificates);
            assert_eq!(found, (certificates, 2), "{stack}");
        }
        assert_eq!((memo.counters().misses, memo.counters().entries), (2, 2), "{stack}");
    }
}
