//! What reading a slot costs, in peace and while another thread swaps without a pause.
//!
//! `cargo bench --bench slots`. `stock` is a resolver of rustls that can never change.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use common::chains::Hierarchy;
use common::clock::Clock;
use common::pki::{Eku, KeyKind};
use common::tls::provider;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use mtls_roles::{ClientSlot, Credentials};
use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

const OFFERED: [SignatureScheme; 3] = [
    SignatureScheme::ED25519,
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::RSA_PSS_SHA256,
];

fn slots(c: &mut Criterion) {
    let hierarchy = Hierarchy::new(KeyKind::P256, 2);
    let two = [credentials(&hierarchy), credentials(&hierarchy)];
    let builder = ClientSlot::builder().time_provider(Arc::new(Clock::default()));
    let slot = builder.build_with(two[0].clone()).unwrap();
    let mut group = c.benchmark_group("slots");
    let stock = stock(&hierarchy);
    group.bench_function("stock/resolve", |b| {
        b.iter(|| assert!(stock.resolve(&[], &OFFERED).is_some()))
    });
    rows(&mut group, "quiet", &slot, &two);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| swap_until(&stop, &slot, &two));
        let _stopped = Stopped(&stop);
        rows(&mut group, "swapping", &slot, &two);
    });
    group.finish();
}

fn rows(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: &str,
    slot: &ClientSlot,
    two: &[Credentials; 2],
) {
    let keys = two.each_ref().map(|one| one.leaf().spki_sha256());
    group.bench_function(format!("{id}/resolve"), |b| {
        b.iter(|| {
            let presented = slot.resolve(&[], &OFFERED).unwrap();
            assert_eq!(presented.cert.len(), 2);
        })
    });
    group.bench_function(format!("{id}/credentials"), |b| {
        b.iter(|| assert_eq!(slot.credentials().unwrap().chain().len(), 2))
    });
    let held = slot.credentials().unwrap();
    assert!(keys.contains(&held.leaf().spki_sha256()));
}

/// As fast as swapping goes, which is far from what any service does.
fn swap_until(stop: &AtomicBool, slot: &ClientSlot, two: &[Credentials; 2]) {
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        turn += 1;
        assert!(slot.swap(two[turn % 2].clone()).unwrap().is_some());
    }
}

/// Stops the swapping, also when a row fails: the thread would be waited for.
struct Stopped<'a>(&'a AtomicBool);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn credentials(hierarchy: &Hierarchy) -> Credentials {
    let leaf = hierarchy.leaf(hierarchy.client_spec(Eku::client()));
    Credentials::from_der(hierarchy.present(&leaf), leaf.key_der(), &provider()).unwrap()
}

fn stock(hierarchy: &Hierarchy) -> SingleCertAndKey {
    let leaf = hierarchy.leaf(hierarchy.client_spec(Eku::client()));
    let key = provider().key_provider.load_private_key(leaf.key_der());
    SingleCertAndKey::from(CertifiedKey::new(hierarchy.present(&leaf), key.unwrap()))
}

criterion_group!(benches, slots);
criterion_main!(benches);
