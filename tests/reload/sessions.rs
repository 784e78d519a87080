//! Sessions are resumed within one epoch of one generation, and only if that was asked for.

use std::sync::{Arc, OnceLock};
use std::time::Duration as StdDuration;

use crate::common::clock::{NOW, unix};
use crate::common::pki::{CrlSpec, Eku, LeafSpec};
use crate::common::tls::{Stack, connections, handshake_in_memory, receive, send, stacks};
use crate::world::{Built, World, days, recipe, two_polls};
use mtls_roles::{Generation, RefusalClass, Reloader};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, ServerConfig, ServerConnection};
use time::{Duration, OffsetDateTime};

use HandshakeKind::{Full, Resumed};

const NAME: &str = "node.example";
/// Hours.
const WITHIN: i64 = 10;

fn resumes(built: Built) -> Built {
    built.resume_within(StdDuration::from_secs(WITHIN as u64 * 3600))
}

/// A world for each stack, what follows its files, and the name of the stack.
fn each_stack(adjust: fn(Built) -> Built) -> impl Iterator<Item = (World, Reloader, Stack)> {
    stacks().into_iter().map(move |stack| {
        let world = World::new();
        let tls = world.start_on(&stack, adjust);
        (world, tls, stack)
    })
}

#[test]
fn without_resume_within_nothing_resumes() {
    for (_world, tls, stack) in each_stack(|it| it) {
        assert_eq!(kinds(&tls), [Full, Full], "{}", stack.name);
    }
}

#[test]
fn sessions_resume_inside_one_generation_and_none_crosses_to_another_on_either_side() {
    for (world, tls, stack) in each_stack(resumes) {
        assert_eq!(kinds(&tls), [Full, Resumed], "{}", stack.name);
        let old = tls.current();
        let (accept, connect) = configs(&old);
        world.server_pair(&world.server("renewed"));
        assert_eq!(two_polls(&tls).published, Some(2));
        let new = tls.current();
        // Each side's new configuration with the other's old one, then both new.
        assert_eq!(meet(&new.server_config(), &connect), Full, "{}", stack.name);
        assert_eq!(meet(&accept, &new.client_config()), Full, "{}", stack.name);
        assert_eq!(kinds(&tls), [Full, Resumed], "{}", stack.name);
        // The old one is over: not even its own sessions are resumed.
        for (accept, connect) in [(accept, connect), configs(&old)] {
            assert_eq!(meet_twice(&accept, &connect), [Full, Full], "{}", stack.name);
        }
    }
}

#[test]
fn no_session_outlives_the_interval_the_policys_end_our_own_expiry_or_a_lists_next_update() {
    for stack in stacks() {
        let cases: [Case; 5] = [
            ("interval", |_| {}, WITHIN),
            ("policy", |world| world.write("eku", "ignore until 2026-11-21T15:00:00Z"), 3),
            ("our own, server", |world| world.server_pair(&world.ca.leaf(short())), 4),
            ("our own, client", |world| world.client_pair(&world.ca.leaf(short())), 4),
            ("nextUpdate", |world| world.write_crl(CrlSpec::new(1).current(days(-1), hours(5))), 5),
        ];
        for (id, prepare, ends) in cases {
            let world = World::new();
            prepare(&world);
            let tls = world.start_on(&stack, resumes);
            let current = tls.current();
            let (accept, connect) = configs(&current);
            assert_eq!(meet_twice(&accept, &connect), [Full, Resumed], "{id}");
            world.clock.set(hours(ends) - Duration::seconds(1));
            assert_eq!(meet(&accept, &connect), Resumed, "{} {id}", stack.name);
            world.clock.set(hours(ends));
            // Neither by the configurations of then, nor by those of now; each side on its own.
            let now = || configs(&current);
            for (accept, connect) in [
                (accept.clone(), connect.clone()),
                (accept.clone(), now().1),
                (now().0, connect.clone()),
                now(),
            ] {
                let met = try_to_meet(&accept, &connect);
                assert_ne!(met, Ok(Resumed), "{} {id}", stack.name);
            }
            // An ended store stays dead, whatever the clock says.
            world.clock.set(NOW);
            assert_eq!(meet_twice(&accept, &connect), [Full, Full], "{id}");
        }
    }
}

