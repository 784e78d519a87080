//! What following files costs: a connection, a look at unchanged files, a reload.
//!
//! `cargo bench --bench reload`. Hundred roots, a list of 50,000 entries, two pairs. A look reads and
//! hashes 1.8 MB; a reload reads them twice more, and reads no list again that has not changed.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use common::chains::{Hierarchy, other_roots};
use common::clock::Clock;
use common::pki::{Eku, KeyKind};
use common::revoked::crls;
use common::tls::provider;
use criterion::{Criterion, criterion_group, criterion_main};
use mtls_roles::{ClientPeerVerifier, Generation, Reloader, ServerSide};

fn reload(c: &mut Criterion) {
    let folder = Folder::new();
    let tls = folder.follow();
    let mut group = c.benchmark_group("reload");
    group.measurement_time(Duration::from_secs(3)).sample_size(20);
    group.bench_function("current() and its configuration, for a connection", |b| {
        b.iter(|| tls.current().server_config());
    });
    group.bench_function("reading and hashing alone", |b| {
        b.iter(|| folder.read_and_hash());
    });
    group.bench_function("poll, nothing has changed", |b| {
        b.iter(|| assert_eq!(tls.poll().unwrap().published, None));
    });
    let mut turn = 0;
    group.bench_function("reload, the policy has changed", |b| {
        b.iter(|| {
            turn += 1;
            folder.write("eku", ["rfc5280", "strict"][turn % 2]);
            assert!(tls.reload().unwrap().published.is_some());
        });
    });
    let others: Vec<_> = (1..=2).map(|number| folder.list(number)).collect();
    group.bench_function("reload, the list has changed", |b| {
        b.iter(|| {
            turn += 1;
            folder.write("list.pem", &others[turn % 2]);
            assert!(tls.reload().unwrap().published.is_some());
        });
    });
    group.finish();
}

/// The files of a service.
struct Folder {
    path: PathBuf,
    hierarchy: Hierarchy,
}

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("bench-reload-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let folder = Self { path, hierarchy: Hierarchy::new(KeyKind::P256, 2) };
        let leaf = folder.hierarchy.leaf(folder.hierarchy.server_spec().eku(Eku::server()));
        folder.write("pair.pem", leaf.cert_pem() + &leaf.key_pem());
        let others = other_roots(99).into_iter();
        let roots = others.chain([folder.hierarchy.root.der()]);
        folder.write("roots.pem", roots.map(|der| pem("CERTIFICATE", &der)).collect::<String>());
        folder.write("list.pem", folder.list(1));
        folder.write("eku", "rfc5280");
        folder
    }

    fn list(&self, number: u64) -> String {
        let all = crls(&self.hierarchy, number, 50_000).into_iter();
        all.map(|der| pem("X509 CRL", &der)).collect()
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path.join(name), text).unwrap();
    }

    fn read_and_hash(&self) -> usize {
        let hash = rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
        let hash = hash.tls13().unwrap().common.hash_provider;
        let files = ["pair.pem", "roots.pem", "list.pem", "eku"].map(|name| self.path.join(name));
        files.iter().map(|file| hash.hash(&fs::read(file).unwrap()).as_ref().len()).sum()
    }

    fn follow(&self) -> Reloader<ServerSide, ()> {
        let (dir, p): (_, _) = (self.path.clone(), provider());
        let tls = Reloader::builder().time_provider(Arc::new(Clock::default()));
        tls.build(move |files| {
            let at = |name: &str| Path::new(&dir).join(name);
            let slot = files.server_slot(at("pair.pem"), at("pair.pem"), &p)?;
            let clients = ClientPeerVerifier::builder(files.roots(at("roots.pem"))?, &p)
                .crls(files.crls(at("list.pem"))?)
                .eku_policy(files.text(at("eku"))?.parse()?)
                .build()?;
            Generation::new(&p).serve(slot, clients).build()
        })
        .unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64ct::{Base64, Encoding};
    let text = Base64::encode_string(der);
    let lines = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned());
    let lines: Vec<_> = lines.collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

criterion_group!(benches, reload);
criterion_main!(benches);
