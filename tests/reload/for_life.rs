//! Configurations for who takes one for life, and the thread that follows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use crate::common::pki::Ca;
use crate::common::tls::{provider, stacks, stock_client};
use crate::world::{World, both, recipe, sees, two_polls, visit, wait_until};

#[test]
fn following_configurations_see_every_generation_roots_too() {
    for stack in stacks() {
        let world = World::new();
        let tls = world.start_on(&stack, |it| it.resume_within(Duration::from_secs(3600)));
        let accept = Arc::new(tls.following_server_config().unwrap());
        let connect = Arc::new(tls.following_client_config().unwrap());
        let sees = || visit(accept.clone(), connect.clone());
        assert_eq!(sees(), both("server", "client"), "{}", stack.name);
        let nobody = stock_client(&stack.provider, &[stack.version], &[world.ca.der()], None);
        let refused = visit(accept.clone(), Arc::new(nobody)).unwrap_err();
        assert!(refused.contains("sent no certificates"), "{} {refused}", stack.name);
        for turn in ["one", "two", "three"] {
            world.move_to(&Ca::root_named(turn), turn);
            two_polls(&tls);
            let expected = both(&format!("server {turn}"), &format!("client {turn}"));
            assert_eq!(sees(), expected, "{}", stack.name);
        }
        assert_eq!(accept.send_tls13_tickets, 0, "nothing is resumed");
    }
}

#[test]
fn a_follower_publishes_by_itself_and_its_thread_ends_when_it_is_dropped() {
    let world = World::new();
    let tls = world.start();
    let follower = tls.follow(Duration::from_millis(5));
    world.server_pair(&world.server("renewed"));
    wait_until(|| tls.current().number() == 2);
    assert_eq!(sees(&tls), both("renewed", "client"));
    drop(follower);
    // Its look may be under way; after that there is none.
    thread::sleep(Duration::from_millis(200));
    let looks = tls.health().looks;
    thread::sleep(Duration::from_millis(50));
    assert_eq!(tls.health().looks, looks);
}

#[test]
fn a_recipe_that_panics_leaves_the_last_generation_and_the_follower_goes_on() {
    let world = World::new();
    let dir = world.dir.path().to_owned();
    let mut inner = recipe(&dir, provider(), |it| it);
    let panics = Arc::new(AtomicBool::new(false));
    let is_asked = panics.clone();
    let tls = world.builder().build(move |files| {
        assert!(!is_asked.load(Ordering::Acquire), "by order");
        inner(files)
    });
    let tls = tls.unwrap();
    world.heard.lines();
    panics.store(true, Ordering::Release);
    world.server_pair(&world.server("renewed"));
    let follower = tls.follow(Duration::from_millis(5));
    wait_until(|| world.counters.reloads_failed() > 0);
    assert_eq!(sees(&tls), both("server", "client"));
    let looks = tls.health().looks;
    wait_until(|| tls.health().looks > looks + 3);
    let told = world.heard.lines();
    assert_eq!(told.len(), 1, "the same failure is told once: {told:?}");
    assert!(told[0].contains("the recipe of the generation panicked: by order"), "{told:?}");
    assert!(tls.health().failing_since.is_some());
    panics.store(false, Ordering::Release);
    wait_until(|| tls.current().number() == 2);
    assert_eq!(sees(&tls), both("renewed", "client"));
    wait_until(|| tls.health().failing_since.is_none());
    drop(follower);
}

#[test]
fn a_recipe_that_blocks_stops_nobody_who_asks_for_the_current_generation() {
    let world = World::new();
    let mut inner = recipe(world.dir.path(), provider(), |it| it);
    let (blocks, let_go) = (Arc::new(AtomicBool::new(false)), Arc::new(Barrier::new(2)));
    let (is_asked, gate) = (blocks.clone(), let_go.clone());
    let tls = world.builder().build(move |files| {
        if is_asked.swap(false, Ordering::AcqRel) {
            gate.wait();
        }
        inner(files)
    });
    let tls = tls.unwrap();
    let accept = Arc::new(tls.following_server_config().unwrap());
    blocks.store(true, Ordering::Release);
    world.server_pair(&world.server("renewed"));
    let follower = tls.follow(Duration::from_millis(5));
    wait_until(|| !blocks.load(Ordering::Acquire));
    // It blocks now.
    let looks = tls.health().looks;
    assert_eq!(sees(&tls), both("server", "client"));
    assert_eq!(visit(accept, tls.current().client_config()), both("server", "client"));
    assert_eq!(tls.health().looks, looks, "which shows");
    drop(follower);
    let_go.wait();
    wait_until(|| tls.current().number() == 2);
    assert_eq!(sees(&tls), both("renewed", "client"));
}
