//! What one known chain costs when one thread verifies it, and when two do at once.
//!
//! `cargo bench --bench threads`. Both threads ask the same verifier about the same chain, the worst
//! case for anything they share. Parsing shares nothing: its ratio is what the machine gives.

mod common;

use common::chains::Hierarchy;
use common::pki::{Eku, KeyKind};
use common::threads::together;
use common::verifiers::{accepts, know, ours, parses};
use criterion::{Criterion, criterion_group, criterion_main};
use mtls_roles::EkuPolicy;
use rustls::pki_types::CertificateDer;

fn threads(c: &mut Criterion) {
    let hierarchy = Hierarchy::new(KeyKind::P256, 2);
    let chain = hierarchy.client(Eku::client());
    let ours = ours(&hierarchy.roots(), EkuPolicy::rfc5280());
    know(&ours, &chain);
    bench(c, "threads/parse", &chain, |chain| assert!(parses(chain)));
    bench(c, "threads/known", &chain, |chain| assert!(accepts(&ours, chain)));
}

/// Per verification: with two threads, ideally half of what it is with one.
fn bench(
    c: &mut Criterion,
    id: &str,
    chain: &[CertificateDer<'static>],
    work: impl Fn(&[CertificateDer<'static>]) + Sync,
) {
    let mut group = c.benchmark_group(id);
    for threads in [1, 2] {
        group.bench_function(format!("{threads}"), |b| {
            b.iter_custom(|count| together(threads, count.div_ceil(threads as u64), chain, &work))
        });
    }
    group.finish();
}

criterion_group!(benches, threads);
criterion_main!(benches);
