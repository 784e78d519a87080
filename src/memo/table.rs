//! [`Table`]: many readers find a fact without a lock; one writer at a time adds and forgets.

use std::array;
use std::iter::successors;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::{ArcSwapOption, Guard};
use foldhash::quality::RandomState;

use super::fact::{Fact, Place, Stored, hash_of_end};
use super::queue::Queue;

/// Facts in many short chains, by hash, the newest first. What leads to a fact is swapped by the
/// writer and protected by `arc_swap`, so readers need no lock, and share no cache line that
/// somebody writes to.
pub(super) struct Table {
    /// Random, so that nobody outside can choose what falls into one chain.
    state: RandomState,
    /// Each is made when a fact first falls into it: to make and to drop a chain that was never used
    /// would cost as much as one that was.
    segments: Box<[OnceLock<Box<Segment>>]>,
    queue: Mutex<Queue>,
    capacity: usize,
}

type Chain = ArcSwapOption<Stored>;
type Segment = [Chain; 64];

/// What a table holds.
pub(super) struct Held {
    pub(super) entries: u64,
    pub(super) bytes: u64,
    pub(super) evictions: u64,
}

impl Table {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        // Three facts of ordinary size in each chain, when it is full.
        let segments = (bytes >> 17).clamp(1, 1 << 14).next_power_of_two();
        Self {
            state: RandomState::default(),
            segments: (0..segments).map(|_| OnceLock::new()).collect(),
            queue: Mutex::new(Queue::with_capacity(bytes)),
            capacity: bytes,
        }
    }

    pub(super) fn recalls(&self, fact: &Fact<'_>) -> bool {
        self.recalls_at(fact.hash(&self.state), fact)
    }

    pub(super) fn remember(&self, fact: &Fact<'_>) {
        self.remember_at(fact.hash(&self.state), fact);
    }

    pub(super) fn held(&self) -> Held {
        let queue = self.queue();
        Held {
            entries: queue.len() as u64,
            bytes: queue.bytes() as u64,
            evictions: queue.evictions(),
        }
    }

    /// Checks a certificate, unless it passed before in this place. That is noted beside its
    /// signature: if that is not remembered, neither is this.
    pub(super) fn check_once<E>(
        &self,
        place: Place,
        certificate: &[u8],
        check: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let found = self.find(hash_of_end(certificate, &self.state));
        let signature = found.as_ref().filter(|stored| stored.is_of(certificate));
        match signature {
            Some(signature) if signature.has_passed_as(place) => Ok(()),
            Some(signature) => check().inspect(|()| signature.note_passed_as(place)),
            None => check(),
        }
    }

    fn recalls_at(&self, hash: u64, fact: &Fact<'_>) -> bool {
        let found = self.find(hash);
        let known = found.as_ref().filter(|stored| stored.is(fact));
        known.inspect(|stored| stored.count_use()).is_some()
    }

    /// One fact for each hash, so nobody can make others look through many.
    fn find(&self, hash: u64) -> Guard<Option<Arc<Stored>>> {
        let Some(chain) = self.chain(hash) else {
            return Guard::from_inner(None);
        };
        let mut at = chain.load();
        while let Some(stored) = &*at
            && stored.hash != hash
        {
            let next = stored.next.load();
            at = next;
        }
        at
    }

    fn remember_at(&self, hash: u64, fact: &Fact<'_>) {
        if fact.cost() > self.capacity {
            return;
        }
        let mut queue = self.queue();
        // Another thread was faster; or another fact has this hash and stays.
        if self.find(hash).is_some() {
            return;
        }
        queue.make_room(fact.cost(), |victim| self.forget(victim));
        let new = || Box::new(array::from_fn(|_| Chain::empty()));
        let chain = chain(self.segment(hash).get_or_init(new), hash);
        let stored = Arc::new(Stored::new(hash, fact, chain.load_full()));
        chain.store(Some(Arc::clone(&stored)));
        queue.admit(stored);
    }

    /// A reader who has come to the victim gets on to those behind it all the same.
    fn forget(&self, victim: &Stored) {
        let behind = victim.next.load_full();
        let Some(chain) = self.chain(victim.hash) else {
            return;
        };
        let before = successors(chain.load_full(), |stored| stored.next.load_full())
            .take_while(|stored| stored.hash != victim.hash)
            .last();
        match before {
            None => chain.store(behind),
            Some(before) => before.next.store(behind),
        }
    }

    /// `None` while nothing has fallen into its segment.
    fn chain(&self, hash: u64) -> Option<&Chain> {
        let segment = self.segment(hash).get();
        segment.map(|segment| chain(segment, hash))
    }

    fn segment(&self, hash: u64) -> &OnceLock<Box<Segment>> {
        // A power of two.
        &self.segments[hash as usize & (self.segments.len() - 1)]
    }

    /// Whoever holds it is the writer.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By the bits of the hash that do not choose the segment.
