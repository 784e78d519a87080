//! A module imports only what stands before it in the map of `lib.rs`.

use std::fs;
use std::path::{Path, PathBuf};

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The modules in the order of `lib.rs`.
fn order() -> Vec<String> {
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let names = lib.lines().filter_map(|line| {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        line.strip_prefix("mod ")?.strip_suffix(';')
    });
    names.map(str::to_owned).collect()
}

/// Every source file of a module, whether it is a file or a folder.
fn files(module: &str) -> Vec<PathBuf> {
    let folder = src().join(module);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files.extend(Some(folder.with_extension("rs")).filter(|file| file.exists()));
    assert!(!files.is_empty(), "module {module} has no file");
    files
}

/// The modules that a file names with `crate::`, outside doc comments.
fn imports(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            rest[..end.unwrap_or(rest.len())].to_owned()
        })
        .collect()
}

#[test]
fn every_import_points_up_the_map_of_lib_rs() {
    let order = order();
    let rank = |module: &str| order.iter().position(|name| name == module);
    let mut seen = 0;
    for (own, module) in order.iter().enumerate() {
        for file in files(module) {
            for import in imports(&file) {
                let imported = rank(&import)
                    .unwrap_or_else(|| panic!("{}: crate::{import} is no module", file.display()));
                assert!(
                    imported <= own,
                    "{}: {module} stands before {import} in lib.rs and imports it",
                    file.display()
                );
                seen += 1;
            }
        }
    }
    assert!(
        seen > 20,
        "only {seen} imports were found: the test reads the wrong thing"
    );
}

/// Unit tests may take algorithms from it.
#[test]
fn webpki_is_named_in_the_verifier_only() {
    for module in order() {
        for file in files(&module) {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            let names_webpki = code.into_iter().any(|line| line.contains("webpki::"));
            assert!(
                !names_webpki || module == "verifier",
                "{} names webpki",
                file.display()
            );
        }
    }
}

/// The audit judges what is on paper: it must not come to depend on what runs.
#[test]
fn the_audit_knows_neither_slots_nor_verifiers() {
    const ALLOWED: [&str; 7] = [
        "text",
        "role",
        "error",
        "pem",
        "element",
        "certificate",
        "eku",
    ];
    for file in files("audit") {
        for import in imports(&file) {
            let is_allowed = ALLOWED.contains(&&*import);
            assert!(is_allowed, "{} imports {import}", file.display());
        }
    }
}
