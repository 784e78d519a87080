//! SECURITY.md ships, and what it says holds a promise is there.

use crate::sources::{package, sources, text_of};

const POLICY: &str = include_str!("../../SECURITY.md");

#[test]
fn every_promise_of_the_security_policy_names_tests_or_fuzz_targets_that_exist() {
    let files = sources("tests").into_iter().chain(sources("src"));
    let sources: String = files.map(|file| text_of(&file)).collect();
    let promises: Vec<_> = POLICY.lines().filter(|line| line.starts_with("| ")).collect();
    // The head of the table and the line below it.
    for promise in &promises[2..] {
        let held_by = promise.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let names: Vec<_> = held_by.split(", ").map(|name| name.trim_matches('`')).collect();
        assert!(!names.is_empty(), "{promise}");
        for name in names {
            let is_test = sources.contains(&format!("fn {name}()"));
            // Not part of the published crate.
            let targets = package().join("fuzz/fuzz_targets");
            let is_target = targets.join(format!("{name}.rs")).exists() || !targets.exists();
            assert!(is_test || is_target, "`{name}` holds no promise: {promise}");
        }
    }
    assert!(promises.len() > 10);
}

#[test]
fn the_security_policy_ships() {
    let manifest = include_str!("../../Cargo.toml");
    let include = manifest.lines().find(|line| line.starts_with("include = "));
    assert!(include.is_some_and(|include| include.contains("\"/SECURITY.md\"")));
}
