//! The results of a suite against what it expects.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::case::Outcome;

/// Counts by namespace, and the cases that disagree.
#[derive(Default)]
pub struct Summary {
    namespaces: BTreeMap<String, Counts>,
    disagreements: Vec<String>,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    agree: usize,
    too_lenient: usize,
    too_strict: usize,
    skipped: usize,
}

impl Summary {
    pub fn add(&mut self, case: &Value, outcome: &Outcome) {
        let id = case["id"].as_str().unwrap_or_default();
        let namespace = id.split("::").next().unwrap_or_default();
        let counts = self.namespaces.entry(namespace.to_owned()).or_default();
        let expects_success = case["expected_result"] == "SUCCESS";
        match (expects_success, outcome) {
            (true, Outcome::Success) | (false, Outcome::Failure(_)) => counts.agree += 1,
            (_, Outcome::Skipped(context)) => {
                counts.skipped += 1;
                self.disagreements.push(format!("skipped      {id}: {context}"));
            }
            (true, Outcome::Failure(context)) => {
                counts.too_strict += 1;
                self.disagreements.push(format!("too strict   {id}: {context}"));
            }
            (false, Outcome::Success) => {
                counts.too_lenient += 1;
                self.disagreements.push(format!("too lenient  {id}"));
            }
        }
    }

    pub fn text(&self, disagreements: bool) -> String {
        let mut text = format!(
            "{:<16}{:>8}{:>13}{:>12}{:>9}\n",
            "", "agree", "too lenient", "too strict", "skipped"
        );
        let mut total = Counts::default();
        for (namespace, counts) in &self.namespaces {
            total.agree += counts.agree;
            total.too_lenient += counts.too_lenient;
            total.too_strict += counts.too_strict;
            total.skipped += counts.skipped;
            row(&mut text, namespace, *counts);
        }
        row(&mut text, "total", total);
        if disagreements {
            self.disagreements.iter().for_each(|line| text.extend([line, "\n"]));
        }
        text
    }
}

fn row(text: &mut String, name: &str, counts: Counts) {
    let Counts { agree, too_lenient, too_strict, skipped } = counts;
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{name:<16}{agree:>8}{too_lenient:>13}{too_strict:>12}{skipped:>9}");
}
