//! What many roots cost: a known chain, its own root being the last one.
//!
//! `cargo bench --bench anchors`. Roots of *one subject* have a key each, and nothing but a failing
//! signature tells them apart, which is not remembered; webpki gives up after a hundred.

mod common;

use std::time::Duration;

use common::chains::{Copies, Hierarchy, namesakes, other_roots};
use common::pki::{Eku, KeyKind};
use common::tls::{provider, stock_client_verifier};
use common::verifiers::{accepts, know, ours};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use mtls_roles::{EkuPolicy, Roots};
use rustls::pki_types::CertificateDer;

fn anchors(c: &mut Criterion) {
    let hierarchy = Hierarchy::new(KeyKind::P256, 2);
    let mut group = c.benchmark_group("anchors");
    group.warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_secs(2));
    let others = other_roots(9_999);
    for count in [10, 100, 1_000, 10_000] {
        rows(&mut group, "subjects", &hierarchy, &others[..count - 1]);
    }
    let namesakes = namesakes(63);
    for count in [1, 4, 16, 64] {
        rows(&mut group, "one-subject", &hierarchy, &namesakes[..count - 1]);
    }
    group.finish();
}

fn rows(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: &str,
    hierarchy: &Hierarchy,
    others: &[CertificateDer<'static>],
) {
    let mut all = others.to_vec();
    all.push(hierarchy.root.der());
    let mut copies = Copies::of(&hierarchy.client(Eku::client()));
    let stock = stock_client_verifier(&provider(), &all);
    group.bench_function(format!("{id}/{}/stock", all.len()), |b| {
        b.iter(|| assert!(accepts(&*stock, copies.deal())))
    });
    let count = all.len();
    let ours = ours(&Roots::from_der(all).unwrap(), EkuPolicy::rfc5280());
    know(&ours, copies.deal());
    group.bench_function(format!("{id}/{count}/known"), |b| {
        b.iter(|| assert!(accepts(&ours, copies.deal())))
    });
}

criterion_group!(benches, anchors);
criterion_main!(benches);
