//! Ten thousand of kubelet's swaps with a reused key: what belongs to two of them is never published together.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::common::clock::Clock;
use crate::common::files::TempDir;
use crate::common::ours::clients;
use crate::common::pki::{Ca, CaSpec, KeyKind, KeyPair, LeafSpec};
use crate::common::tls::provider;
use crate::world::Volume;
use mtls_roles::{Generation, Reloader, Serving};

#[test]
fn in_a_storm_of_ten_thousand_swaps_leaf_and_roots_of_two_are_never_published_together() {
    let storm = Storm::new();
    storm.swap(0);
    let (dir, p) = (storm.dir.path().to_owned(), provider());
    let tls = Reloader::builder().time_provider(Arc::new(Clock::default())).build(move |files| {
        let slot = files.server_slot(dir.join("tls.crt"), dir.join("tls.key"), &p)?;
        let clients = clients(&files.roots(dir.join("ca.crt"))?).build()?;
        Generation::new(&p).serve(slot, clients).build()
    });
    let tls: Reloader<Serving, ()> = tls.unwrap();
    let done = AtomicBool::new(false);
    let (mut published, mut mixed_by_one_read) = (0, 0);
    thread::scope(|scope| {
        scope.spawn(|| {
            (1..=swaps()).for_each(|turn| storm.swap(turn));
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            mixed_by_one_read += usize::from(storm.is_mixed_by_one_read());
            for report in [tls.reload(), tls.poll()] {
                if !report.is_ok_and(|report| report.published.is_some()) {
                    continue;
                }
                published += 1;
                let current = tls.current();
                let leaf = current.server_slot().credentials().unwrap().leaf().clone();
                let expiries = current.expiries();
                let root =
                    expiries.iter().find(|it| it.what == mtls_roles::Expiring::Root).unwrap();
                assert_eq!(root.name, format!("root `{}`", leaf.issuer()), "after {published}");
            }
        }
    });
    tls.reload().unwrap();
    let last = tls.current().server_slot().credentials().unwrap();
    assert_eq!(last.leaf().issuer(), format!("CN=root {}", swaps() % GENERATIONS));
    // Otherwise nothing was proved: generations were published, and who reads once does mix them.
    assert!(published > 20, "{published}");
    assert!(mixed_by_one_read > 0);
}

/// Ten thousand where every case is asked for.
fn swaps() -> usize {
    match std::env::var_os("MTLS_ROLES_ALL_CASES") {
        Some(_) => 10_000,
        None => 2_000,
    }
}

const GENERATIONS: usize = 40;

/// Leaf and root of one CA after the other; every leaf has the same key.
struct Storm {
    dir: TempDir,
    volume: Volume,
    generations: Vec<(String, String)>,
    key: String,
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
        let volume = Volume::new(dir.path().to_owned(), &["tls.crt", "tls.key", "ca.crt"]);
        Self { dir, volume, generations, key: key.serialize_pem() }
    }

    fn swap(&self, turn: usize) {
        let (crt, ca) = &self.generations[turn % GENERATIONS];
        self.volume.swap(turn, |fresh| {
            for (name, pem) in [("tls.crt", crt), ("tls.key", &self.key), ("ca.crt", ca)] {
                fs::write(fresh.join(name), pem).unwrap();
            }
        });
    }

    fn is_mixed_by_one_read(&self) -> bool {
        let read = |name: &str| fs::read_to_string(self.dir.join(name)).ok();
        let (Some(crt), Some(ca)) = (read("tls.crt"), read("ca.crt")) else { return false };
        !self.generations.contains(&(crt, ca))
    }
}
