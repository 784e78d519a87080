//! One folder, one run, and what was said of each file.

use serde_json::Value;

use crate::audit::run::{audit_in, places};
use crate::common::files::TempDir;
use crate::common::programs::Run;

/// Audits a folder of these files.
pub fn audit<N: AsRef<str>, B: AsRef<[u8]>>(files: impl IntoIterator<Item = (N, B)>) -> Run {
    audit_with(files, "", &[])
}

/// With these passwords, a line each.
pub fn audit_with_passwords<N: AsRef<str>, B: AsRef<[u8]>>(
    files: impl IntoIterator<Item = (N, B)>,
    passwords: &str,
) -> Run {
    let folder = TempDir::new();
    let file = folder.write("passwords", passwords);
    audit_with(files, &format!("--password-file {}", file.display()), &[])
}

/// The folder's own name is left out of what is said.
pub fn audit_with<N: AsRef<str>, B: AsRef<[u8]>>(
    files: impl IntoIterator<Item = (N, B)>,
    more: &str,
    env: &[(&str, &str)],
) -> Run {
    let folder = TempDir::new();
    for (name, bytes) in files {
        folder.write(name.as_ref(), bytes);
    }
    let mut told = audit_in(folder.path(), &format!("--format json . {more}"), b"", env);
    told.stdout = told.stdout.replace("\"./", "\"");
    told
}
/// Where the certificate with this common name is.
pub fn places_of(told: &Run, name: &str) -> Vec<String> {
    lines_of(told, name).iter().flat_map(places).collect()
}

/// Where private keys are that belong to it.
pub fn keys_of(told: &Run, name: &str) -> Vec<String> {
    let lines = lines_of(told, name);
    let keys = lines.iter().filter_map(|line| line["private_keys"].as_array()).flatten();
    keys.map(|key| key.as_str().unwrap().to_owned()).collect()
}

fn lines_of(told: &Run, name: &str) -> Vec<Value> {
    let lines = told.lines().into_iter();
    lines.filter(|line| line["subject"] == format!("CN={name}")).collect()
}
