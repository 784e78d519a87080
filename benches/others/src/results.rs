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

    /// Of an earlier run.
    pub fn forget_versions(&mut self, prefix: &str) {
        if let Some(versions) = self.versions() {
            versions.retain(|known| !known.as_str().is_some_and(|it| it.starts_with(prefix)));
        }
    }

    pub fn add_version(&mut self, version: &str) {
        if let Some(versions) = self.versions() {
            versions.push(version.into());
        }
    }

    fn versions(&mut self) -> Option<&mut Vec<Value>> {
        let about = self.0.get_mut("about")?;
        about.get_mut("versions")?.as_array_mut()
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
const COLUMNS: [(&str, &str); 8] = [
    ("ours", "ours, known"),
    ("stock", "stock rustls"),
    ("openssl", "OpenSSL with parsing"),
    ("openssl_parsed", "OpenSSL, parsed"),
    ("go", "Debian's Go with parsing"),
    ("go_parsed", "Debian's Go, parsed"),
    ("go_current", "current Go with parsing"),
    ("go_current_parsed", "current Go, parsed"),
];
