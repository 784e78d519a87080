//! [`Cache`]: the good signatures that are known, and which certificates passed the path checks.

use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use quick_cache::{DefaultHashBuilder, Equivalent, Lifecycle, OptionsBuilder, Weighter, sync};

use super::tally::Tally;

/// That a signature is good, which follows from these bytes alone: every one is compared. Borrowed.
///
/// An algorithm is known by its index among the provider's. Its identifiers do not name it: two RSA
/// algorithms that share theirs may differ in the least size of the key.
#[derive(PartialEq, Eq)]
pub(crate) struct Fact<'a> {
    pub(crate) algorithm: usize,
    pub(crate) public_key: &'a [u8],
    pub(crate) message: &'a [u8],
    pub(crate) signature: &'a [u8],
}

/// The position of a certificate on a path, as far as the path checks make a difference. A bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    Leaf = 1,
    Issuer = 2,
}

/// Those in which a certificate passed the path checks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Positions(u8);

impl Positions {
    pub(super) fn include(self, position: Position) -> bool {
        self.0 & position as u8 != 0
    }
}

/// Facts, bounded in bytes. Those in regular use stay, however many others pass by.
///
/// The scheme of quick_cache resembles S3-FIFO: what is new waits in a short queue and is forgotten
/// at its end unless it was used meanwhile; whoever of those comes again soon is no passer-by.
pub(super) struct Cache {
    facts: sync::Cache<Stored, Passed, Weight, DefaultHashBuilder, Outgoing>,
    tally: Tally,
    evictions: AtomicU64,
}

/// What a [`SignatureMemo`](super::SignatureMemo) did so far, and what it holds now.
///
/// ```
/// use mtls_roles::SignatureMemo;
///
/// let memo = SignatureMemo::new(&rustls::crypto::aws_lc_rs::default_provider());
/// let counters = memo.counters();
/// let share = counters.hits as f64 / (counters.hits + counters.misses).max(1) as f64;
/// assert_eq!(share, 0.0);
/// ```
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
    /// they come again (`tests/memo/resists_scans.rs`).
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
        let hasher = DefaultHashBuilder::default();
        let mut options = OptionsBuilder::new();
        options.shards(shards).weight_capacity(weight).estimated_items_capacity(items);
        let facts = match options.hot_allocation(Self::HOT).build() {
            Ok(options) => sync::Cache::with_options(options, Weight, hasher, Outgoing),
            // Without the two values that are set above.
            Err(_) => sync::Cache::with(items, weight, Weight, hasher, Outgoing),
        };
        Self { facts, tally: Tally::default(), evictions: AtomicU64::default() }
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

    /// Of a signature that is known: in which positions what it signs passed the path checks.
    pub(super) fn recall(&self, fact: &Fact<'_>) -> Option<Positions> {
        let is_it = |stored: &Stored| stored.fact() == *fact;
        let passed = self.facts.get(&Ending(fact.signature, is_it));
        self.tally.count(passed.is_some());
        passed.map(Passed::positions)
    }

    /// Of facts whose signatures end alike the first stays, so nobody can make others look through
    /// many. What takes more than nine tenths of a shard is not taken in.
    pub(super) fn remember(&self, fact: &Fact<'_>) {
        let ends_alike =
            |stored: &Stored| ending(stored.fact().signature) == ending(fact.signature);
        if self.facts.contains_key(&Ending(fact.signature, ends_alike)) {
            return;
        }
        let Some(stored) = Stored::new(fact) else {
            return;
        };
        let mut gone = vec![];
        self.facts.insert_with_lifecycle(stored, Passed::default(), &mut gone);
        // This very fact, where there is no room for it, or where another thread was faster.
        gone.retain(|gone| gone.fact() != *fact);
        self.evictions.fetch_add(gone.len() as u64, Ordering::Relaxed);
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
        if self.facts.peek(&signature).is_some_and(|passed| passed.positions().include(position)) {
            return Ok(());
        }
        check()?;
        // quick_cache shows a value where it lies to nobody else. Nothing is removed.
        self.facts.remove_if(&signature, |passed| {
            passed.0.fetch_or(position as u8, Ordering::Relaxed);
            false
        });
        Ok(())
    }
}

/// A fact that is held.
#[derive(PartialEq, Eq)]
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
            bytes: [fact.public_key, fact.message, fact.signature].concat().into(),
        })
    }

    fn fact(&self) -> Fact<'_> {
        let (public_key, others) = self.bytes.split_at(self.public_key_length.into());
        let (message, signature) =
            others.split_at(others.len() - usize::from(self.signature_length));
        Fact { algorithm: self.algorithm.into(), public_key, message, signature }
    }

    /// Whether what it signs is this certificate: every byte of the signed part is compared. That
    /// begins with its own length, so what begins with it has just this element there.
    fn is_of(&self, certificate: &[u8]) -> bool {
        let message = self.fact().message;
        !message.is_empty() && from_signed_part(certificate).starts_with(message)
    }
}

