//! What a stranger can make us compute: at most 300 steps and 100 signatures of certificates in all searches of a
//! decision, no further search after a dear first one, and 16 signatures of revocation lists a search.
//!
//! `benches/pathological.rs` has the times.

use std::sync::Arc;

use crate::common::clock::{NOW, unix};
use crate::common::counting::recorded;
use crate::common::errors::Rows;
use crate::common::ours::{Setup, Whom, decide_client, roots, rule};
use crate::common::pki::{Ca, CaSpec, Chain, Eku, LeafSpec, tamper_signature};
use crate::common::tls::{provider, stock_client_verifier};
use mtls_roles::{ClientPeerVerifier, Counters, EkuPolicy, Refusal, Roots, VerifiedPeer};
use rustls::crypto::CryptoProvider;

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
    let near = |decoys: &[Eku]| near_the_budget(&root, decoys);
    let one = [root.clone()];
    // Roots of one name: each step may ask each of them.
    let many: Vec<_> = (0..8).map(|_| Ca::root_named("root")).collect();
    let forged = |count, decoy| forged(&root, count, decoy);
    #[rustfmt::skip] // One row, one line.
    let rows: Vec<(&str, &[Ca], Chain, Costs)> = vec![
        ("a right client", &one, named(&plain, Eku::client()), [2; 6]),
        // The wrong leaf is found out before any signature: the second search is the only one.
        ("the named peer, leaf wrong", &one, named(&plain, Eku::server()), [0, 0, 2, 2, 2, 2]),
        ("the named peer, issuer wrong", &one, named(&wrong, Eku::both()), [0, 0, 2, 2, 2, 2]),
        ("a stranger of ours, leaf wrong", &one, stranger(Eku::server()), [0, 0, 2, 2, 2, 2]),
        ("a stranger of ours, right", &one, stranger(Eku::client()), [2; 6]),
        ("leaf good for nothing", &one, stranger(Eku::code_signing()), [0, 0, 2, 2, 2, 2]),
        ("leaf wrong and badly signed", &one, vec![tamper_signature(&root.leaf(edge(Eku::server())).der())], [0, 0, 1, 1, 1, 1]),
        // After so many steps no further search is made.
        ("forged, nothing wrong with the EKU", &one, near(&[]), [96; 6]),
        ("forged, a decoy without clientAuth", &one, near(&[Eku::server()]), [96; 6]),
        ("forged, a decoy for neither role", &one, near(&[Eku::code_signing()]), [96; 6]),
        ("forged, a decoy of each kind", &one, near(&[Eku::code_signing(), Eku::server()]), [96; 6]),
        ("over the budget", &one, forged(10, None), [100; 6]),
        ("over the budget, EKU wrong", &one, forged(10, Some(Eku::server())), [100; 6]),
        // Few steps, and each asks eight roots: the signatures of the searches are counted together.
        ("eight roots, a decoy for servers", &many, forged(2, Some(Eku::server())), [40, 40, 100, 100, 100, 100]),
        ("eight roots, a decoy for neither", &many, forged(2, Some(Eku::code_signing())), [40, 40, 100, 100, 100, 100]),
        ("eight roots, over the budget", &many, forged(4, Some(Eku::server())), [100; 6]),
    ];
    let mut checked = Rows::default();
    for (id, roots, chain, expected) in rows {
        checked.same(id, costs(roots, &chain), expected);
    }
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
    for setup in SETUPS {
        // 1 + 17 × (1 + 16) + 1 = 291 and those that are stopped.
        for (steps, is_found) in [(299, true), (300, true), (301, false)] {
            let beside = decoys.iter().chain(&stopped[..steps - 291]).chain([&issuer]);
            let chain = leaf.chain(&beside.collect::<Vec<_>>());
            let id = format!("{setup:?}, {steps} steps");
            let verifier = verifier(&roots([&root]), &provider(), setup);
            assert_limit(verifier.verify(Some(&chain), unix(NOW)), is_found, &id);
        }
    }
}

