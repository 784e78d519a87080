//! [`Chain`]: a chain that the bench of the crate wrote.

use std::fs;
use std::path::Path;

/// A leaf and its intermediate, as a peer presents them, and the root above; in DER.
pub struct Chain {
    /// The kind of its keys.
    pub kind: String,
    pub leaf: Vec<u8>,
    pub intermediate: Vec<u8>,
    pub root: Vec<u8>,
    /// When it is valid, in seconds since 1970.
    pub now: i64,
}

impl Chain {
    /// All of them, by kind; `None` where the bench has not run.
    pub fn all(target: &Path) -> Option<Vec<Self>> {
        let folder = target.join("peers-chains");
        let now = fs::read_to_string(folder.join("now")).ok()?.parse().ok()?;
        let entries = fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path());
        let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
        folders.sort();
        folders.iter().map(|kind| Self::read(kind, now)).collect()
    }

    fn read(folder: &Path, now: i64) -> Option<Self> {
        let read = |name| fs::read(folder.join(name)).ok();
        Some(Self {
            kind: folder.file_name()?.to_str()?.into(),
            leaf: read("leaf.der")?,
            intermediate: read("intermediate.der")?,
            root: read("root.der")?,
            now,
        })
    }
}
