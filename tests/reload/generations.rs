//! A handshake ends in the generation in which it began, and a generation ends with its last connection.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::thread;

use crate::common::cases::all_or;
use crate::common::counting::recorded;
use crate::common::pki::{Ca, CrlSpec};
use crate::common::tls::{connections, handshake_in_memory, provider, stacks};
use crate::world::{World, both, recipe, sees, two_polls, visit};
use mtls_roles::{Generation, Role};

#[test]
fn a_handshake_under_way_ends_in_its_own_generation() {
    for stack in stacks() {
        let world = World::new();
        let tls = world.start_on(&stack, |it| it);
        // A new CA for everything after each flight: a mixture could not end.
        let old = tls.current();
        let (accept, connect) = (old.server_config(), old.client_config());
        let (mut server, mut client) = connections(accept, connect, "node.example");
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
fn under_load_no_handshake_fails_nobody_sees_a_mixture_and_old_generations_go_with_their_last_connection()
 {
    let world = World::new();
    // Old and new trust each other: both roots are there all the time.
    let cas = [0, 1].map(|turn| Ca::root_named(&format!("root {turn}")));
    let pairs = [0, 1].map(|turn: usize| world.pairs_below(&cas[turn], &turn.to_string()));
    let roots = cas[0].pem() + &cas[1].pem();
    world.write("client-ca.crt", &roots);
    world.write("server-ca.crt", &roots);
    let crls = cas.each_ref().map(|ca| ca.crl_pem(CrlSpec::new(1)));
    world.write("crls/root.crl", crls.concat());
    let write = |turn: usize| {
        let (server, client) = &pairs[turn % 2];
        world.server_pair(server);
        world.client_pair(client);
    };
    write(0);
    let tls = world.start();
    let (changes, visitors) = (all_or(10_000, 300), 2);
    let (done, visits) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (mut alive, mut most_alive) = (Vec::<Weak<Generation>>::new(), 0);
    thread::scope(|scope| {
        for _ in 0..visitors {
            scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    // The server's generation and the client's may differ: two processes.
                    let (accept, connect) =
                        (tls.current().server_config(), tls.current().client_config());
                    visit(accept, connect).expect("no handshake fails");
                    // One generation with itself is of one turn.
                    let (server, client) = sees(&tls).unwrap();
                    let turn = client.strip_prefix("CN=client ").unwrap();
                    assert_eq!(server, format!("CN=server {turn}"));
                    visits.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let _done = WhenDropped(&done);
        for turn in 1..=changes {
            write(turn);
            assert!(tls.reload().unwrap().published.is_some(), "{turn}");
            alive.push(Arc::downgrade(&tls.current()));
            alive.retain(|generation| generation.strong_count() > 0);
            most_alive = most_alive.max(alive.len());
        }
    });
    // The current one, those that handshakes hold, and those that go at this moment.
    assert!(most_alive <= 2 + 2 * visitors, "{most_alive}");
    alive.retain(|generation| generation.strong_count() > 0);
    assert_eq!(alive.len(), 1);
    assert!(visits.load(Ordering::Relaxed) > 10);
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
