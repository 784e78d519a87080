//! A signature is known with every bit of key, message and signature, or it is not known: whatever is changed in a
//! remembered chain, or in the key of the root above it, is refused with the error that a verifier without memo gives.

use crate::common::clock::{NOW, unix};
use crate::common::errors::assert_no_row_is_wrong;
use crate::common::ours::{clients, with_memo};
use crate::common::pki::{Ca, CaSpec, Eku, KeyKind, LeafSpec, der};
use crate::common::tls::provider;
use mtls_roles::{ClientPeerVerifier, Roots, SignatureMemo};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, TrustAnchor};

type Chain = Vec<CertificateDer<'static>>;

const KINDS: [KeyKind; 3] = [KeyKind::P256, KeyKind::Ed25519, KeyKind::Rsa2048];

/// root → sub → leaf, all keys of one kind.
struct World {
    kind: KeyKind,
    root: Ca,
    chain: Chain,
}

impl World {
    fn of(kind: KeyKind) -> Self {
        let root = Ca::root(CaSpec::new("root").kind(kind));
        let sub = root.sub(CaSpec::new("sub").kind(kind));
        let leaf = sub.leaf(LeafSpec::new("leaf").kind(kind).eku(Eku::client()));
        let chain = leaf.chain(&[&sub]);
        Self { kind, root, chain }
    }

    fn roots(&self) -> Roots {
        Roots::from_der([self.root.der()]).unwrap()
    }

    /// A memo that knows the chain.
    fn memo(&self) -> SignatureMemo {
        let memo = SignatureMemo::new(&provider());
        let verifier = remembering(self.roots(), &memo);
        assert_eq!(said(&verifier, &self.chain), Ok(()));
        assert_eq!((hits(&memo), memo.counters().entries), (0, 2));
        assert_eq!(said(&verifier, &self.chain), Ok(()));
        assert_eq!(hits(&memo), 2);
        memo
    }
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
    let (mut wrong, mut rows) = (vec![], 0);
    for world in KINDS.map(World::of) {
        let memo = world.memo();
        let (warm, cold) = (remembering(world.roots(), &memo), forgetful(world.roots()));
        let known = memo.counters();
        for place in 0..world.chain.len() {
            for (bit, changed) in flipped(&world.chain[place]) {
                let mut chain = world.chain.clone();
                chain[place] = changed.into();
                let (warm, cold) = (said(&warm, &chain), said(&cold, &chain));
                rows += 1;
                if warm != cold || cold.is_ok() {
                    let kind = world.kind;
                    wrong.push(format!(
                        "{kind:?}, certificate {place}, {bit}: {warm:?}, without memo {cold:?}"
                    ));
                }
            }
        }
        // The bad leaves came with a good intermediate, which was known; nothing was learnt.
        let found = memo.counters();
        assert_eq!((found.entries, found.bytes), (known.entries, known.bytes));
        assert!(found.misses > known.misses && found.hits > known.hits);
    }
    assert_no_row_is_wrong(rows, &wrong);
}

/// The key of the root is no part of what is presented: here it changes, and what is presented does not.
#[test]
fn a_known_chain_under_a_root_with_any_bit_of_its_key_changed_is_refused_as_without_memo() {
    let (mut wrong, mut rows) = (vec![], 0);
    for world in KINDS.map(World::of) {
        let memo = world.memo();
        let mut store = RootCertStore::empty();
        store.add(world.root.der()).unwrap();
        let anchor = store.roots[0].clone();
        for (bit, key) in flipped(&anchor.subject_public_key_info) {
            let changed = TrustAnchor { subject_public_key_info: key.into(), ..anchor.clone() };
            let roots = Roots::from_root_cert_store(RootCertStore { roots: vec![changed] });
            let roots = roots.unwrap();
            let warm = said(&remembering(roots.clone(), &memo), &world.chain);
            let cold = said(&forgetful(roots), &world.chain);
            rows += 1;
            if warm != cold || cold.is_ok() {
                let kind = world.kind;
                wrong.push(format!("{kind:?}, {bit}: {warm:?}, without memo {cold:?}"));
            }
        }
        assert_eq!(hits(&memo), 2, "{:?}", world.kind);
    }
    assert_no_row_is_wrong(rows, &wrong);
}

/// The signature of one certificate under the signed part of another of the same length, same issuer, and so on for
/// every part: all of them are known, and no mixture of them is.
#[test]
fn parts_of_known_certificates_put_together_anew_are_refused() {
    for kind in KINDS {
        let root = Ca::root(CaSpec::new("root").kind(kind));
        let leaf = |serial: u64| {
            let spec = LeafSpec::new("leaf").serial(serial).eku(Eku::client());
            root.leaf(spec).der()
        };
        let (one, other) = (leaf(0x1001), leaf(0x1002));
        let memo = SignatureMemo::new(&provider());
        let verifier = remembering(Roots::from_der([root.der()]).unwrap(), &memo);
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

/// A namesake of the issuer has another key: a known leaf is not known below it.
#[test]
fn a_known_leaf_under_another_key_of_its_issuers_name_is_refused() {
    for world in KINDS.map(World::of) {
        let memo = world.memo();
        let namesake = world.root.sub(CaSpec::new("sub").kind(world.kind));
        let verifier = remembering(world.roots(), &memo);
        let chain = vec![world.chain[0].clone(), namesake.der()];
        let refused = said(&verifier, &chain).unwrap_err();
        assert!(refused.contains("BadSignature"), "{refused}");
        let both = vec![world.chain[0].clone(), namesake.der(), world.chain[1].clone()];
        assert_eq!(said(&verifier, &both), Ok(()));
    }
}
