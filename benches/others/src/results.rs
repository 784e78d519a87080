//! [`Results`]: `peers.json`, and the table of all that verify the same chains.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::chain::Chain;

pub struct Results(Map<String, Value>);

impl Results {
    /// What the bench of the crate wrote.
    pub fn read(target: &Path) -> Option<Self> {
        let text = fs::read_to_string(target.join("peers.json")).ok()?;
        serde_json::from_str(&text).ok().map(Self)
    }

    /// What it costs somebody to verify the chain of this kind, in microseconds.
    pub fn add(&mut self, who: &str, kind: &str, microseconds: f64) {
        self.0.insert(key(who, kind), json!(microseconds));
    }

    /// In place of an earlier one that begins in the same way.
    pub fn add_version(&mut self, prefix: &str, version: &str) {
        let versions = self
            .0
            .get_mut("about")
            .and_then(|about| about.get_mut("versions"));
        if let Some(versions) = versions.and_then(Value::as_array_mut) {
            versions.retain(|known| !known.as_str().is_some_and(|it| it.starts_with(prefix)));
            versions.push(version.into());
        }
    }

    pub fn print(&self, chains: &[Chain]) {
        println!("microseconds a chain of leaf, intermediate, root");
        println!("\n| | {} |", COLUMNS.map(|(_, title)| title).join(" | "));
        println!("| --- | {} |", COLUMNS.map(|_| "---:").join(" | "));
        for chain in chains {
            let cells = COLUMNS.map(|(who, _)| self.cell(&key(who, &chain.kind)));
            println!("| {} | {} |", chain.kind, cells.join(" | "));
        }
        println!("\n{}", self.0.get("about").unwrap_or(&Value::Null));
    }

    fn cell(&self, key: &str) -> String {
        let number = self.0.get(key).and_then(Value::as_f64);
        number.map_or("–".into(), |number| format!("{number:.2}"))
    }

    pub fn write(&self, target: &Path) {
        let path = target.join("peers.json");
        let text = serde_json::to_string_pretty(&self.0).unwrap();
        fs::write(&path, text + "\n").unwrap();
        println!("written: {}", path.display());
    }
}

fn key(who: &str, kind: &str) -> String {
    format!("{who}_known_{kind}_us")
}

/// Who verifies, as in the keys, and how the table calls it.
const COLUMNS: [(&str, &str); 6] = [
    ("ours", "ours, known"),
    ("stock", "stock rustls"),
    ("openssl", "OpenSSL with parsing"),
    ("openssl_parsed", "OpenSSL, parsed"),
    ("go", "Go with parsing"),
    ("go_parsed", "Go, parsed"),
];
