//! [`SignatureMemo`]: remembers which signatures were good, and nothing else.
//!
//! Whether a signature is good is a pure function of algorithm, public key, message and signature.
//! So is whether one certificate, in its place on a path, passes the path checks: a function of its
//! bytes. What depends on time, names, roots, policy or revocation is never remembered.

mod algorithm;
mod fact;
mod queue;
mod table;
mod tally;

use std::fmt;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::SignatureVerificationAlgorithm;

use self::algorithm::Memoized;
pub(crate) use self::algorithm::described_by;
pub(crate) use self::fact::Place;
use self::table::Table;
use self::tally::Tally;

/// Remembers the good signatures of certificates, so that a known chain is not verified again.
///
/// Both peer verifiers have one by default, of [`DEFAULT_CAPACITY`](Self::DEFAULT_CAPACITY). Make
/// your own to choose its size, to share it between verifiers, or to read its counters. Cheap to
/// clone; clones are one memo. Reading takes no lock.
///
/// What is remembered: successes only, with every byte of algorithm, public key, message and
/// signature, all of which are compared; and, for a certificate in its place on a path, that it
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
    /// An algorithm is known by its place among those provided. Its identifiers do not name it: two
    /// RSA algorithms that share theirs may differ in the least size of the key.
    algorithms: Vec<Memoized>,
    memory: Arc<Memory>,
}

struct Memory {
    table: Table,
    tally: Tally,
}

/// What a [`SignatureMemo`] did so far, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoCounters {
    /// Signatures of certificates that were known, since the memo was made.
    pub hits: u64,
    /// Signatures of certificates that had to be checked, good or not.
    pub misses: u64,
    /// Signatures that were forgotten to make room.
    pub evictions: u64,
    /// Signatures that are remembered now.
    pub entries: u64,
    /// What they take, in bytes, with a fixed allowance for each. Never more than the capacity.
    pub bytes: u64,
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
        let memory = Arc::new(Memory {
            table: Table::with_capacity(bytes),
            tally: Tally::default(),
        });
        let memoized =
            |(index, algorithm): (usize, &&'static dyn SignatureVerificationAlgorithm)| Memoized {
                index,
                algorithm: *algorithm,
                memory: Arc::clone(&memory),
            };
        Self(Arc::new(Inner {
            provided,
            algorithms: provided.iter().enumerate().map(memoized).collect(),
            memory,
        }))
    }

    /// What it did so far, and what it holds now.
    pub fn counters(&self) -> MemoCounters {
        let held = self.0.memory.table.held();
        let (hits, misses) = self.0.memory.tally.sums();
        MemoCounters {
            hits,
            misses,
            evictions: held.evictions,
            entries: held.entries,
            bytes: held.bytes,
        }
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

    /// Makes the path checks of a certificate, unless it passed them before in this place. They must
    /// depend on nothing but its bytes.
    pub(crate) fn check_once<E>(
        &self,
        place: Place,
        certificate: &[u8],
        checks: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        self.0.memory.table.check_once(place, certificate, checks)
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
