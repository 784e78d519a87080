//! Sessions are resumed within one epoch of one generation, and only if that was asked for.

use std::sync::{Arc, OnceLock};
use std::time::Duration as StdDuration;

use crate::common::clock::NOW;
use crate::common::pki::{CrlSpec, Eku, LeafSpec};
use crate::common::tls::{Stack, stacks};
use crate::world::{Built, World, days, recipe, two_polls};
use mtls_roles::{Generation, Reloader};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, ServerConfig, ServerConnection};
use time::Duration;

use HandshakeKind::{Full, Resumed};

/// Hours.
const WITHIN: i64 = 10;

fn resumes(built: Built) -> Built {
    built.resume_within(StdDuration::from_secs(WITHIN as u64 * 3600))
}

fn start(world: &World, stack: &Stack, adjust: fn(Built) -> Built) -> Reloader {
    let recipe = recipe(world.dir.path(), stack.provider_of_version(), adjust);
    world.builder().build(recipe).unwrap()
}

#[test]
fn without_resume_within_nothing_resumes() {
    for stack in stacks() {
        let world = World::new();
        let tls = start(&world, &stack, |it| it);
        assert_eq!([kind(&tls), kind(&tls)], [Full, Full], "{}", stack.name);
    }
}

#[test]
fn sessions_resume_inside_one_generation_and_none_crosses_to_another_on_either_side() {
    for stack in stacks() {
        let world = World::new();
        let tls = start(&world, &stack, resumes);
        assert_eq!([kind(&tls), kind(&tls)], [Full, Resumed], "{}", stack.name);
        let old = tls.current();
        let (accept, connect) = configs(&old);
        world.server_pair(&world.server("renewed"));
        assert_eq!(two_polls(&tls).published, Some(2));
        let new = tls.current();
        // Each side's new configuration with the other's old one, then both new.
        assert_eq!(meet(&new.server_config(), &connect), Full, "{}", stack.name);
        assert_eq!(meet(&accept, &new.client_config()), Full, "{}", stack.name);
        assert_eq!([kind(&tls), kind(&tls)], [Full, Resumed], "{}", stack.name);
        // The old one is over: not even its own sessions are resumed.
        assert_eq!(
            [meet(&accept, &connect), meet(&accept, &connect)],
            [Full, Full],
            "{}",
            stack.name
        );
        let (accept, connect) = configs(&old);
        assert_eq!(
            [meet(&accept, &connect), meet(&accept, &connect)],
            [Full, Full],
            "{}",
            stack.name
        );
    }
}

#[test]
fn no_session_outlives_the_interval_the_policys_end_our_own_expiry_or_a_lists_next_update() {
    for stack in stacks() {
        let hours = |hours| NOW + Duration::hours(hours);
        let cases: [Case; 5] = [
            ("interval", |_| {}, WITHIN),
            (
                "policy",
                |world| drop(world.dir.write("eku", "ignore until 2026-11-21T15:00:00Z")),
                3,
            ),
            ("server's own", |world| world.server_pair(&world.ca.leaf(short("node.example"))), 4),
            (
                "client's own",
                |world| world.client_pair(&world.ca.leaf(short("edge.example.com"))),
                4,
            ),
            (
                "nextUpdate",
                |world| {
                    let crl = CrlSpec::new(1).current(days(-1), NOW + Duration::hours(5));
                    world.dir.write("crls/root.crl", world.ca.crl_pem(crl));
                },
                5,
            ),
        ];
        for (id, prepare, ends) in cases {
            let world = World::new();
            prepare(&world);
            let tls = start(&world, &stack, resumes);
            let current = tls.current();
            let (accept, connect) = configs(&current);
            assert_eq!([meet(&accept, &connect), meet(&accept, &connect)], [Full, Resumed], "{id}");
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
            assert_eq!([meet(&accept, &connect), meet(&accept, &connect)], [Full, Full], "{id}");
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
            let [server, client] = worlds.each_ref().map(|world| start(world, &stack, resumes));
            let (accept, connect) =
                (server.current().server_config(), client.current().client_config());
            assert_eq!([meet(&accept, &connect), meet(&accept, &connect)], [Full, Resumed]);
            worlds[late].clock.advance(Duration::hours(WITHIN));
            assert_eq!(meet(&accept, &connect), Full, "{} {late}", stack.name);
        }
    }
}

