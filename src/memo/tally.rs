//! [`Tally`]: hits and misses, counted without threads getting into each other's way.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// One pair of counters that every thread increments would cost more than what it counts: the cache
/// line would travel between the cores. So each thread has a pair of its own, or shares one with
/// few.
#[derive(Debug, Default)]
pub(super) struct Tally([Counts; 32]);

/// On a cache line of its own; two lines, since processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Counts {
    hits: AtomicU64,
    misses: AtomicU64,
}

static NEXT_THREAD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static THREAD: usize = NEXT_THREAD.fetch_add(1, Ordering::Relaxed);
}

impl Tally {
    pub(super) fn count(&self, is_hit: bool) {
        let thread = THREAD.try_with(|thread| *thread).unwrap_or_default();
        let Counts { hits, misses } = &self.0[thread % self.0.len()];
        if is_hit { hits } else { misses }.fetch_add(1, Ordering::Relaxed);
    }

    /// Hits and misses of all threads.
    pub(super) fn sums(&self) -> (u64, u64) {
        let sum = |of: fn(&Counts) -> &AtomicU64| {
            let counts = self.0.iter().map(|pair| of(pair).load(Ordering::Relaxed));
            counts.fold(0, u64::wrapping_add)
        };
        (sum(|pair| &pair.hits), sum(|pair| &pair.misses))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Many more than there are pairs, and more than pairs times pairs.
    #[test]
    fn however_many_threads_there_were_each_one_counts() {
        const THREADS: u64 = 1_100;
        let tally = Tally::default();
        for _ in 0..THREADS {
            std::thread::scope(|scope| {
                scope.spawn(|| [true, false, false].map(|is_hit| tally.count(is_hit)));
            });
        }
        assert_eq!(tally.sums(), (THREADS, 2 * THREADS));
    }
}
