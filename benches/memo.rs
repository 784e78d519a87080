//! What the memo costs when it holds many clients, and when it is full.
//!
//! `cargo bench --bench memo`. *Known* clients come in turn, scattered, each with a chain of its own
//! under one issuer; *parse* reads the same chains and nothing else, which costs more with many, too:
//! they do not fit into the caches. *New* ones are verified and remembered, where there is *room*, and
//! where each makes another one go.

mod common;

use common::chains::Hierarchy;
use common::pki::{Eku, KeyKind};
use common::strangers::Newcomers;
use common::tls::provider;
use common::verifiers::{accepts, builder, know, ours, parses};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use mtls_roles::{EkuPolicy, SignatureMemo};
use rustls::pki_types::CertificateDer;

/// Chains that come again and again, in an order that no prefetcher guesses.
struct Visitors<'a> {
    chains: &'a [Vec<CertificateDer<'static>>],
    turn: usize,
}

impl<'a> Visitors<'a> {
    fn of(chains: &'a [Vec<CertificateDer<'static>>]) -> Self {
        Self { chains, turn: 0 }
    }

    fn next(&mut self) -> &'a [CertificateDer<'static>] {
        // A prime, so all have their turn.
        self.turn = (self.turn + 7_919) % self.chains.len();
        &self.chains[self.turn]
    }
}

fn known_among_many(c: &mut Criterion) {
    let hierarchy = Hierarchy::new(KeyKind::P256, 2);
    let all = hierarchy.clients(Eku::client(), 20_000);
    let verifier = ours(&hierarchy.roots(), EkuPolicy::rfc5280());
    all.iter().for_each(|chain| know(&verifier, chain));
    for count in [1, 1_000, all.len()] {
        let mut visitors = Visitors::of(&all[..count]);
        c.bench_function(&format!("memo/parse/{count}"), |b| {
            b.iter(|| assert!(parses(visitors.next())))
        });
        let mut visitors = Visitors::of(&all[..count]);
        c.bench_function(&format!("memo/known/{count}"), |b| {
            b.iter(|| assert!(accepts(&verifier, visitors.next())))
        });
    }
}

fn new_ones(c: &mut Criterion) {
    let hierarchy = Hierarchy::new(KeyKind::P256, 2);
    let policy = EkuPolicy::rfc5280();
    let mut newcomers = Newcomers::new(&hierarchy, policy, Eku::client(), 256);
    c.bench_function("memo/new/room", |b| {
        b.iter_batched_ref(
            || newcomers.deal(),
            |(verifier, chain)| assert!(accepts(verifier, chain)),
            BatchSize::NumIterations(64),
        );
    });
    // Room for some 400 of them: who comes again was forgotten, but for a few of those in regular use.
    let memo = SignatureMemo::with_capacity(&provider(), 256 << 10);
    let builder = builder(&hierarchy.roots(), policy).memo(memo.clone());
    let verifier = builder.build().unwrap();
    let all = hierarchy.clients(Eku::client(), 20_000);
    all.iter().for_each(|chain| assert!(accepts(&verifier, chain)));
    let mut visitors = Visitors::of(&all);
    c.bench_function("memo/new/full", |b| b.iter(|| assert!(accepts(&verifier, visitors.next()))));
    // Each time the issuer was known; the leaf was not, but for one in twenty.
    let counters = memo.counters();
    assert!(counters.hits * 10 <= counters.misses * 11, "{counters:?}");
}

criterion_group!(benches, known_among_many, new_ones);
criterion_main!(benches);
