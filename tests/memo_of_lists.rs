//! Of a revocation list nothing is remembered but that its signature is good, as long as its set is in use: a list is
//! known by where it lies, and what comes to lie there later inherits nothing.

mod common;

use std::collections::HashMap;
use std::sync::Arc;

use common::clock::{NOW, unix};
use common::counting::{Check, Record, recorded};
use common::errors::assert_no_row_is_wrong;
use common::pki::{Ca, CaSpec, CrlSpec, Eku, KeyKind, KeyPair, Leaf, LeafSpec, SerialNumber, der};
use common::tls::provider;
use mtls_roles::{ClientPeerVerifier, ClientPeerVerifierBuilder, Crls, Roots};
use rcgen::SigningKey;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use time::{Duration, OffsetDateTime};

type List = CertificateRevocationListDer<'static>;

/// root → sub → leaf. Ed25519, since its signatures have one length: lists that differ in the value of a serial number
/// or in their signature only are equally long.
struct World {
    root: Ca,
    sub: Ca,
    leaf: Leaf,
    stranger: Arc<KeyPair>,
}

impl World {
    fn new() -> Self {
        let root = Ca::root(CaSpec::new("root").kind(KeyKind::Ed25519));
        let sub = root.sub(CaSpec::new("sub").kind(KeyKind::Ed25519));
        let leaf = sub.leaf(LeafSpec::new("client").eku(Eku::client()).serial(0x7001));
        let stranger = root.leaf(LeafSpec::new("x").kind(KeyKind::Ed25519)).key;
        Self {
            root,
            sub,
            leaf,
            stranger,
        }
    }

    fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.leaf.chain(&[&self.sub])
    }

    fn builder(&self, provider: &CryptoProvider, lists: Vec<List>) -> ClientPeerVerifierBuilder {
        let roots = Roots::from_der([self.root.der()]).unwrap();
        ClientPeerVerifier::builder(roots, provider).crls(Crls::from_der(lists).unwrap())
    }

    fn of_root(&self) -> List {
        self.root.crl(CrlSpec::new(1))
    }

    /// Somebody is revoked; all of these are equally long.
    fn revoking(&self, serial: u64) -> CrlSpec {
        CrlSpec::new(1).revoke(&SerialNumber::from(serial))
    }

    /// Nobody that is here is revoked.
    fn good(&self) -> List {
        self.sub.crl(self.revoking(0x7002))
    }

    fn revoking_the_leaf(&self) -> List {
        self.sub.crl(self.revoking(0x7001))
    }

    /// Another key, in the name of the issuer.
    fn forged(&self) -> List {
        self.sub
            .crl(self.revoking(0x7002).signed_by(&self.stranger))
    }

    /// The signature of another list.
    fn with_another_signature(&self) -> List {
        with_signature_of(&self.revoking_the_leaf(), &self.good())
    }
}

fn with_signature_of(other: &List, list: &List) -> List {
    let (list, other) = (der::children(list), der::children(other));
    der::sequence(&[list[0].clone(), list[1].clone(), other[2].clone()]).into()
}

