//! What another program answered, held against the vectors; what its stack cannot do is said by name.

use std::collections::BTreeMap;
use std::error::Error;

use crate::cannot::Cannot;
use crate::format::{Expected, Suite};

/// An answer is a line: id, verdict, report and position of the wrong EKU, divided by tabs, with `-`
/// for what is not there. An answer that differs is excused by a row of the stack's `cannot.txt`; a
/// row that excuses nothing is an error, too.
pub fn report(suite: &Suite, stack: &str, answers: &str) -> Result<bool, Box<dyn Error>> {
    let mut cannot = Cannot::read(stack)?;
    let answers: BTreeMap<_, _> =
        answers.lines().filter_map(|line| line.split_once('\t')).collect();
    let (mut wrong, mut right) = (Vec::new(), 0);
    for vector in suite.all() {
        let expected = line(&vector.expected);
        let answer = answers.get(vector.id.as_str()).copied().unwrap_or("nothing");
        match answer == expected {
            true => right += 1,
            false if cannot.excuses(&vector.id) => {}
            false => {
                wrong.push(format!("{}: expected {expected:?}, answered {answer:?}", vector.id))
            }
        }
    }
    wrong.extend(cannot.idle());
    wrong.iter().for_each(|line| println!("{line}"));
    println!(
        "{stack}: {right} of {} vectors; {} rows say what it cannot do",
        suite.all().count(),
        cannot.len()
    );
    Ok(wrong.is_empty())
}

fn line(expected: &Expected) -> String {
    let position = expected.eku.as_ref().map_or_else(|| "-".into(), |eku| eku.position.to_string());
    format!("{}\t{}\t{position}", expected.verdict, expected.report.as_deref().unwrap_or("-"))
}
