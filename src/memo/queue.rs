//! [`Queue`]: who must go when the memo is full.
//!
//! The scheme is S3-FIFO (Yang and others, "FIFO queues are all you need for cache eviction", SOSP
//! 2023). What is new waits in a short queue and is forgotten at its end unless it was used
//! meanwhile; what was used goes to the main queue, where every use is worth another round. So a
//! scan, however long, passes through the short queue, and what is in regular use stays.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::fact::Stored;

#[derive(Debug)]
pub(super) struct Queue {
    capacity: usize,
    new: Line,
    main: Line,
    forgotten: Forgotten,
    evictions: u64,
}

/// What waits in line, and what it costs.
#[derive(Debug, Default)]
struct Line {
    line: VecDeque<Arc<Stored>>,
    bytes: usize,
}

/// The hashes of what was forgotten unused: who of them comes again is no passer-by.
#[derive(Debug, Default)]
struct Forgotten {
    line: VecDeque<u64>,
    known: HashSet<u64>,
}

/// However many are in use, to make room takes no more than this many looks at either line.
const MOST_REPRIEVES: usize = 256;

impl Queue {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self {
            capacity: bytes,
            new: Line::default(),
            main: Line::default(),
            forgotten: Forgotten::default(),
            evictions: 0,
        }
    }

    /// Makes room for something of this cost, which must not be more than the whole capacity:
    /// `forget` is told who went.
    pub(super) fn make_room(&mut self, cost: usize, mut forget: impl FnMut(&Stored)) {
        while self.bytes() + cost > self.capacity
            && let Some(victim) = self.evict()
        {
            self.evictions += 1;
            forget(&victim);
        }
    }

    /// Takes it in. There must be room for it.
    pub(super) fn admit(&mut self, stored: Arc<Stored>) {
        match self.forgotten.take(stored.hash) {
            true => self.main.push(stored),
            false => self.new.push(stored),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.new.bytes + self.main.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.new.line.len() + self.main.line.len()
    }

    pub(super) fn evictions(&self) -> u64 {
        self.evictions
    }

    /// The next to go. `None` if there is none.
    fn evict(&mut self) -> Option<Arc<Stored>> {
        for _ in 0..MOST_REPRIEVES {
            // A tenth, as in the paper.
            if self.new.bytes <= self.capacity / 10 && !self.main.line.is_empty() {
                break;
            }
            let oldest = self.new.pop()?;
            if !oldest.spend_use() {
                let most = self.len();
                self.forgotten.add(oldest.hash, most);
                return Some(oldest);
            }
            self.main.push(oldest);
        }
        self.evict_from_main()
    }

    fn evict_from_main(&mut self) -> Option<Arc<Stored>> {
        for _ in 0..MOST_REPRIEVES {
            let oldest = self.main.pop()?;
            if !oldest.spend_use() {
                return Some(oldest);
            }
            self.main.push(oldest);
        }
        self.main.pop()
    }
}

impl Line {
    fn push(&mut self, stored: Arc<Stored>) {
        self.bytes += stored.cost();
        self.line.push_back(stored);
    }

    fn pop(&mut self) -> Option<Arc<Stored>> {
        let oldest = self.line.pop_front()?;
        self.bytes -= oldest.cost();
        Some(oldest)
    }
}

