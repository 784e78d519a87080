//! What revocation lists cost a known chain, with stock rustls beside.
//!
//! `cargo bench --bench crls`. Every certificate of the path is looked up, in lists that must be
//! current. *Two lists* of one issuer lie around while the newer one is handed out.

mod common;

use std::time::Duration;

use common::chains::{Copies, Hierarchy};
use common::clock::{NOW, unix};
use common::pki::{CrlSpec, Eku, KeyKind};
use common::revoked::{crls, enforcing, enforcing_stock};
use common::verifiers::{accepts, know};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use rustls::pki_types::CertificateRevocationListDer;

fn revocation(c: &mut Criterion) {
    let hierarchy = Hierarchy::new(KeyKind::P256, 2);
    let mut group = c.benchmark_group("crls");
    group.warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_secs(2));
    let large = crls(&hierarchy, 1, 50_000);
    let both = [crls(&hierarchy, 2, 50_000), large.clone()].concat();
    for (id, lists) in [
        ("none", vec![]),
        ("small", crls(&hierarchy, 1, 10)),
        ("50000", large),
        ("50000-two-lists", both),
    ] {
        accepted(&mut group, id, &hierarchy, lists);
    }
    group.finish();
}

fn accepted(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: &str,
    hierarchy: &Hierarchy,
    lists: Vec<CertificateRevocationListDer<'static>>,
) {
    let mut copies = Copies::of(&hierarchy.client(Eku::client()));
    let stock = enforcing_stock(hierarchy, lists.clone());
    group.bench_function(format!("{id}/stock"), |b| {
        b.iter(|| assert!(accepts(&*stock, copies.deal())))
    });
    let ours = enforcing(hierarchy, lists);
    know(&ours, copies.deal());
    group.bench_function(format!("{id}/known"), |b| {
        b.iter(|| assert!(accepts(&ours, copies.deal())))
    });
}

/// A known chain whose leaf has been revoked since.
fn refused(c: &mut Criterion) {
    let hierarchy = Hierarchy::new(KeyKind::P256, 2);
    let leaf = hierarchy.leaf(hierarchy.client_spec(Eku::client()));
    let mut copies = Copies::of(&hierarchy.present(&leaf));
    let list = hierarchy.issuer().crl(CrlSpec::new(2).revoke(&leaf.serial));
    let ours = enforcing(&hierarchy, crls(&hierarchy, 1, 10));
    know(&ours, copies.deal());
    let lists = [list, hierarchy.root.crl(CrlSpec::new(2))];
    let lists = mtls_roles::Crls::from_der(lists).unwrap();
    ours.replace_crls(lists, unix(NOW)).unwrap();
    c.bench_function("crls/revoked/known", |b| {
        b.iter(|| assert!(!accepts(&ours, copies.deal())))
    });
}

criterion_group!(benches, revocation, refused);
criterion_main!(benches);
