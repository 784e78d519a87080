//! Cases, seeds and counts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::env;
use std::fmt::Display;
use std::str::FromStr;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// Draws cases and holds a property against each; a failure is shrunk and printed with its seed.
///
/// `cases` and the seed are overridden by `PROPTEST_CASES` and `MTLS_ROLES_SEED`. Every property
/// draws cases of its own.
pub fn check<S: Strategy>(
    property: &str,
    cases: u32,
    strategy: S,
    holds: impl Fn(&S::Value) -> Result<(), String>,
) {
    let seed = variable("MTLS_ROLES_SEED").unwrap_or(DEFAULT_SEED);
    let config = Config {
        cases: variable("PROPTEST_CASES").unwrap_or(cases),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed_bytes(seed, property));
    let cases = config.cases;
    let result = TestRunner::new_with_rng(config, rng)
        .run(&strategy, |case| holds(&case).map_err(TestCaseError::fail));
    match result {
        Ok(()) => println!("{property}: {cases} cases with MTLS_ROLES_SEED={seed}"),
        Err(TestError::Fail(reason, case)) => {
            panic!("{property}: {reason}\nMTLS_ROLES_SEED={seed} PROPTEST_CASES={cases}\n{case:#?}")
        }
        Err(abort) => panic!("{property}: {abort}"),
    }
}

/// Any number will do; that it stays the same is what counts.
const DEFAULT_SEED: u64 = 20_261_121;

fn variable<T: FromStr>(name: &str) -> Option<T> {
    let value = env::var(name).ok()?;
    match value.parse() {
        Ok(value) => Some(value),
        Err(_) => panic!("{name}={value}: a number is needed"),
    }
}

/// The seed, and enough of the property's name to tell it from the others.
fn seed_bytes(seed: u64, property: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    for (index, byte) in property.bytes().enumerate() {
        bytes[8 + index % 24] ^= byte;
    }
    bytes
}

/// How often what was met.
#[derive(Default)]
pub struct Tally(RefCell<BTreeMap<String, usize>>);

impl Tally {
    pub fn count(&self, what: impl Display) {
        *self.0.borrow_mut().entry(what.to_string()).or_default() += 1;
    }

    pub fn of(&self, what: impl Display) -> usize {
        let counts = self.0.borrow();
        counts.get(&what.to_string()).copied().unwrap_or_default()
    }

    pub fn print(&self) {
        for (what, count) in self.0.borrow().iter() {
            println!("{count:6} {what}");
        }
    }

    /// A generator that never draws something proves nothing about it. With other cases than those
    /// of the default it may be luck.
    pub fn expect_all<W: Display>(&self, wanted: impl IntoIterator<Item = W>) {
        let is_set = |name| env::var_os(name).is_some();
        if is_set("PROPTEST_CASES") || is_set("MTLS_ROLES_SEED") {
            return;
        }
        let wanted = wanted.into_iter().map(|what| what.to_string());
        let missed: Vec<_> = wanted.filter(|what| self.of(what) == 0).collect();
        assert_eq!(missed, Vec::<String>::new(), "never met");
    }
}