impl Forgotten {
    /// Remembers at most as many hashes as there are entries.
    fn add(&mut self, hash: u64, most: usize) {
        if self.known.insert(hash) {
            self.line.push_back(hash);
        }
        while self.line.len() > most {
            if let Some(oldest) = self.line.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    fn take(&mut self, hash: u64) -> bool {
        // Its place in line is left to pass by.
        self.known.remove(&hash)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fact::Fact;
    use super::*;

    /// A queue, the hashes of what it holds, and of what went, in this order.
    struct Held {
        queue: Queue,
        inside: Vec<Arc<Stored>>,
        gone: Vec<u64>,
    }

    impl Held {
        /// Room for this many facts of 100 bytes.
        fn with_room_for(facts: usize) -> Self {
            Self {
                queue: Queue::with_capacity(facts * fact(0, 100).cost()),
                inside: vec![],
                gone: vec![],
            }
        }

        fn admit(&mut self, stored: Arc<Stored>) {
            let (inside, gone) = (&mut self.inside, &mut self.gone);
            self.queue.make_room(stored.cost(), |victim| {
                inside.retain(|stored| stored.hash != victim.hash);
                gone.push(victim.hash);
            });
            self.queue.admit(Arc::clone(&stored));
            inside.push(stored);
        }

        fn admit_all(&mut self, hashes: impl IntoIterator<Item = u64>) {
            for hash in hashes {
                self.admit(fact(hash, 100));
            }
        }

        fn use_once(&self, hash: u64) {
            let found = self.inside.iter().find(|stored| stored.hash == hash);
            found.unwrap().count_use();
        }
    }

    fn fact(hash: u64, length: usize) -> Arc<Stored> {
        let message = vec![0; length];
        let fact = Fact::new(0, &[], &message, &[]);
        Arc::new(Stored::new(hash, &fact, None))
    }

    #[test]
    fn what_was_never_used_goes_in_the_order_it_came() {
        let mut held = Held::with_room_for(10);
        held.admit_all(0..20);
        assert_eq!(held.gone, Vec::from_iter(0..10));
        assert_eq!((held.queue.len(), held.queue.evictions()), (10, 10));
    }

    #[test]
    fn what_was_used_while_it_was_new_outlives_any_number_that_was_not() {
        let mut held = Held::with_room_for(10);
        held.admit_all(0..10);
        held.use_once(3);
        held.admit_all(10..1_000);
        assert!(!held.gone.contains(&3));
        assert_eq!(held.gone.len(), 990);
    }

    /// All ten were used once. Of ten, one is a tenth: it may be new however long the main queue is.
    #[test]
    fn who_was_used_once_goes_before_the_newest_tenth_and_after_the_other_new_ones() {
        let mut held = Held::with_room_for(10);
        held.admit_all(0..10);
        (0..10).for_each(|hash| held.use_once(hash));
        held.admit_all([10]);
        assert_eq!(held.gone, [0]);
        held.admit_all([11]);
        assert_eq!(held.gone, [0, 1]);
        held.admit_all([12]);
        assert_eq!(held.gone, [0, 1, 10]);
    }

    #[test]
    fn in_the_main_queue_whoever_was_used_again_is_passed_over() {
        let mut held = Held::with_room_for(10);
        held.admit_all(0..10);
        (0..10).for_each(|hash| held.use_once(hash));
        held.admit_all([10]);
        [1, 2, 4].iter().for_each(|hash| held.use_once(*hash));
        for hash in 11..14 {
            held.use_once(hash - 1);
            held.admit_all([hash]);
        }
        assert_eq!(held.gone, [0, 3, 5, 6]);
    }

    #[test]
    fn what_comes_again_soon_after_it_went_stays() {
        let mut held = Held::with_room_for(10);
        held.admit_all(0..12);
        assert_eq!(held.gone, [0, 1]);
        held.admit_all([0]);
        held.admit_all(12..1_000);
        assert_eq!(held.gone.iter().filter(|hash| **hash == 0).count(), 1);
    }

    /// No more hashes are kept than there is room for facts.
    #[test]
    fn what_comes_again_late_is_new() {
        let mut held = Held::with_room_for(10);
        held.admit_all(0..100);
        held.admit_all([0]);
        held.admit_all(100..200);
        assert_eq!(held.gone.iter().filter(|hash| **hash == 0).count(), 2);
        assert!(held.queue.forgotten.known.len() <= held.queue.forgotten.line.len());
        assert!(held.queue.forgotten.line.len() <= 10);
    }

    #[test]
    fn where_few_large_ones_take_the_room_of_many_small_ones_as_few_hashes_are_kept() {
        let mut held = Held::with_room_for(20);
        held.admit_all(0..100);
        assert_eq!(held.queue.forgotten.line.len(), 19);
        (100..200).for_each(|hash| held.admit(fact(hash, 20 * 100)));
        assert!(held.queue.forgotten.line.len() <= held.queue.len());
    }

    /// All are used again before the next one comes, so all are reprieved.
    #[test]
    fn the_next_one_finds_room_even_if_everything_is_in_use() {
        let mut held = Held::with_room_for(1_000);
        for hash in 0..3_000 {
            held.admit(fact(hash, 100));
            held.inside.iter().for_each(|stored| stored.count_use());
        }
        assert_eq!((held.queue.len(), held.gone.len()), (1_000, 2_000));
    }

    #[test]
    fn of_new_ones_that_were_used_256_at_a_time_go_to_the_main_queue() {
        let mut held = Held::with_room_for(1_000);
        held.admit_all(0..1_000);
        (0..1_000).for_each(|hash| held.use_once(hash));
        for (next, in_main) in [(1_000, 255), (1_001, 510), (1_002, 765), (1_003, 899)] {
            held.admit_all([next]);
            assert_eq!(held.queue.main.line.len(), in_main, "{next}");
        }
        assert_eq!(held.gone, [0, 1, 2, 3]);
    }

    #[test]
    fn after_256_reprieves_the_next_goes_whether_it_is_in_use_or_not() {
        let mut held = Held::with_room_for(1_000);
        held.admit_all(0..1_000);
        (0..1_000).for_each(|hash| held.use_once(hash));
        held.admit_all(1_000..1_004);
        assert_eq!(held.gone, [0, 1, 2, 3]);
        for _ in 0..3 {
            (4..1_004).for_each(|hash| held.use_once(hash));
        }
        held.admit_all([1_004]);
        assert_eq!(held.gone[4..], [4 + 256]);
    }

    #[test]
    fn whatever_comes_and_is_used_the_bytes_are_those_of_what_is_inside_and_within_capacity() {
        let mut held = Held::with_room_for(20);
        let mut state = 88_172_645_463_325_252_u64;
        let mut draw = |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        for hash in 0..20_000_u64 {
            // Some are as large as everything, some come again.
            let length = [10, 100, 500, 20 * 100][draw(4) as usize];
            let hash = if draw(3) == 0 { hash / 2 } else { hash };
            if held.inside.iter().any(|stored| stored.hash == hash) {
                held.use_once(hash);
                continue;
            }
            held.admit(fact(hash, length));
            let bytes: usize = held.inside.iter().map(|stored| stored.cost()).sum();
            assert_eq!(held.queue.bytes(), bytes);
            assert_eq!(held.queue.len(), held.inside.len());
            assert_eq!(held.queue.evictions(), held.gone.len() as u64);
            assert!(bytes <= held.queue.capacity, "{bytes}");
        }
        assert!(held.gone.len() > 1_000);
    }
}
