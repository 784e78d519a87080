//! [`Table`]: many readers find a fact without a lock; one writer at a time adds and forgets.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use foldhash::quality::RandomState;

use super::fact::{Fact, Place, Stored, hash_of_end};
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

    /// Whether this certificate, whose signature is remembered, passed the path checks.
    pub(super) fn has_passed(&self, place: Place, certificate: &[u8]) -> bool {
        let is_passed = |stored: &Stored| stored.is_of(certificate) && stored.has_passed_as(place);
        let hash = hash_of_end(certificate, &self.state);
        self.find(hash, is_passed).unwrap_or(false)
    }

    /// Notes it beside the signature; if that is not remembered, neither is this.
    pub(super) fn note_passed(&self, place: Place, certificate: &[u8]) {
        let hash = hash_of_end(certificate, &self.state);
        self.find(hash, |stored| {
            if stored.is_of(certificate) {
                stored.note_passed_as(place);
            }
        });
    }

    fn recalls_at(&self, hash: u64, fact: &Fact<'_>) -> bool {
        let recalled = self.find(hash, |stored| {
            let is_known = stored.is(fact);
            if is_known {
                stored.count_use();
            }
            is_known
        });
        recalled.unwrap_or(false)
    }

    /// One fact for each hash, so nobody can make others look through many.
    fn find<T>(&self, hash: u64, look: impl FnOnce(&Stored) -> T) -> Option<T> {
        let bucket = self.bucket(hash).load();
        let found = bucket.iter().find(|stored| stored.hash == hash);
        found.map(|stored| look(stored))
    }

    fn remember_at(&self, hash: u64, fact: &Fact<'_>) {
        if fact.cost() > self.capacity {
            return;
        }
        let mut queue = self.queue();
        // Another thread was faster; or another fact has this hash and stays.
        if self.find(hash, |_| ()).is_some() {
            return;
        }
        let stored = Arc::new(Stored::new(hash, fact));
        queue.admit(Arc::clone(&stored), |victim| self.forget(victim));
        let bucket = self.bucket(hash);
        let others = bucket.load();
        let with_it = others.iter().cloned().chain(Some(stored)).collect();
        bucket.store(Arc::new(with_it));
    }

    fn forget(&self, victim: &Stored) {
        let bucket = self.bucket(victim.hash);
        let all = bucket.load();
        let others = all.iter().filter(|stored| stored.hash != victim.hash);
        bucket.store(Arc::new(others.cloned().collect()));
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
