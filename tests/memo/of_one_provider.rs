//! An algorithm is known by its place in one provider: neither its object identifiers nor its name name it.

use crate::common::counting::with_algorithms;
use crate::common::pki::{Eku, KeyKind};
use crate::common::tls::provider;
use crate::world::{World, accepts};
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

fn providers_of_algorithms() -> [(&'static str, CryptoProvider, bool); 4] {
    let (aws, ring) = (aws_lc_rs::default_provider(), ring::default_provider());
    [
        ("aws-lc-rs, 2048", with_algorithms(&aws, AWS_2048), true),
        ("aws-lc-rs, 3072", with_algorithms(&aws, AWS_3072), false),
        ("ring, 2048", with_algorithms(&ring, RING_2048), true),
        ("ring, 3072", with_algorithms(&ring, RING_3072), false),
    ]
}

#[test]
fn algorithms_that_differ_in_the_least_key_size_only_have_the_same_identifiers() {
    for (small, large) in [(AWS_2048, AWS_3072), (RING_2048, RING_3072)] {
        assert_eq!(small[0].signature_alg_id(), large[0].signature_alg_id());
        assert_eq!(small[0].public_key_alg_id(), large[0].public_key_alg_id());
    }
}

/// The memo of every other provider is refused, and with its own each gives its own verdict, cold and warm.
#[test]
fn a_memo_serves_the_provider_it_was_made_for_and_no_other() {
    let world = of_2048_bits();
    let memos = providers_of_algorithms().map(|(_, provider, _)| SignatureMemo::new(&provider));
    for (index, (name, provider, is_good)) in providers_of_algorithms().into_iter().enumerate() {
        for (other, memo) in memos.iter().enumerate() {
            let built = build(&world, &provider, memo);
            if index != other {
                assert!(
                    matches!(&built, Err(Error::MemoOfAnotherProvider { role: Role::Client, .. })),
                    "{name}, memo {other}: {built:?}"
                );
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

/// Which of two algorithms with the same identifiers is asked depends on their order, and so do the verdicts.
#[test]
fn the_order_of_algorithms_decides_with_a_memo_as_without_one() {
    static SMALL_FIRST: Algorithms =
        &[aws_algorithms::RSA_PKCS1_2048_8192_SHA384, aws_algorithms::RSA_PKCS1_3072_8192_SHA384];
    static LARGE_FIRST: Algorithms =
        &[aws_algorithms::RSA_PKCS1_3072_8192_SHA384, aws_algorithms::RSA_PKCS1_2048_8192_SHA384];
    let world = of_2048_bits();
    for (algorithms, is_good) in [(SMALL_FIRST, true), (LARGE_FIRST, false)] {
        let provider = with_algorithms(&aws_lc_rs::default_provider(), algorithms);
        let memo = SignatureMemo::new(&provider);
        let warm = build(&world, &provider, &memo).unwrap();
        let cold = world.clients(&provider, None);
        for _ in 0..2 {
            assert_eq!(accepts(&warm, &world.chain()), is_good);
            assert_eq!(accepts(&cold, &world.chain()), is_good);
        }
    }
}

#[test]
fn a_verifier_of_servers_refuses_the_memo_of_another_provider_too() {
    let world = of_2048_bits();
    let memo = SignatureMemo::new(&ring::default_provider());
    let aws = aws_lc_rs::default_provider();
    let built = ServerPeerVerifier::builder(world.roots(), &aws).memo(memo).build();
    assert!(
        matches!(&built, Err(Error::MemoOfAnotherProvider { role: Role::Server, .. })),
        "{built:?}"
    );
}

/// Everybody calls `default_provider()` where one is needed.
#[test]
fn a_provider_made_twice_is_one_provider() {
    let world = of_2048_bits();
    let memo = SignatureMemo::new(&provider());
    let verifier = build(&world, &provider(), &memo).unwrap();
    assert!(accepts(&verifier, &world.chain()));
    let again = build(&world, &provider().as_ref().clone(), &memo).unwrap();
    assert!(accepts(&again, &world.chain()));
    assert_eq!(memo.counters().hits, 2);
}
