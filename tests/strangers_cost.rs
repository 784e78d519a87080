//! What a stranger can make us compute: at most a hundred signatures a search, one search more
//! where the EKU stood in the way, and none after a budget error or for more than 16 certificates.
//! Under `accept_server_auth()` an observer's wish for the honest class can cost a third one.
//!
//! `cargo test --test strangers_cost -- --nocapture` prints the table, with times for information.

mod common;

use std::sync::Arc;
use std::time::Instant;

use common::clock::{NOW, unix};
use common::counting::recorded;
use common::pki::{Ca, CaSpec, Eku, KeyKind, LeafSpec};
use common::tls::{provider, providers, stock_client_verifier};
use mtls_roles::{ClientPeerVerifier, Counters, EkuPolicy, PeerRule, Role, Roots};
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;

/// webpki's own limit, per search (CVE-2018-16875).
const BUDGET: usize = 100;

type Chain = Vec<CertificateDer<'static>>;

/// Signatures checked: by stock rustls, then by our verifiers in the order of [`SETUPS`].
type Costs = [usize; 6];

/// A policy, and whether an observer wants to know the honest class.
const SETUPS: [(EkuPolicy, bool); 5] = [
    (EkuPolicy::rfc5280(), false),
    (EkuPolicy::rfc5280(), true),
    (EkuPolicy::ignore(), false),
    (EkuPolicy::ignore(), true),
    (EkuPolicy::accept_server_auth(), true),
];