fn chain(segment: &Segment, hash: u64) -> &Chain {
    &segment[(hash >> 58) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

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
        Fact::new(0, &[], message, &[])
    }

    /// Whether it was known; from now on it is.
    fn meet(table: &Table, number: u64) -> bool {
        let signature = signature_of(number);
        let fact = Fact::new(0, KEY, MESSAGE, &signature);
        let is_known = table.recalls(&fact);
        if !is_known {
            table.remember(&fact);
        }
        is_known
    }

    #[test]
    fn a_fact_with_the_hash_of_a_known_one_is_not_known_and_does_not_displace_it() {
        let bytes = [1; 100];
        let facts = [
            Fact::new(0, &bytes, &bytes, &bytes),
            Fact::new(1, &bytes, &bytes, &bytes),
            Fact::new(0, &bytes, &bytes, &bytes[1..]),
            Fact::new(2, &bytes, &bytes, &bytes),
            Fact::new(0, &bytes, &[], &bytes),
        ];
        for (known, fact) in facts.iter().enumerate() {
            let table = Table::with_capacity(1 << 20);
            table.remember_at(7, fact);
            for _ in 0..2 {
                for (other, colliding) in facts.iter().enumerate() {
                    assert_eq!(table.recalls_at(7, colliding), other == known);
                    table.remember_at(7, colliding);
                }
            }
            assert_eq!(table.held().entries, 1);
        }
    }

    #[test]
    fn a_certificate_is_checked_once_in_each_place_while_its_signature_is_known() {
        let signature = signature_of(1);
        let signed = [&[0x30, 40][..], &[5; 40]].concat();
        let certificate = [&[0x30, 106][..], &signed, &signature].concat();
        // Another one that ends alike.
        let mut other = certificate.clone();
        other[20] ^= 1;
        let table = Table::with_capacity(1 << 20);
        let passes = |place, certificate: &[u8]| {
            table
                .check_once::<()>(place, certificate, || Ok(()))
                .unwrap();
        };
        // What it finds if it looks.
        let finds = |place, certificate: &[u8]| table.check_once(place, certificate, || Err(7));
        passes(Place::Leaf, &certificate);
        assert_eq!(finds(Place::Leaf, &certificate), Err(7));
        table.remember(&Fact::new(0, KEY, &signed, &signature));
        assert_eq!(finds(Place::Leaf, &certificate), Err(7));
        passes(Place::Leaf, &other);
        assert_eq!(finds(Place::Leaf, &certificate), Err(7));
        passes(Place::Leaf, &certificate);
        assert_eq!(finds(Place::Leaf, &certificate), Ok(()));
        assert_eq!(finds(Place::Issuer, &certificate), Err(7));
        assert_eq!(finds(Place::Leaf, &other), Err(7));
    }

    #[test]
    fn a_fact_is_found_under_its_own_hash_only() {
        let table = Table::with_capacity(1 << 20);
        let fact = unsigned(&[1; 100]);
        table.remember_at(7, &fact);
        let same_chain = 7 + table.segments.len() as u64;
        assert!(!table.recalls_at(8, &fact) && !table.recalls_at(same_chain, &fact));
    }

    /// Hashes so small have one chain for all. Who goes was its last, in the middle, or its first.
    #[test]
    fn of_facts_in_one_chain_one_goes_and_the_others_stay() {
        let room_for_three = 3 * unsigned(&[0; 100]).cost();
        let fact = |number: u8| vec![number; 100];
        for (used, expected) in [
            (&[][..], [false, true, true, true]),
            (&[0], [true, false, true, true]),
            (&[0, 1], [true, true, false, true]),
        ] {
            let table = Table::with_capacity(room_for_three);
            let remember = |number: u8| table.remember_at(number.into(), &unsigned(&fact(number)));
            let known = |number: u8| table.recalls_at(number.into(), &unsigned(&fact(number)));
            (0..3).for_each(remember);
            used.iter().for_each(|number| assert!(known(*number)));
            remember(3);
            assert_eq!([0, 1, 2, 3].map(known), expected);
        }
    }

    #[test]
    fn a_fact_that_costs_more_than_the_capacity_is_not_kept_and_nothing_goes_for_it() {
        let table = Table::with_capacity(4 << 10);
        assert!(!meet(&table, 1));
        table.remember(&unsigned(&[0; 4 << 10]));
        assert!(!table.recalls(&unsigned(&[0; 4 << 10])));
        assert!(meet(&table, 1));
        assert_eq!((table.held().entries, table.held().evictions), (1, 0));
    }

    #[test]
    fn a_fact_that_costs_the_whole_capacity_is_kept_and_one_byte_less_is_too_little() {
        let fact = unsigned(&[0; 100]);
        for (missing, is_kept) in [(0, true), (1, false)] {
            let table = Table::with_capacity(fact.cost() - missing);
            table.remember(&fact);
            assert_eq!(table.recalls(&fact), is_kept, "{missing}");
        }
    }

    #[test]
    fn without_capacity_nothing_is_kept() {
        let table = Table::with_capacity(0);
        table.remember(&unsigned(&[]));
        assert!(!meet(&table, 1) && !meet(&table, 1));
        assert_eq!((table.held().entries, table.held().bytes), (0, 0));
    }

    /// One of 64 regulars comes after every 150 passers-by: each again after 9,600, four times as many as there is
    /// room for.
    #[test]
    fn a_scan_of_a_million_evicts_no_regular_that_was_there_before() {
        const REGULARS: u64 = 64;
        let table = Table::with_capacity(2 << 20);
        for _ in 0..2 {
            (0..REGULARS).for_each(|regular| _ = meet(&table, regular));
        }
        let (mut hits, mut visits) = (0, 0);
        for passer_by in 0..1_000_000 {
            assert!(!meet(&table, REGULARS + passer_by));
            if passer_by % 150 == 0 {
                visits += 1;
                hits += u64::from(meet(&table, passer_by / 150 % REGULARS));
            }
        }
        let held = table.held();
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
    fn misses_of_ten_new_regulars(table: &Table) -> u64 {
        let mut misses = 0;
        for passer_by in 0..100_000 {
            assert!(!meet(table, 10 + passer_by));
            if passer_by % 150 == 0 {
                misses += u64::from(!meet(table, passer_by / 150 % 10));
            }
        }
        assert!(table.held().entries > 1_500, "{}", table.held().entries);
        misses
    }

    #[test]
    fn during_a_scan_a_new_regular_is_known_from_the_second_visit_on() {
        let table = Table::with_capacity(2 << 20);
        (1_000_000..1_010_000).for_each(|passer_by| _ = meet(&table, passer_by));
        assert_eq!(misses_of_ten_new_regulars(&table), 10);
    }

    #[test]
    fn where_others_were_regulars_before_a_new_one_is_known_from_the_third_visit_on() {
        let table = Table::with_capacity(2 << 20);
        for regular in 1_000_000..1_005_000 {
            meet(&table, regular);
            assert!(meet(&table, regular));
        }
        assert_eq!(misses_of_ten_new_regulars(&table), 20);
    }

    /// So they all reach the main queue, where only use helps.
    #[test]
    fn a_scan_that_presents_everything_twice_evicts_no_regular_either() {
        const REGULARS: u64 = 50;
        let table = Table::with_capacity(2 << 20);
        for _ in 0..2 {
            (0..REGULARS).for_each(|regular| _ = meet(&table, regular));
        }
        for passer_by in 0..50_000 {
            meet(&table, REGULARS + passer_by);
            assert!(meet(&table, REGULARS + passer_by));
            // Each again after 1,000.
            if passer_by % 20 == 0 {
                assert!(meet(&table, passer_by / 20 % REGULARS), "{passer_by}");
            }
        }
        assert!(table.held().evictions > 40_000);
    }

    #[test]
    fn threads_that_find_and_add_the_same_facts_keep_each_once() {
        let table = Table::with_capacity(1 << 20);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for number in 0..1_000 {
                        meet(&table, number);
                        assert!(meet(&table, number));
                    }
                });
            }
        });
        assert_eq!((table.held().entries, table.held().evictions), (1_000, 0));
    }

    /// Whatever several writers do, what the queue holds is what can be found.
    #[test]
    fn after_threads_have_fought_for_room_the_chains_hold_what_the_queue_holds() {
        let table = Table::with_capacity(64 << 10);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let table = &table;
                scope.spawn(move || {
                    for number in 0..3_000 {
                        meet(table, number % (500 + thread * 100));
                        assert!(table.held().bytes <= 64 << 10);
                    }
                });
            }
        });
        let held = table.held();
        let chains = table
            .segments
            .iter()
            .filter_map(OnceLock::get)
            .flat_map(|it| &**it);
        let facts = chains.map(|chain| {
            successors(chain.load_full(), |stored| stored.next.load_full()).count() as u64
        });
        assert_eq!(facts.sum::<u64>(), held.entries);
        let known = (0..800).filter(|number| {
            let signature = signature_of(*number);
            table.recalls(&Fact::new(0, KEY, MESSAGE, &signature))
        });
        assert_eq!(known.count() as u64, held.entries);
        assert!(held.evictions > 0);
    }
}
