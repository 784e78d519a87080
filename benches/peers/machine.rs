//! Where the numbers come from: numbers without it mean nothing.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

/// The processor and how many threads it runs at once.
pub fn name() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    format!("{model}, {threads} threads")
}

/// The compiler, this crate, and what it is compared with.
pub fn versions() -> Vec<String> {
    let mut versions = vec![rustc(), format!("mtls-roles {}", env!("CARGO_PKG_VERSION"))];
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let lock = fs::read_to_string(lock).unwrap_or_default();
    for name in ["rustls", "rustls-webpki", "aws-lc-rs", "ring"] {
        versions.extend(locked(&lock, name).map(|version| format!("{name} {version}")));
    }
    versions
}

fn rustc() -> String {
    let output = Command::new("rustc").arg("--version").output();
    output.map_or("unknown rustc".into(), |output| {
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    })
}

fn locked<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    after.split_once('"').map(|(version, _)| version)
}