#[derive(Clone)]
struct Weight;

/// In bytes.
impl Weighter<Stored, Passed> for Weight {
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
#[derive(Default)]
struct Passed(AtomicU8);

impl Passed {
    fn positions(self) -> Positions {
        Positions(self.0.into_inner())
    }
}

impl Clone for Passed {
    fn clone(&self) -> Self {
        Self(self.0.load(Ordering::Relaxed).into())
    }
}

/// A certificate from its first element on, which is the part that is signed (RFC 5280, 4.1.1).
pub(super) fn from_signed_part(certificate: &[u8]) -> &[u8] {
    let contents = match certificate.get(1) {
        Some(length @ 0x80..) => 2 + usize::from(length & 0x7f),
        _ => 2,
    };
    certificate.get(contents..).unwrap_or_default()
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
        state.write(ending(self.fact().signature));
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
mod tests {
    use super::*;
    use crate::tlv::{self, Kind};

    fn given<'a>(
        algorithm: usize,
        public_key: &'a [u8],
        message: &'a [u8],
        signature: &'a [u8],
    ) -> Fact<'a> {
        Fact { algorithm, public_key, message, signature }
    }

    #[test]
    fn the_same_bytes_divided_otherwise_are_another_fact() {
        let bytes = [7; 6];
        let divided = |first: usize, second: usize| {
            given(0, &bytes[..first], &bytes[first..second], &bytes[second..])
        };
        let known = Stored::new(&divided(2, 4)).unwrap();
        for first in 0..=6 {
            for second in first..=6 {
                let is_it = (first, second) == (2, 4);
                assert_eq!(known.fact() == divided(first, second), is_it, "{first}, {second}");
            }
        }
    }

    /// A certificate with a signed part of this length, and the signed part.
    fn certificate(length: usize) -> (Vec<u8>, Vec<u8>) {
        let sequence = |contents: &[u8]| tlv::encoded(Kind::SEQUENCE, contents);
        let signed = sequence(&vec![7; length]);
        let certificate = sequence(&[&signed[..], &[0x30, 1, 9], &[3; 70]].concat());
        (certificate, signed)
    }

    #[test]
    fn a_signature_is_of_the_certificate_whose_signed_part_is_its_message_byte_for_byte() {
        for length in [1, 30, 40, 60, 120, 130, 170, 200, 300, 600, 2_000] {
            let (certificate, signed) = certificate(length);
            let known = Stored::new(&given(0, &[], &signed, &[])).unwrap();
            assert!(known.is_of(&certificate), "{length}");
            let first = certificate.len() - signed.len() - 73;
            for byte in first..first + signed.len() {
                let mut changed = certificate.clone();
                changed[byte] ^= 1;
                assert!(!known.is_of(&changed), "{length}, byte {byte}");
            }
            for end in 0..first + signed.len() {
                assert!(!known.is_of(&certificate[..end]), "{length}, {end} bytes");
            }
        }
        let empty = Stored::new(&given(0, &[], &[], &[])).unwrap();
        assert!(!empty.is_of(&[]) && !empty.is_of(&[0x30, 0]));
    }

    #[test]
    fn a_key_or_signature_of_64_kib_is_not_kept_and_one_byte_less_is() {
        let long = [7; 64 << 10];
        let shorter = &long[1..];
        for (key, signature, is_kept) in
            [(shorter, shorter, true), (&long[..], shorter, false), (shorter, &long[..], false)]
        {
            let cache = Cache::with_capacity(1 << 20);
            let fact = given(0, key, MESSAGE, signature);
            cache.remember(&fact);
            assert_eq!(cache.recall(&fact).is_some(), is_kept);
        }
    }

    /// What a P-256 certificate is like, in size.
    const KEY: &[u8] = &[4; 65];
    const MESSAGE: &[u8] = &[1; 600];

    /// Whether it was known; from now on it is.
    fn meet(cache: &Cache, number: u64) -> bool {
        let signature = [&[0; 56][..], &number.to_be_bytes()].concat();
        let fact = given(0, KEY, MESSAGE, &signature);
        let is_known = cache.recall(&fact).is_some();
        if !is_known {
            cache.remember(&fact);
        }
        is_known
    }

    #[test]
    fn a_fact_that_ends_as_a_known_one_is_not_known_and_does_not_displace_it() {
        let bytes = [1; 100];
        let facts = [
            given(0, &bytes, &bytes, &bytes),
            given(1, &bytes, &bytes, &bytes),
            given(0, &bytes, &bytes, &bytes[1..]),
            given(2, &bytes, &bytes, &bytes),
            given(0, &bytes, &[], &bytes),
        ];
        for (known, fact) in facts.iter().enumerate() {
            let cache = Cache::with_capacity(1 << 20);
            cache.remember(fact);
            for _ in 0..2 {
                for (other, alike) in facts.iter().enumerate() {
                    assert_eq!(cache.recall(alike).is_some(), other == known);
                    cache.remember(alike);
                }
            }
            assert_eq!((cache.counters().entries, cache.counters().evictions), (1, 0));
        }
    }

