//! One file, or standard input: its bytes, bounded.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use mtls_roles::audit::Inventory;
use zeroize::Zeroizing;

use crate::contents::{Contents, LIMIT, Passwords, Spot, is_ruled_out_by};

/// So much of a file in a folder tells whether the rest is worth reading.
const BEGINNING: u64 = 8 << 10;

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
        match File::open(&self.path).and_then(|file| bytes(file, spot.is_expected())) {
            Ok(None) => Outcome::PassedOver,
            Ok(Some(bytes)) => match Contents::new(passwords, inventory).read(&spot, &bytes) {
                true => Outcome::Read,
                false => Outcome::PassedOver,
            },
            Err(error) => {
                inventory.add_unreadable(&source, &error.to_string());
                Outcome::Read
            }
        }
    }
}

/// The bytes, up to one more than the limit; none if the beginning tells that there is nothing. They
/// may hold a key, so they are wiped in the end; made large enough at once, they leave no smaller
/// copy behind.
fn bytes(mut file: File, is_expected: bool) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let size = file.metadata()?.len().min(LIMIT) as usize + 1;
    let mut bytes = Zeroizing::new(Vec::with_capacity(size));
    if !is_expected {
        (&mut file).take(BEGINNING).read_to_end(&mut bytes)?;
        if is_ruled_out_by(&bytes) {
            return Ok(None);
        }
    }
    file.take(LIMIT + 1 - bytes.len() as u64).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Adds what standard input holds.
pub fn read_stdin(passwords: &Passwords, inventory: &mut Inventory) {
    let mut bytes = Zeroizing::new(vec![]);
    match io::stdin().take(LIMIT + 1).read_to_end(&mut bytes) {
        Ok(_) => {
            let spot = Spot::of_a_file(STDIN, true);
            Contents::new(passwords, inventory).read(&spot, &bytes);
        }
        Err(error) => inventory.add_unreadable(STDIN, &error.to_string()),
    }
}

/// How places name it.
pub const STDIN: &str = "standard input";

/// Adds what the bytes of a pipe hold.
pub fn add(source: &str, bytes: &[u8], passwords: &Passwords, inventory: &mut Inventory) {
    Contents::new(passwords, inventory).read(&Spot::of_a_file(source, true), bytes);
}
