//! A module imports only what stands before it in the map of `lib.rs`, and a file of a folder only
//! what stands before it in the folder's `mod.rs`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::sources::{code_of, sources, src, text_of};

/// The modules in the order of `lib.rs`.
pub fn order() -> Vec<String> {
    modules(&src().join("lib.rs"))
}

/// The modules that a file declares, in its order.
fn modules(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let names = text.lines().filter_map(|line| {
        let (_, name) = line.split_once("mod ")?;
        let is_declared = line.starts_with("mod ") || line.starts_with("pub");
        name.strip_suffix(';').filter(|_| is_declared)
    });
    names.map(str::to_owned).collect()
}

/// Every source file of a module, whether it is a file or a folder.
pub fn files(module: &str) -> Vec<PathBuf> {
    let file = src().join(module).with_extension("rs");
    match file.exists() {
        true => vec![file],
        false => sources(&format!("src/{module}")),
    }
}

/// What stands behind each `crate::` or `super::` of a text.
fn named_behind(prefix: &str, text: &str) -> Vec<String> {
    text.split(prefix)
        .skip(1)
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            rest[..end.unwrap_or(rest.len())].to_owned()
        })
        .collect()
}

/// The `mod.rs` stands last: a name that is none of its modules is one of `mod.rs` itself.
#[test]
fn every_import_inside_a_folder_points_up_the_map_of_its_mod_rs() {
    let (mut seen, mut climbs) = (0, vec![]);
    for folder in order().into_iter().filter(|folder| src().join(folder).is_dir()) {
        let order = modules(&src().join(&folder).join("mod.rs"));
        for (own, name) in order.iter().enumerate() {
            let code = code_of(&src().join(&folder).join(name).with_extension("rs"));
            for import in named_behind("super::", &code) {
                if !order[..own].contains(&import) {
                    climbs.push(format!("{folder}/{name}.rs climbs to super::{import}"));
                }
                seen += 1;
            }
            if named_behind("crate::", &code).contains(&folder) {
                climbs.push(format!("{folder}/{name}.rs climbs to crate::{folder}"));
            }
        }
    }
    assert!(climbs.is_empty(), "{}", climbs.join("\n"));
    assert!(seen > 20, "only {seen} imports were found: the test reads the wrong thing");
}

#[test]
fn every_import_points_up_the_map_of_lib_rs() {
    let order = order();
    let mut seen = 0;
    for (own, module) in order.iter().enumerate() {
        for file in files(module) {
            for import in named_behind("crate::", &text_of(&file)) {
                let is_before = order[..=own].contains(&import);
                assert!(is_before, "{} imports {import}, which stands later", file.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 20, "only {seen} imports were found: the test reads the wrong thing");
}

/// Unit tests may take algorithms from it.
#[test]
fn webpki_is_named_in_the_verifier_only() {
    for module in order() {
        for file in files(&module) {
            let names_webpki = code_of(&file).contains("webpki::");
            assert!(!names_webpki || module == "verifier", "{} names webpki", file.display());
        }
    }
}

/// The audit judges what is on paper: it must not come to depend on what runs.
#[test]
fn the_audit_knows_neither_slots_nor_verifiers() {
    const ALLOWED: [&str; 8] =
        ["text", "role", "error", "pem", "tlv", "certificate", "eku", "roots"];
    for file in files("audit") {
        for import in named_behind("crate::", &text_of(&file)) {
            let is_allowed = ALLOWED.contains(&&*import);
            assert!(is_allowed, "{} imports {import}", file.display());
        }
    }
}
