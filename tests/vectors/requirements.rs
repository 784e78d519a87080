//! Requirements, vectors and adapters name each other and nothing that does not exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn page() -> String {
    fs::read_to_string(docs().join("REFERENCE.md")).unwrap()
}

/// Ids of the page's rows, with their levels. Each says what is asked, and where it comes from.
fn requirements() -> Vec<(String, String)> {
    let page = page();
    let rows = page.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let rows = rows.filter(|cells| cells.len() > 4 && ["must", "should"].contains(&cells[2]));
    let rows = rows.inspect(|cells| {
        assert!(cells.len() == 6 && !cells[3].is_empty() && !cells[4].is_empty(), "{cells:?}");
    });
    rows.map(|cells| (cells[1].to_owned(), cells[2].to_owned())).collect()
}

fn vectors() -> Vec<Value> {
    let files = fs::read_dir(docs().join("vectors")).unwrap().map(|entry| entry.unwrap().path());
    let is_of_vectors = |file: &PathBuf| {
        let name = file.file_name().unwrap().to_str().unwrap();
        let others = ["certificates.json", "crls.json", "keys.json", "schema.json"];
        name.ends_with(".json") && !others.contains(&name)
    };
    let read =
        |file| -> Vec<Value> { serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap() };
    files.filter(is_of_vectors).flat_map(read).collect()
}

#[test]
fn every_vector_names_requirements_of_the_page_and_has_the_level_of_its_first() {
    let requirements = requirements();
    let vectors = vectors();
    assert!(vectors.len() >= 250, "{}", vectors.len());
    for vector in vectors {
        let named = vector["requirements"].as_array().unwrap();
        for (index, id) in named.iter().enumerate() {
            let found = requirements.iter().find(|(known, _)| known == id.as_str().unwrap());
            let (_, level) = found.unwrap_or_else(|| panic!("{}: {id}", vector["id"]));
            assert!(index > 0 || vector["level"] == level.as_str(), "{}", vector["id"]);
        }
    }
}

/// What cannot be asked with one chain: how slots are held, telemetry, the wire, rotation, the work of a search.
const WITHOUT_VECTORS: [&str; 15] = [
    "SLOT-SEPARATE",
    "SLOT-ROOTS",
    "SLOT-COMBINED",
    "SLOT-SILENT",
    "SLOT-PREVIOUS",
    "OBS-",
    "ERR-",
    "ROT-",
    "RES-",
    "MIG-",
    "PATH-BOUND",
    "REL-CONFIG",
    "REL-CODES",
    "KEEP-HANDSHAKE",
    "REV-NEVER-LESS",
];

#[test]
fn every_requirement_is_whole_and_has_a_vector_if_it_can_be_asked_with_one_chain() {
    let vectors = vectors();
    let asked: BTreeSet<_> = vectors
        .iter()
        .flat_map(|vector| vector["requirements"].as_array().unwrap())
        .map(|id| id.as_str().unwrap())
        .collect();
    for (id, _) in requirements() {
        let is_asked = asked.contains(id.as_str());
        let is_other = WITHOUT_VECTORS.iter().any(|beginning| id.starts_with(beginning));
        assert!(is_asked != is_other, "{id}");
    }
}

#[test]
fn the_page_is_free_of_rust() {
    let page = page();
    for word in ["crate", "::", "cargo", "Arc<", "fn "] {
        assert!(!page.contains(word), "{word}");
    }
}
