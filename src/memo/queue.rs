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

    /// Takes it in, after it has made room: `forget` is told who went. What is taken in must not
    /// cost more than the whole capacity.
    pub(super) fn admit(&mut self, stored: Arc<Stored>, mut forget: impl FnMut(&Stored)) {
        while self.bytes() + stored.cost() > self.capacity
            && let Some(victim) = self.evict()
        {
            self.evictions += 1;
            forget(&victim);
        }
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
        // A tenth, as in the paper.
        while self.new.bytes > self.capacity / 10 || self.main.line.is_empty() {
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
        // However many are in use, nobody waits for more than this.
        const MOST_REPRIEVES: usize = 256;
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