#[test]
fn each_side_lets_its_sessions_end_whatever_the_other_remembers() {
    for stack in stacks() {
        for late in [0, 1] {
            let worlds = [World::new(), World::new()];
            let [server, client] = &worlds;
            client.client_pair(&server.client("client"));
            client.dir.write("server-ca.crt", server.ca.pem());
            let [server, client] =
                worlds.each_ref().map(|it| it.start_on(&stack, resumes).current());
            let (accept, connect) = (server.server_config(), client.client_config());
            assert_eq!(meet_twice(&accept, &connect), [Full, Resumed]);
            worlds[late].clock.advance(Duration::hours(WITHIN));
            assert_eq!(meet(&accept, &connect), Full, "{} {late}", stack.name);
        }
    }
}

/// What is prepared, and the hour in which its sessions end.
type Case = (&'static str, fn(&World), i64);

fn hours(hours: i64) -> OffsetDateTime {
    NOW + Duration::hours(hours)
}

/// For both ends; its last second is the fourth hour.
fn short() -> LeafSpec {
    let spec = LeafSpec::new("short").dns("node.example").dns("edge.example.com");
    spec.valid(days(-1), hours(4))
}

#[test]
fn a_finished_that_is_held_back_across_an_epochs_end_resumes_nothing() {
    for (world, tls, stack) in each_stack(resumes) {
        let current = tls.current();
        let (accept, connect) = configs(&current);
        let (mut server, mut client) = connections(accept.clone(), connect.clone(), NAME);
        // Everything but the client's last flight.
        receive(&mut server, &send(&mut client)).unwrap();
        receive(&mut client, &send(&mut server)).unwrap();
        world.clock.advance(Duration::hours(WITHIN));
        talk(&mut server, &mut client).unwrap();
        assert!(!server.is_handshaking() && !client.is_handshaking(), "{}", stack.name);
        for (accept, connect) in [
            (accept.clone(), connect.clone()),
            (current.server_config(), connect),
            (accept, current.client_config()),
        ] {
            assert_eq!(meet(&accept, &connect), Full, "{}", stack.name);
        }
    }
}

#[test]
fn a_ticket_that_comes_late_on_an_open_connection_resumes_nothing() {
    for (world, tls, stack) in each_stack(resumes) {
        let old = tls.current();
        let (accept, connect) = configs(&old);
        let (mut server, mut client) = connections(accept.clone(), connect.clone(), NAME);
        // The server has sent its tickets, the client has not read them.
        let mut held = Vec::new();
        while server.is_handshaking() || client.wants_write() {
            receive(&mut server, &send(&mut client)).unwrap();
            held = send(&mut server);
            if server.is_handshaking() {
                receive(&mut client, &held).unwrap();
            }
        }
        world.server_pair(&world.server("renewed"));
        assert!(two_polls(&tls).published.is_some());
        receive(&mut client, &held).unwrap();
        assert!(!client.is_handshaking(), "{}", stack.name);
        assert_eq!(meet(&accept, &connect), Full, "{}", stack.name);
        assert_eq!(meet(&tls.current().server_config(), &connect), Full, "{}", stack.name);
    }
}

#[test]
fn a_resumed_peer_that_has_expired_is_refused_by_identify() {
    for (world, tls, stack) in each_stack(resumes) {
        let current = tls.current();
        // Another client, with a configuration of its own that outlives its certificate.
        let other = World::new();
        let brief = LeafSpec::new("brief").dns("edge.example.com").eku(Eku::client());
        other.client_pair(&world.ca.leaf(brief.valid(days(-1), NOW + Duration::hours(2))));
        other.dir.write("server-ca.crt", world.ca.pem());
        let theirs = other.start_on(&stack, resumes);
        let (accept, connect) = (current.server_config(), theirs.current().client_config());
        let identify = |expected| {
            let (mut server, mut client) = connections(accept.clone(), connect.clone(), NAME);
            talk(&mut server, &mut client).unwrap();
            assert_eq!(server.handshake_kind(), Some(expected), "{}", stack.name);
            let now = unix(world.clock.now());
            current.clients().identify(&server, now)
        };
        identify(Full).unwrap();
        identify(Resumed).unwrap();
        // Their clock stands: it is our server that must mind.
        world.clock.advance(Duration::hours(3));
        let refusal = identify(Resumed).unwrap_err();
        assert_eq!(refusal.class(), RefusalClass::Validity);
    }
}

#[test]
fn the_store_holds_as_many_sessions_as_it_says_and_never_more_than_there_is_room_for() {
    for (adjust, clients) in [
        (|it| resumes(it).remember_sessions(5), 5),
        (|it| resumes(it).remember_sessions(usize::MAX), 1),
    ] as [(fn(Built) -> Built, usize); 2]
    {
        for (world, tls, stack) in each_stack(adjust) {
            let accept = tls.current().server_config();
            let clients: Vec<_> = (0..clients).map(|_| world.start_on(&stack, adjust)).collect();
            let kinds = || clients.iter().map(|it| meet(&accept, &it.current().client_config()));
            assert!(kinds().all(|kind| kind == Full), "{}", stack.name);
            assert!(kinds().all(|kind| kind == Resumed), "{}", stack.name);
        }
    }
}

#[test]
fn a_configuration_that_the_recipe_asked_for_resumes_nothing_once_its_generation_is_published() {
    for stack in stacks() {
        let world = World::new();
        let mut inner = recipe(world.dir.path(), stack.provider_of_version(), resumes);
        let early = Arc::new(OnceLock::new());
        let asked = early.clone();
        let tls = world.builder().build(move |files| {
            let generation = inner(files)?;
            let (accept, connect) = configs(&generation);
            assert_eq!(meet(&accept, &connect), Full);
            let _ = asked.set((accept, connect));
            Ok(generation)
        });
        let tls = tls.unwrap();
        // It went by the clock of the system, the generation goes by the reloader's.
        let (accept, connect) = early.get().unwrap();
        assert_eq!(meet(accept, connect), Full, "{}", stack.name);
        assert_eq!(kinds(&tls), [Full, Resumed], "{}", stack.name);
        world.clock.advance(Duration::hours(WITHIN));
        assert_eq!(kinds(&tls), [Full, Resumed], "{}", stack.name);
    }
}

/// Of two handshakes in a row.
fn kinds(tls: &Reloader) -> [HandshakeKind; 2] {
    let (accept, connect) = configs(&tls.current());
    meet_twice(&accept, &connect)
}

fn configs(generation: &Generation) -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    (generation.server_config(), generation.client_config())
}

fn meet_twice(accept: &Arc<ServerConfig>, connect: &Arc<ClientConfig>) -> [HandshakeKind; 2] {
    [meet(accept, connect), meet(accept, connect)]
}

fn meet(accept: &Arc<ServerConfig>, connect: &Arc<ClientConfig>) -> HandshakeKind {
    try_to_meet(accept, connect).unwrap()
}

fn try_to_meet(
    accept: &Arc<ServerConfig>,
    connect: &Arc<ClientConfig>,
) -> Result<HandshakeKind, String> {
    let (mut server, mut client) = connections(accept.clone(), connect.clone(), NAME);
    talk(&mut server, &mut client)?;
    assert_eq!(server.handshake_kind(), client.handshake_kind());
    Ok(server.handshake_kind().unwrap())
}

fn talk(server: &mut ServerConnection, client: &mut ClientConnection) -> Result<(), String> {
    let outcome = handshake_in_memory(server, client, || {});
    match outcome.is_ok() {
        true => Ok(()),
        false => Err(format!("{outcome:?}")),
    }
}
