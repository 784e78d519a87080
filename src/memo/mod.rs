//! [`SignatureMemo`]: remembers which signatures were good, and nothing else.
//!
//! Whether a signature is good is a pure function of algorithm, public key, message and signature.
//! So is whether one certificate, in its position on a path, passes the path checks: a function of its
//! bytes. What depends on time, names, roots, policy or revocation is never remembered.

// In the order in which they import each other.
mod tally;
mod cache;
mod algorithm;

use std::fmt;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::SignatureVerificationAlgorithm;

use self::algorithm::Memoized;
pub(crate) use self::algorithm::described_by;
use self::cache::Cache;
pub use self::cache::MemoCounters;
pub(crate) use self::cache::Position;

/// Remembers the good signatures of certificates, so that a known chain is not verified again.
///
/// Both peer verifiers have one by default, of [`DEFAULT_CAPACITY`](Self::DEFAULT_CAPACITY). Make
/// your own to choose its size, to share it between verifiers, or to read its counters. Cheap to
/// clone; clones are one memo.
///
/// What is remembered: successes only, with every byte of algorithm, public key, message and
/// signature, all of which are compared; and, for a certificate in its position on a path, that it
/// passed the [path checks](crate::PathCheck). Time, names, roots, EKU policy, rules and revocation
/// are judged afresh each time, and the signature of a handshake is never looked up here.
///
/// # Security
///
/// Somebody who can measure the time of a handshake can learn whether a chain was presented here
/// recently. If that matters, turn it off: `without_memo()` of the builders. Whoever holds valid
/// chains, which may be public ones, can have them remembered; that evicts nothing that is in
/// regular use, and needs no more memory than the capacity. See [`manual::memo`](crate::manual::memo).
///
/// ```
/// use mtls_roles::SignatureMemo;
///
/// let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let memo = SignatureMemo::with_capacity(&provider, 256 << 20);
/// assert_eq!(memo.counters().bytes, 0);
/// ```
#[derive(Clone)]
pub struct SignatureMemo(Arc<Inner>);

struct Inner {
    provided: &'static [&'static dyn SignatureVerificationAlgorithm],
    /// An algorithm is known by its index among those provided. Its identifiers do not name it: two
    /// RSA algorithms that share theirs may differ in the least size of the key.
    algorithms: Vec<Memoized>,
    cache: Arc<Cache>,
}

impl SignatureMemo {
    /// The capacity unless another is chosen, in bytes: 16 MiB, some 26,000 leaves of P-256.
    pub const DEFAULT_CAPACITY: usize = 16 << 20;

    /// A memo of the default capacity for verifiers with this provider.
    pub fn new(provider: &CryptoProvider) -> Self {
        Self::with_capacity(provider, Self::DEFAULT_CAPACITY)
    }

    /// A memo that holds at most this many bytes. The memory is taken as it is needed.
    ///
    /// A capacity of 0 remembers nothing.
    pub fn with_capacity(provider: &CryptoProvider, bytes: usize) -> Self {
        Self::of(&provider.signature_verification_algorithms, bytes)
    }

    pub(crate) fn of(algorithms: &WebPkiSupportedAlgorithms, bytes: usize) -> Self {
        let provided = algorithms.all;
        let cache = Arc::new(Cache::with_capacity(bytes));
        let memoized =
            |(index, algorithm): (usize, &&'static dyn SignatureVerificationAlgorithm)| Memoized {
                index,
                algorithm: *algorithm,
                cache: Arc::clone(&cache),
            };
        Self(Arc::new(Inner {
            provided,
            algorithms: provided.iter().enumerate().map(memoized).collect(),
            cache,
        }))
    }

    /// What it did so far, and what it holds now.
    pub fn counters(&self) -> MemoCounters {
        self.0.cache.counters()
    }

    /// Whether this memo was built from these very algorithms.
    pub(crate) fn is_of(&self, algorithms: &WebPkiSupportedAlgorithms) -> bool {
        std::ptr::eq(self.0.provided, algorithms.all)
    }

    /// The algorithms of the provider, in its order; each looks in here first.
    pub(crate) fn algorithms(&self) -> Vec<&dyn SignatureVerificationAlgorithm> {
        let algorithms = self.0.algorithms.iter();
        algorithms.map(|algorithm| algorithm as _).collect()
    }

    /// Makes the path checks of a certificate, unless it passed them before in this position. They must
    /// depend on nothing but its bytes.
    pub(crate) fn check_once<E>(
        &self,
        position: Position,
        certificate: &[u8],
        checks: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        self.0.cache.check_once(position, certificate, checks)
    }
}

impl fmt::Debug for SignatureMemo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignatureMemo").field(&self.counters()).finish()
    }
}

#[cfg(test)]
mod tests {
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
        let memoized =
            Memoized { index: 0, algorithm: stub, cache: Arc::new(Cache::with_capacity(1 << 20)) };
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
        let strict = Memoized { index: 1, algorithm: &Strict, cache: Arc::clone(&lenient.cache) };
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
}
