//! One file, or standard input: its bytes, bounded.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use mtls_roles::audit::Inventory;
use zeroize::Zeroizing;

use crate::contents::{Contents, LIMIT, Limits, Passwords, Spot};

/// A file to be read.
pub struct Job {
    pub path: PathBuf,
    /// Named on the command line, and so meant to hold something; in a folder it may be anything.
    pub is_named: bool,
}

/// Whether something was in it.
#[derive(PartialEq, Eq)]
pub enum Outcome {
    Read,
    PassedOver,
}

impl Job {
    /// Adds what the file holds to the inventory.
    pub fn read(&self, passwords: &Passwords, inventory: &mut Inventory) -> Outcome {
        let source = self.path.to_string_lossy();
        let spot = Spot::of_a_file(&source, self.is_named);
        let mut contents = Contents::new(passwords, inventory, Limits::OF_A_FILE);
        match File::open(&self.path).and_then(|mut file| contents.read_file(&spot, &mut file)) {
            Ok(false) => Outcome::PassedOver,
            Ok(true) => Outcome::Read,
            Err(error) => {
                inventory.add_unreadable(&source, &error.to_string());
                Outcome::Read
            }
        }
    }
}

/// Adds what standard input holds.
pub fn read_stdin(passwords: &Passwords, inventory: &mut Inventory) {
    let mut bytes = Zeroizing::new(vec![]);
    match io::stdin().take(LIMIT + 1).read_to_end(&mut bytes) {
        Ok(_) => add(STDIN, &bytes, passwords, inventory),
        Err(error) => inventory.add_unreadable(STDIN, &error.to_string()),
    }
}

/// How places name it.
pub const STDIN: &str = "standard input";

/// Adds what the bytes of a pipe hold.
pub fn add(source: &str, bytes: &[u8], passwords: &Passwords, inventory: &mut Inventory) {
    Contents::new(passwords, inventory, Limits::OF_A_FILE)
        .read(&Spot::of_a_file(source, true), bytes);
}
