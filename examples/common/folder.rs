//! [`Folder`]: somewhere to put files that a demonstration makes.

use std::path::PathBuf;
use std::{env, fs, io, process};

/// A fresh folder, removed at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    /// Below the system's temporary one, for the program of this name.
    pub fn new(program: &str) -> io::Result<Self> {
        let folder = env::temp_dir().join(format!("mtls-roles-{program}-{}", process::id()));
        // Left by a killed process that had this id.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing can be done about it here, and the system empties its temporary folder itself.
        let _ = fs::remove_dir_all(&self.0);
    }
}
