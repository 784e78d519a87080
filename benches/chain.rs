//! What the verification of one chain costs: ours beside stock rustls and beside parsing alone.
//!
//! `cargo bench --bench chain`. Ratios count, not microseconds: every row is the same P-256 chain of
//! leaf, intermediate and root, through the verifier trait of rustls. Each asserts its verdict.

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;

use common::clock::{NOW, unix};
use common::pki::{Ca, CaSpec, Eku, LeafSpec};
use common::tls::{provider, stock_client_verifier};
use criterion::{Criterion, criterion_group, criterion_main};
use mtls_roles::{ClientPeerVerifier, EkuPolicy, PeerRule, Roots};
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use rustls::server::danger::ClientCertVerifier;

struct World {
    root: CertificateDer<'static>,
    right: Vec<CertificateDer<'static>>,
    wrong_eku: Vec<CertificateDer<'static>>,
}

fn world() -> World {
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub"));
    let client = |eku| LeafSpec::new("client").dns("client.example.com").eku(eku);
    World {
        root: root.der(),
        right: sub.leaf(client(Eku::client())).chain(&[&sub]),
        wrong_eku: sub.leaf(client(Eku::server())).chain(&[&sub]),
    }
}

fn ours(world: &World, policy: EkuPolicy) -> ClientPeerVerifier {
    let roots = Roots::from_der([world.root.clone()]).unwrap();
    ClientPeerVerifier::builder(roots, &provider())
        .eku_policy(policy)
        .relax_for(PeerRule::dns_name("client.example.com").unwrap())
        .build()
        .unwrap()
}

fn is_accepted(verifier: &dyn ClientCertVerifier, chain: &[CertificateDer<'_>]) -> bool {
    verifier
        .verify_client_cert(&chain[0], &chain[1..], unix(NOW))
        .is_ok()
}

fn chain(c: &mut Criterion) {
    let world = world();
    let stock = stock_client_verifier(&provider(), std::slice::from_ref(&world.root), []);
    let strict = ours(&world, EkuPolicy::rfc5280());
    let ignore = ours(&world, EkuPolicy::ignore());
    let mut group = c.benchmark_group("chain/p256");
    group.bench_function("parse", |b| {
        b.iter(|| {
            for certificate in &world.right {
                assert!(ParsedCertificate::try_from(black_box(certificate)).is_ok());
            }
        });
    });
    group.bench_function("stock", |b| {
        b.iter(|| assert!(is_accepted(stock.as_ref(), black_box(&world.right))))
    });
    group.bench_function("rfc5280", |b| {
        b.iter(|| assert!(is_accepted(&strict, black_box(&world.right))))
    });
    group.bench_function("ignore/right", |b| {
        b.iter(|| assert!(is_accepted(&ignore, black_box(&world.right))))
    });
    group.bench_function("ignore/relaxed", |b| {
        b.iter(|| assert!(is_accepted(&ignore, black_box(&world.wrong_eku))));
    });
    group.finish();
}

criterion_group!(benches, chain);
criterion_main!(benches);
