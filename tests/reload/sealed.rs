//! What belongs to a generation never changes again, whoever holds it and whenever they began.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, credentials, roots, server_slot};
use crate::common::pki::CrlSpec;
use crate::common::tls::provider;
use crate::world::World;
use mtls_roles::{Crls, Error, Generation};
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

/// Whoever asks for the time waits, and it is told.
#[derive(Debug)]
struct Slow {
    asked: Mutex<Sender<()>>,
    go: Mutex<Receiver<()>>,
}

impl TimeProvider for Slow {
    fn current_time(&self) -> Option<UnixTime> {
        let _ = self.asked.lock().unwrap().send(());
        let _ = self.go.lock().unwrap().recv();
        Some(unix(NOW))
    }
}

#[test]
fn what_belongs_to_a_generation_is_sealed_on_every_clone() {
    let world = World::new();
    let tls = world.start();
    let generation = tls.current();
    let (server, client) = (generation.server_slot().clone(), generation.client_slot().clone());
    let held = server.credentials().unwrap();
    let is_sealed = |error| matches!(error, Error::Sealed { .. });
    assert!(is_sealed(server.swap(held.clone()).unwrap_err()));
    assert!(is_sealed(server.clear().unwrap_err()));
    assert!(is_sealed(client.swap(held.clone()).unwrap_err()));
    assert!(is_sealed(client.clear().unwrap_err()));
    let now = unix(NOW);
    let crls = || Crls::from_der([world.ca.crl(CrlSpec::new(9))]).unwrap();
    assert!(is_sealed(generation.clients().clone().replace_crls(crls(), now).unwrap_err()));
    assert!(is_sealed(generation.servers().clone().replace_crls(crls(), now).unwrap_err()));
    assert_eq!(server.credentials(), Some(held));
}

#[test]
fn a_swap_that_began_before_a_slot_was_sealed_changes_nothing_after() {
    let world = World::new();
    let ((asked, is_asked), (go, goes)) = (channel(), channel());
    let clock = Arc::new(Slow { asked: Mutex::new(asked), go: Mutex::new(goes) });
    let slot = server_slot().time_provider(clock).build().unwrap();
    let late = credentials(&world.server("late"), &[]);
    let swap = thread::spawn({
        let slot = slot.clone();
        move || slot.swap(late)
    });
    is_asked.recv().unwrap();
    let (sealed, is_sealed) = channel();
    let build = thread::spawn({
        let (slot, clients) = (slot.clone(), clients(&roots([&world.ca])).build().unwrap());
        move || {
            let generation = Generation::new(&provider()).serve(slot.clone(), clients).build();
            let found = slot.credentials();
            sealed.send(()).unwrap();
            (generation.map(drop), found)
        }
    });
    // It waits for the swap; if it did not, it would be done by now.
    let _ = is_sealed.recv_timeout(Duration::from_millis(300));
    go.send(()).unwrap();
    let _ = swap.join().unwrap();
    let (built, found) = build.join().unwrap();
    built.unwrap();
    assert_eq!(slot.credentials(), found);
}
