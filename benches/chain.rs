//! What the verification of one chain costs: ours beside stock rustls and beside parsing alone.
//!
//! `cargo bench --bench chain`. Ratios count, not microseconds. Every row asks through the verifier
//! trait of rustls and asserts the verdict. *Known* is a chain that was verified before and comes
//! in other buffers; *new-leaf* has a known issuer; *cold* meets a memo that is empty, *no-memo* none
//! at all. Under `ignore` the leaf is for serverAuth only, and so accepted by relaxation.

mod common;

use std::time::Duration;

use common::chains::{Copies, Hierarchy, KINDS};
use common::pki::{Eku, KeyKind};
use common::strangers::{Newcomers, cold};
use common::verifiers::{accepts, forgetful, know, ours, parses, stock};
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, criterion_group, criterion_main};
use mtls_roles::EkuPolicy;

fn chain(c: &mut Criterion) {
    for (name, kind) in KINDS {
        for issuers in 1..=3 {
            let mut group = c.benchmark_group(format!("chain/{name}/{issuers}-issuers"));
            group.warm_up_time(Duration::from_millis(300));
            group.measurement_time(Duration::from_secs(1));
            group.sample_size(20);
            rows(&mut group, kind, issuers);
            group.finish();
        }
    }
}

fn rows(group: &mut BenchmarkGroup<'_, WallTime>, kind: KeyKind, issuers: usize) {
    let hierarchy = Hierarchy::new(kind, issuers);
    let chain = hierarchy.client(Eku::client());
    let mut copies = Copies::of(&chain);
    group.bench_function("parse", |b| b.iter(|| assert!(parses(copies.deal()))));
    let stock = stock(&hierarchy);
    group.bench_function("stock", |b| b.iter(|| assert!(accepts(&*stock, copies.deal()))));
    let forgetful = forgetful(&hierarchy.roots(), EkuPolicy::rfc5280());
    group.bench_function("rfc5280/no-memo", |b| {
        b.iter(|| assert!(accepts(&forgetful, copies.deal())))
    });
    for (name, policy, eku) in [
        ("rfc5280", EkuPolicy::rfc5280(), Eku::client()),
        ("ignore", EkuPolicy::ignore(), Eku::server()),
    ] {
        known(group, &format!("{name}/known"), &hierarchy, policy, &eku);
        new_leaf(group, &format!("{name}/new-leaf"), &hierarchy, policy, &eku);
        never_seen(group, &format!("{name}/cold"), &hierarchy, policy, &eku);
    }
}

fn known(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: &str,
    hierarchy: &Hierarchy,
    policy: EkuPolicy,
    eku: &Eku,
) {
    let verifier = ours(&hierarchy.roots(), policy);
    let mut copies = Copies::of(&hierarchy.client(eku.clone()));
    know(&verifier, copies.deal());
    group.bench_function(id, |b| b.iter(|| assert!(accepts(&verifier, copies.deal()))));
}

fn new_leaf(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: &str,
    hierarchy: &Hierarchy,
    policy: EkuPolicy,
    eku: &Eku,
) {
    let mut newcomers = Newcomers::new(hierarchy, policy, eku.clone(), 256);
    group.bench_function(id, |b| {
        b.iter_batched_ref(
            || newcomers.deal(),
            |(verifier, chain)| assert!(accepts(verifier, chain)),
            BatchSize::NumIterations(64),
        );
    });
}

fn never_seen(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: &str,
    hierarchy: &Hierarchy,
    policy: EkuPolicy,
    eku: &Eku,
) {
    let roots = hierarchy.roots();
    let mut copies = Copies::of(&hierarchy.client(eku.clone()));
    group.bench_function(id, |b| {
        b.iter_batched_ref(
            || cold(&roots, policy),
            |verifier| assert!(accepts(verifier, copies.deal())),
            BatchSize::NumIterations(16),
        );
    });
}

criterion_group!(benches, chain);
criterion_main!(benches);
