//! A handshake ends in the generation in which it began, and a generation ends with its last connection.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;

use crate::common::counting::recorded;
use crate::common::pki::{Ca, CrlSpec};
use crate::common::tls::{handshake_in_memory, provider, stacks};
use crate::world::{World, both, recipe, sees, two_polls, visit};
use mtls_roles::{Generation, Role};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, ServerConnection};

#[test]
fn a_handshake_under_way_ends_in_its_own_generation() {
    for stack in stacks() {
        let world = World::new();
        let recipe = recipe(world.dir.path(), stack.provider_of_version(), |it| it);
        let tls = world.builder().build(recipe).unwrap();
        // A new CA for everything after each flight: a mixture could not end.
        let old = tls.current();
        let name = ServerName::try_from("node.example").unwrap();
        let mut server = ServerConnection::new(old.server_config()).unwrap();
        let mut client = ClientConnection::new(old.client_config(), name).unwrap();
        drop(old);
        let mut turn = 0;
        let outcome = handshake_in_memory(&mut server, &mut client, || {
            turn += 1;
            world.move_to(&Ca::root_named(&format!("root {turn}")), &turn.to_string());
            tls.reload().unwrap();
        });
        assert!(outcome.is_ok() && !server.is_handshaking(), "{}: {outcome:?}", stack.name);
        assert!(turn > 2 && tls.current().number() == 1 + turn as u64);
        assert_eq!(sees(&tls), both(&format!("server {turn}"), &format!("client {turn}")));
    }
}

#[test]
fn old_generations_die_with_their_last_connection_through_ten_thousand_reloads_under_load() {
    let world = World::new();
    let tls = world.start();
    let texts = ["rfc5280", "strict"];
    let (done, connections) = (AtomicBool::new(false), AtomicUsize::new(0));
    let held: Mutex<Vec<Weak<Generation>>> = Mutex::default();
    let mut most_alive = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                let generation = tls.current();
                let _seen = visit(generation.server_config(), generation.client_config());
                connections.fetch_add(1, Ordering::Relaxed);
            }
        });
        let _done = WhenDropped(&done);
        for turn in 0..changes() {
            world.dir.write("eku", texts[turn % 2]);
            if tls.reload().unwrap().published.is_some() {
                held.lock().unwrap().push(Arc::downgrade(&tls.current()));
            }
            let mut held = held.lock().unwrap();
            held.retain(|generation| generation.strong_count() > 0);
            most_alive = most_alive.max(held.len());
        }
    });
    assert_eq!(tls.current().number(), 1 + changes() as u64);
    // The current one, the one that a handshake holds, and those that go at this moment.
    assert!(most_alive <= 4, "{most_alive}");
    held.lock().unwrap().retain(|generation| generation.strong_count() > 0);
    assert_eq!(held.lock().unwrap().len(), 1);
    assert!(connections.load(Ordering::Relaxed) > 10);
}

#[test]
fn while_both_sides_reload_under_load_no_handshake_fails_and_nobody_sees_a_mixture() {
    let world = World::new();
    // Old and new trust each other: both roots are there all the time.
    let cas = [0, 1].map(|turn| Ca::root_named(&format!("root {turn}")));
    let pairs = [0, 1].map(|turn: usize| world.pairs_below(&cas[turn], &turn.to_string()));
    let roots = cas[0].pem() + &cas[1].pem();
    world.dir.write("client-ca.crt", &roots);
    world.dir.write("server-ca.crt", &roots);
    let crls = cas.each_ref().map(|ca| ca.crl_pem(CrlSpec::new(1)));
    world.dir.write("crls/root.crl", crls.concat());
    let write = |turn: usize| {
        let (server, client) = &pairs[turn % 2];
        world.server_pair(server);
        world.client_pair(client);
    };
    write(0);
    let tls = world.start();
    let (done, visits) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    // The server's generation and the client's may differ: two processes.
                    let (accept, connect) =
                        (tls.current().server_config(), tls.current().client_config());
                    let (server, client) = visit(accept, connect).expect("no handshake fails");
                    assert!(["CN=server 0", "CN=server 1"].contains(&&*server), "{server}");
                    assert!(["CN=client 0", "CN=client 1"].contains(&&*client), "{client}");
                    // One generation with itself is of one turn.
                    let current = tls.current();
                    let (server, client) =
                        visit(current.server_config(), current.client_config()).unwrap();
                    assert_eq!(server.rsplit(' ').next(), client.rsplit(' ').next());
                    visits.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let _done = WhenDropped(&done);
        for turn in 1..=changes() {
            write(turn);
            assert!(tls.reload().unwrap().published.is_some(), "{turn}");
        }
    });
    assert!(visits.load(Ordering::Relaxed) > 10);
}

/// Ten thousand where every case is asked for.
fn changes() -> usize {
    match std::env::var_os("MTLS_ROLES_ALL_CASES") {
        Some(_) => 10_000,
        None => 300,
    }
}

/// However the thread ends, the others do, too.
struct WhenDropped<'a>(&'a AtomicBool);

impl Drop for WhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn what_changed_is_published_as_one_generation_for_both_sides() {
    let world = World::new();
    let tls = world.start();
    let other = Ca::root_named("other");
    world.move_to(&other, "moved");
    let report = two_polls(&tls);
    assert_eq!((report.published, report.changed.len()), (Some(2), 6), "{report}");
    assert_eq!(sees(&tls), both("server moved", "client moved"));
    let named = |role, name: &str| (role, format!("root `CN={name}`"));
    let roles = [Role::Client, Role::Server];
    assert_eq!(report.roots_added, roles.map(|role| named(role, "other")));
    assert_eq!(report.roots_removed, roles.map(|role| named(role, "root")));
    assert!(
        report.to_string().contains("root `CN=root` is no longer trusted for clients"),
        "{report}"
    );
}

#[test]
fn unchanged_lists_are_not_verified_again_in_the_generations_after() {
    let world = World::new();
    let (counted, record) = recorded(&provider());
    let recipe = recipe(world.dir.path(), Arc::new(counted), |it| it);
    let tls = world.builder().build(recipe).unwrap();
    assert_eq!(sees(&tls), both("server", "client"));
    assert!(record.take().iter().any(|check| check.is_of_list()), "the first time it is verified");
    for turn in 0..3 {
        world.server_pair(&world.server(&format!("server {turn}")));
        two_polls(&tls);
        assert_eq!(sees(&tls), both(&format!("server {turn}"), "client"));
        assert!(!record.take().iter().any(|check| check.is_of_list()), "{turn}");
    }
}
