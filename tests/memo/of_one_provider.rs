//! An algorithm is known by its place in one provider: neither its object identifiers nor its name name it.

use std::fmt::Debug;

use crate::common::pki::{Eku, KeyKind, World};
use crate::common::tls::provider;
use crate::world::accepts;
use mtls_roles::{ClientPeerVerifier, Error, Role, ServerPeerVerifier, SignatureMemo};
use rustls::crypto::{CryptoProvider, aws_lc_rs, ring};
use rustls::pki_types::SignatureVerificationAlgorithm;
use webpki::{aws_lc_rs as aws_algorithms, ring as ring_algorithms};

/// Two algorithms of the same identifiers; the one takes keys of 2,048 bits, the other of 3,072 and more.
type Algorithms = &'static [&'static dyn SignatureVerificationAlgorithm];

static AWS_2048: Algorithms = &[aws_algorithms::RSA_PKCS1_2048_8192_SHA384];
static AWS_3072: Algorithms = &[aws_algorithms::RSA_PKCS1_3072_8192_SHA384];
static RING_2048: Algorithms = &[ring_algorithms::RSA_PKCS1_2048_8192_SHA384];
static RING_3072: Algorithms = &[ring_algorithms::RSA_PKCS1_3072_8192_SHA384];

/// A chain that RSA keys of 2,048 bits have signed with SHA-384.
fn of_2048_bits() -> World {
    World::of(KeyKind::Rsa2048Sha384, Eku::client())
}

fn build(
    world: &World,
    provider: &CryptoProvider,
    memo: &SignatureMemo,
) -> Result<ClientPeerVerifier, Error> {
    ClientPeerVerifier::builder(world.roots(), provider).memo(memo.clone()).build()
}

fn assert_refused<V: Debug>(built: Result<V, Error>, of: Role, provider: &str) {
    let is_it =
        |error: &Error| matches!(error, Error::MemoOfAnotherProvider { role, .. } if *role == of);
    assert!(built.as_ref().is_err_and(is_it), "{provider}: {built:?}");
}

fn providers_of_algorithms() -> [(&'static str, CryptoProvider, bool); 4] {
    let (aws, ring) = (aws_lc_rs::default_provider(), ring::default_provider());
    [
        ("aws-lc-rs, 2048", with_algorithms(&aws, AWS_2048), true),
        ("aws-lc-rs, 3072", with_algorithms(&aws, AWS_3072), false),
        ("ring, 2048", with_algorithms(&ring, RING_2048), true),
        ("ring, 3072", with_algorithms(&ring, RING_3072), false),
    ]
}

/// The memo of every other provider is refused, and with its own each gives its own verdict, cold and warm. What one memo
/// knows by two algorithms with the same identifiers is shown in `src/memo/recall.rs`.
#[test]
fn a_memo_serves_the_provider_it_was_made_for_and_no_other() {
    for (small, large) in [(AWS_2048, AWS_3072), (RING_2048, RING_3072)] {
        assert_eq!(small[0].signature_alg_id(), large[0].signature_alg_id());
    }
    let world = of_2048_bits();
    let memos = providers_of_algorithms().map(|(_, provider, _)| SignatureMemo::new(&provider));
    for (index, (name, provider, is_good)) in providers_of_algorithms().into_iter().enumerate() {
        for (other, memo) in memos.iter().enumerate() {
            let built = build(&world, &provider, memo);
            if index != other {
                assert_refused(built, Role::Client, name);
                let servers = ServerPeerVerifier::builder(world.roots(), &provider);
                assert_refused(servers.memo(memo.clone()).build(), Role::Server, name);
                continue;
            }
            let verifier = built.unwrap();
            for _ in 0..3 {
                assert_eq!(accepts(&verifier, &world.chain()), is_good, "{name}");
            }
            let found = memo.counters();
            let expected = if is_good { (4, 2) } else { (0, 3) };
            assert_eq!((found.hits, found.misses), expected, "{name}");
        }
    }
}

/// Everybody calls `default_provider()` where one is needed.
#[test]
fn a_provider_made_twice_is_one_provider() {
    let (world, memo) = (World::new(), SignatureMemo::new(&provider()));
    let verifier = build(&world, &provider(), &memo).unwrap();
    assert!(accepts(&verifier, &world.chain()));
    let again = build(&world, &provider().as_ref().clone(), &memo).unwrap();
    assert!(accepts(&again, &world.chain()));
    assert_eq!(memo.counters().hits, 2);
}

/// The same provider, but for the algorithms that verify the signatures of certificates.
fn with_algorithms(provider: &CryptoProvider, all: Algorithms) -> CryptoProvider {
    let mut provider = provider.clone();
    provider.signature_verification_algorithms.all = all;
    provider
}