#[test]
fn a_search_costs_at_most_a_hundred_signatures_and_a_relaxed_peer_no_more_than_a_right_one() {
    let root = Ca::root_named("root");
    let sub = |eku| root.sub(CaSpec::new("sub").eku(eku));
    let (plain, wrong) = (sub(Eku::Absent), sub(Eku::server()));
    let edge = |eku| LeafSpec::new("edge").dns("edge.example").eku(eku);
    let named = |ca: &Ca, eku| ca.leaf(edge(eku)).chain(&[ca]);
    let stranger = |eku| plain.leaf(LeafSpec::new("x").eku(eku)).chain(&[&plain]);
    let near = |decoys: &[Eku]| near_the_budget(&root, KeyKind::P256, decoys);
    let filled = |mut chain: Chain, count| {
        chain.resize_with(count, || Ca::root_named("unrelated").der());
        chain
    };
    #[rustfmt::skip] // One row, one line.
    let rows: Vec<(&str, Chain, Costs)> = vec![
        ("a right client", named(&plain, Eku::client()), [2; 6]),
        // The wrong leaf is found out before any signature: the second search is the only one.
        ("the named peer, leaf wrong", named(&plain, Eku::server()), [0, 0, 2, 2, 2, 2]),
        ("the named peer, issuer wrong", named(&wrong, Eku::both()), [0, 0, 2, 2, 2, 2]),
        ("a stranger of ours, leaf wrong", stranger(Eku::server()), [0, 0, 2, 2, 2, 2]),
        ("a stranger of ours, right", stranger(Eku::client()), [2; 6]),
        ("leaf good for nothing", stranger(Eku::code_signing()), [0, 0, 2, 2, 2, 2]),
        ("forged, nothing wrong with the EKU", near(&[]), [96; 6]),
        ("forged, a decoy without clientAuth", near(&[Eku::server()]), [96, 96, 196, 196, 196, 196]),
        // Obstructs both searches that can accept, so a third one looks for the honest class.
        ("forged, a decoy for neither role", near(&[Eku::code_signing()]), [96, 96, 196, 196, 196, 292]),
        // The second search hits the budget, and no third one is made after that.
        ("forged, a decoy of each kind", near(&[Eku::code_signing(), Eku::server()]), [96, 96, 196, 196, 196, 196]),
        ("a decoy for servers, 16 presented", filled(near(&[Eku::server()]), 16), [96, 96, 196, 196, 196, 196]),
        ("a decoy for servers, 17 presented", filled(near(&[Eku::server()]), 17), [96; 6]),
        ("a decoy for neither, 17 presented", filled(near(&[Eku::code_signing()]), 17), [96; 6]),
        ("over the budget", over_the_budget(&root, None), [100; 6]),
        ("over the budget, EKU wrong", over_the_budget(&root, Some(Eku::server())), [100; 6]),
        ("over the budget, neither role", over_the_budget(&root, Some(Eku::code_signing())), [100; 6]),
    ];
    let mut wrong = vec![];
    println!(
        "{:36} {:>5} {:>4} {SETUP_NAMES}",
        "signatures checked", "bytes", "sent"
    );
    for (id, chain, expected) in rows {
        let found = costs(&root, &chain);
        let bytes: usize = chain.iter().map(|certificate| certificate.len()).sum();
        println!("{id:36} {bytes:>5} {:>4} {found:?}", chain.len());
        if found != expected {
            wrong.push(format!("{id}: {found:?}, not {expected:?}"));
        }
        let searches = [1, 1, 2, 2, 2, 3];
        for (signatures, searches) in found.into_iter().zip(searches) {
            assert!(signatures <= searches * BUDGET, "{id}: {found:?}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_stranger_costs_at_worst_is_told_for_every_kind_of_root_key() {
    println!(
        "{:8} {:>6} {:>10} {:>6}",
        "root", "bytes", "signatures", "ms"
    );
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::P521] {
        // rustls on ring has no P-521.
        if kind == KeyKind::P521 && providers()[0].0 == "ring" {
            continue;
        }
        let root = Ca::root(CaSpec::new("root").kind(kind));
        let chain = near_the_budget(&root, kind, &[Eku::server()]);
        let bytes: usize = chain.iter().map(|certificate| certificate.len()).sum();
        let start = Instant::now();
        let found = signatures(&root, &chain, EkuPolicy::ignore(), false);
        let ms = start.elapsed().as_millis();
        println!("{:8} {bytes:>6} {found:>10} {ms:>6}", format!("{kind:?}"));
        assert_eq!(found, 196, "{kind:?}");
    }
}

const SETUP_NAMES: &str =
    "[stock, rfc5280, rfc5280 observed, ignore, ignore observed, accept-server-auth observed]";

fn costs(root: &Ca, chain: &[CertificateDer<'static>]) -> Costs {
    let (provider, record) = recorded(&provider());
    let stock = stock_client_verifier(&Arc::new(provider), &[root.der()], []);
    let _ = stock.verify_client_cert(&chain[0], &chain[1..], unix(NOW));
    let mut costs = [record.count(); 6];
    for (index, (policy, is_observed)) in SETUPS.into_iter().enumerate() {
        costs[index + 1] = signatures(root, chain, policy, is_observed);
    }
    costs
}

/// How many signatures a verifier that relaxes `edge.example` checks for this chain.
fn signatures(
    root: &Ca,
    chain: &[CertificateDer<'static>],
    policy: EkuPolicy,
    is_observed: bool,
) -> usize {
    let (provider, record) = recorded(&provider());
    let counters = Arc::new(Counters::default());
    let builder = ClientPeerVerifier::builder(Roots::from_der([root.der()]).unwrap(), &provider)
        .eku_policy(policy)
        .relax_for(PeerRule::dns_name("edge.example").unwrap());
    let builder = match is_observed {
        true => builder.observer(counters.clone()),
        false => builder,
    };
    let verifier = builder.build().unwrap();
    let _ = verifier.verify_client_cert(&chain[0], &chain[1..], unix(NOW));
    let told = counters.verified(Role::Client);
    let told = told.strict + told.relaxed + told.refused_by_eku + told.refused_otherwise;
    assert_eq!(told, u64::from(is_observed));
    record.count()
}

/// Forged CAs in the name of the root: webpki tries each behind each, and asks the root's key about
/// every path. 96 signatures, and where the EKU of a decoy is no obstacle more than 100.
fn near_the_budget(root: &Ca, kind: KeyKind, decoys: &[Eku]) -> Chain {
    let forger = || CaSpec::new("root").kind(kind);
    // Three in any order below any of them, or below one of five that only stand above the leaf:
    // 1 + 3 + 6 + 6 = 16 paths, six times.
    let mut forgers: Vec<_> = (0..3).map(|_| Ca::root(forger())).collect();
    forgers.extend((0..5).map(|_| Ca::root(forger().path_len(0))));
    let decoys = decoys.iter().map(|eku| Ca::root(forger().eku(eku.clone())));
    let decoys: Vec<_> = decoys.collect();
    present(root, decoys.iter().chain(&forgers))
}

/// The same with so many that webpki gives up.
fn over_the_budget(root: &Ca, decoy: Option<Eku>) -> Chain {
    let forgers: Vec<_> = (0..10).map(|_| Ca::root_named("root")).collect();
    let decoy = decoy.map(|eku| Ca::root(CaSpec::new("root").eku(eku)));
    present(root, decoy.iter().chain(&forgers))
}

fn present<'a>(root: &Ca, forgers: impl Iterator<Item = &'a Ca>) -> Chain {
    let forgers: Vec<_> = forgers.collect();
    assert!(forgers.iter().all(|forger| forger.der() != root.der()));
    let leaf = LeafSpec::new("edge").dns("edge.example");
    forgers[0].leaf(leaf).chain(&forgers)
}
