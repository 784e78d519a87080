//! One folder, one run, and what was said of each file.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::common::files::TempDir;
use crate::common::programs::{Run, run};
use crate::program;

/// What the program said.
pub struct Told {
    pub run: Run,
    lines: Vec<Value>,
}

/// Audits a folder of these files.
pub fn audit<N: AsRef<str>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (N, B)>) -> Told {
    audit_with(files, |_| ())
}

/// With these passwords, a line each.
pub fn audit_with_passwords<N: AsRef<str>, B: AsRef<[u8]>>(
    files: impl IntoIterator<Item = (N, B)>,
    passwords: &str,
) -> Told {
    let folder = TempDir::new();
    let file = folder.write("passwords", passwords);
    audit_with(files, |audit| _ = audit.arg("--password-file").arg(file))
}

pub fn audit_with<N: AsRef<str>, B: AsRef<[u8]>>(
    files: impl IntoIterator<Item = (N, B)>,
    change: impl FnOnce(&mut Command),
) -> Told {
    let folder = TempDir::new();
    for (name, bytes) in files {
        folder.write(name.as_ref(), bytes);
    }
    let mut audit = Command::new(program("audit"));
    audit.current_dir(folder.path()).args(["--format", "json", "--as-of", "2026-11-21", "."]);
    change(&mut audit);
    let run = run(audit, b"");
    let lines = run.lines();
    Told { run, lines }
}

impl Told {
    /// Where the certificate with this common name is, the folder's name left out.
    pub fn places(&self, name: &str) -> Vec<String> {
        let subject = format!("CN={name}");
        let lines = self.lines.iter().filter(|line| line["subject"] == subject);
        lines.flat_map(places).collect()
    }

    /// Where private keys are that belong to it.
    pub fn keys(&self, name: &str) -> Vec<String> {
        let subject = format!("CN={name}");
        let line = self.lines.iter().find(|line| line["subject"] == subject);
        let keys = line.and_then(|line| line["private_keys"].as_array());
        keys.into_iter().flatten().map(place).collect()
    }

    /// What could not be read, and why.
    pub fn unreadable(&self) -> BTreeMap<String, String> {
        let lines = self.lines.iter().filter(|line| line["verdict"] == "unreadable");
        let reason = |line: &Value| line["because"][0]["text"].as_str().unwrap().to_owned();
        lines.flat_map(|line| places(line).into_iter().map(move |at| (at, reason(line)))).collect()
    }
}

fn places(line: &Value) -> Vec<String> {
    line["source"].as_array().unwrap().iter().map(place).collect()
}

fn place(value: &Value) -> String {
    let text = value["text"].as_str().or(value.as_str()).unwrap();
    text.trim_start_matches("./").to_owned()
}
