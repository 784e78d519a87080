//! Observers hear of what is published, and decide nothing about it.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use crate::world::{World, both, sees, two_polls, wait_until};
use mtls_roles::{Observer, ReloadReport, Reloader};

#[derive(Default)]
struct Asks {
    tls: OnceLock<Reloader>,
    found: Mutex<Vec<(Option<u64>, u64)>>,
}

impl Observer for Asks {
    fn reloaded(&self, report: &ReloadReport) {
        if let Some(tls) = self.tls.get() {
            self.found.lock().unwrap().push((report.published, tls.current().number()));
        }
    }
}

#[test]
fn an_observer_hears_of_a_generation_that_is_the_current_one() {
    let (world, asks) = (World::new(), Arc::new(Asks::default()));
    let builder = world.builder().observer(asks.clone());
    let tls = world.build(builder).unwrap();
    asks.tls.set(tls.clone()).unwrap();
    world.server_pair(&world.server("renewed"));
    two_polls(&tls);
    assert_eq!(*asks.found.lock().unwrap(), [(Some(2), 2)]);
}

struct Panics;

impl Observer for Panics {
    fn reloaded(&self, report: &ReloadReport) {
        assert_eq!(report.published, Some(1), "by order");
    }
}

#[test]
fn an_observer_that_panics_holds_no_generation_back_and_ends_no_follower() {
    let world = World::new();
    let builder = world.builder().observer(Arc::new(Panics));
    let tls = world.build(builder).unwrap();
    let _follower = tls.follow(Duration::from_millis(5));
    for number in 2..4 {
        world.server_pair(&world.server(&format!("server {number}")));
        wait_until(|| tls.current().number() == number);
        assert_eq!(sees(&tls), both(&format!("server {number}"), "client"));
    }
}
