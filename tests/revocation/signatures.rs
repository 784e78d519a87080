//! Whether a key has signed a list is found out once for a verifier, good or not, with the memo and
//! without; the verdict is found anew each time.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

use crate::common::clock::{NOW, unix};
use crate::common::counting::{Check, Record, recorded};
use crate::common::ours::roots;
use crate::common::pki::der;
use crate::common::pki::{Ca, CaSpec, CrlSpec, KeyKind, KeyPair, SerialNumber, World};
use crate::common::tls::provider;
use crate::world::{List, client, client_at, crls, verdict};
use mtls_roles::ClientPeerVerifier;

/// The checks of lists since the last call: how many were good, and how many not.
fn checked(record: &Record) -> (usize, usize) {
    let checks = record.take();
    let (good, bad): (Vec<_>, Vec<_>) =
        checks.into_iter().filter(Check::is_of_list).partition(|check| check.is_good);
    (good.len(), bad.len())
}

fn verifier(
    root: &Ca,
    provider: &CryptoProvider,
    lists: &[List],
    has_memo: bool,
) -> ClientPeerVerifier {
    let builder = ClientPeerVerifier::builder(roots([root]), provider).crls(crls(lists));
    if has_memo { builder } else { builder.without_memo() }.build().unwrap()
}

#[test]
fn the_signature_of_a_list_is_checked_once_also_when_the_set_is_replaced() {
    let w = World::new();
    for has_memo in [true, false] {
        let (provider, record) = recorded(&provider());
        let lists = [w.good(), w.of_root()];
        let verifier = verifier(&w.root, &provider, &lists, has_memo);
        let verify = || {
            (0..20).for_each(|_| assert_eq!(verdict(&verifier, &w.chain()), "good"));
            checked(&record)
        };
        let replace = |lists: &[List]| {
            verifier.replace_crls(crls(lists), unix(NOW)).unwrap();
            checked(&record)
        };
        assert_eq!(verify(), (2, 0));
        // The same bytes, read anew.
        assert_eq!((replace(&lists), verify()), ((0, 0), (0, 0)));
        // A new list is tried with the key that signed the old one.
        for number in [2, 3] {
            let new = [w.sub.crl(CrlSpec::new(number)), lists[1].clone()];
            assert_eq!((replace(&new), verify()), ((1, 0), (0, 0)));
        }
    }
}

#[test]
fn a_list_by_another_key_is_tried_once_and_not_hashed_in_every_handshake() {
    let w = World::new();
    let forger = Arc::new(KeyPair::generate().unwrap());
    let foreign = w.sub.crl(CrlSpec::new(9).signed_by(&forger));
    for has_memo in [true, false] {
        let (provider, record) = recorded(&provider());
        let lists = [foreign.clone(), w.good(), w.of_root()];
        let verifier = verifier(&w.root, &provider, &lists, has_memo);
        for expected in [(2, 1), (0, 0), (0, 0)] {
            assert_eq!(verdict(&verifier, &w.chain()), "good");
            assert_eq!(checked(&record), expected);
        }
    }
}

/// Ed25519 signatures have one length, so these lists differ in nothing but a few bytes.
#[test]
fn a_list_with_the_signature_of_a_known_one_is_as_bad_as_before() {
    let root = Ca::root(CaSpec::new("root").kind(KeyKind::Ed25519));
    let leaf = root.leaf(client().serial(0x7001));
    let list = |serial: u64| root.crl(CrlSpec::new(1).revoke(&SerialNumber::from(serial)));
    let (good, revoking) = (list(0x7002), list(0x7001));
    let parts = |list: &List| der::children(list);
    let borrowed: List = der::sequence(&[
        parts(&good)[0].clone(),
        parts(&good)[1].clone(),
        parts(&revoking)[2].clone(),
    ])
    .into();
    let verifier = verifier(&root, &provider(), std::slice::from_ref(&revoking), true);
    let chain = leaf.chain(&[]);
    let rounds = [("revoked", &revoking), ("good", &good), ("revoked", &revoking)];
    for (expected, list) in rounds {
        // As new as the old one, so it takes its place; the one with a borrowed signature never does.
        verifier.replace_crls(crls(std::slice::from_ref(list)), unix(NOW)).unwrap();
        assert_eq!(verdict(&verifier, &chain), expected);
        verifier.replace_crls(crls(std::slice::from_ref(&borrowed)), unix(NOW)).unwrap();
        assert_eq!(verdict(&verifier, &chain), expected);
    }
}

