//! Many servers at once: each thread takes the next one as soon as it is done with its last, so that
//! those that let wait hold up nobody but themselves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// So many at once: most of the time they let wait.
const THREADS: usize = 256;

/// The answer to each, in their order.
pub fn map<T: Sync, A: Send>(items: &[T], ask: impl Fn(&T) -> A + Sync) -> Vec<A> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut answers = vec![];
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(item) = items.get(index)
        {
            answers.push((index, ask(item)));
        }
        answers
    };
    let mut answers: Vec<_> = thread::scope(|scope| {
        let threads = (0..items.len().min(THREADS)).map(|_| scope.spawn(work));
        let threads: Vec<_> = threads.collect();
        threads.into_iter().flat_map(super::join).collect()
    });
    answers.sort_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
