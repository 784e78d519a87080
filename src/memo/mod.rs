//! [`SignatureMemo`]: remembers pure functions of bytes, and nothing else: that a signature is good, and
//! that a certificate, in its position on a path, passes the path checks.

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
/// What is remembered: successes only, by algorithm, public key, message and signature, of which every
/// byte is compared; and of a certificate in its position on a path that it passed the
/// [path checks](crate::PathCheck). Time, names, roots, EKU policy, rules and revocation are judged
/// afresh each time, and the signature of a handshake is never looked up here.
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

    /// A memo that holds at most this many bytes; with 0 it remembers nothing. The memory is taken as it
    /// is needed.
    pub fn with_capacity(provider: &CryptoProvider, bytes: usize) -> Self {
        Self::of(&provider.signature_verification_algorithms, bytes)
    }

    pub(crate) fn of(algorithms: &WebPkiSupportedAlgorithms, bytes: usize) -> Self {
        let provided = algorithms.all;
        let cache = Arc::new(Cache::with_capacity(bytes));
        let algorithms = provided.iter().enumerate();
        let algorithms = algorithms.map(|(index, algorithm)| Memoized {
            index,
            algorithm: *algorithm,
            cache: Arc::clone(&cache),
        });
        Self(Arc::new(Inner { provided, algorithms: algorithms.collect(), cache }))
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

    use super::*;

    #[test]
    fn debugged_it_shows_its_counters_and_no_bytes() {
        let memo = SignatureMemo::new(&aws_lc_rs::default_provider());
        let printed = format!("SignatureMemo({:?})", memo.counters());
        assert_eq!(format!("{memo:?}"), printed);
    }

    /// Finds every signature good, or none, as one does that wants longer keys; and counts.
    #[derive(Debug)]
    struct Stub(Result<(), InvalidSignature>, AtomicUsize);

    impl SignatureVerificationAlgorithm for Stub {
        fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
            self.1.fetch_add(1, Ordering::SeqCst);
            self.0
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

    fn stub(says: Result<(), InvalidSignature>) -> &'static Stub {
        Box::leak(Box::new(Stub(says, AtomicUsize::new(0))))
    }

    fn memoized() -> (Memoized, &'static Stub) {
        let (stub, cache) = (stub(Ok(())), Arc::new(Cache::with_capacity(1 << 20)));
        (Memoized { index: 0, algorithm: stub, cache }, stub)
    }

    #[test]
    fn what_it_says_of_itself_is_what_the_algorithm_says() {
        let (memoized, stub) = memoized();
        assert_eq!(memoized.public_key_alg_id(), stub.public_key_alg_id());
        assert_eq!(memoized.signature_alg_id(), stub.signature_alg_id());
        assert_eq!(memoized.fips_status(), stub.fips_status());
        assert!(memoized.fips());
        assert_eq!(format!("{memoized:?}"), "Memoized(Stub(Ok(()), 0))");
    }

    #[test]
    fn a_message_of_64_kib_is_remembered_and_one_byte_more_is_not() {
        let long = [0; (64 << 10) + 1];
        for (message, asked, entries) in [(&long[1..], 1, 1), (&long[..], 3, 0)] {
            let (memoized, stub) = memoized();
            for _ in 0..3 {
                assert!(memoized.verify_signature(b"key", message, &[1]).is_ok());
            }
            assert_eq!(stub.1.load(Ordering::SeqCst), asked);
            assert_eq!(memoized.cache.counters().entries, entries);
        }
    }

    /// Measured on a memo that knew algorithms by their identifiers: a verifier that wanted RSA keys of 3,072 bits
    /// accepted a chain of 2,048.
    #[test]
    fn what_one_algorithm_found_good_another_with_the_same_identifiers_is_asked_about() {
        let (lenient, known) = memoized();
        let cache = Arc::clone(&lenient.cache);
        let strict = Memoized { index: 1, algorithm: stub(Err(InvalidSignature)), cache };
        for _ in 0..2 {
            assert!(lenient.verify_signature(b"key", b"message", &[1]).is_ok());
            assert!(strict.verify_signature(b"key", b"message", &[1]).is_err());
        }
        assert_eq!(known.1.load(Ordering::SeqCst), 1);
        let found = lenient.cache.counters();
        assert_eq!((found.hits, found.misses), (1, 3));
    }
}
