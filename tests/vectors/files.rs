//! The vectors in the repository, by the program that makes and runs them.

use std::process::Command;

use crate::common::programs::{Run, run};
use crate::program;

pub fn vectors(arguments: &[&str]) -> Run {
    let mut program = Command::new(program("vectors"));
    program.args(arguments);
    run(program, b"")
}

#[test]
fn the_crate_answers_every_vector_as_it_asks_or_says_why_not() {
    let run = vectors(&[]);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert!(run.stdout.contains("EKU-R0                   holds"), "{}", run.stdout);
}

#[test]
fn the_generator_makes_the_very_files_of_the_repository() {
    let run = vectors(&["generate", "--check"]);
    assert_eq!(run.code, 0, "{}", run.stdout);
}
