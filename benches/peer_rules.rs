//! What rules about peers cost a known chain: one rule and ten thousand, the right one the last.
//!
//! `cargo bench --bench peer_rules`. *Refused* is the same chain when no rule names it.

mod common;

use std::time::Duration;

use common::chains::{CLIENT, Copies, Hierarchy};
use common::pki::{Eku, KeyKind};
use common::verifiers::{accepts, builder, know};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use mtls_roles::{ClientPeerVerifier, EkuPolicy, PeerRule};

const SPIFFE_ID: &str = "spiffe://mesh.example.com/edge";

fn peer_rules(c: &mut Criterion) {
    let mut group = c.benchmark_group("peer_rules");
    group.warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_secs(2));
    for (kind, right) in [
        ("dns", PeerRule::dns_name(CLIENT)),
        ("wildcard", PeerRule::dns_name("*.example.com")),
        ("uri", PeerRule::uri(SPIFFE_ID)),
        ("trust-domain", PeerRule::spiffe_trust_domain("mesh.example.com")),
    ] {
        let right = right.unwrap();
        for count in [1, 10_000] {
            rows(&mut group, &format!("{kind}/{count}"), kind, count, &right);
        }
    }
    group.finish();
}

fn rows(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: &str,
    kind: &str,
    count: usize,
    right: &PeerRule,
) {
    let hierarchy = Hierarchy::new(KeyKind::P256, 2);
    let spec = hierarchy.client_spec(Eku::client()).uri(SPIFFE_ID);
    let mut copies = Copies::of(&hierarchy.present(&hierarchy.leaf(spec)));
    let wrong = || (1..count).map(|index| wrong_rule(kind, index));
    let allowing = verifier(&hierarchy, wrong().chain([right.clone()]));
    know(&allowing, copies.deal());
    group.bench_function(format!("{id}/allowed"), |b| {
        b.iter(|| assert!(accepts(&allowing, copies.deal())))
    });
    let refusing = verifier(&hierarchy, wrong().chain([wrong_rule(kind, 0)]));
    assert!(!accepts(&refusing, copies.deal()));
    group.bench_function(format!("{id}/refused"), |b| {
        b.iter(|| assert!(!accepts(&refusing, copies.deal())))
    });
}

fn verifier(
    hierarchy: &Hierarchy,
    rules: impl IntoIterator<Item = PeerRule>,
) -> ClientPeerVerifier {
    let builder = builder(&hierarchy.roots(), EkuPolicy::rfc5280());
    let builder = rules.into_iter().fold(builder, |builder, rule| builder.allow(rule));
    builder.build().unwrap()
}

/// A rule of the same kind for somebody else.
fn wrong_rule(kind: &str, index: usize) -> PeerRule {
    let rule = match kind {
        "dns" => PeerRule::dns_name(&format!("client{index}.example.com")),
        "wildcard" => PeerRule::dns_name(&format!("*.n{index}.example.com")),
        "uri" => PeerRule::uri(&format!("{SPIFFE_ID}/{index}")),
        _ => PeerRule::spiffe_trust_domain(&format!("n{index}.example.com")),
    };
    rule.unwrap()
}

criterion_group!(benches, peer_rules);
criterion_main!(benches);