/// Each verifier for itself, although both have the same lists in the same place.
#[test]
fn verifiers_that_share_a_set_do_not_share_what_is_known_of_it() {
    let w = World::new();
    let (provider, record) = recorded(&provider());
    let set = crls(&[w.good(), w.of_root()]);
    for _ in 0..2 {
        let builder = ClientPeerVerifier::builder(roots([&w.root]), &provider);
        let verifier = builder.crls(set.clone()).build().unwrap();
        for _ in 0..2 {
            assert_eq!(verdict(&verifier, &w.chain()), "good");
        }
        assert_eq!(checked(&record), (2, 0));
    }
}

#[test]
fn a_search_tries_at_most_sixteen_signatures_of_lists_and_the_next_goes_on_from_there() {
    let root = Ca::root_named("root");
    let leaf = root.leaf(client());
    let newer = |number| {
        let key = Arc::new(KeyPair::generate().unwrap());
        root.crl(CrlSpec::new(number).signed_by(&key))
    };
    let mut lists: Vec<_> = (2..42).map(newer).collect();
    lists.push(root.crl(CrlSpec::new(1)));
    let (provider, record) = recorded(&provider());
    let verifier = verifier(&root, &provider, &lists, true);
    for (expected, tried) in
        [("another error", (0, 16)), ("another error", (0, 16)), ("good", (1, 8)), ("good", (0, 0))]
    {
        assert_eq!(verdict(&verifier, &leaf.chain(&[])), expected);
        assert_eq!(checked(&record), tried);
    }
}

/// However many CAs of one name there are: a list remembers eight keys that did not sign it, and
/// always the one that did.
#[test]
fn failures_take_no_place_from_a_success() {
    let root = Ca::root_named("root");
    let cas: Vec<_> = (0..12).map(|_| root.sub(CaSpec::new("X"))).collect();
    let lists: Vec<_> = [cas[11].crl(CrlSpec::new(1)), root.crl(CrlSpec::new(1))].into();
    let (provider, record) = recorded(&provider());
    let verifier = verifier(&root, &provider, &lists, true);
    for round in 0..3 {
        for (index, ca) in cas.iter().enumerate() {
            let expected = if index == 11 { "good" } else { "bad list signature" };
            assert_eq!(verdict(&verifier, &ca.leaf(client()).chain(&[ca])), expected);
        }
        // 11 strangers, of which 8 are remembered; the issuer; the root once.
        let expected = if round == 0 { (2, 11) } else { (0, 3) };
        assert_eq!(checked(&record), expected, "round {round}");
    }
}

/// What is looked at of a thousand sharded lists are those of the certificate's own point.
#[test]
fn of_a_thousand_sharded_lists_one_signature_is_checked() {
    let root = Ca::root_named("root");
    let uri = |shard: usize| format!("http://crl.example/{shard}");
    let lists: Vec<_> = (0..1_000).map(|shard| root.crl(CrlSpec::new(1).at(&uri(shard)))).collect();
    let (provider, record) = recorded(&provider());
    let verifier = verifier(&root, &provider, &lists, false);
    let leaf = root.leaf(client_at(&uri(777)));
    assert_eq!(verdict(&verifier, &leaf.chain(&[])), "good");
    assert_eq!(checked(&record), (1, 0));
}

/// A list for everything is known to be good. Of those for points, which revoke, sixteen are by nobody's key.
#[test]
fn a_list_that_names_the_certificate_and_cannot_be_tried_any_more_refuses_it() {
    let w = World::new();
    let verifier = verifier(&w.root, &provider(), &[w.of_root(), w.good()], true);
    assert_eq!(verdict(&verifier, &w.chain()), "good");
    let forger = Arc::new(KeyPair::generate().unwrap());
    let at = |point: u64| w.revoking(1).at(&format!("http://crl.example/{point}"));
    let mut lists: Vec<_> = (10..26).map(|point| w.sub.crl(at(point).signed_by(&forger))).collect();
    lists.extend([w.of_root(), w.good(), w.sub.crl(at(26))]);
    verifier.replace_crls(crls(&lists), unix(NOW)).unwrap();
    assert_eq!(verdict(&verifier, &w.chain()), "another error");
    assert_eq!(verdict(&verifier, &w.chain()), "revoked");
}
