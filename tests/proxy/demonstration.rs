//! The demonstration: without arguments, and it ends by itself.

use std::process::{Command, Output, Stdio};

use crate::running::program;

/// It changes a tunnel and connects at once, in the same process: whoever comes after a reload is not
/// carried by what was before it. Some run at a time, so that threads wait for each other.
#[test]
fn it_shows_what_it_does_and_whoever_comes_right_after_a_reload_meets_what_was_reloaded() {
    let program = program();
    for _ in 0..15 {
        let start = || {
            let mut command = Command::new(&program);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let started: Vec<_> = (0..8).map(|_| start()).collect();
        for run in started {
            let Output { status, stdout, stderr } = run.wait_with_output().unwrap();
            let said = [stdout, stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
            assert!(status.success(), "{}", said.join("\n"));
            for words in [
                "through both tunnels and back: hello again",
                "client_eku=\"enforced\"",
                "client_eku=\"relaxed: leaf",
            ] {
                assert!(said[0].contains(words), "{words}: {said:?}");
            }
        }
    }
}
