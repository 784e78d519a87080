//! What revocation lists cost a known chain, with stock rustls beside.
//!
//! `cargo bench --bench crls`. Every certificate of the path is looked up, in lists that must be
//! current. *Two lists* of one issuer lie around while the newer one is handed out; *foreign* is a list
//! in its name that another key has signed; *shards* are lists of one issuer, each for a point.

mod common;

use std::time::Duration;

use common::chains::{Copies, Hierarchy};
use common::clock::{NOW, unix};
use common::pki::{CrlSpec, Eku, KeyKind};
use common::revoked::{
    client_of_a_shard, crls, enforcing, enforcing_and_forgetful, enforcing_stock, foreign, shards,
};
use common::verifiers::{accepts, know};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use mtls_roles::Crls;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use webpki::OwnedCertRevocationList;

fn revocation(c: &mut Criterion) {
    let hierarchy = Hierarchy::new(KeyKind::P256, 2);
    let mut group = c.benchmark_group("crls");
    group.warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_secs(2));
    let large = crls(&hierarchy, 1, 50_000);
    let both = [crls(&hierarchy, 2, 50_000), large.clone()].concat();
    let beside_foreign = [vec![foreign(&hierarchy, 50_000)], crls(&hierarchy, 1, 10)].concat();
    let chain = hierarchy.client(Eku::client());
    for (id, lists) in [
        ("none", vec![]),
        ("small", crls(&hierarchy, 1, 10)),
        ("50000", large),
        ("50000-two-lists", both),
        ("50000-foreign", beside_foreign),
    ] {
        accepted(&mut group, id, &hierarchy, &chain, lists);
    }
    let chain = client_of_a_shard(&hierarchy);
    for count in [1, 100, 1_000] {
        let lists = shards(&hierarchy, count);
        accepted(&mut group, &format!("shards-{count}"), &hierarchy, &chain, lists);
    }
    group.finish();
}

fn accepted(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: &str,
    hierarchy: &Hierarchy,
    chain: &[CertificateDer<'static>],
    lists: Vec<CertificateRevocationListDer<'static>>,
) {
    let mut copies = Copies::of(chain);
    let stock = enforcing_stock(hierarchy, lists.clone());
    let is_one_each = !id.contains("foreign");
    group.bench_function(format!("{id}/stock"), |b| {
        // Stock asks the first list of a name, whoever signed it.
        b.iter(|| assert_eq!(accepts(&*stock, copies.deal()), is_one_each))
    });
    let ours = [
        ("known", enforcing(hierarchy, lists.clone())),
        ("no-memo", enforcing_and_forgetful(hierarchy, lists)),
    ];
    for (memo, ours) in ours {
        know(&ours, copies.deal());
        group.bench_function(format!("{id}/{memo}"), |b| {
            b.iter(|| assert!(accepts(&ours, copies.deal())))
        });
    }
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
    c.bench_function("crls/revoked/known", |b| b.iter(|| assert!(!accepts(&ours, copies.deal()))));
}

/// A set in the place of another, read before: the same bytes, and lists that were all signed anew.
fn replaced(c: &mut Criterion) {
    let hierarchy = Hierarchy::new(KeyKind::P256, 2);
    let mut group = c.benchmark_group("crls/replace");
    group.sample_size(10);
    for count in [300, 3_000] {
        let set = || Crls::from_der(shards(&hierarchy, count)).unwrap();
        let sets = [set(), set()];
        let ours = enforcing(&hierarchy, shards(&hierarchy, count));
        know(&ours, &client_of_a_shard(&hierarchy));
        let replace = |set: &Crls| {
            let kept = ours.replace_crls(set.clone(), unix(NOW)).unwrap();
            assert!(kept.is_empty());
        };
        group.bench_function(format!("{count}/same"), |b| b.iter(|| replace(&sets[0])));
        group.bench_function(format!("{count}/anew"), |b| {
            let mut sets = sets.iter().cycle();
            b.iter(|| replace(sets.next().unwrap()))
        });
    }
    group.finish();
}

/// Reading, beside webpki's.
fn loaded(c: &mut Criterion) {
    let hierarchy = Hierarchy::new(KeyKind::P256, 2);
    let list = crls(&hierarchy, 1, 50_000).swap_remove(0);
    let mut group = c.benchmark_group("crls/load-50000");
    group.sample_size(20);
    group.bench_function("ours", |b| b.iter(|| Crls::from_der([list.clone()]).unwrap()));
    group
        .bench_function("webpki", |b| b.iter(|| OwnedCertRevocationList::from_der(&list).unwrap()));
    group.finish();
}

criterion_group!(benches, revocation, refused, replaced, loaded);
criterion_main!(benches);
