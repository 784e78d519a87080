//! What a hostile chain or file can cost: each ends within our limits, with the verdict asserted; nine
//! namesakes beside stock rustls and under every policy, as far as an observer wants to know.
//!
//! `cargo bench --bench pathological`. The first row is an ordinary chain, for comparison.

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::sync::Arc;

use common::clock::{NOW, unix};
use common::pki::{Ca, CaSpec, Eku, LeafSpec, der};
use common::tls::{provider, stock_client_verifier};
use criterion::{Criterion, criterion_group, criterion_main};
use mtls_roles::{ClientPeerVerifier, Counters, EkuPolicy, PeerRule, Roots};
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;

type Chain = Vec<CertificateDer<'static>>;

fn client(eku: Eku) -> LeafSpec {
    LeafSpec::new("client").dns("client.example.com").eku(eku)
}

/// The policy under which a stranger costs most.
fn verifier(root: &Ca) -> ClientPeerVerifier {
    let rule = || PeerRule::dns_name("client.example.com").unwrap();
    ClientPeerVerifier::builder(Roots::from_der([root.der()]).unwrap(), &provider())
        .eku_policy(EkuPolicy::ignore())
        .relax_for(rule())
        .allow(rule())
        .build()
        .unwrap()
}

/// Intermediates of one name and as many keys, so that each may have issued each: a search that may
/// try every order, for somebody who knows no more of the root than its name.
fn cross_signed(root: &Ca, count: usize) -> Chain {
    let stranger = Ca::root_named("root");
    assert_ne!(stranger.der(), root.der());
    below(&stranger, count, Eku::server())
}

/// The same for somebody who knows not even the root's name: no signature is checked.
fn namesakes(count: usize, eku: Eku) -> Chain {
    below(&Ca::root_named("elsewhere"), count, eku)
}

fn below(stranger: &Ca, count: usize, eku: Eku) -> Chain {
    let mut chain = Vec::new();
    let mut issuer = stranger.sub(CaSpec::new("same"));
    for _ in 0..count {
        let next = issuer.sub(CaSpec::new("same"));
        chain.push(next.der());
        issuer = next;
    }
    chain.push(stranger.sub(CaSpec::new("same")).der());
    chain.insert(0, issuer.leaf(client(eku)).der());
    chain
}

/// An issuer with thousands of name constraints over a leaf with hundreds of names.
fn constrained(root: &Ca) -> Chain {
    let spec = (0..2000)
        .fold(CaSpec::new("sub"), |spec, index| spec.permit_dns(&format!("n{index}.example.org")));
    let sub = root.sub(spec);
    let leaf = (0..300).fold(client(Eku::client()), |leaf, index| {
        leaf.dns(&format!("h{index}.n1999.example.org"))
    });
    sub.leaf(leaf).chain(&[&sub])
}

/// As many names as a certificate can hold in 64 KiB, the right one last.
fn many_names(root: &Ca) -> Chain {
    let mut entries = Vec::new();
    for index in 0..2200 {
        entries.extend(der::general_name(2, format!("name-{index:04}.example.net").as_bytes()));
    }
    entries.extend(der::general_name(2, b"client.example.com"));
    let spec = LeafSpec::new("client").eku(Eku::client()).raw_san(der::tlv(0x30, &entries));
    root.leaf(spec).chain(&[])
}

/// A "certificate" of ten megabytes, as a file may hold it.
fn ten_megabytes() -> Vec<u8> {
    let body = der::tlv(0x30, &vec![0x05; 10 << 20]);
    let line = "AAAA".repeat(16);
    let lines = body.len() * 4 / 3 / 64;
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    (0..lines).for_each(|_| pem.extend([&line, "\n"]));
    pem.push_str("-----END CERTIFICATE-----\n");
    pem.into_bytes()
}

fn accepts(verifier: &dyn ClientCertVerifier, chain: &Chain) -> bool {
    let verified = verifier.verify_client_cert(&chain[0], black_box(&chain[1..]), unix(NOW));
    verified.is_ok()
}

fn pathological(c: &mut Criterion) {
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub"));
    let verifier = verifier(&root);
    let is_accepted = |chain: &Chain| verifier.verify(Some(black_box(chain)), unix(NOW)).is_ok();
    let mut group = c.benchmark_group("pathological");
    group.sample_size(10);
    for (id, chain, accepted) in [
        ("ordinary", sub.leaf(client(Eku::client())).chain(&[&sub]), true),
        ("namesakes-9", namesakes(8, Eku::server()), false),
        ("cross-signed-14", cross_signed(&root, 13), false),
        ("cross-signed-300", cross_signed(&root, 299), false),
        ("name-constraints-2000x300", constrained(&root), false),
        ("names-2200", many_names(&root), true),
    ] {
        group.bench_function(id, |b| b.iter(|| assert_eq!(is_accepted(&chain), accepted, "{id}")));
    }
    for (id, policy) in [
        ("rfc5280", EkuPolicy::rfc5280()),
        ("accept-server-auth", EkuPolicy::accept_server_auth()),
        ("ignore", EkuPolicy::ignore()),
    ] {
        let rule = PeerRule::dns_name("client.example.com").unwrap();
        let roots = Roots::from_der([root.der()]).unwrap();
        let verifier = ClientPeerVerifier::builder(roots, &provider())
            .eku_policy(policy)
            .relax_for(rule)
            .observer(Arc::new(Counters::default()))
            .build()
            .unwrap();
        let chain = namesakes(8, Eku::server());
        group.bench_function(format!("namesakes-9-observed/{id}"), |b| {
            b.iter(|| assert!(!accepts(&verifier, &chain)))
        });
    }
    let stock = stock_client_verifier(&provider(), &[root.der()]);
    // Stock looks no further than the leaf if its EKU is wrong.
    let chain = namesakes(8, Eku::client());
    group.bench_function("namesakes-9/stock", |b| b.iter(|| assert!(!accepts(&*stock, &chain))));
    let file = ten_megabytes();
    group.bench_function("file-10-MB", |b| {
        b.iter(|| assert!(Roots::from_pem(black_box(&file)).is_err()))
    });
    group.finish();
}

criterion_group!(benches, pathological);
criterion_main!(benches);
