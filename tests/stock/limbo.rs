//! The conformance suite, where it is at hand: how many cases agree, and none lost to stock rustls.

#[allow(dead_code)] // Only the program prints the contexts.
#[path = "../../examples/limbo/case.rs"]
mod case;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;

use case::{Eku, Memo, Outcome, Runner};
use serde_json::Value;

/// The suite, or nothing and a word about it.
fn cases() -> Option<Vec<Value>> {
    let path = crate::common::shared("conformance/limbo-dev.json")?;
    let suite: Value = serde_json::from_reader(BufReader::new(File::open(path).unwrap())).unwrap();
    Some(suite["testcases"].as_array().unwrap().clone())
}

fn id(case: &Value) -> String {
    case["id"].as_str().unwrap().to_owned()
}

/// Whether each case was accepted.
fn accepted(cases: &[Value], eku: Eku, stock: bool) -> BTreeMap<String, bool> {
    let runner = Runner::new(eku, stock, Memo::Own);
    let verdict = |case| (id(case), matches!(runner.run(case), Outcome::Success));
    cases.iter().map(verdict).collect()
}

fn agreeing(cases: &[Value], accepted: &BTreeMap<String, bool>) -> usize {
    let agrees = |case: &&Value| (case["expected_result"] == "SUCCESS") == accepted[&id(case)];
    cases.iter().filter(agrees).count()
}

#[test]
fn at_least_558_of_594_cases_agree_and_stock_agrees_in_fewer() {
    let Some(cases) = cases() else { return };
    assert_eq!(cases.len(), 594);
    let ours = agreeing(&cases, &accepted(&cases, Eku::Rfc5280, false));
    let stock = agreeing(&cases, &accepted(&cases, Eku::Rfc5280, true));
    assert!(ours >= 558, "{ours} agree");
    assert!(stock < ours, "stock {stock}, ours {ours}");
}

#[test]
fn no_case_is_refused_that_stock_rustls_rightly_accepts() {
    let Some(cases) = cases() else { return };
    let ours = accepted(&cases, Eku::Rfc5280, false);
    let stock = accepted(&cases, Eku::Rfc5280, true);
    let rightly = cases.iter().filter(|case| case["expected_result"] == "SUCCESS").map(id);
    let lost: Vec<_> = rightly.filter(|id| stock[id] && !ours[id]).collect();
    assert_eq!(lost, Vec::<String>::new());
}

/// BetterTLS' five are about an intermediate or leaf with a wrong EKU; their names do not say so.
#[test]
fn with_the_eku_ignored_only_the_cases_whose_point_is_the_eku_change() {
    let Some(cases) = cases() else { return };
    let strict = accepted(&cases, Eku::Rfc5280, false);
    let ignore = accepted(&cases, Eku::Ignore, false);
    let changed: Vec<_> = strict.keys().filter(|id| strict[*id] != ignore[*id]).collect();
    assert_eq!(
        changed,
        [
            "bettertls::pathbuilding::tc12",
            "bettertls::pathbuilding::tc38",
            "bettertls::pathbuilding::tc44",
            "bettertls::pathbuilding::tc5",
            "bettertls::pathbuilding::tc77",
            "rfc5280::eku::ee-wrong-eku",
        ]
    );
}

/// The cases share names, keys and whole certificates, and one memo serves all of them, twice.
#[test]
fn every_case_comes_out_the_same_without_a_memo_and_with_one_for_all_cases() {
    let Some(cases) = cases() else { return };
    for eku in [Eku::Rfc5280, Eku::Ignore] {
        let mut runner = Runner::new(eku, false, Memo::Off);
        let outcomes: Vec<_> = cases.iter().map(|case| runner.run(case)).collect();
        runner.memo = Memo::Shared;
        for pass in ["cold", "warm"] {
            let differs = |(case, outcome): &(&Value, &Outcome)| runner.run(case) != **outcome;
            let rows = cases.iter().zip(&outcomes);
            let wrong: Vec<_> = rows.filter(differs).map(|(case, _)| id(case)).collect();
            assert_eq!(wrong, Vec::<String>::new(), "{pass}");
        }
        let found = runner.shared.counters();
        assert!(found.hits > 594 && found.entries > 594, "{found:?}");
    }
}
