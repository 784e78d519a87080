//! [`Table`]: many readers find a fact without a lock; one writer at a time adds and forgets.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use foldhash::quality::RandomState;

use super::fact::{Fact, Stored};
use super::queue::Queue;

/// Facts in many small buckets, by hash. A bucket is never changed: the writer puts another one in
/// its place, so readers need no lock, and share no cache line that somebody writes to.
pub(super) struct Table {
    /// Random, so that nobody outside can choose what falls into one bucket.
    state: RandomState,
    buckets: Box<[ArcSwap<Bucket>]>,
    queue: Mutex<Queue>,
    capacity: usize,
}

type Bucket = Vec<Arc<Stored>>;

/// What a table holds.
pub(super) struct Held {
    pub(super) entries: u64,
    pub(super) bytes: u64,
    pub(super) evictions: u64,
}

impl Table {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        // Some eight facts of ordinary size each.
        let buckets = (bytes >> 13).clamp(1, 1 << 20).next_power_of_two();
        let empty = Arc::new(Bucket::new());
        Self {
            state: RandomState::default(),
            buckets: (0..buckets)
                .map(|_| ArcSwap::new(Arc::clone(&empty)))
                .collect(),
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

    fn recalls_at(&self, hash: u64, fact: &Fact<'_>) -> bool {
        let bucket = self.bucket(hash).load();
        let found = bucket.iter().find(|stored| stored.hash == hash);
        match found {
            Some(stored) if stored.is(fact) => {
                stored.count_use();
                true
            }
            _ => false,
        }
    }

    fn remember_at(&self, hash: u64, fact: &Fact<'_>) {
        if Stored::cost_of(fact) > self.capacity {
            return;
        }
        let mut queue = self.queue();
        let bucket = self.bucket(hash);
        // Another thread was faster; or another fact has this hash and stays.
        if bucket.load().iter().any(|stored| stored.hash == hash) {
            return;
        }
        let stored = Arc::new(Stored::new(hash, fact));
        queue.admit(Arc::clone(&stored), |victim| self.forget(victim));
        let mut grown = Bucket::clone(&bucket.load());
        grown.push(stored);
        bucket.store(Arc::new(grown));
    }

    fn forget(&self, victim: &Stored) {
        let bucket = self.bucket(victim.hash);
        let mut shrunk = Bucket::clone(&bucket.load());
        shrunk.retain(|stored| stored.hash != victim.hash);
        bucket.store(Arc::new(shrunk));
    }

    fn bucket(&self, hash: u64) -> &ArcSwap<Bucket> {
        // A power of two.
        &self.buckets[hash as usize & (self.buckets.len() - 1)]
    }

    /// Whoever holds it is the writer.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
