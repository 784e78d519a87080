//! Ten thousand of kubelet's swaps with a reused key: what belongs to two of them is never published together.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::common::clock::Clock;
use crate::common::files::TempDir;
use crate::common::ours::clients;
use crate::common::pki::{Ca, CaSpec, KeyKind, KeyPair, LeafSpec};
use crate::common::tls::provider;
use mtls_roles::{Generation, Reloader, Serving};

#[test]
fn in_a_storm_of_ten_thousand_swaps_leaf_and_roots_of_two_are_never_published_together() {
    let volume = Volume::new();
    volume.swap(0);
    let (dir, p) = (volume.dir.path().to_owned(), provider());
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
            (1..=swaps()).for_each(|turn| volume.swap(turn));
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            mixed_by_one_read += usize::from(volume.is_mixed_by_one_read());
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

/// Leaf, key and root of one CA after the other, behind `..data`; every leaf has the same key.
struct Volume {
    dir: TempDir,
    generations: Vec<(String, String)>,
    key: String,
}

impl Volume {
    fn new() -> Self {
        let dir = TempDir::new();
        let key = Arc::new(KeyPair::generate().unwrap());
        let generations = (0..GENERATIONS).map(|turn| {
            let ca = Ca::root(CaSpec::new(&format!("root {turn}")).kind(KeyKind::P256));
            let leaf = ca.leaf(LeafSpec::new("node").dns("node.example").key(&key));
            (leaf.cert_pem(), ca.pem())
        });
        let generations = generations.collect();
        for name in ["tls.crt", "tls.key", "ca.crt"] {
            symlink(format!("..data/{name}"), dir.join(name)).unwrap();
        }
        Self { dir, generations, key: key.serialize_pem() }
    }

    fn swap(&self, turn: usize) {
        let (crt, ca) = &self.generations[turn % GENERATIONS];
        let fresh = self.folder(turn);
        fs::create_dir(&fresh).unwrap();
        for (name, pem) in [("tls.crt", crt), ("tls.key", &self.key), ("ca.crt", ca)] {
            fs::write(fresh.join(name), pem).unwrap();
        }
        let tmp = self.dir.join("..data_tmp");
        symlink(fresh.file_name().unwrap(), &tmp).unwrap();
        fs::rename(tmp, self.dir.join("..data")).unwrap();
        if let Some(before) = turn.checked_sub(1) {
            fs::remove_dir_all(self.folder(before)).unwrap();
        }
    }

    fn folder(&self, turn: usize) -> PathBuf {
        self.dir.join(&format!("..2026_{turn}"))
    }

    fn is_mixed_by_one_read(&self) -> bool {
        let read = |name: &str| fs::read_to_string(Path::new(&self.dir.join(name))).ok();
        let (crt, ca) = (read("tls.crt"), read("ca.crt"));
        let place = |is: &dyn Fn(&(String, String)) -> bool| self.generations.iter().position(is);
        let (Some(crt), Some(ca)) = (crt, ca) else { return false };
        place(&|it| it.0 == crt) != place(&|it| it.1 == ca)
    }
}
