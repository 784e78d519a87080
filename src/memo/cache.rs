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
        Self { facts, tally: Tally::default(), evictions: AtomicU64::new(0) }
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
        self.facts.insert_with_lifecycle(stored, Passed::default(), &mut gone);
        // This very fact, where there is no room for it, or where another thread was faster.
        gone.retain(|gone| !gone.is(fact));
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
            bytes: [fact.public_key, fact.message, fact.signature].concat().into(),
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
mod tests {
    use super::*;

    fn stored(fact: &Fact<'_>) -> Stored {
        Stored::new(fact).unwrap()
    }

    fn given<'a>(
        algorithm: usize,
        public_key: &'a [u8],
        message: &'a [u8],
        signature: &'a [u8],
    ) -> Fact<'a> {
        Fact { algorithm, public_key, message, signature }
    }

    #[test]
    fn a_fact_with_any_bit_changed_is_another_fact() {
        let (key, message, signature) = (vec![1; 65], vec![2; 300], vec![3; 71]);
        let known = stored(&given(0, &key, &message, &signature));
        assert!(known.is(&given(0, &key, &message, &signature)));
        let all = [key, message, signature];
        for part in 0..all.len() {
            for bit in 0..8 * all[part].len() {
                let mut changed = all.clone();
                changed[part][bit / 8] ^= 1 << (bit % 8);
                let [key, message, signature] = &changed;
                let changed = given(0, key, message, signature);
                assert!(!known.is(&changed), "part {part}, bit {bit}");
            }
        }
    }

    #[test]
    fn the_same_bytes_divided_otherwise_are_another_fact() {
        let bytes = [7; 6];
        let divided = |first: usize, second: usize| {
            given(0, &bytes[..first], &bytes[first..second], &bytes[second..])
        };
        let known = stored(&divided(2, 4));
        for first in 0..=6 {
            for second in first..=6 {
                let is_it = (first, second) == (2, 4);
                assert_eq!(known.is(&divided(first, second)), is_it, "{first}, {second}");
            }
        }
        for length in 0..6 {
            let shorter = given(0, &bytes[..2], &bytes[2..4], &bytes[4..length.max(4)]);
            assert!(!known.is(&shorter), "{length}");
        }
    }

    #[test]
    fn the_same_bytes_under_another_algorithm_are_another_fact() {
        let bytes = [5; 40];
        let known = stored(&given(3, &bytes, &bytes, &bytes));
        for algorithm in 0..10 {
            let is_it = known.is(&given(algorithm, &bytes, &bytes, &bytes));
            assert_eq!(is_it, algorithm == 3);
        }
    }

    #[test]
    fn nothing_but_the_empty_fact_is_the_empty_fact() {
        let empty = stored(&given(0, &[], &[], &[]));
        assert!(empty.is(&given(0, &[], &[], &[])));
        assert!(!empty.is(&given(0, &[], &[0], &[])));
        assert!(!empty.is_of(&[]) && !empty.is_of(&[0x30, 0]));
    }

    /// A certificate with a signed part of this length, and the signed part.
    fn certificate(length: usize) -> (Vec<u8>, Vec<u8>) {
        let tlv = |contents: &[u8]| {
            let length = contents.len();
            let mut tlv = match length {
                0..0x80 => vec![0x30, length as u8],
                0x80..0x100 => vec![0x30, 0x81, length as u8],
                _ => vec![0x30, 0x82, (length >> 8) as u8, length as u8],
            };
            tlv.extend(contents);
            tlv
        };
        let signed = tlv(&vec![7; length]);
        let certificate = tlv(&[&signed[..], &[0x30, 1, 9], &[3; 70]].concat());
        (certificate, signed)
    }

    #[test]
    fn a_signature_is_of_the_certificate_whose_signed_part_is_its_message_byte_for_byte() {
        for length in [1, 30, 40, 60, 120, 130, 170, 200, 300, 600, 2_000] {
            let (certificate, signed) = certificate(length);
            let known = stored(&given(0, &[], &signed, &[]));
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
    }

    #[test]
    fn what_passed_in_one_position_has_not_passed_in_the_other() {
        for (noted, other) in
            [(Position::Leaf, Position::Issuer), (Position::Issuer, Position::Leaf)]
        {
            let passed = Passed::default();
            assert!(!passed.is_noted(noted));
            passed.note(noted);
            for passed in [&passed, &passed.clone()] {
                assert!(passed.is_noted(noted) && !passed.is_noted(other));
            }
            passed.note(other);
            assert!(passed.is_noted(noted) && passed.is_noted(other));
        }
    }

    fn cost(fact: &Fact<'_>) -> u64 {
        Cost.weight(&stored(fact), &Passed::default())
    }

    #[test]
    fn what_a_fact_costs_covers_its_bytes_and_its_place() {
        let fact = given(0, &[1; 65], &[2; 400], &[3; 71]);
        assert!(cost(&fact) > (65 + 400 + 71 + size_of::<Stored>()) as u64);
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
            assert_eq!(cache.recalls(&fact), is_kept);
            assert!(!cache.recalls(&given(0, &[], MESSAGE, signature)));
        }
    }

    /// What a P-256 certificate is like, in size.
    const KEY: &[u8] = &[4; 65];
    const MESSAGE: &[u8] = &[1; 600];

    fn signature_of(number: u64) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[56..].copy_from_slice(&number.to_be_bytes());
        bytes
    }

    /// A fact about these bytes alone.
    fn unsigned(message: &[u8]) -> Fact<'_> {
        given(0, &[], message, &[])
    }

    /// Whether it was known; from now on it is.
    fn meet(cache: &Cache, number: u64) -> bool {
        let signature = signature_of(number);
        let fact = given(0, KEY, MESSAGE, &signature);
        let is_known = cache.recalls(&fact);
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
                    assert_eq!(cache.recalls(alike), other == known);
                    cache.remember(alike);
                }
            }
            assert_eq!((cache.counters().entries, cache.counters().evictions), (1, 0));
        }
    }

    #[test]
    fn a_certificate_is_checked_once_in_each_position_while_its_signature_is_known() {
        let signature = signature_of(1);
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
    }

    #[test]
    fn a_fact_that_costs_more_than_the_capacity_is_not_kept_and_nothing_goes_for_it() {
        let cache = Cache::with_capacity(4 << 10);
        assert!(!meet(&cache, 1));
        cache.remember(&unsigned(&[0; 4 << 10]));
        assert!(!cache.recalls(&unsigned(&[0; 4 << 10])));
        assert!(meet(&cache, 1));
        assert_eq!((cache.counters().entries, cache.counters().evictions), (1, 0));
    }

    #[test]
    fn a_fact_that_costs_nine_tenths_of_a_shard_is_kept_and_more_is_not() {
        let fact = given(0, &[], &[0; 724], &[]);
        assert_eq!(cost(&fact), 900);
        for (capacity, is_kept) in [(1_000, true), (999, false)] {
            let cache = Cache::with_capacity(capacity);
            cache.remember(&fact);
            assert_eq!(cache.recalls(&fact), is_kept, "{capacity}");
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
            assert_eq!(cache.recalls(&fact), capacity >= 80 << 10, "{capacity}");
        }
    }

    #[test]
    fn without_capacity_nothing_is_kept() {
        let cache = Cache::with_capacity(0);
        cache.remember(&unsigned(&[]));
        assert!(!meet(&cache, 1) && !meet(&cache, 1));
        assert_eq!((cache.counters().entries, cache.counters().bytes), (0, 0));
    }

    /// One of 64 regulars comes after every 150 passers-by: each again after 9,600, four times as many as there is
    /// room for.
    #[test]
    fn a_scan_of_a_million_evicts_no_regular_that_was_there_before() {
        const REGULARS: u64 = 64;
        let cache = Cache::with_capacity(2 << 20);
        for _ in 0..2 {
            (0..REGULARS).for_each(|regular| _ = meet(&cache, regular));
        }
        let (mut hits, mut visits) = (0, 0);
        for passer_by in 0..1_000_000 {
            assert!(!meet(&cache, REGULARS + passer_by));
            if passer_by % 150 == 0 {
                visits += 1;
                hits += u64::from(meet(&cache, passer_by / 150 % REGULARS));
            }
        }
        let held = cache.counters();
        println!(
            "{hits} hits of {visits} visits, {} entries, {} evictions",
            held.entries, held.evictions
        );
        assert!(4 * held.entries < 150 * REGULARS, "{}", held.entries);
        assert_eq!(hits, visits);
        assert!(held.bytes <= 2 << 20 && held.evictions > 990_000);
    }

    /// How often 10 new regulars are not known during a scan, if each comes again after 1,500 others, which is less
    /// than there is room for.
    fn misses_of_ten_new_regulars(cache: &Cache) -> u64 {
        let mut misses = 0;
        for passer_by in 0..100_000 {
            assert!(!meet(cache, 10 + passer_by));
            if passer_by % 150 == 0 {
                misses += u64::from(!meet(cache, passer_by / 150 % 10));
            }
        }
        assert!(cache.counters().entries > 1_500, "{}", cache.counters().entries);
        misses
    }

    /// Whether those who were there before came once or twice.
    #[test]
    fn during_a_scan_a_new_regular_is_known_from_the_third_visit_on() {
        for visits in [1, 2] {
            let cache = Cache::with_capacity(2 << 20);
            for number in 1_000_000..1_010_000 {
                (0..visits).for_each(|visit| assert_eq!(meet(&cache, number), visit > 0));
            }
            assert_eq!(misses_of_ten_new_regulars(&cache), 20, "{visits}");
        }
    }

    /// Full of passers-by, and more of them afterwards than there is room for.
    #[test]
    fn who_comes_twice_in_a_row_is_known_after_a_scan_and_who_came_once_is_not() {
        let cache = Cache::with_capacity(2 << 20);
        let scan = |from: u64| (from..from + 10_000).for_each(|number| _ = meet(&cache, number));
        scan(1_000_000);
        for regular in 0..20 {
            assert!(!meet(&cache, regular) && meet(&cache, regular));
            assert!(!meet(&cache, 100 + regular));
        }
        scan(2_000_000);
        for regular in 0..20 {
            assert!(meet(&cache, regular), "{regular}");
            assert!(!meet(&cache, 100 + regular), "{regular}");
        }
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

    #[test]
    fn threads_that_find_and_add_the_same_facts_keep_each_once() {
        // Twice the room, since shards fill unevenly.
        let cache = Cache::with_capacity(2 << 20);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for number in 0..1_000 {
                        meet(&cache, number);
                        assert!(meet(&cache, number));
                    }
                });
            }
        });
        assert_eq!((cache.counters().entries, cache.counters().evictions), (1_000, 0));
    }

    /// Whatever several writers do, what is counted is what can be found.
    #[test]
    fn after_threads_have_fought_for_room_what_is_held_is_what_is_known() {
        let cache = Cache::with_capacity(64 << 10);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let cache = &cache;
                scope.spawn(move || {
                    for number in 0..3_000 {
                        meet(cache, number % (500 + thread * 100));
                        assert!(cache.counters().bytes <= 64 << 10);
                    }
                });
            }
        });
        let held = cache.counters();
        let known = (0..800).filter(|number| {
            let signature = signature_of(*number);
            cache.recalls(&given(0, KEY, MESSAGE, &signature))
        });
        assert_eq!(known.count() as u64, held.entries);
        assert!(held.evictions > 0);
    }
}
