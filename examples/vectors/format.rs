//! The files in `docs/vectors/`: what `README.md` there describes and `schema.json` constrains.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// One question to a verifier, and its answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    pub id: String,
    /// What it is about; the first one is what it is mainly about.
    pub requirements: Vec<String>,
    pub level: String,
    pub about: String,
    pub role: String,
    /// If it is there, the chain is ours: may it be published, with this key, in the slot of the role?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot_key: Option<String>,
    pub chain: Vec<String>,
    pub roots: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crls: Vec<String>,
    pub time: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    pub policy: Policy,
    pub expected: Expected,
}

/// How the verifier is configured.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub eku: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relax_for: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub relax_for_any_private_peer: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub allow_anybody_public: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// `accept`, `refuse` or `config-error`.
    pub verdict: String,
    /// Of a refusal: the honest class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// `enforced`, `relaxed`, `refused-eku`, `refused-other`; nothing is reported of what was not built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// Of what was relaxed, or refused for the EKU alone: which certificate is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eku: Option<Wrong>,
}

/// The first certificate from the leaf whose EKU is wrong.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Wrong {
    pub position: usize,
    pub needed: String,
    /// `null`: no extension.
    pub found: Option<Vec<String>>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// PEM by name.
pub type Pems = BTreeMap<String, String>;

/// The whole suite: vectors by file, certificates, lists and keys.
#[derive(Default)]
pub struct Suite {
    pub vectors: BTreeMap<String, Vec<Vector>>,
    pub certificates: Pems,
    pub crls: Pems,
    pub keys: Pems,
}

const PEMS: [&str; 3] = ["certificates", "crls", "keys"];

impl Suite {
    pub fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/vectors")
    }

    /// From the files in the repository.
    pub fn read() -> Result<Self, Box<dyn std::error::Error>> {
        let folder = Self::folder();
        let text = |name: &str| fs::read_to_string(folder.join(format!("{name}.json")));
        let pems = |name| -> Result<Pems, Box<dyn std::error::Error>> {
            Ok(serde_json::from_str(&text(name)?)?)
        };
        let mut suite = Self {
            certificates: pems(PEMS[0])?,
            crls: pems(PEMS[1])?,
            keys: pems(PEMS[2])?,
            ..Self::default()
        };
        for entry in fs::read_dir(&folder)? {
            let file = entry?.file_name().to_string_lossy().into_owned();
            let Some(name) = file.strip_suffix(".json") else { continue };
            if name != "schema" && !PEMS.contains(&name) {
                suite.vectors.insert(name.into(), serde_json::from_str(&text(name)?)?);
            }
        }
        Ok(suite)
    }

    pub fn all(&self) -> impl Iterator<Item = &Vector> {
        self.vectors.values().flatten()
    }

    /// Those about the chains of peers.
    pub fn about_peers(&self) -> impl Iterator<Item = &Vector> {
        self.all().filter(|vector| vector.slot_key.is_none())
    }

    /// File names and contents, as they stand in the repository.
    pub fn files(&self) -> BTreeMap<String, String> {
        let vectors = self.vectors.iter().map(|(name, vectors)| (name.as_str(), lines(vectors)));
        let pems = [&self.certificates, &self.crls, &self.keys].map(pretty);
        vectors
            .chain(PEMS.into_iter().zip(pems))
            .map(|(name, text)| (format!("{name}.json"), text))
            .collect()
    }
}

fn pretty(pems: &Pems) -> String {
    serde_json::to_string_pretty(pems).expect("text is JSON") + "\n"
}

/// One field a line: to be read, and compared.
fn lines(vectors: &[Vector]) -> String {
    let vectors: Vec<_> = vectors.iter().map(fields).collect();
    format!("[\n{}\n]\n", vectors.join(",\n"))
}

fn fields(vector: &Vector) -> String {
    let json = serde_json::to_string_pretty(vector).expect("a vector is JSON");
    // Behind the first line of a field, everything is joined to it.
    let mut out = String::new();
    for line in json.lines() {
        let depth = line.len() - line.trim_start().len();
        match depth {
            0 => out.push_str(&format!("{}  {line}", if line == "}" { "\n" } else { "" })),
            2 if !line.trim_start().starts_with([']', '}']) => out.push_str(&format!("\n  {line}")),
            _ => out.push_str(&format!(
                "{}{}",
                if out.ends_with(',') { " " } else { "" },
                line.trim()
            )),
        }
    }
    out
}
