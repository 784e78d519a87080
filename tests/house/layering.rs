//! A module imports only what stands before it in the map of `lib.rs`, and a file of a folder only
//! what stands before it in the folder's `mod.rs`.

use std::fs;
use std::path::{Path, PathBuf};

pub fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

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
    named_behind("crate::", &fs::read_to_string(file).unwrap())
}

/// What stands behind each `crate::` or `super::` of a text, outside comments.
fn named_behind(prefix: &str, text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split(prefix).skip(1))
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            rest[..end.unwrap_or(rest.len())].to_owned()
        })
        .collect()
}

#[test]
fn every_import_inside_a_folder_points_up_the_map_of_its_mod_rs() {
    let mut judged = 0;
    for folder in order() {
        if !src().join(&folder).is_dir() {
            continue;
        }
        let climbs = climbs(&folder);
        assert!(climbs.is_empty(), "{}", climbs.join("\n"));
        judged += 1;
    }
    assert!(judged > 5, "{judged}");
}

/// What the files of a folder import that does not stand before them. Its `mod.rs` (or the file beside the folder) stands
/// last: a name that is none of its modules is one of `mod.rs` itself.
fn climbs(folder: &str) -> Vec<String> {
    let inside = src().join(folder).join("mod.rs");
    let order =
        modules(&if inside.exists() { inside } else { src().join(folder).with_extension("rs") });
    let mut climbs = vec![];
    for (own, name) in order.iter().enumerate() {
        let file = src().join(folder).join(name).with_extension("rs");
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for import in named_behind("super::", code) {
            if !order[..own].contains(&import) {
                climbs.push(format!("{folder}/{name}.rs climbs to super::{import}"));
            }
        }
        if named_behind("crate::", code).iter().any(|import| import == folder) {
            climbs.push(format!("{folder}/{name}.rs climbs to crate::{folder}"));
        }
    }
    climbs
}

#[test]
fn an_import_that_climbs_is_seen() {
    let code = "use super::a::B;\n/// super::c\nuse super::{D, e};\nlet f = super::g::h();";
    assert_eq!(named_behind("super::", code), ["a", "", "g"]);
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
    assert!(seen > 20, "only {seen} imports were found: the test reads the wrong thing");
}

/// Unit tests may take algorithms from it.
#[test]
fn webpki_is_named_in_the_verifier_only() {
    for module in order() {
        for file in files(&module) {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let names_webpki = code.into_iter().any(|line| line.contains("webpki::"));
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
        for import in imports(&file) {
            let is_allowed = ALLOWED.contains(&&*import);
            assert!(is_allowed, "{} imports {import}", file.display());
        }
    }
}
