use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{AlgorithmIdentifier, FipsStatus, InvalidSignature};

use super::tally::Tally;
use super::*;

#[test]
fn debugged_it_shows_its_counters_and_no_bytes() {
    let memo = SignatureMemo::new(&aws_lc_rs::default_provider());
    let printed = format!("SignatureMemo({:?})", memo.counters());
    assert_eq!(format!("{memo:?}"), printed);
}

#[test]
fn each_algorithm_stands_at_its_place_in_the_provider() {
    let provider = aws_lc_rs::default_provider();
    let memo = SignatureMemo::new(&provider);
    let provided = provider.signature_verification_algorithms.all;
    let ids = |algorithm: &dyn SignatureVerificationAlgorithm| {
        let ids = (algorithm.public_key_alg_id(), algorithm.signature_alg_id());
        (ids, algorithm.fips())
    };
    for (index, algorithm) in provided.iter().enumerate() {
        assert_eq!(ids(memo.algorithms()[index]), ids(*algorithm));
    }
    assert_eq!(memo.algorithms().len(), provided.len());
}

/// Finds a signature good if it begins with a 1, and counts.
#[derive(Debug, Default)]
struct Stub(AtomicUsize);

impl SignatureVerificationAlgorithm for Stub {
    fn verify_signature(
        &self,
        _: &[u8],
        _: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.0.fetch_add(1, Ordering::SeqCst);
        match signature.first() {
            Some(1) => Ok(()),
            _ => Err(InvalidSignature),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        rustls::pki_types::alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        rustls::pki_types::alg_id::ECDSA_SHA256
    }

    fn fips_status(&self) -> FipsStatus {
        FipsStatus::certified("stub")
    }

    fn fips(&self) -> bool {
        true
    }
}

fn memoized() -> (Memoized, &'static Stub) {
    let stub: &Stub = Box::leak(Box::default());
    let memoized = Memoized {
        index: 0,
        algorithm: stub,
        cache: Arc::new(Cache::with_capacity(1 << 20)),
    };
    (memoized, stub)
}

/// How often the algorithm was asked when it is asked about this three times.
fn asked(message: &[u8], signature: &[u8], is_good: bool) -> usize {
    let (memoized, stub) = memoized();
    for _ in 0..3 {
        let verified = memoized.verify_signature(b"key", message, signature);
        assert_eq!(verified.is_ok(), is_good);
    }
    stub.0.load(Ordering::SeqCst)
}

#[test]
fn a_good_signature_is_checked_once_and_a_bad_one_each_time() {
    assert_eq!(asked(b"message", &[1], true), 1);
    assert_eq!(asked(b"message", &[0], false), 3);
}

#[test]
fn what_it_says_of_itself_is_what_the_algorithm_says() {
    let (memoized, stub) = memoized();
    assert_eq!(memoized.public_key_alg_id(), stub.public_key_alg_id());
    assert_eq!(memoized.signature_alg_id(), stub.signature_alg_id());
    assert_eq!(memoized.fips_status(), stub.fips_status());
    assert!(memoized.fips());
    assert_eq!(format!("{memoized:?}"), "Memoized(Stub(0))");
}

#[test]
fn a_message_of_64_kib_is_remembered_and_one_byte_more_is_not() {
    assert_eq!(asked(&[0; 64 << 10], &[1], true), 1);
    assert_eq!(asked(&[0; (64 << 10) + 1], &[1], true), 3);
}

#[test]
fn failures_and_long_messages_take_no_room() {
    let (memoized, _) = memoized();
    let _ = memoized.verify_signature(b"key", b"message", &[0]);
    let _ = memoized.verify_signature(b"key", &[0; (64 << 10) + 1], &[1]);
    let found = memoized.cache.counters();
    assert_eq!((found.bytes, found.hits, found.misses), (0, 0, 1));
}

/// Refuses everything, as one does that wants longer keys.
#[derive(Debug)]
struct Strict;

impl SignatureVerificationAlgorithm for Strict {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        Err(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        Stub::default().public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        Stub::default().signature_alg_id()
    }
}

/// Measured on a memo that knew algorithms by their identifiers: a verifier that wanted RSA keys of 3,072 bits
/// accepted a chain of 2,048.
#[test]
fn what_one_algorithm_found_good_another_with_the_same_identifiers_is_asked_about() {
    let (lenient, stub) = memoized();
    let strict = Memoized {
        index: 1,
        algorithm: &Strict,
        cache: Arc::clone(&lenient.cache),
    };
    for _ in 0..2 {
        assert!(lenient.verify_signature(b"key", b"message", &[1]).is_ok());
        assert!(strict.verify_signature(b"key", b"message", &[1]).is_err());
    }
    assert_eq!(stub.0.load(Ordering::SeqCst), 1);
    let found = lenient.cache.counters();
    assert_eq!((found.hits, found.misses), (1, 3));
}

/// Many more than there are pairs, and more than pairs times pairs.
#[test]
fn however_many_threads_there_were_each_one_counts() {
    const THREADS: u64 = 1_100;
    let tally = Tally::default();
    for _ in 0..THREADS {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                tally.count_hit();
                (0..2).for_each(|_| tally.count_miss());
            });
        });
    }
    assert_eq!(tally.sums(), (THREADS, 2 * THREADS));
}
