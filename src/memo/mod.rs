//! [`SignatureMemo`]: remembers pure functions of bytes, and nothing else: that a signature is good, and
//! that a certificate, in its position on a path, passes the path checks.

// In the order in which they import each other.
mod tally;
mod cache;
mod recall;

use std::fmt;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::SignatureVerificationAlgorithm;

use self::cache::Cache;
pub use self::cache::MemoCounters;
pub(crate) use self::cache::{Fact, Position};
pub(crate) use self::recall::Recall;

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
    cache: Cache,
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
        let cache = Cache::with_capacity(bytes);
        Self(Arc::new(Inner { provided: algorithms.all, cache }))
    }

    /// What it did so far, and what it holds now.
    pub fn counters(&self) -> MemoCounters {
        self.0.cache.counters()
    }

    /// Whether this memo was built from these very algorithms.
    pub(crate) fn is_of(&self, algorithms: &WebPkiSupportedAlgorithms) -> bool {
        std::ptr::eq(self.0.provided, algorithms.all)
    }

    /// For one decision.
    pub(crate) fn recall(&self) -> Recall<'_> {
        Recall::new(&self.0.cache)
    }
}

impl fmt::Debug for SignatureMemo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignatureMemo").field(&self.counters()).finish()
    }
}

#[cfg(test)]
mod tests {
    use rustls::crypto::aws_lc_rs;

    use super::*;

    #[test]
    fn debugged_it_shows_its_counters_and_no_bytes() {
        let memo = SignatureMemo::new(&aws_lc_rs::default_provider());
        let printed = format!("SignatureMemo({:?})", memo.counters());
        assert_eq!(format!("{memo:?}"), printed);
    }
}
