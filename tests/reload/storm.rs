//! Kubelet's swaps with a reused key: each is followed, and what belongs to two of them is never published together.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::common::cases::all_or;
use crate::common::clock::Clock;
use crate::common::files::{TempDir, Volume};
use crate::common::ours::clients;
use crate::common::pki::{Ca, CaSpec, KeyKind, KeyPair, LeafSpec};
use crate::common::tls::provider;
use crate::world::two_polls;
use mtls_roles::{Expiring, Generation, Reloader, ServerSide};

#[test]
fn kubelets_swaps_are_followed_a_hundred_times_in_a_row() {
    let storm = Storm::new();
    let tls = storm.start();
    for turn in 1..=100 {
        storm.swap(turn);
        assert_eq!(two_polls(&tls).published, Some(1 + turn as u64));
        assert_eq!(root_of(&tls), format!("CN=root {}", turn % GENERATIONS));
    }
}

#[test]
fn in_a_storm_of_ten_thousand_swaps_leaf_and_roots_of_two_are_never_published_together() {
    let storm = Storm::new();
    let tls = storm.start();
    let done = AtomicBool::new(false);
    let swaps = all_or(10_000, 2_000);
    let (mut published, mut mixed_by_one_read) = (0, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            (1..=swaps).for_each(|turn| storm.swap(turn));
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            mixed_by_one_read += usize::from(storm.is_mixed_by_one_read());
            for report in [tls.reload(), tls.poll()] {
                if !report.is_ok_and(|report| report.published.is_some()) {
                    continue;
                }
                published += 1;
                root_of(&tls);
            }
        }
    });
    tls.reload().unwrap();
    assert_eq!(root_of(&tls), format!("CN=root {}", swaps % GENERATIONS));
    // Otherwise nothing was proved: generations were published, and who reads once does mix them.
    assert!(published > 20, "{published}");
    assert!(mixed_by_one_read > 0);
}

/// Above our leaf, and the one that is trusted: never of two swaps.
fn root_of(tls: &Reloader<ServerSide, ()>) -> String {
    let current = tls.current();
    let issuer = current.server_slot().credentials().unwrap().leaf().issuer().to_owned();
    let roots = current.expiries().into_iter().filter(|it| it.what == Expiring::Root);
    let roots: Vec<_> = roots.map(|root| root.name).collect();
    let trusted = ["root `CN=beside`".to_owned(), format!("root `{issuer}`")];
    assert_eq!(roots, trusted, "in generation {}", current.number());
    issuer
}

const GENERATIONS: usize = 40;

/// Leaf and root of one CA after the other; every leaf has the same key.
struct Storm {
    dir: TempDir,
    volume: Volume,
    generations: Vec<(String, String)>,
    key: String,
    /// Another root, which stays.
    beside: String,
}

impl Storm {
    fn new() -> Self {
        let key = Arc::new(KeyPair::generate().unwrap());
        let generations = (0..GENERATIONS).map(|turn| {
            let ca = Ca::root(CaSpec::new(&format!("root {turn}")).kind(KeyKind::P256));
            let leaf = ca.leaf(LeafSpec::new("node").dns("node.example").key(&key));
            (leaf.cert_pem(), ca.pem())
        });
        let (dir, generations) = (TempDir::new(), generations.collect());
        let volume = Volume::new(dir.path(), &["tls.crt", "tls.key", "ca"]);
        let beside = Ca::root_named("beside").pem();
        Self { dir, volume, generations, key: key.serialize_pem(), beside }
    }

    /// From the first swap on; the roots are a folder.
    fn start(&self) -> Reloader<ServerSide, ()> {
        self.swap(0);
        let (dir, p) = (self.dir.path().to_owned(), provider());
        let tls = Reloader::builder().time_provider(Arc::new(Clock::default()));
        let tls = tls.build(move |files| {
            let slot = files.server_slot(dir.join("tls.crt"), dir.join("tls.key"), &p)?;
            let clients = clients(&files.roots(dir.join("ca"))?).build()?;
            Generation::new(&p).serve(slot, clients).build()
        });
        tls.unwrap()
    }

    fn swap(&self, turn: usize) {
        let (crt, ca) = &self.generations[turn % GENERATIONS];
        let pair = [("tls.crt", crt), ("tls.key", &self.key)];
        let roots = [("ca/root.pem", ca), ("ca/beside.pem", &self.beside)];
        self.volume.swap(turn, &[pair, roots].concat());
    }

    fn is_mixed_by_one_read(&self) -> bool {
        let read = |name: &str| fs::read_to_string(self.dir.join(name)).ok();
        let (Some(crt), Some(ca)) = (read("tls.crt"), read("ca/root.pem")) else { return false };
        !self.generations.contains(&(crt, ca))
    }
}
