//! [`Cache`]: the good signatures that are known, and which certificates passed the path checks.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use quick_cache::{DefaultHashBuilder, Equivalent, Lifecycle, OptionsBuilder, Weighter, sync};

use super::tally::Tally;

/// That a signature is good, which follows from these bytes alone; borrowed.
pub(super) struct Fact<'a> {
    /// The index of the algorithm among the provider's.
    pub(super) algorithm: usize,
    pub(super) public_key: &'a [u8],
    pub(super) message: &'a [u8],
    pub(super) signature: &'a [u8],
}

/// The position of a certificate on a path, as far as the path checks make a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    Leaf,
    Issuer,
}

/// Facts, bounded in bytes. Those in regular use stay, however many others pass by.
///
/// The scheme of quick_cache resembles S3-FIFO: what is new waits in a short queue and is forgotten
/// at its end unless it was used meanwhile; whoever of those comes again soon is no passer-by.
pub(super) struct Cache {
    facts: sync::Cache<Stored, Passed, Cost, DefaultHashBuilder, Outgoing>,
    tally: Tally,
    evictions: AtomicU64,
}

/// What a [`SignatureMemo`](super::SignatureMemo) did so far, and what it holds now.
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

impl Cache {
    /// The share of what is in regular use. A tenth is left for what is new, as in the paper on
    /// S3-FIFO: in the three hundredths of quick_cache's default newcomers are forgotten before
    /// they come again (`tests/memo_resists_scans.rs`).
    const HOT: f64 = 0.9;

    /// Each shard has a lock of its own, takes the longest message, and is small enough to be looked
    /// through for somebody to go.
    const SHARD: usize = 1 << 20;

    /// What a fact costs, by and large: a leaf of P-256.
    const ORDINARY_COST: usize = 640;

    pub(super) fn with_capacity(bytes: usize) -> Self {
        // quick_cache takes the next power of two, and an equal part for each, rounded up.
        let shards = 1 << (bytes / Self::SHARD).clamp(1, 1 << 10).ilog2();
        let weight = (bytes - bytes % shards) as u64;
        let items = bytes / Self::ORDINARY_COST;
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), Outgoing);
        let mut options = OptionsBuilder::new();
        let options = options
            .shards(shards)
            .weight_capacity(weight)
            .estimated_items_capacity(items)
            .hot_allocation(Self::HOT);
        let facts = match options.build() {
            Ok(options) => sync::Cache::with_options(options, Cost, hasher, lifecycle),
            // Without the two values that are set above.
            Err(_) => sync::Cache::with(items, weight, Cost, hasher, lifecycle),
        };
        Self {
            facts,
            tally: Tally::default(),
            evictions: AtomicU64::new(0),
        }
    }

    pub(super) fn counters(&self) -> MemoCounters {
        let (hits, misses) = self.tally.sums();
        MemoCounters {
            hits,
            misses,
            evictions: self.evictions.load(Ordering::Relaxed),
            entries: self.facts.len() as u64,
            bytes: self.facts.weight(),
        }
    }

    pub(super) fn recalls(&self, fact: &Fact<'_>) -> bool {
        let is_it = |stored: &Stored| stored.is(fact);
        let is_known = self.facts.get(&Ending(fact.signature, is_it)).is_some();
        match is_known {
            true => self.tally.count_hit(),
            false => self.tally.count_miss(),
        }
        is_known
    }

    /// Of facts whose signatures end alike the first stays, so nobody can make others look through
    /// many. What takes more than nine tenths of a shard is not taken in.
    pub(super) fn remember(&self, fact: &Fact<'_>) {
        let ends_alike = |stored: &Stored| ending(stored.signature()) == ending(fact.signature);
        if self.facts.contains_key(&Ending(fact.signature, ends_alike)) {
            return;
        }
        let Some(stored) = Stored::new(fact) else {
            return;
        };
        let mut gone = vec![];
        self.facts
            .insert_with_lifecycle(stored, Passed::default(), &mut gone);
        // This very fact, where there is no room for it, or where another thread was faster.
        gone.retain(|gone| !gone.is(fact));
        self.evictions
            .fetch_add(gone.len() as u64, Ordering::Relaxed);
    }

    /// Checks a certificate, unless it passed before in this position. That is noted beside its
    /// signature: if that is not remembered, neither is this.
    pub(super) fn check_once<E>(
        &self,
        position: Position,
        certificate: &[u8],
        check: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let signature = Ending(certificate, |stored: &Stored| stored.is_of(certificate));
        match self.facts.peek(&signature) {
            Some(passed) if passed.is_noted(position) => Ok(()),
            Some(_) => check().inspect(|()| {
                // quick_cache shows a value where it lies to nobody else. Nothing is removed.
                self.facts.remove_if(&signature, |passed| {
                    passed.note(position);
                    false
                });
            }),
            None => check(),
        }
    }
}

