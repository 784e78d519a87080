//! What a run leaves in the target folder: the results, and the chains for `benches/others`.

use std::fs;
use std::path::{Path, PathBuf};

use rustls::pki_types::CertificateDer;
use serde_json::{Map, Value, json};

use super::common::clock::NOW;
use super::machine;
use super::race::Effort;
use super::rows::{Row, World};

/// `peers.json`: every row's ratio under its key, what the two sides of the known chains took in
/// microseconds, and what was measured where.
pub fn write_results(rows: &[Row], effort: Effort) {
    let mut all: Map<_, _> = rows.iter().map(|row| (row.key.clone(), json!(row.ratio()))).collect();
    // Of what several rows measured, the first: with stock rustls in the same race.
    for (key, value) in rows.iter().filter_map(microseconds).flatten() {
        all.entry(key).or_insert(value);
    }
    let about = json!({
        "machine": machine::name(),
        "versions": machine::versions(),
        "effort": effort.name,
    });
    all.insert("about".into(), about);
    let text = serde_json::to_string_pretty(&all).unwrap();
    let path = target().join("peers.json");
    fs::write(&path, text + "\n").unwrap();
    println!("written: {}", path.display());
}

/// For the rows that other libraries are set beside.
fn microseconds(row: &Row) -> Option<[(String, Value); 2]> {
    let rest = row.key.strip_prefix("known_chain_")?;
    let (kind, other) = rest.split_once("_vs_")?;
    Some([
        (format!("ours_known_{kind}_us"), json!(row.ours / 1000.0)),
        (format!("{other}_known_{kind}_us"), json!(row.other / 1000.0)),
    ])
}

/// `peers-chains/<kind>/{leaf,intermediate,root}.der`, and in `now` the Unix time they are valid at.
pub fn write_chains(worlds: &[World]) {
    let folder = target().join("peers-chains");
    for world in worlds {
        let folder = folder.join(world.kind);
        fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, certificate: &CertificateDer<'_>| {
            fs::write(folder.join(name), certificate).unwrap();
        };
        write("leaf.der", &world.chain[0]);
        write("intermediate.der", &world.chain[1]);
        write("root.der", &world.hierarchy.root.der());
    }
    fs::write(folder.join("now"), NOW.unix_timestamp().to_string()).unwrap();
    println!("written: {}", folder.display());
}

/// Cargo's target folder, whatever it is called: it has made `tmp` in it for the benches.
fn target() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    folder.expect("cargo says `<target>/tmp`").into()
}