fn said(
    verifier: &ClientPeerVerifier,
    chain: &[CertificateDer<'_>],
    now: OffsetDateTime,
) -> Result<(), String> {
    let verified = verifier.verify(Some(chain), unix(now));
    verified.map(drop).map_err(|refusal| format!("{refusal:?}"))
}

/// The checks of lists since the last call.
fn lists(record: &Record) -> Vec<Check> {
    let mut checks = record.take();
    checks.retain(Check::is_of_list);
    checks
}

/// One list of each issuer, which webpki looks up, and two of each, which we look up ourselves.
fn once_and_twice(lists: Vec<List>) -> [Vec<List>; 2] {
    [lists.clone(), [lists.clone(), lists].concat()]
}

#[test]
fn the_signature_of_a_list_is_checked_once_for_each_set_that_it_is_in() {
    let world = World::new();
    for lists_of_set in once_and_twice(vec![world.good(), world.of_root()]) {
        let (provider, record) = recorded(&provider());
        let verifier = world
            .builder(&provider, lists_of_set.clone())
            .build()
            .unwrap();
        for _ in 0..3 {
            for _ in 0..20 {
                assert_eq!(said(&verifier, &world.chain(), NOW), Ok(()));
            }
            let checks = lists(&record);
            assert_eq!(checks.len(), lists_of_set.len());
            assert!(checks.iter().all(|check| check.is_good));
            let set = Crls::from_der(lists_of_set.clone()).unwrap();
            verifier.replace_crls(set).unwrap();
        }
    }
}

/// What `verifier/list_memory.rs` relies on: webpki verifies the list's own bytes, and no copy of them.
#[test]
fn webpki_hands_the_same_bytes_of_a_list_to_each_verification() {
    let world = World::new();
    for lists_of_set in once_and_twice(vec![world.good(), world.of_root()]) {
        let (provider, record) = recorded(&provider());
        let builder = world.builder(&provider, lists_of_set.clone());
        let verifier = builder.without_memo().build().unwrap();
        let mut addresses = HashMap::new();
        for _ in 0..20 {
            assert_eq!(said(&verifier, &world.chain(), NOW), Ok(()));
            let checks = lists(&record);
            assert!(checks.len() >= lists_of_set.len(), "{}", checks.len());
            for check in checks {
                addresses.entry(check.address).or_insert(check.message);
            }
        }
        assert_eq!(addresses.len(), lists_of_set.len());
    }
}

/// Sets come and go, with lists of one length, so that a new list lies where an old one lay.
#[test]
fn a_new_list_at_the_address_of_a_freed_one_inherits_nothing() {
    let world = World::new();
    let kinds: [(&str, List); 4] = [
        ("good", world.good()),
        ("revoking", world.revoking_the_leaf()),
        ("forged", world.forged()),
        ("with another signature", world.with_another_signature()),
    ];
    assert!(kinds.iter().all(|(_, list)| list.len() == kinds[0].1.len()));
    let (recording, record) = recorded(&provider());
    let verifier = world
        .builder(&recording, vec![world.good(), world.of_root()])
        .build()
        .unwrap();
    let (mut wrong, mut rows, mut reused) = (vec![], 0, 0);
    let mut lay_at: HashMap<usize, Vec<u8>> = HashMap::new();
    for round in 0..400_usize {
        // Every kind after every other, and now and then twice the list.
        let (kind, list) = &kinds[(round + round / 4) % 4];
        let mut set = vec![list.clone(), world.of_root()];
        if round % 3 == 0 {
            set.push(list.clone());
        }
        verifier
            .replace_crls(Crls::from_der(set.clone()).unwrap())
            .unwrap();
        let forgetful = world
            .builder(&provider(), set)
            .without_memo()
            .build()
            .unwrap();
        let expected = said(&forgetful, &world.chain(), NOW);
        record.take();
        for pass in 0..2 {
            rows += 1;
            let found = said(&verifier, &world.chain(), NOW);
            if found != expected || (*kind == "good") != found.is_ok() {
                wrong.push(format!(
                    "round {round}, {kind}, pass {pass}: {found:?}, without memo {expected:?}"
                ));
            }
        }
        for check in lists(&record) {
            let before = lay_at.insert(check.address, check.message.clone());
            reused += usize::from(before.is_some_and(|message| message != check.message));
        }
    }
    assert_no_row_is_wrong(rows, &wrong);
    // Or it proves nothing: other bytes of the same length were verified at an address before.
    assert!(reused > 20, "{reused}");
}

#[test]
fn a_bad_signature_of_a_list_is_checked_each_time() {
    let world = World::new();
    for list in [world.forged(), world.with_another_signature()] {
        let (provider, record) = recorded(&provider());
        let verifier = world
            .builder(&provider, vec![list, world.of_root()])
            .build()
            .unwrap();
        for _ in 0..3 {
            let refused = said(&verifier, &world.chain(), NOW).unwrap_err();
            assert!(refused.contains("BadSignature"), "{refused}");
            let bad = lists(&record).into_iter().filter(|check| !check.is_good);
            assert_eq!(bad.count(), 1);
        }
    }
}

/// Two lists of one length in one set: only where they lie tells them apart.
#[test]
fn a_list_with_the_signature_of_a_known_one_in_its_set_is_as_bad_as_before() {
    let world = World::new();
    let good = world.good();
    let borrowing = with_signature_of(&good, &world.revoking_the_leaf());
    assert_eq!(good.len(), borrowing.len());
    for lists_of_issuer in [[good.clone(), borrowing.clone()], [borrowing, good]] {
        let (provider, record) = recorded(&provider());
        let set = [&lists_of_issuer[..], &[world.of_root()]].concat();
        let verifier = world.builder(&provider, set).build().unwrap();
        for _ in 0..3 {
            assert_eq!(said(&verifier, &world.chain(), NOW), Ok(()));
            let bad = lists(&record).into_iter().filter(|check| !check.is_good);
            assert_eq!(bad.count(), 1);
        }
    }
}

#[test]
fn without_memo_the_signature_of_a_list_is_checked_each_time() {
    let world = World::new();
    let (provider, record) = recorded(&provider());
    let builder = world.builder(&provider, vec![world.good(), world.of_root()]);
    let verifier = builder.without_memo().build().unwrap();
    for _ in 0..3 {
        assert_eq!(said(&verifier, &world.chain(), NOW), Ok(()));
        assert_eq!(lists(&record).len(), 2);
    }
}

/// Each verifier for itself, although both have the same lists in the same place.
#[test]
fn verifiers_that_share_a_set_do_not_share_what_is_known_of_it() {
    let world = World::new();
    let (provider, record) = recorded(&provider());
    let set = Crls::from_der(vec![world.good(), world.of_root()]).unwrap();
    for _ in 0..2 {
        let roots = Roots::from_der([world.root.der()]).unwrap();
        let builder = ClientPeerVerifier::builder(roots, &provider).crls(set.clone());
        let verifier = builder.build().unwrap();
        for _ in 0..2 {
            assert_eq!(said(&verifier, &world.chain(), NOW), Ok(()));
        }
        assert_eq!(lists(&record).len(), 2);
    }
}

#[test]
fn the_verdict_of_a_list_is_found_anew_each_time() {
    let world = World::new();
    let later = NOW + Duration::days(8);
    let current = || {
        world
            .sub
            .crl(world.revoking(0x7002).current(NOW, NOW + Duration::DAY))
    };
    for doubled in [false, true] {
        let set = |list: List| {
            let copies = if doubled {
                vec![list.clone(), list]
            } else {
                vec![list]
            };
            [
                copies,
                vec![world.root.crl(CrlSpec::new(1).current(NOW, later))],
            ]
            .concat()
        };
        let builder = world.builder(&provider(), set(current()));
        let verifier = builder.enforce_revocation_expiration().build().unwrap();
        assert_eq!(said(&verifier, &world.chain(), NOW), Ok(()));
        let expired = said(&verifier, &world.chain(), NOW + Duration::days(2)).unwrap_err();
        assert!(
            expired.contains("ExpiredRevocationListContext"),
            "{expired}"
        );
        assert_eq!(said(&verifier, &world.chain(), NOW), Ok(()));

        let revoked = set(world.sub.crl(world.revoking(0x7001).current(NOW, later)));
        verifier
            .replace_crls(Crls::from_der(revoked).unwrap())
            .unwrap();
        let refused = said(&verifier, &world.chain(), NOW).unwrap_err();
        assert!(refused.contains("(Revoked)"), "{refused}");
        // Another leaf, which the same list, known by now, does not revoke.
        let other = world.sub.leaf(LeafSpec::new("other").eku(Eku::client()));
        assert_eq!(said(&verifier, &other.chain(&[&world.sub]), NOW), Ok(()));
        let refused = said(&verifier, &world.chain(), NOW).unwrap_err();
        assert!(refused.contains("(Revoked)"), "{refused}");
        // And one whose issuer has no list.
        let unlisted = world.root.sub(CaSpec::new("unlisted"));
        let leaf = unlisted.leaf(LeafSpec::new("other").eku(Eku::client()));
        let refused = said(&verifier, &leaf.chain(&[&unlisted]), NOW).unwrap_err();
        assert!(refused.contains("UnknownRevocationStatus"), "{refused}");
    }
}

/// Two keys of one name: a list is good under the one and never under the other.
#[test]
fn after_a_roll_over_a_list_is_known_under_the_key_that_signed_it_only() {
    let root = Ca::root(CaSpec::new("root").kind(KeyKind::Ed25519));
    let sub = || root.sub(CaSpec::new("sub").kind(KeyKind::Ed25519));
    let (old, new) = (sub(), sub());
    let client = || LeafSpec::new("client").eku(Eku::client());
    let leaves = [
        old.leaf(client()).chain(&[&old]),
        new.leaf(client()).chain(&[&new]),
    ];
    let revoked = new.leaf(client());
    let list_of_new = new.crl(CrlSpec::new(8).revoke(&revoked.serial));
    let revoked = revoked.chain(&[&new]);
    let sets = [
        vec![
            old.crl(CrlSpec::new(7)),
            list_of_new.clone(),
            root.crl(CrlSpec::new(1)),
        ],
        // The old key signs no list any more: its leaves are refused, whatever was known before.
        vec![list_of_new, root.crl(CrlSpec::new(1))],
    ];
    for set in sets {
        let (recording, record) = recorded(&provider());
        let build = |provider: &CryptoProvider| {
            let roots = Roots::from_der([root.der()]).unwrap();
            let builder = ClientPeerVerifier::builder(roots, provider);
            builder.crls(Crls::from_der(set.clone()).unwrap())
        };
        let verifier = build(&recording).build().unwrap();
        let forgetful = build(&provider()).without_memo().build().unwrap();
        let mut good = 0;
        for _ in 0..3 {
            for chain in leaves.iter().chain([&revoked]) {
                assert_eq!(said(&verifier, chain, NOW), said(&forgetful, chain, NOW));
                good += lists(&record).iter().filter(|check| check.is_good).count();
            }
        }
        assert_eq!(good, set.len());
    }
}

/// What is signed in a list begins with an INTEGER; so would a certificate without a version, which lies in memory
/// that comes and goes. webpki refuses it before it looks at any signature.
#[test]
fn a_certificate_that_begins_like_a_list_is_refused_unverified() {
    let world = World::new();
    let (provider, record) = recorded(&provider());
    let verifier = world
        .builder(&provider, vec![world.good(), world.of_root()])
        .build()
        .unwrap();
    for (place, issuer) in [(0, &world.sub), (1, &world.root)] {
        let mut chain = world.chain();
        let parts = der::children(&chain[place]);
        let tbs = der::sequence(&der::children(&parts[0])[1..]);
        let signature = issuer.key.sign(&tbs).unwrap();
        let bits = der::tlv(0x03, &[&[0], signature.as_slice()].concat());
        chain[place] = der::sequence(&[tbs.clone(), parts[1].clone(), bits]).into();
        for _ in 0..2 {
            assert!(said(&verifier, &chain, NOW).is_err());
            assert!(record.take().iter().all(|check| check.message != tbs));
        }
    }
}

/// Lists are known by where they lie; certificates are not, also where lists are looked up.
#[test]
fn a_certificate_that_changes_where_it_lies_is_refused() {
    let world = World::new();
    let lists = vec![world.good(), world.of_root()];
    let verifier = world.builder(&provider(), lists).build().unwrap();
    let chain = world.chain();
    let mut leaf = chain[0].to_vec();
    let said = |leaf: &[u8]| said(&verifier, &[leaf.into(), chain[1].clone()], NOW);
    for place in 0..leaf.len() {
        assert_eq!(said(&leaf), Ok(()));
        leaf[place] ^= 1;
        assert!(said(&leaf).is_err(), "byte {place}");
        leaf[place] ^= 1;
    }
}