/// A fact that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stored {
    /// Public key, message and signature, one after the other.
    bytes: Box<[u8]>,
    algorithm: u16,
    public_key_length: u16,
    signature_length: u16,
}

impl Stored {
    /// What an entry needs beside its bytes: its place in the tables, a share of what they have in
    /// reserve and of the places of those that were forgotten, and the allocator's.
    const ALLOWANCE: usize = 176;

    /// `None` if the key or the signature has 64 KiB or more.
    fn new(fact: &Fact<'_>) -> Option<Self> {
        Some(Self {
            algorithm: fact.algorithm.try_into().ok()?,
            public_key_length: fact.public_key.len().try_into().ok()?,
            signature_length: fact.signature.len().try_into().ok()?,
            bytes: [fact.public_key, fact.message, fact.signature]
                .concat()
                .into(),
        })
    }

    /// Whether it is this very fact: every byte is compared.
    fn is(&self, fact: &Fact<'_>) -> bool {
        usize::from(self.algorithm) == fact.algorithm
            && self.public_key() == fact.public_key
            && self.message() == fact.message
            && self.signature() == fact.signature
    }

    /// Whether what it signs is this certificate: every byte of the signed part is compared.
    ///
    /// The signed part is the first element of the certificate (RFC 5280, 4.1.1). It begins with its
    /// own length, so what begins with it has just this element there.
    fn is_of(&self, certificate: &[u8]) -> bool {
        let contents = match certificate.get(1) {
            Some(length @ 0x80..) => 2 + usize::from(length & 0x7f),
            _ => 2,
        };
        let contents = certificate.get(contents..).unwrap_or_default();
        !self.message().is_empty() && contents.starts_with(self.message())
    }

    fn public_key(&self) -> &[u8] {
        &self.bytes[..self.public_key_length.into()]
    }

    fn message(&self) -> &[u8] {
        &self.bytes[self.public_key_length.into()..self.signature_at()]
    }

    fn signature(&self) -> &[u8] {
        &self.bytes[self.signature_at()..]
    }

    fn signature_at(&self) -> usize {
        self.bytes.len() - usize::from(self.signature_length)
    }
}

/// What it costs to hold a fact, in bytes.
#[derive(Clone)]
struct Cost;

impl Weighter<Stored, Passed> for Cost {
    fn weight(&self, stored: &Stored, _: &Passed) -> u64 {
        (stored.bytes.len() + Stored::ALLOWANCE) as u64
    }
}

/// Who goes is freed when the lock is.
#[derive(Clone)]
struct Outgoing;

impl Lifecycle<Stored, Passed> for Outgoing {
    type RequestState = Vec<Stored>;

    fn on_evict(&self, gone: &mut Vec<Stored>, stored: Stored, _: Passed) {
        gone.push(stored);
    }
}

/// In which positions what a fact signs, a certificate, passed the path checks: that follows from
/// the bytes of the certificate.
#[derive(Debug, Default)]
struct Passed(AtomicU8);

impl Passed {
    fn is_noted(&self, position: Position) -> bool {
        self.0.load(Ordering::Relaxed) & (1 << position as u8) != 0
    }

    fn note(&self, position: Position) {
        self.0.fetch_or(1 << position as u8, Ordering::Relaxed);
    }
}

impl Clone for Passed {
    fn clone(&self) -> Self {
        Self(self.0.load(Ordering::Relaxed).into())
    }
}

/// Looks among the signatures that end as these bytes do for one of which this is true.
struct Ending<'a, F>(&'a [u8], F);

impl<F: Fn(&Stored) -> bool> Equivalent<Stored> for Ending<'_, F> {
    fn equivalent(&self, stored: &Stored) -> bool {
        (self.1)(stored)
    }
}

impl<F> Hash for Ending<'_, F> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(ending(self.0));
    }
}

impl Hash for Stored {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(ending(self.signature()));
    }
}

/// Where to look for a signature, or for a certificate, which ends with its signature. Only a hint:
/// the bytes decide. The end of a signature tells signatures apart as well as all its bytes do, and
/// the hash is seeded at random, so that nobody outside can choose what falls together.
fn ending(bytes: &[u8]) -> &[u8] {
    // The shortest signatures, Ed25519's and those of P-256, have some 64 octets.
    bytes.last_chunk::<16>().map_or(bytes, |end| end.as_slice())
}

#[cfg(test)]
mod tests;
