//! [`SignatureMemo`]: remembers which signatures were good, and nothing else.
//!
//! Whether a signature is good is a pure function of algorithm, public key, message and signature.
//! So is whether one certificate, in its position on a path, passes the path checks: a function of its
//! bytes. What depends on time, names, roots, policy or revocation is never remembered.

mod algorithm;
mod cache;
mod tally;

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
        f.debug_tuple("SignatureMemo")
            .field(&self.counters())
            .finish()
    }
}

#[cfg(test)]
mod tests;
