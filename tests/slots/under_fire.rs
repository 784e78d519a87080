//! While both slots are swapped ten thousand times, no handshake fails, and no peer ever sees a leaf of one generation
//! with a key or a chain of another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};

use crate::common::clock::Clock;
use crate::common::ours::{client_slot, configs, credentials, roots, server_slot};
use crate::common::pki::{Ca, CaSpec, LeafSpec};
use crate::common::tls::{Stack, handshake_in_memory, stacks};
use mtls_roles::{ClientPeerVerifier, ClientSlot, Credentials, ServerPeerVerifier, ServerSlot};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection};

#[test]
fn ten_thousand_swaps_of_both_slots_never_mix_two_generations_and_never_fail_a_handshake() {
    let world = World::new();
    for stack in stacks() {
        let done = AtomicBool::new(false);
        let finished = AtomicUsize::new(0);
        let ends = world.ends(&stack);
        let reports: Vec<_> = thread::scope(|scope| {
            let visitors = (0..THREADS)
                .map(|_| scope.spawn(|| world.visit_until(&done, &finished, &ends)))
                .collect::<Vec<_>>();
            for turn in 0..SWAPS / stacks().len() {
                // Not faster than the handshakes, or there would be nothing under fire.
                while finished.load(Ordering::Relaxed) < turn / SWAPS_PER_HANDSHAKE
                    && !visitors.iter().any(ScopedJoinHandle::is_finished)
                {
                    thread::yield_now();
                }
                world.swap(turn);
            }
            done.store(true, Ordering::Relaxed);
            let join = |visitor: ScopedJoinHandle<'_, Report>| visitor.join().unwrap();
            visitors.into_iter().map(join).collect()
        });
        for report in &reports {
            assert_eq!(report.wrong, [""; 0], "{}", stack.name);
        }
        let sum = |what: fn(&Report) -> usize| reports.iter().map(what).sum::<usize>();
        let least = SWAPS / stacks().len() / SWAPS_PER_HANDSHAKE;
        assert!(sum(|report| report.handshakes) >= least, "{}", stack.name);
        // Otherwise the swaps did not happen where it matters.
        assert!(sum(|report| report.disturbed) > 0, "{}", stack.name);
    }
}

#[test]
fn a_swap_between_any_two_flights_leaves_each_end_with_one_generation() {
    let world = World::new();
    for stack in stacks() {
        let ends = world.ends(&stack);
        for before in 0..GENERATIONS {
            world.swap(before);
            let mut turn = before;
            let seen = handshake(&ends, || {
                turn += 1;
                world.swap(turn);
            });
            let (server, client) = seen.unwrap_or_else(|e| panic!("{}: {e}", stack.name));
            world.generation(&server).expect("one generation");
            world.generation(&client).expect("one generation");
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
    generations: Vec<Credentials>,
    chains: Vec<Vec<CertificateDer<'static>>>,
    server: ServerSlot,
    client: ClientSlot,
}

/// What one thread met.
#[derive(Default)]
struct Report {
    handshakes: usize,
    /// How many of them saw different generations at the two ends, or before and after.
    disturbed: usize,
    wrong: Vec<String>,
}

type Ends = (Arc<ServerConfig>, Arc<ClientConfig>);
type Chain = Vec<CertificateDer<'static>>;

impl World {
    fn new() -> Self {
        let root = Ca::root_named("root");
        let (mut generations, mut chains) = (vec![], vec![]);
        for index in 0..GENERATIONS {
            let sub = root.sub(CaSpec::new(&format!("sub {index}")));
            // All leaves have one name, so that nothing but the bytes tells them apart.
            let leaf = sub.leaf(LeafSpec::new("node").dns("node.example"));
            chains.push(leaf.chain(&[&sub]));
            generations.push(credentials(&leaf, &[&sub]));
        }
        Self {
            server: server_slot().build_with(generations[0].clone()).unwrap(),
            client: client_slot().build_with(generations[1].clone()).unwrap(),
            root,
            generations,
            chains,
        }
    }

    /// The two slots never hold the same generation.
    fn swap(&self, turn: usize) {
        let generation = |turn: usize| self.generations[turn % GENERATIONS].clone();
        self.server.swap(generation(turn)).unwrap();
        self.client.swap(generation(turn + 1)).unwrap();
    }

    fn ends(&self, stack: &Stack) -> Ends {
        let (roots, provider) = (|| roots([&self.root]), &stack.provider);
        let clients = ClientPeerVerifier::builder(roots(), provider).build().unwrap();
        let servers = ServerPeerVerifier::builder(roots(), provider).build().unwrap();
        let (server, client) = ((&self.server, &clients), (&self.client, &servers));
        let (accept, connect) = configs(stack, &Clock::default(), server, client);
        (Arc::new(accept), Arc::new(connect))
    }

    fn visit_until(&self, done: &AtomicBool, finished: &AtomicUsize, ends: &Ends) -> Report {
        let mut report = Report::default();
        while !done.load(Ordering::Relaxed) {
            let before = self.server_generation();
            match self.visit(ends) {
                Ok((server, client)) => {
                    let is_still = before == server && self.server_generation() == server;
                    let are_neighbours = (server + 1) % GENERATIONS == client;
                    report.disturbed += usize::from(!is_still || !are_neighbours);
                }
                Err(wrong) => report.wrong.push(wrong),
            }
            report.handshakes += 1;
            finished.fetch_add(1, Ordering::Relaxed);
        }
        report
    }

    /// The generations that the client saw of the server, and the server of the client.
    fn visit(&self, ends: &Ends) -> Result<(usize, usize), String> {
        let (server, client) = handshake(ends, || {})?;
        Ok((self.generation(&server)?, self.generation(&client)?))
    }

    fn server_generation(&self) -> usize {
        let held = self.server.credentials().expect("it is never empty");
        let chain: Vec<_> = held.chain().iter().map(|c| c.der().clone()).collect();
        self.generation(&chain).expect("it holds one generation")
    }

    /// Which generation a chain is, all of it. That the key is the leaf's, the handshake has proved.
    fn generation(&self, chain: &[CertificateDer<'_>]) -> Result<usize, String> {
        let found = self.chains.iter().position(|known| known == chain);
        found.ok_or_else(|| format!("the chain is of no generation: {chain:?}"))
    }
}

/// What the client saw of the server, and the server of the client.
fn handshake((accept, connect): &Ends, meanwhile: impl FnMut()) -> Result<(Chain, Chain), String> {
    let name = ServerName::try_from("node.example").unwrap();
    let mut server = ServerConnection::new(accept.clone()).unwrap();
    let mut client = ClientConnection::new(connect.clone(), name).unwrap();
    let outcome = handshake_in_memory(&mut server, &mut client, meanwhile);
    if !outcome.is_ok() || server.is_handshaking() || client.is_handshaking() {
        return Err(format!("{outcome:?}"));
    }
    match (client.peer_certificates(), server.peer_certificates()) {
        (Some(server), Some(client)) => Ok((server.to_vec(), client.to_vec())),
        _ => Err("an end presented nothing".into()),
    }
}
