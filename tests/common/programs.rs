//! Runs the programs in `examples/` as a user would.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// How a program ended, and what it said.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Each line as JSON.
    pub fn lines(&self) -> Vec<Value> {
        let lines = self.stdout.lines().map(serde_json::from_str);
        let lines: Result<_, _> = lines.collect();
        lines.unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// All of it, for a golden file; JSON is indented.
    pub fn told(&self) -> String {
        let indented = |line| match serde_json::from_str::<Value>(line) {
            Ok(json) if json.is_object() => format!("{json:#}\n"),
            _ => format!("{line}\n"),
        };
        let stdout: String = self.stdout.split_terminator('\n').map(indented).collect();
        format!("{stdout}{}exit code {}\n\n", self.stderr, self.code)
    }
}

pub fn run(mut program: Command, stdin: &[u8]) -> Run {
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    // A program that does not read its input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().expect("it exits, and is not killed"),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// How it ended and what it said where nobody reads its output any more, as in `… | head`.
pub fn run_unread(mut program: Command) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = program.stdin(Stdio::null()).stdout(writer).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Where cargo put an example. It is built once, with all that these tests run.
pub fn example(all: &[&str], name: &str) -> PathBuf {
    static BUILT: OnceLock<Vec<Value>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build(all)).iter().find_map(|message| {
        let is_it = message["target"]["name"] == name;
        message["executable"].as_str().filter(|_| is_it)
    });
    built.unwrap_or_else(|| panic!("cargo built no example {name}")).into()
}

/// With the profile and the target folder of this test, so that nothing is compiled twice: a test
/// program that is run alone has none of them built.
fn build(examples: &[&str]) -> Vec<Value> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    // Cargo describes this package to its tests. Handed on, it would look like a change to the
    // build script of ring, which would be compiled again each time.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    cargo.args(["build", "--quiet", "--message-format", "json"]);
    cargo.arg("--target-dir").arg(target);
    for name in examples {
        cargo.args(["--example", name]);
    }
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = run(cargo, b"");
    assert_eq!(output.code, 0, "{}\n{}", output.stderr, output.stdout);
    output.lines()
}
