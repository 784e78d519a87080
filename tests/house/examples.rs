//! Whatever the crate's root and `audit` export has an example in its documentation.

use std::collections::BTreeSet;
use std::fs;

use super::layering::{files, order};
use super::sources::src;

#[test]
fn everything_public_has_an_example() {
    let exports =
        ["lib.rs", "audit/mod.rs"].map(|file| fs::read_to_string(src().join(file)).unwrap());
    let exports = exports.iter().flat_map(|text| text.split("pub use ").skip(1));
    let exports: BTreeSet<_> =
        exports.flat_map(|text| words(text.split(';').next().unwrap())).collect();
    let (mut seen, mut bare) = (0, vec![]);
    for file in order().iter().flat_map(|module| files(module)) {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<_> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let mut words = words(line);
            let is_item = line.starts_with("pub ")
                && words
                    .nth(1)
                    .is_some_and(|kind| ["struct", "enum", "trait", "fn"].contains(&kind));
            let Some(name) = words.next().filter(|name| is_item && exports.contains(name)) else {
                continue;
            };
            let above = lines[..at].iter().rev();
            let mut above =
                above.take_while(|line| line.starts_with("///") || line.starts_with("#["));
            if !above.any(|line| line.starts_with("/// ```")) {
                bare.push(format!("{name} in {}", file.display()));
            }
            seen += 1;
        }
    }
    assert!(seen > 80, "{seen}");
    assert!(bare.is_empty(), "without an example: {}", bare.join(", "));
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}