/// What is prepared, and the hour in which its sessions end.
type Case = (&'static str, fn(&World), i64);

/// Its last second is the fourth hour.
fn short(name: &str) -> LeafSpec {
    LeafSpec::new("short").dns(name).eku(Eku::both()).valid(days(-1), NOW + Duration::hours(4))
}

#[test]
fn a_finished_that_is_held_back_across_an_epochs_end_resumes_nothing() {
    for stack in stacks() {
        let world = World::new();
        let tls = start(&world, &stack, resumes);
        let current = tls.current();
        let (accept, connect) = configs(&current);
        let (mut server, mut client) = connections(&accept, &connect);
        // Everything but the client's last flight.
        pass(&mut client, &mut server);
        pass(&mut server, &mut client);
        world.clock.advance(Duration::hours(WITHIN));
        while client.wants_write() || server.wants_write() {
            pass(&mut client, &mut server);
            pass(&mut server, &mut client);
        }
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
    for stack in stacks() {
        let world = World::new();
        let tls = start(&world, &stack, resumes);
        let old = tls.current();
        let (accept, connect) = configs(&old);
        let (mut server, mut client) = connections(&accept, &connect);
        // The server has sent its tickets, the client has not read them.
        let mut held = Vec::new();
        while server.is_handshaking() || client.wants_write() {
            pass(&mut client, &mut server);
            held.clear();
            while server.wants_write() {
                server.write_tls(&mut held).unwrap();
            }
            if server.is_handshaking() {
                take(&mut client, &held);
            }
        }
        world.server_pair(&world.server("renewed"));
        assert!(two_polls(&tls).published.is_some());
        take(&mut client, &held);
        assert!(!client.is_handshaking(), "{}", stack.name);
        assert_eq!(meet(&accept, &connect), Full, "{}", stack.name);
        assert_eq!(meet(&tls.current().server_config(), &connect), Full, "{}", stack.name);
    }
}

#[test]
fn a_resumed_peer_that_has_expired_is_refused_by_identify() {
    for stack in stacks() {
        let world = World::new();
        let tls = start(&world, &stack, resumes);
        let current = tls.current();
        // Another client, with a configuration of its own that outlives its certificate.
        let other = World::new();
        let brief = LeafSpec::new("brief").dns("edge.example.com").eku(Eku::client());
        other.client_pair(&world.ca.leaf(brief.valid(days(-1), NOW + Duration::hours(2))));
        other.dir.write("server-ca.crt", world.ca.pem());
        let theirs = start(&other, &stack, resumes);
        let (accept, connect) = (current.server_config(), theirs.current().client_config());
        let identify = |expected| {
            let (mut server, mut client) = connections(&accept, &connect);
            talk(&mut server, &mut client).unwrap();
            assert_eq!(server.handshake_kind(), Some(expected), "{}", stack.name);
            let now = crate::common::clock::unix(world.clock.now());
            current.clients().identify(&server, now)
        };
        identify(Full).unwrap();
        identify(Resumed).unwrap();
        // Their clock stands: it is our server that must mind.
        world.clock.advance(Duration::hours(3));
        let refusal = identify(Resumed).unwrap_err();
        assert_eq!(refusal.class(), mtls_roles::RefusalClass::Validity);
    }
}

#[test]
fn the_store_holds_as_many_sessions_as_it_says() {
    for stack in stacks() {
        let world = World::new();
        let tls = start(&world, &stack, |built| resumes(built).remember_sessions(5));
        let accept = tls.current().server_config();
        let resumed = |clients: usize| {
            let configs: Vec<_> = (0..clients).map(|_| start(&world, &stack, resumes)).collect();
            let each = || configs.iter().map(|it| meet(&accept, &it.current().client_config()));
            each().for_each(|kind| assert_eq!(kind, Full));
            each().filter(|kind| *kind == Resumed).count()
        };
        assert_eq!(resumed(5), 5, "{}", stack.name);
    }
}

#[test]
fn whoever_asks_for_room_without_end_gets_what_there_is() {
    for stack in stacks() {
        let world = World::new();
        let tls = start(&world, &stack, |it| resumes(it).remember_sessions(usize::MAX));
        assert_eq!([kind(&tls), kind(&tls)], [Full, Resumed], "{}", stack.name);
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
        assert_eq!([kind(&tls), kind(&tls)], [Full, Resumed], "{}", stack.name);
        world.clock.advance(Duration::hours(WITHIN));
        assert_eq!(kind(&tls), Full, "{}", stack.name);
    }
}

fn kind(tls: &Reloader) -> HandshakeKind {
    let (accept, connect) = configs(&tls.current());
    meet(&accept, &connect)
}

fn configs(generation: &Generation) -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    (generation.server_config(), generation.client_config())
}

fn meet(accept: &Arc<ServerConfig>, connect: &Arc<ClientConfig>) -> HandshakeKind {
    try_to_meet(accept, connect).unwrap()
}

fn try_to_meet(
    accept: &Arc<ServerConfig>,
    connect: &Arc<ClientConfig>,
) -> Result<HandshakeKind, String> {
    let (mut server, mut client) = connections(accept, connect);
    talk(&mut server, &mut client)?;
    assert_eq!(server.handshake_kind(), client.handshake_kind());
    Ok(server.handshake_kind().unwrap())
}

fn talk(server: &mut ServerConnection, client: &mut ClientConnection) -> Result<(), String> {
    let outcome = crate::common::tls::handshake_in_memory(server, client, || {});
    match outcome.is_ok() {
        true => Ok(()),
        false => Err(format!("{outcome:?}")),
    }
}

fn connections(
    accept: &Arc<ServerConfig>,
    connect: &Arc<ClientConfig>,
) -> (ServerConnection, ClientConnection) {
    let name = ServerName::try_from("node.example").unwrap();
    let client = ClientConnection::new(connect.clone(), name).unwrap();
    (ServerConnection::new(accept.clone()).unwrap(), client)
}

/// One flight.
fn pass<F, T>(
    from: &mut impl std::ops::DerefMut<Target = rustls::ConnectionCommon<F>>,
    to: &mut impl std::ops::DerefMut<Target = rustls::ConnectionCommon<T>>,
) where
    F: rustls::SideData,
    T: rustls::SideData,
{
    let mut flight = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut flight).unwrap();
    }
    take(to, &flight);
}

fn take<T: rustls::SideData>(
    to: &mut impl std::ops::DerefMut<Target = rustls::ConnectionCommon<T>>,
    mut flight: &[u8],
) {
    while !flight.is_empty() {
        to.read_tls(&mut flight).unwrap();
        to.process_new_packets().unwrap();
    }
}
