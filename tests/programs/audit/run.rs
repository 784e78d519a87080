//! Runs the program as a user would.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::world::World;
use crate::common::agreed::agreed;
use crate::common::pki::subject_of;
pub use crate::common::programs::{Run, run};
use crate::{hex_sha256, program, without_hashes};

/// `audit` with these arguments, in the world's folder.
pub fn audit(world: &World, arguments: &str) -> Run {
    audit_in(world.path(), arguments, b"", &[])
}

/// On a day that is past every test certificate's first, unless the arguments have another.
pub fn audit_in(folder: &Path, arguments: &str, stdin: &[u8], env: &[(&str, &str)]) -> Run {
    let mut audit = Command::new(program("audit"));
    audit.current_dir(folder).envs(env.iter().copied()).args(arguments.split_whitespace());
    if !arguments.contains("--as-of") {
        audit.args(["--as-of", "2026-11-21"]);
    }
    run(audit, stdin)
}

/// Each row: the arguments, the exit code.
pub fn exits(world: &World, rows: &[(impl AsRef<str>, i32)]) {
    let failures = rows.iter().filter_map(|(arguments, code)| {
        let arguments = arguments.as_ref();
        let output = audit(world, arguments);
        (output.code != *code).then(|| format!("{arguments}: needed {code}: {output:?}\n"))
    });
    assert_eq!(failures.collect::<String>(), "");
}

/// What is said to each of these arguments is what was agreed.
pub fn agrees(world: &World, file: &str, each: &[&str]) {
    let told = each.iter().map(|arguments| {
        let told = audit(world, arguments).told().replace('\r', "<CR>");
        format!("$ audit {arguments}\n{told}")
    });
    agreed(&format!("programs/audit/{file}"), &keyless(world, told.collect()));
}

/// Keys are fresh in every run: what depends on them is replaced by what it is.
fn keyless(world: &World, mut told: String) -> String {
    let issuers = world.issuers().map(|ca| (ca.der(), ca.pem()));
    for (der, pem) in issuers.into_iter().chain([(world.edge.der(), world.edge.cert_pem())]) {
        let (name, hash) = (subject_of(&der), hex_sha256(&der));
        let spoken = hash.to_uppercase();
        let spoken: Vec<_> = spoken.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
        for (keyed, what) in [
            (pem.replace('\r', ""), "PEM"),
            (hash, "SHA-256"),
            (spoken[..8].join(" "), "first half"),
            (spoken[8..].join(" "), "second half"),
        ] {
            told = told.replace(keyed.trim(), &format!("<{what} of {name}>"));
        }
    }
    without_hashes(told)
}

impl Run {
    /// The line whose subject is this.
    pub fn line(&self, subject: &str) -> Value {
        let mut lines = self.lines().into_iter();
        lines
            .find(|line| line["subject"] == subject)
            .unwrap_or_else(|| panic!("{subject}: {self:?}"))
    }

    /// What the audit could not read, by place, and why.
    pub fn unreadable(&self) -> BTreeMap<String, String> {
        let lines = self.lines().into_iter();
        let lines = lines.filter(|line| line["verdict"] == "unreadable");
        let reason = |line: &Value| line["because"][0]["text"].as_str().unwrap().to_owned();
        lines.map(|line| (places(&line).concat(), reason(&line))).collect()
    }
}

/// Where a line of the audit's report was found, as its text report names it.
pub fn places(line: &Value) -> Vec<String> {
    let source = line["source"].as_array().unwrap_or_else(|| panic!("{line}"));
    source.iter().map(|place| place["text"].as_str().unwrap().to_owned()).collect()
}
