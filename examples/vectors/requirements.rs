//! The requirements of `docs/REFERENCE.md`: its rows that begin with an id and a level.

use std::collections::BTreeMap;

/// Levels by id, in the order of the page.
pub struct Requirements {
    levels: BTreeMap<String, String>,
    pub ids: Vec<String>,
}

impl Requirements {
    pub fn read() -> Self {
        let mut this = Self { levels: BTreeMap::new(), ids: vec![] };
        for line in include_str!("../../docs/REFERENCE.md").lines() {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            if let ["", id, level @ ("must" | "should"), ..] = cells[..] {
                let id = id.trim_matches('`').to_owned();
                let known = this.levels.insert(id.clone(), level.into());
                assert!(known.is_none(), "two requirements {id}");
                this.ids.push(id);
            }
        }
        this
    }

    /// # Panics
    ///
    /// The page has no such requirement.
    pub fn level(&self, id: &str) -> &str {
        self.levels.get(id).unwrap_or_else(|| panic!("docs/REFERENCE.md has no requirement {id}"))
    }
}
