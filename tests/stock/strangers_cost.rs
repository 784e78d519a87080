//! What a stranger can make us compute: at most 300 steps and 100 signatures of certificates in all searches of a
//! decision, no further search after a dear first one, and 16 signatures of revocation lists a search.
//!
//! `cargo test --test stock strangers_cost -- --nocapture` prints the table, with times for information;
//! `benches/pathological.rs` measures them.

use std::sync::Arc;
use std::time::Instant;

use crate::common::clock::{NOW, unix};
use crate::common::counting::recorded;
use crate::common::pki::{Ca, CaSpec, Eku, KeyKind, LeafSpec};
use crate::common::tls::{provider, providers, stock_client_verifier};
use mtls_roles::{
    ClientPeerVerifier, Counters, EkuPolicy, PeerRule, Refusal, Role, Roots, VerifiedPeer,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;

/// webpki's own limit for one search (CVE-2018-16875), and ours for all of a decision.
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
fn all_searches_together_check_a_hundred_signatures_and_a_relaxed_peer_costs_no_more_than_a_right_one()
 {
    let root = Ca::root_named("root");
    let sub = |eku| root.sub(CaSpec::new("sub").eku(eku));
    let (plain, wrong) = (sub(Eku::Absent), sub(Eku::server()));
    let edge = |eku| LeafSpec::new("edge").dns("edge.example").eku(eku);
    let named = |ca: &Ca, eku| ca.leaf(edge(eku)).chain(&[ca]);
    let stranger = |eku| plain.leaf(LeafSpec::new("x").eku(eku)).chain(&[&plain]);
    let near = |decoys: &[Eku]| near_the_budget(&root, KeyKind::P256, decoys);
    let one = [root.clone()];
    // Roots of one name: each step may ask each of them.
    let many: Vec<_> = (0..8).map(|_| Ca::root_named("root")).collect();
    let few = |count: usize, decoy: Eku| {
        let forgers: Vec<_> = (0..count).map(|_| Ca::root_named("root")).collect();
        let decoy = Ca::root(CaSpec::new("root").eku(decoy));
        present(&root, [&decoy].into_iter().chain(&forgers))
    };
    #[rustfmt::skip] // One row, one line.
    let rows: Vec<(&str, &[Ca], Chain, Costs)> = vec![
        ("a right client", &one, named(&plain, Eku::client()), [2; 6]),
        // The wrong leaf is found out before any signature: the second search is the only one.
        ("the named peer, leaf wrong", &one, named(&plain, Eku::server()), [0, 0, 2, 2, 2, 2]),
        ("the named peer, issuer wrong", &one, named(&wrong, Eku::both()), [0, 0, 2, 2, 2, 2]),
        ("a stranger of ours, leaf wrong", &one, stranger(Eku::server()), [0, 0, 2, 2, 2, 2]),
        ("a stranger of ours, right", &one, stranger(Eku::client()), [2; 6]),
        ("leaf good for nothing", &one, stranger(Eku::code_signing()), [0, 0, 2, 2, 2, 2]),
        // After so many steps no further search is made.
        ("forged, nothing wrong with the EKU", &one, near(&[]), [96; 6]),
        ("forged, a decoy without clientAuth", &one, near(&[Eku::server()]), [96; 6]),
        ("forged, a decoy for neither role", &one, near(&[Eku::code_signing()]), [96; 6]),
        ("forged, a decoy of each kind", &one, near(&[Eku::code_signing(), Eku::server()]), [96; 6]),
        ("over the budget", &one, over_the_budget(&root, None), [100; 6]),
        ("over the budget, EKU wrong", &one, over_the_budget(&root, Some(Eku::server())), [100; 6]),
        // Few steps, and each asks eight roots: the signatures of the searches are counted together.
        ("eight roots, a decoy for servers", &many, few(2, Eku::server()), [40, 40, 100, 100, 100, 100]),
        ("eight roots, a decoy for neither", &many, few(2, Eku::code_signing()), [40, 40, 100, 100, 100, 100]),
        ("eight roots, over the budget", &many, few(4, Eku::server()), [100; 6]),
    ];
    let mut wrong = vec![];
    println!("{:36} {:>5} {:>4} {SETUP_NAMES}", "signatures checked", "bytes", "sent");
    for (id, roots, chain, expected) in rows {
        let found = costs(roots, &chain);
        let bytes: usize = chain.iter().map(|certificate| certificate.len()).sum();
        println!("{id:36} {bytes:>5} {:>4} {found:?}", chain.len());
        if found != expected {
            wrong.push(format!("{id}: {found:?}, not {expected:?}"));
        }
        assert!(found.iter().all(|signatures| *signatures <= BUDGET), "{id}: {found:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A step for the leaf, 17 issuers by name with 16 issuers of theirs each, some whose EKU stops webpki, and last the
/// one that leads to the root.
#[test]
fn the_three_hundredth_step_is_made_and_the_next_is_not_under_every_policy() {
    let root = Ca::root_named("root");
    let issuer = root.sub(CaSpec::new("sub"));
    let mid = Ca::root_named("nowhere").sub(CaSpec::new("mid"));
    let mids = (0..16).map(|_| Ca::root_named("nowhere").sub(CaSpec::new("mid")));
    let subs = (0..17).map(|_| mid.sub(CaSpec::new("sub")));
    let decoys: Vec<_> = mids.chain(subs).collect();
    let stopped = || Ca::root(CaSpec::new("sub").eku(Eku::code_signing()));
    let stopped: Vec<_> = (0..10).map(|_| stopped()).collect();
    let leaf = issuer.leaf(LeafSpec::new("edge").dns("edge.example").eku(Eku::client()));
    for (policy, is_observed) in SETUPS {
        // 1 + 17 × (1 + 16) + 1 = 291 and those that are stopped.
        for (steps, is_found) in [(299, true), (300, true), (301, false)] {
            let beside = decoys.iter().chain(&stopped[..steps - 291]).chain([&issuer]);
            let chain = leaf.chain(&beside.collect::<Vec<_>>());
            let id = format!("{policy:?}, {steps} steps");
            let verifier =
                verifier(std::slice::from_ref(&root), &provider(), policy, is_observed).0;
            assert_limit(verifier.verify(Some(&chain), unix(NOW)), is_found, &id);
        }
    }
}

/// As many as fit into a handshake: webpki reads all of them at every step.
#[test]
fn of_many_presented_certificates_fifteen_thousand_are_read() {
    let root = Ca::root_named("root");
    let issuer = root.sub(CaSpec::new("sub"));
    let decoy = || Ca::root(CaSpec::new("sub").eku(Eku::code_signing()));
    let decoys: Vec<_> = (0..99).map(|_| decoy()).collect();
    let unrelated = root.sub(CaSpec::new("unrelated"));
    let leaf = issuer.leaf(LeafSpec::new("edge").eku(Eku::client()));
    // The leaf, 98 or 99 decoys, the issuer; 15,000 / 150 = 100 steps.
    for (steps, is_found) in [(100, true), (101, false)] {
        let beside = decoys.iter().take(steps - 2).chain([&issuer]);
        let mut beside: Vec<_> = beside.collect();
        beside.resize(150, &unrelated);
        let verifier =
            verifier(std::slice::from_ref(&root), &provider(), EkuPolicy::rfc5280(), false).0;
        let verified = verifier.verify(Some(&leaf.chain(&beside)), unix(NOW));
        assert_limit(verified, is_found, &format!("{steps} steps"));
    }
}

fn assert_limit(verified: Result<VerifiedPeer, Refusal>, is_found: bool, id: &str) {
    match verified {
        Ok(_) => assert!(is_found, "{id}"),
        Err(refusal) => {
            let told = format!("{:?}", refusal.error());
            let is_limit = told.contains("MaximumPathBuildCallsExceeded");
            assert!(!is_found && is_limit, "{id}: {told}");
        }
    }
}

/// Nine CAs of one name: webpki takes 200,000 steps for them, which is 90 ms.
#[test]
fn namesakes_end_at_the_limit_of_steps_before_any_signature_under_every_policy() {
    let root = Ca::root_named("root");
    let forger = Ca::root_named("forger");
    let mut namesakes = vec![forger.sub(CaSpec::new("same"))];
    for _ in 0..8 {
        namesakes.push(namesakes.last().unwrap().sub(CaSpec::new("same")));
    }
    println!("{:40} {:>8}", "nine namesakes", "ms");
    for eku in [Eku::client(), Eku::server(), Eku::code_signing(), Eku::Absent] {
        let leaf = namesakes[8].leaf(LeafSpec::new("edge").dns("edge.example").eku(eku));
        let chain = leaf.chain(&namesakes.iter().collect::<Vec<_>>());
        for (policy, is_observed) in SETUPS {
            let (recording, record) = recorded(&provider());
            let verifier = verifier(std::slice::from_ref(&root), &recording, policy, is_observed).0;
            let start = Instant::now();
            let in_handshake = verifier.verify_client_cert(&chain[0], &chain[1..], unix(NOW));
            let told = format!("{policy:?}, observed {is_observed}");
            println!("{told:40} {:>8.2}", start.elapsed().as_secs_f64() * 1e3);
            let outside = verifier.verify(Some(&chain), unix(NOW));
            assert!(in_handshake.is_err() && outside.is_err());
            assert_eq!(record.count(), 0);
        }
    }
}

#[test]
fn what_a_stranger_costs_at_worst_is_told_for_every_kind_of_root_key() {
    println!("{:8} {:>6} {:>10} {:>6}", "root", "bytes", "signatures", "ms");
    for kind in [KeyKind::P256, KeyKind::P384, KeyKind::P521] {
        // rustls on ring has no P-521.
        if kind == KeyKind::P521 && providers()[0].0 == "ring" {
            continue;
        }
        let root = Ca::root(CaSpec::new("root").kind(kind));
        let chain = near_the_budget(&root, kind, &[Eku::server()]);
        let bytes: usize = chain.iter().map(|certificate| certificate.len()).sum();
        let start = Instant::now();
        let found = signatures(&[root], &chain, EkuPolicy::ignore(), false);
        let ms = start.elapsed().as_millis();
        println!("{:8} {bytes:>6} {found:>10} {ms:>6}", format!("{kind:?}"));
        assert_eq!(found, 96, "{kind:?}");
    }
}

const SETUP_NAMES: &str =
    "[stock, rfc5280, rfc5280 observed, ignore, ignore observed, accept-server-auth observed]";

fn costs(roots: &[Ca], chain: &[CertificateDer<'static>]) -> Costs {
    let (provider, record) = recorded(&provider());
    let anchors: Vec<_> = roots.iter().map(Ca::der).collect();
    let stock = stock_client_verifier(&Arc::new(provider), &anchors, []);
    let _ = stock.verify_client_cert(&chain[0], &chain[1..], unix(NOW));
    let mut costs = [record.count(); 6];
    for (index, (policy, is_observed)) in SETUPS.into_iter().enumerate() {
        costs[index + 1] = signatures(roots, chain, policy, is_observed);
    }
    costs
}

/// How many signatures a verifier that relaxes `edge.example` checks for this chain.
fn signatures(
    roots: &[Ca],
    chain: &[CertificateDer<'static>],
    policy: EkuPolicy,
    is_observed: bool,
) -> usize {
    let (provider, record) = recorded(&provider());
    let (verifier, counters) = verifier(roots, &provider, policy, is_observed);
    let _ = verifier.verify_client_cert(&chain[0], &chain[1..], unix(NOW));
    let told = counters.verdicts(Role::Client);
    let told = told.enforced + told.relaxed + told.refused_by_eku + told.refused_otherwise;
    assert_eq!(told, u64::from(is_observed));
    record.count()
}

fn verifier(
    roots: &[Ca],
    provider: &CryptoProvider,
    policy: EkuPolicy,
    is_observed: bool,
) -> (ClientPeerVerifier, Arc<Counters>) {
    let counters = Arc::new(Counters::default());
    let roots = Roots::from_der(roots.iter().map(Ca::der)).unwrap();
    let builder = ClientPeerVerifier::builder(roots, provider)
        .eku_policy(policy)
        .relax_for(PeerRule::dns_name("edge.example").unwrap());
    let builder = match is_observed {
        true => builder.observer(counters.clone()),
        false => builder,
    };
    (builder.build().unwrap(), counters)
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
