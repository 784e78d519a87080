//! The memo never holds more than its capacity, whatever it is flooded with, and of what is refused it holds nothing.
//!
//! `cargo test --test memo is_bounded -- --nocapture` prints what a remembered chain takes.

use std::thread;

use crate::common::clock::{NOW, unix};
use crate::common::ours::{clients, roots};
use crate::common::pki::{Ca, CaSpec, Chain, Eku, KeyKind, tamper_signature};
use crate::common::tls::provider;
use crate::world::{accepts, client, with_memo};
use mtls_roles::{ClientPeerVerifier, MemoCounters, SignatureMemo};
use rustls::server::danger::ClientCertVerifier;

const KIB: usize = 1 << 10;

fn verifier(root: &Ca, memo: &SignatureMemo) -> ClientPeerVerifier {
    with_memo(clients(&roots([root])), Some(memo))
}

#[test]
fn a_flood_of_valid_chains_from_several_threads_never_takes_more_than_the_capacity() {
    const CAPACITY: usize = 48 * KIB;
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub"));
    let leaf = sub.leaf(client("one")).key;
    let memo = SignatureMemo::with_capacity(&provider(), CAPACITY);
    let flood = |thread| {
        let verifier = verifier(&root, &memo);
        let bytes = (0..300).map(|number| {
            let spec = client(&format!("client {thread} {number}")).key(&leaf);
            assert!(accepts(&verifier, &sub.leaf(spec).chain(&[&sub])));
            let bytes = memo.counters().bytes;
            assert!(bytes <= CAPACITY as u64, "{bytes}");
            bytes
        });
        bytes.max()
    };
    let most = thread::scope(|scope| {
        let flood = &flood;
        let floods = [0, 1, 2].map(|thread| scope.spawn(move || flood(thread)));
        floods.map(|flood| flood.join().unwrap()).into_iter().max().flatten().unwrap()
    });
    // The memo was full, or nothing would be proved; 900 leaves were met, and room is for some 30.
    assert!(most > CAPACITY as u64 * 9 / 10, "{most}");
    let found = memo.counters();
    assert!(found.entries < 100 && found.evictions > 800, "{found:?}");
    // The issuer came with every chain: its signature was checked by each thread once, at most.
    assert!(found.misses <= 900 + 3, "{found:?}");
}

/// Of a refused chain the good signatures are good for ever, and are remembered: those of the issuers above a bad
/// leaf. What is bad is not, and what webpki refuses before it verifies is not looked at.
#[test]
fn a_flood_of_invalid_chains_stores_nothing_that_is_bad() {
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub"));
    let stranger = Ca::root_named("stranger");
    let namesake = Ca::root_named("root");
    let expired_sub = root.sub(CaSpec::new("expired").expired());
    let chains = |number: usize| -> Vec<(&str, Chain, u64)> {
        let client = || client(&format!("client {number}"));
        let tampered = tamper_signature(&sub.leaf(client()).der());
        let bad_sub = root.sub(CaSpec::new("sub"));
        vec![
            // How many entries are made of it: the issuer's signature.
            ("tampered", vec![tampered, sub.der()], 1),
            ("expired", sub.leaf(client().expired()).chain(&[&sub]), 0),
            ("not yet valid", sub.leaf(client().not_yet_valid()).chain(&[&sub]), 0),
            ("wrong EKU", sub.leaf(client().eku(Eku::server())).chain(&[&sub]), 0),
            ("a stranger's", stranger.leaf(client()).chain(&[&stranger]), 0),
            ("a namesake's", namesake.leaf(client()).chain(&[&namesake]), 0),
            ("under an expired issuer", expired_sub.leaf(client()).chain(&[&expired_sub]), 0),
            (
                "under a tampered issuer",
                vec![bad_sub.leaf(client()).der(), tamper_signature(&bad_sub.der())],
                0,
            ),
            ("garbage", vec![vec![0x30, number as u8].into(), sub.der()], 0),
        ]
    };
    // As rustls asks: who is asked outside a handshake looks further, for the honest class of a wrong EKU, and finds
    // the good signatures of a valid chain.
    let is_accepted = |verifier: &ClientPeerVerifier, chain: &Chain| {
        let verified = verifier.verify_client_cert(&chain[0], &chain[1..], unix(NOW));
        verified.is_ok()
    };
    for kind in 0..chains(0).len() {
        let memo = SignatureMemo::new(&provider());
        let verifier = verifier(&root, &memo);
        for number in 0..40 {
            let (id, chain, entries) = chains(number).remove(kind);
            for _ in 0..2 {
                assert!(!is_accepted(&verifier, &chain), "{id}");
            }
            let found = memo.counters();
            assert_eq!((found.entries, found.bytes > 0), (entries, entries > 0), "{id}");
        }
    }
}

