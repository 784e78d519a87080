//! While both slots are swapped ten thousand times, no handshake fails, and no peer ever sees a leaf of one generation
//! with a key or a chain of another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread::{self, ScopedJoinHandle};

use crate::common::clock::Clock;
use crate::common::ours::{
    client_slot, clients, configs, credentials, roots, server_slot, servers,
};
use crate::common::pki::{Ca, CaSpec, Chain, LeafSpec};
use crate::common::tls::{Stack, connections, handshake, handshake_in_memory, stacks};
use mtls_roles::{ClientSlot, Credentials, ServerSlot};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ServerConfig};

#[test]
fn ten_thousand_swaps_of_both_slots_never_mix_two_generations_and_never_fail_a_handshake() {
    let world = World::new();
    for stack in stacks() {
        let (ends, done) = (world.ends(&stack), AtomicBool::new(false));
        let (finished, disturbed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let visit_until_done = || {
            while !done.load(Relaxed) {
                let (server, client) = world.visit(&ends);
                let are_neighbours = (server + 1) % GENERATIONS == client;
                disturbed.fetch_add(usize::from(!are_neighbours), Relaxed);
                finished.fetch_add(1, Relaxed);
            }
        };
        // Whoever panics in it makes the test fail.
        thread::scope(|scope| {
            let visitors = [(); THREADS].map(|()| scope.spawn(visit_until_done));
            for turn in 0..SWAPS / stacks().len() {
                // Not faster than the handshakes, or there would be nothing under fire.
                while finished.load(Relaxed) < turn / SWAPS_PER_HANDSHAKE
                    && !visitors.iter().any(ScopedJoinHandle::is_finished)
                {
                    thread::yield_now();
                }
                world.swap(turn);
            }
            done.store(true, Relaxed);
        });
        // Otherwise the swaps did not happen where it matters.
        assert!(disturbed.load(Relaxed) > 0, "{}", stack.name);
    }
}

#[test]
fn a_swap_between_any_two_flights_leaves_each_end_with_one_generation() {
    let world = World::new();
    for stack in stacks() {
        let (accept, connect) = world.ends(&stack);
        for before in 0..GENERATIONS {
            world.swap(before);
            let mut turn = before;
            let (mut server, mut client) =
                connections(accept.clone(), connect.clone(), "node.example");
            let outcome = handshake_in_memory(&mut server, &mut client, || {
                turn += 1;
                world.swap(turn);
            });
            assert!(outcome.is_ok(), "{}: {outcome:?}", stack.name);
            world.generation(server.peer_certificates().unwrap());
            world.generation(client.peer_certificates().unwrap());
        }
    }
}

/// Over all stacks together.
const SWAPS: usize = 10_000;
const SWAPS_PER_HANDSHAKE: usize = 8;
const GENERATIONS: usize = 12;
const THREADS: usize = 3;

/// One root, and generations of leaf, key and intermediate below it; each is good for both slots.
struct World {
    root: Ca,
    generations: Vec<(Credentials, Chain)>,
    server: ServerSlot,
    client: ClientSlot,
}

type Ends = (Arc<ServerConfig>, Arc<ClientConfig>);

impl World {
    fn new() -> Self {
        let root = Ca::root_named("root");
        let generation = |index| {
            let sub = root.sub(CaSpec::new(&format!("sub {index}")));
            // All leaves have one name, so that nothing but the bytes tells them apart.
            let leaf = sub.leaf(LeafSpec::new("node").dns("node.example"));
            (credentials(&leaf, &[&sub]), leaf.chain(&[&sub]))
        };
        let generations = (0..GENERATIONS).map(generation).collect();
        let (server, client) = (server_slot().build().unwrap(), client_slot().build().unwrap());
        let world = Self { root, generations, server, client };
        world.swap(0);
        world
    }

    /// The two slots never hold the same generation.
    fn swap(&self, turn: usize) {
        let generation = |turn: usize| self.generations[turn % GENERATIONS].0.clone();
        self.server.swap(generation(turn)).unwrap();
        self.client.swap(generation(turn + 1)).unwrap();
    }

    fn ends(&self, stack: &Stack) -> Ends {
        let roots = roots([&self.root]);
        let (clients, servers) =
            (clients(&roots).build().unwrap(), servers(&roots).build().unwrap());
        let (server, client) = ((&self.server, &clients), (&self.client, &servers));
        let (accept, connect) = configs(stack, &Clock::default(), server, client);
        (Arc::new(accept), Arc::new(connect))
    }

    /// The generations that the client saw of the server, and the server of the client.
    fn visit(&self, (accept, connect): &Ends) -> (usize, usize) {
        let outcome = handshake(accept.clone(), connect.clone(), "node.example");
        let [server, client] = [outcome.client, outcome.server]
            .map(|side| self.generation(&side.unwrap().peer_certificates.unwrap()));
        (server, client)
    }

    /// Which generation a chain is, all of it. That the key is the leaf's, the handshake has proved.
    fn generation(&self, chain: &[CertificateDer<'_>]) -> usize {
        let found = self.generations.iter().position(|(_, known)| known == chain);
        found.unwrap_or_else(|| panic!("the chain is of no generation: {chain:?}"))
    }
}
