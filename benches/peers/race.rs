//! [`race`]: contenders measured in turn, in small batches, so that what disturbs one disturbs all.

use std::time::{Duration, Instant};

/// How long to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    pub name: &'static str,
    rounds: usize,
    batch: Duration,
}

impl Effort {
    /// A batch is long for the clock and short for the scheduler: what it takes away from some
    /// batches does not move the median.
    const FULL: Self = Self { name: "full", rounds: 1001, batch: Duration::from_micros(250) };

    const QUICK: Self = Self { name: "quick", rounds: 101, batch: Duration::from_micros(250) };

    /// One iteration each, so that the verdicts are asserted.
    pub const SMOKE: Self = Self { name: "smoke", rounds: 1, batch: Duration::ZERO };

    /// By the arguments of the program. Cargo adds `--bench`, and a filter may stand there, too.
    pub fn asked_for(arguments: impl Iterator<Item = String>) -> Self {
        let arguments: Vec<_> = arguments.collect();
        let asks = |option: &str| arguments.iter().any(|argument| argument == option);
        match (asks("--test"), asks("--quick")) {
            (true, _) => Self::SMOKE,
            (_, true) => Self::QUICK,
            _ => Self::FULL,
        }
    }

    /// Fewer and longer batches: for what starts threads, whose beginning must not count.
    pub fn in_long_batches(self) -> Self {
        Self { rounds: self.rounds.div_ceil(8) | 1, batch: self.batch * 64, ..self }
    }
}

/// Something that is measured.
pub struct Contender<'a> {
    /// The time of so many iterations, without what prepares them.
    batch: Box<dyn FnMut(u64) -> Duration + 'a>,
    iterations: u64,
    /// Nanoseconds an iteration, one for each batch.
    samples: Vec<f64>,
}

impl<'a> Contender<'a> {
    /// Measured as a whole.
    pub fn repeating(mut work: impl FnMut() + 'a) -> Self {
        Self::counting(move |iterations| {
            let began = Instant::now();
            (0..iterations).for_each(|_| work());
            began.elapsed()
        })
    }

    /// Each iteration uses something that was made before the clock ran, and is dropped after.
    pub fn preparing<T>(mut make: impl FnMut() -> T + 'a, mut work: impl FnMut(&T) + 'a) -> Self {
        Self::counting(move |iterations| {
            let made: Vec<T> = (0..iterations).map(|_| make()).collect();
            let began = Instant::now();
            made.iter().for_each(&mut work);
            began.elapsed()
        })
    }

    /// Counts the time of so many iterations itself.
    pub fn counting(batch: impl FnMut(u64) -> Duration + 'a) -> Self {
        Self { batch: Box::new(batch), iterations: 1, samples: Vec::new() }
    }

    /// Doubles the iterations until a batch is long enough, an interruption of the first ones
    /// aside; that warms up, too.
    fn calibrate(&mut self, batch: Duration) {
        while !batch.is_zero() && self.shortest_of_three() < batch {
            self.iterations *= 2;
        }
    }

    fn shortest_of_three(&mut self) -> Duration {
        let mut batch = || (self.batch)(self.iterations);
        batch().min(batch()).min(batch())
    }

    fn run(&mut self) {
        let took = (self.batch)(self.iterations);
        let each = took.as_nanos() as f64 / self.iterations as f64;
        self.samples.push(each);
    }
}

/// The median of each contender, in nanoseconds an iteration, in the order given.
///
/// Whoever runs second wins some per cent, so the order turns round with every round.
pub fn race<const N: usize>(mut contenders: [Contender<'_>; N], effort: Effort) -> [f64; N] {
    for contender in &mut contenders {
        contender.calibrate(effort.batch);
    }
    for round in 0..effort.rounds {
        match round % 2 {
            0 => contenders.iter_mut().for_each(Contender::run),
            _ => contenders.iter_mut().rev().for_each(Contender::run),
        }
    }
    contenders.map(|contender| median(contender.samples))
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
