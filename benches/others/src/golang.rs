//! Go's `crypto/x509`, by the program `verify.go` beside this package.

use std::path::Path;
use std::process::Command;

use super::race::Effort;
use super::results::Results;

/// Runs the program, or says that it does not.
pub fn measure(target: &Path, effort: Effort, results: &mut Results) {
    if let Err(error) = Command::new("go").arg("version").output() {
        println!("SKIPPED: crypto/x509, since `go` cannot be run ({error})");
        return;
    }
    let output = Command::new("go")
        .args(["run", "verify.go"])
        .arg(std::path::absolute(target.join("peers-chains")).unwrap())
        .arg(effort.name)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        println!("SKIPPED: crypto/x509, since verify.go fails: {said}");
        return;
    }
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().for_each(|line| read(line, results));
}

/// `version <name>`, or `<row> <kind> <microseconds>`.
fn read(line: &str, results: &mut Results) {
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["version", version] => results.add_version("go", version),
        [row, kind, microseconds] => results.add(row, kind, microseconds.parse().unwrap()),
        _ => panic!("verify.go says `{line}`"),
    }
}