    #[test]
    fn a_certificate_is_checked_once_in_each_position_while_its_signature_is_known() {
        let signature = [9; 64];
        let signed = [&[0x30, 40][..], &[5; 40]].concat();
        let certificate = [&[0x30, 106][..], &signed, &signature].concat();
        // Another one that ends alike.
        let mut other = certificate.clone();
        other[20] ^= 1;
        let cache = Cache::with_capacity(1 << 20);
        let passes = |position, certificate: &[u8]| {
            cache.check_once::<()>(position, certificate, || Ok(())).unwrap();
        };
        // What it finds if it looks.
        let finds =
            |position, certificate: &[u8]| cache.check_once(position, certificate, || Err(7));
        passes(Position::Leaf, &certificate);
        assert_eq!(finds(Position::Leaf, &certificate), Err(7));
        cache.remember(&given(0, KEY, &signed, &signature));
        assert_eq!(finds(Position::Leaf, &certificate), Err(7));
        passes(Position::Leaf, &other);
        assert_eq!(finds(Position::Leaf, &certificate), Err(7));
        passes(Position::Leaf, &certificate);
        assert_eq!(finds(Position::Leaf, &certificate), Ok(()));
        assert_eq!(finds(Position::Issuer, &certificate), Err(7));
        assert_eq!(finds(Position::Leaf, &other), Err(7));
        passes(Position::Issuer, &certificate);
        let both = [Position::Leaf, Position::Issuer].map(|it| finds(it, &certificate));
        assert_eq!(both, [Ok(()); 2]);
    }

    #[test]
    fn a_fact_that_costs_nine_tenths_of_a_shard_is_kept_and_more_is_not() {
        let fact = given(0, &[], &[0; 724], &[]);
        assert_eq!(Weight.weight(&Stored::new(&fact).unwrap(), &Passed::default()), 900);
        for (capacity, is_kept) in [(1_000, true), (999, false)] {
            let cache = Cache::with_capacity(capacity);
            cache.remember(&fact);
            assert_eq!(cache.recall(&fact).is_some(), is_kept, "{capacity}");
            assert_eq!(cache.counters().evictions, 0);
        }
    }

    /// Whatever the capacity: the shards together never hold more, and each takes the longest message if
    /// the capacity allows.
    #[test]
    fn however_it_is_divided_the_capacity_is_the_bound_and_the_longest_message_finds_room() {
        for capacity in [1, 4_095, 80 << 10, (1 << 20) - 1, (1 << 20) + 7, (16 << 20) + 63, 3 << 28]
        {
            let cache = Cache::with_capacity(capacity);
            let (whole, shard) = (cache.facts.capacity(), cache.facts.shard_capacity());
            assert!(whole <= capacity as u64 && whole > capacity as u64 * 99 / 100);
            assert!(shard >= (capacity as u64).min(1 << 20), "{capacity}");
            let large = [9; 64 << 10];
            let fact = given(0, KEY, &large, KEY);
            cache.remember(&fact);
            assert_eq!(cache.recall(&fact).is_some(), capacity >= 80 << 10, "{capacity}");
        }
    }

    /// Of those who come once the places are kept for a while after they are forgotten.
    #[test]
    fn the_tables_take_no_more_than_what_is_allowed_for_them_however_many_pass_by() {
        let cache = Cache::with_capacity(2 << 20);
        (0..50_000).for_each(|passer_by| _ = meet(&cache, passer_by));
        let (tables, entries) = (cache.facts.memory_used().total(), cache.facts.len());
        assert!(tables <= entries * Stored::ALLOWANCE, "{tables} bytes for {entries}");
    }

    /// So they all reach the main queue, where only use helps.
    #[test]
    fn a_scan_that_presents_everything_twice_evicts_no_regular_either() {
        const REGULARS: u64 = 50;
        let cache = Cache::with_capacity(2 << 20);
        for _ in 0..2 {
            (0..REGULARS).for_each(|regular| _ = meet(&cache, regular));
        }
        for passer_by in 0..50_000 {
            meet(&cache, REGULARS + passer_by);
            assert!(meet(&cache, REGULARS + passer_by));
            // Each again after 1,000.
            if passer_by % 20 == 0 {
                assert!(meet(&cache, passer_by / 20 % REGULARS), "{passer_by}");
            }
        }
        assert!(cache.counters().evictions > 40_000);
    }
}
