//! After a swap, a CRL update, an expiry or the end of a policy, the next connection sees the new state on both ends;
//! with configurations made by hand it does not, days later.

use std::sync::Arc;

use rustls::HandshakeKind::{Full, Resumed};
use rustls::{AlertDescription, CertificateError, Error, ExtendedKeyPurpose};
use time::{Duration, OffsetDateTime};

use crate::common::clock::{NOW, unix};
use crate::common::pki::Eku;
use crate::common::tls::stacks;
use crate::world::{CLIENT_ENDS, POLICY_ENDS, SERVER_ENDS, World, assert_seen};
use mtls_roles::{Role, without_resumption};

#[test]
fn after_a_swap_both_ends_see_the_new_certificate() {
    for stack in stacks() {
        let world = World::paved(&stack);
        assert_seen(world.visit(), Full, "server", "client", &stack);
        world.server_slot.swap(world.credentials("server 2", Eku::server())).unwrap();
        assert_seen(world.visit(), Full, "server 2", "client", &stack);
        world.client_slot.swap(world.credentials("client 2", Eku::client())).unwrap();
        assert_seen(world.visit(), Full, "server 2", "client 2", &stack);
    }
}

/// What happens before a visit that goes well, and before the next, which does not.
type Change = fn(&World);

const SECOND: Duration = Duration::SECOND;

#[test]
fn after_a_list_an_expiry_or_the_end_of_a_policy_each_end_refuses_its_peer() {
    use AlertDescription::{CertificateExpired, CertificateRevoked, UnsupportedCertificate};
    use ExtendedKeyPurpose::{ClientAuth, ServerAuth};
    let expired = |end: OffsetDateTime| CertificateError::ExpiredContext {
        time: unix(end + SECOND),
        not_after: unix(end),
    };
    let unfit = |required, presented| CertificateError::InvalidPurposeContext {
        required,
        presented: vec![presented],
    };
    let revoke_client: Change = |world| {
        world.clients.replace_crls(world.revoking(&world.client), unix(NOW)).unwrap();
    };
    let revoke_server: Change = |world| {
        world.servers.replace_crls(world.revoking(&world.server), unix(NOW)).unwrap();
    };
    let end_of_server: Change = |world| {
        world.client_slot.swap(world.credentials("renewed", Eku::client())).unwrap();
        world.clock.set(SERVER_ENDS);
    };
    let unfit_client: Change = |world| {
        world.client_slot.swap(world.credentials("unfit", Eku::server())).unwrap();
        world.clock.set(POLICY_ENDS - SECOND);
    };
    let unfit_server: Change = |world| {
        world.server_slot.swap(world.credentials("unfit", Eku::client())).unwrap();
        world.clock.set(POLICY_ENDS - SECOND);
    };
    let end_of_client: Change = |world| world.clock.set(CLIENT_ENDS);
    let a_second_later: Change = |world| world.clock.advance(SECOND);
    #[rustfmt::skip] // One row, one line.
    let rows: [(Role, Change, Change, CertificateError, AlertDescription); 6] = [
        (Role::Client, |_| (), revoke_client, CertificateError::Revoked, CertificateRevoked),
        (Role::Server, |_| (), revoke_server, CertificateError::Revoked, CertificateRevoked),
        (Role::Client, end_of_client, a_second_later, expired(CLIENT_ENDS), CertificateExpired),
        (Role::Server, end_of_server, a_second_later, expired(SERVER_ENDS), CertificateExpired),
        (Role::Client, unfit_client, a_second_later, unfit(ClientAuth, ServerAuth), UnsupportedCertificate),
        (Role::Server, unfit_server, a_second_later, unfit(ServerAuth, ClientAuth), UnsupportedCertificate),
    ];
    for stack in stacks() {
        for (refused, before, change, error, alert) in &rows {
            let (world, id) =
                (World::paved(&stack), format!("{}, {refused}, {error:?}", stack.name));
            assert_seen(world.visit(), Full, "server", "client", &stack);
            before(&world);
            let outcome = world.visit();
            assert_eq!((outcome.server.err(), outcome.client.err()), (None, None), "{id}");
            change(&world);
            let outcome = world.visit();
            let (judge, peer) = match refused {
                Role::Client => (outcome.server, outcome.client),
                Role::Server => (outcome.client, outcome.server),
            };
            assert_eq!(judge.unwrap_err(), Error::from(error.clone()), "{id}");
            assert_eq!(peer.unwrap_err(), Error::AlertReceived(*alert), "{id}");
        }
    }
}

/// A server that resumes asks its slot, and sends nothing of a new answer.
#[test]
fn a_config_made_by_hand_never_verifies_a_daily_visitor_again_and_presents_what_is_old() {
    for stack in stacks() {
        let (world, at) = (World::by_hand(&stack), &stack.name);
        let unfit = world.credentials("unfit", Eku::server());
        world.client_slot.swap(unfit.clone()).unwrap();
        assert_seen(world.visit(), Full, "server", "unfit", &stack);
        let counted =
            || (world.counters.verdicts(Role::Client), world.counters.verdicts(Role::Server));
        let first = counted();
        assert_eq!((first.0.relaxed, first.1.enforced), (1, 1), "{at}");
        world.server_slot.swap(world.credentials("server 2", Eku::server())).unwrap();
        world.client_slot.swap(world.credentials("client 2", Eku::client())).unwrap();
        world.servers.replace_crls(world.revoking(&world.server), unix(NOW)).unwrap();
        while world.clock.now() < SERVER_ENDS + Duration::days(4) {
            world.clock.advance(Duration::hours(23));
            assert_seen(world.visit(), Resumed, "server", "unfit", &stack);
        }
        // By now the policy has ended, both certificates have expired, and one is revoked.
        assert_eq!(counted(), first, "{at}: nobody was verified");
        let chain = [unfit.leaf().der().clone()];
        world.clients.verify(Some(&chain), unix(world.clock.now())).unwrap_err();
        world.server_slot.clear().unwrap();
        assert!(world.visit().server.is_err(), "{at}: the slot was not asked");
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
            assert_seen(world.visit(), Full, "server", "client", &stack);
            world.server_slot.swap(world.credentials("server 2", Eku::server())).unwrap();
            world.client_slot.swap(world.credentials("client 2", Eku::client())).unwrap();
            assert_seen(world.visit(), Full, "server 2", "client 2", &stack);
        }
    }
}
