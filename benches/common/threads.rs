//! The same work in several threads at once.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;

use super::chains::Copies;

/// From the first start to the last end of `threads` that each do `work` that often, on copies of
/// their own. The threads are made, and wait for each other, before the clock runs.
pub fn together(
    threads: usize,
    each: u64,
    chain: &[CertificateDer<'static>],
    work: impl Fn(&[CertificateDer<'static>]) + Sync,
) -> Duration {
    let start = Barrier::new(threads);
    let run = || {
        let mut copies = Copies::of(chain);
        start.wait();
        let began = Instant::now();
        (0..each).for_each(|_| work(copies.deal()));
        (began, Instant::now())
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let spans: Vec<_> = running.into_iter().map(|thread| thread.join().unwrap()).collect();
        let first = spans.iter().map(|(began, _)| *began).min().unwrap();
        let last = spans.iter().map(|(_, ended)| *ended).max().unwrap();
        last - first
    })
}