/// Where roots share a name, each is asked about the leaf.
#[test]
fn the_hundredth_signature_is_checked_and_the_next_is_not() {
    let root = Ca::root_named("root");
    let namesakes: Vec<_> = (0..101).map(|_| Ca::root_named("root")).collect();
    let decoy = Ca::root(CaSpec::new("root").eku(Eku::server()));
    let leaf = root.leaf(LeafSpec::new("edge").dns("edge.example").eku(Eku::client()));
    for (asked, beside, policy, said) in [
        (100, vec![], EkuPolicy::rfc5280(), "BadSignature"),
        (101, vec![], EkuPolicy::rfc5280(), "MaximumSignatureChecksExceeded"),
        // The second search asks again, and about the decoy, too.
        (33, vec![&decoy], EkuPolicy::ignore(), "BadSignature"),
        (34, vec![&decoy], EkuPolicy::ignore(), "MaximumSignatureChecksExceeded"),
    ] {
        let verifier = verifier(&roots(&namesakes[..asked]), &provider(), (policy, false));
        let refusal = verifier.verify(Some(&leaf.chain(&beside)), unix(NOW)).unwrap_err();
        let told = format!("{:?}", refusal.error());
        assert!(told.contains(said), "{asked} roots, {policy}: {told}");
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
        let verifier = verifier(&roots([&root]), &provider(), SETUPS[0]);
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

fn costs(trusted: &[Ca], chain: &Chain) -> Costs {
    let (provider, record) = recorded(&provider());
    let anchors: Vec<_> = trusted.iter().map(Ca::der).collect();
    let stock = stock_client_verifier(&Arc::new(provider.clone()), &anchors);
    let _ = decide_client(&*stock, chain, unix(NOW));
    let mut costs = [record.count(); 6];
    for (index, setup) in SETUPS.into_iter().enumerate() {
        let _ = decide_client(&verifier(&roots(trusted), &provider, setup), chain, unix(NOW));
        costs[index + 1] = record.count();
    }
    costs
}

/// Relaxed for `edge.example`.
fn verifier(
    roots: &Roots,
    provider: &CryptoProvider,
    (policy, is_observed): (EkuPolicy, bool),
) -> ClientPeerVerifier {
    let setup = Setup {
        policy,
        relax_for: Whom::Named(rule("dns:edge.example")),
        observer: is_observed.then(|| Arc::<Counters>::default() as _),
        ..Setup::default()
    };
    setup.clients(roots, provider).unwrap()
}

/// Forged CAs in the name of the root: webpki tries each behind each, and asks the root's key about
/// every path. 96 signatures, and where the EKU of a decoy is no obstacle more than 100.
fn near_the_budget(root: &Ca, decoys: &[Eku]) -> Chain {
    let forger = || CaSpec::new("root");
    // Three in any order below any of them, or below one of five that only stand above the leaf:
    // 1 + 3 + 6 + 6 = 16 paths, six times.
    let decoys = decoys.iter().map(|eku| Ca::root(forger().eku(eku.clone())));
    let below = (0..3).map(|_| Ca::root(forger()));
    let above = (0..5).map(|_| Ca::root(forger().path_len(0)));
    present(root, decoys.chain(below).chain(above))
}

/// So many of them, and one with an EKU in front.
fn forged(root: &Ca, count: usize, decoy: Option<Eku>) -> Chain {
    let decoy = decoy.map(|eku| Ca::root(CaSpec::new("root").eku(eku)));
    present(root, decoy.into_iter().chain((0..count).map(|_| Ca::root_named("root"))))
}

fn present(root: &Ca, forgers: impl Iterator<Item = Ca>) -> Chain {
    let forgers: Vec<_> = forgers.collect();
    assert!(forgers.iter().all(|forger| forger.der() != root.der()));
    let leaf = LeafSpec::new("edge").dns("edge.example");
    forgers[0].leaf(leaf).chain(&forgers.iter().collect::<Vec<_>>())
}
