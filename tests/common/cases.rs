//! Cases, seeds and counts.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::env;
use std::str::FromStr;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// Draws cases and holds a property against each; a failure is shrunk and printed with its seed.
///
/// The property says what it met, and how often is printed. A tenth of the cases is drawn, and all of them where
/// `MTLS_ROLES_ALL_CASES` is set, as CI does; `PROPTEST_CASES` and `MTLS_ROLES_SEED` override their number and the seed.
/// Every property draws cases of its own.
pub fn check<S: Strategy>(
    property: &str,
    cases: u32,
    strategy: S,
    holds: impl Fn(&S::Value) -> Result<String, String>,
) -> Met {
    let seed = variable("MTLS_ROLES_SEED").unwrap_or(DEFAULT_SEED);
    let config = Config {
        cases: variable("PROPTEST_CASES").unwrap_or(all_or(cases, cases / 10)),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed_bytes(seed, property));
    let cases = config.cases;
    let met = RefCell::new(BTreeMap::new());
    let result = TestRunner::new_with_rng(config, rng).run(&strategy, |case| {
        let what = holds(&case).map_err(TestCaseError::fail)?;
        *met.borrow_mut().entry(what).or_insert(0) += 1;
        Ok(())
    });
    match result {
        Ok(()) => println!("{property}: {cases} cases with MTLS_ROLES_SEED={seed}"),
        Err(TestError::Fail(reason, case)) => {
            panic!("{property}: {reason}\nMTLS_ROLES_SEED={seed} PROPTEST_CASES={cases}\n{case:#?}")
        }
        Err(abort) => panic!("{property}: {abort}"),
    }
    Met::new(met.into_inner())
}

/// So many where `MTLS_ROLES_ALL_CASES` is set; else few.
pub fn all_or<T>(all: T, few: T) -> T {
    match env::var_os("MTLS_ROLES_ALL_CASES") {
        Some(_) => all,
        None => few,
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
pub struct Met(BTreeMap<String, usize>);

impl Met {
    fn new(counts: BTreeMap<String, usize>) -> Self {
        for (what, count) in &counts {
            println!("{count:6} {what}");
        }
        Self(counts)
    }

    /// A generator that never draws something proves nothing about it. Held where all cases are drawn: with fewer, or
    /// with others, it may be luck.
    pub fn expect_all<'w>(&self, wanted: impl IntoIterator<Item = &'w str>) {
        let is_set = |name| env::var_os(name).is_some();
        if all_or(false, true) || is_set("PROPTEST_CASES") || is_set("MTLS_ROLES_SEED") {
            return;
        }
        let wanted = wanted.into_iter();
        let missed: Vec<_> = wanted.filter(|what| !self.0.contains_key(*what)).collect();
        assert_eq!(missed, Vec::<&str>::new(), "never met");
    }
}
