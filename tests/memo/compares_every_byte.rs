//! A signature is known with every bit of key, message and signature, or it is not known: whatever is changed in a
//! remembered chain, or in the key of the root above it, is refused with the error that a verifier without memo gives.

use crate::common::clock::{NOW, unix};
use crate::common::errors::Rows;
use crate::common::ours::{clients, roots};
use crate::common::pki::{Ca, CaSpec, Chain, Eku, KeyKind, World, der};
use crate::common::tls::provider;
use crate::world::{client, with_memo};
use mtls_roles::{ClientPeerVerifier, Roots, SignatureMemo};
use rustls::RootCertStore;
use rustls::pki_types::TrustAnchor;

const KINDS: [KeyKind; 3] = [KeyKind::P256, KeyKind::Ed25519, KeyKind::Rsa2048];

/// Of each kind of key, and a memo that knows the chain.
fn worlds() -> [(KeyKind, World, SignatureMemo); 3] {
    KINDS.map(|kind| {
        let (world, memo) = (World::of(kind, Eku::client()), SignatureMemo::new(&provider()));
        let verifier = remembering(world.roots(), &memo);
        for known in [0, 2] {
            assert_eq!(said(&verifier, &world.chain()), Ok(()));
            assert_eq!((hits(&memo), memo.counters().entries), (known, 2));
        }
        (kind, world, memo)
    })
}

fn remembering(roots: Roots, memo: &SignatureMemo) -> ClientPeerVerifier {
    with_memo(clients(&roots), Some(memo))
}

fn forgetful(roots: Roots) -> ClientPeerVerifier {
    with_memo(clients(&roots), None)
}

fn said(verifier: &ClientPeerVerifier, chain: &Chain) -> Result<(), String> {
    let verified = verifier.verify(Some(chain), unix(NOW));
    verified.map(drop).map_err(|refusal| format!("{refusal:?}"))
}

fn hits(memo: &SignatureMemo) -> u64 {
    memo.counters().hits
}

/// The bytes with each single bit changed in turn.
fn flipped(bytes: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    (0..8 * bytes.len()).map(|bit| {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        (format!("byte {} bit {}", bit / 8, bit % 8), changed)
    })
}

#[test]
fn a_known_chain_with_any_bit_changed_is_refused_as_without_memo() {
    let mut rows = Rows::default();
    for (kind, world, memo) in worlds() {
        let (warm, cold) = (remembering(world.roots(), &memo), forgetful(world.roots()));
        let (known, good) = (memo.counters(), world.chain());
        for place in 0..good.len() {
            for (bit, changed) in flipped(&good[place]) {
                let mut chain = good.clone();
                chain[place] = changed.into();
                let (warm, cold) = (said(&warm, &chain), said(&cold, &chain));
                let id = format_args!("{kind:?}, certificate {place}, {bit}");
                rows.same(id, (warm, cold.is_ok()), (cold.clone(), false));
            }
        }
        // The bad leaves came with a good intermediate, which was known; nothing was learnt.
        let found = memo.counters();
        assert_eq!((found.entries, found.bytes), (known.entries, known.bytes));
        assert!(found.misses > known.misses && found.hits > known.hits);
    }
}

/// The key of the root is no part of what is presented: here it changes, and what is presented does not.
#[test]
fn a_known_chain_under_a_root_with_any_bit_of_its_key_changed_is_refused_as_without_memo() {
    let mut rows = Rows::default();
    for (kind, world, memo) in worlds() {
        let mut store = RootCertStore::empty();
        store.add(world.root.der()).unwrap();
        let anchor = store.roots[0].clone();
        for (bit, key) in flipped(&anchor.subject_public_key_info) {
            let changed = TrustAnchor { subject_public_key_info: key.into(), ..anchor.clone() };
            let roots = Roots::from_root_cert_store(RootCertStore { roots: vec![changed] });
            let roots = roots.unwrap();
            let warm = said(&remembering(roots.clone(), &memo), &world.chain());
            let cold = said(&forgetful(roots), &world.chain());
            let id = format_args!("{kind:?}, {bit}");
            rows.same(id, (warm, cold.is_ok()), (cold.clone(), false));
        }
        assert_eq!(hits(&memo), 2, "{kind:?}");
    }
}

/// The signature of one certificate under the signed part of another of the same length, same issuer, and so on for
/// every part: all of them are known, and no mixture of them is.
#[test]
fn parts_of_known_certificates_put_together_anew_are_refused() {
    for kind in KINDS {
        let root = Ca::root(CaSpec::new("root").kind(kind));
        let leaf = |serial: u64| root.leaf(client("leaf").serial(serial)).der();
        let (one, other) = (leaf(0x1001), leaf(0x1002));
        let memo = SignatureMemo::new(&provider());
        let verifier = remembering(roots([&root]), &memo);
        for known in [&one, &other] {
            assert_eq!(said(&verifier, &vec![known.clone()]), Ok(()));
        }
        let (one, other) = (der::children(&one), der::children(&other));
        let mixed = der::sequence(&[one[0].clone(), one[1].clone(), other[2].clone()]);
        let refused = said(&verifier, &vec![mixed.into()]).unwrap_err();
        assert!(refused.contains("BadSignature"), "{kind:?}: {refused}");
        assert_eq!(hits(&memo), 0);
    }
}