/// webpki takes certificates whose signed part is shorter than 64 KiB only, so this limit of the memo is met by none of
/// them; `src/memo/mod.rs` shows it.
#[test]
fn the_largest_certificate_is_remembered_where_there_is_room_and_verified_each_time_where_there_is_none()
 {
    let root = Ca::root_named("root");
    let leaf = |length: usize| {
        let comment = [2, 16, 840, 1, 113730, 1, 13];
        let spec = client("large").extension(&comment, false, vec![0; length]);
        root.leaf(spec).chain(&[])
    };
    let large = leaf(64_900);
    for (capacity, hits) in [(1 << 20, 2), (32 * KIB, 0), (0, 0)] {
        let memo = SignatureMemo::with_capacity(&provider(), capacity);
        let verifier = verifier(&root, &memo);
        for _ in 0..3 {
            assert!(accepts(&verifier, &large));
        }
        let found = memo.counters();
        assert_eq!((found.hits, found.misses), (hits, 3 - hits), "{capacity}");
        assert_eq!(found.bytes > 0, hits > 0, "{capacity}");
    }
    let memo = SignatureMemo::new(&provider());
    assert!(!accepts(&verifier(&root, &memo), &leaf(65_600)));
    assert_eq!(memo.counters().misses, 0);
}

/// What the manual says, to a tenth: bytes for the first chain, and for each leaf more under the same issuer.
#[test]
fn a_remembered_chain_takes_the_bytes_that_the_manual_names() {
    #[rustfmt::skip]
    let rows = [
        (KeyKind::P256, 1_260, 636),
        (KeyKind::P384, 1_440, 728),
        (KeyKind::Ed25519, 1_070, 543),
        (KeyKind::Rsa2048, 2_450, 1_230),
    ];
    let mut wrong = vec![];
    for (kind, first, more) in rows {
        let root = Ca::root(CaSpec::new("Example Root CA").kind(kind));
        let sub = root.sub(CaSpec::new("Example Issuing CA 1").kind(kind));
        let memo = SignatureMemo::new(&provider());
        let verifier = verifier(&root, &memo);
        let bytes_with = |name: &str| {
            let dns = format!("{name}.clients.example.com");
            let chain = sub.leaf(client(name).dns(&dns).kind(kind)).chain(&[&sub]);
            assert!(accepts(&verifier, &chain));
            let presented: usize = chain.iter().map(|der| der.len()).sum();
            let MemoCounters { entries, bytes, .. } = memo.counters();
            (entries, bytes, presented)
        };
        let (one, two) = (bytes_with("client-0001"), bytes_with("client-0002"));
        println!(
            "{kind:?}: presented {}, remembered {}, one leaf more {}",
            one.2,
            one.1,
            two.1 - one.1
        );
        assert_eq!((one.0, two.0), (2, 3));
        let is_near = |found: u64, said: u64| found.abs_diff(said) * 10 <= said;
        if !is_near(one.1, first) || !is_near(two.1 - one.1, more) {
            wrong.push(format!("{kind:?}: {} and {}", one.1, two.1 - one.1));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
