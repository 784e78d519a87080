//! What a whole handshake costs each end, ours beside stock rustls.
//!
//! `cargo bench --bench handshake`. Mutual TLS in memory, resumption off; the peer at the other end
//! is stock rustls in every row, and only the time of the end in question is counted.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::chains::{Hierarchy, KINDS};
use common::cpu::{Cpu, Ends, Party};
use common::tls::versions;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};

fn handshake(c: &mut Criterion) {
    for version in versions() {
        for (name, kind) in KINDS {
            let mut group = c.benchmark_group(format!("handshake/{:?}/{name}", version.version));
            group.warm_up_time(Duration::from_millis(300));
            group.measurement_time(Duration::from_secs(2));
            group.sample_size(20);
            rows(&mut group, &Party::new(Hierarchy::new(kind, 2), version));
            group.finish();
        }
    }
}

fn rows(group: &mut BenchmarkGroup<'_, WallTime>, party: &Party) {
    let (stock_server, stock_client) = (party.stock_server(), party.stock_client());
    for (id, server) in
        [("server/stock", stock_server.clone()), ("server/ours", party.our_server())]
    {
        let client = Arc::clone(&stock_client);
        row(group, id, &Ends { server, client }, |cpu| cpu.server);
    }
    for (id, client) in [("client/stock", stock_client), ("client/ours", party.our_client())] {
        let server = Arc::clone(&stock_server);
        row(group, id, &Ends { server, client }, |cpu| cpu.client);
    }
}

fn row(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: &str,
    ends: &Ends,
    side: impl Fn(&Cpu) -> Duration,
) {
    group.bench_function(id, |b| {
        b.iter_custom(|count| (0..count).map(|_| side(&ends.shake())).sum())
    });
}

criterion_group!(benches, handshake);
criterion_main!(benches);
