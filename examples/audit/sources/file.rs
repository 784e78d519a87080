//! One file, or standard input: its bytes, bounded, and what they hold.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use mtls_roles::audit::Inventory;
use x509_parser::pem::Pem;
use zeroize::Zeroizing;

use super::shape::Shape;
use super::{pkcs7, pkcs12};

/// A larger file is a finding, and not read.
pub const LIMIT: u64 = 64 << 20;

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
    pub fn read(&self, passwords: &[String], inventory: &mut Inventory) -> Outcome {
        let source = self.path.to_string_lossy();
        match File::open(&self.path).and_then(|file| self.bytes(file)) {
            Ok(None) => Outcome::PassedOver,
            Ok(Some(bytes)) => self.add(&source, &bytes, passwords, inventory),
            Err(error) => {
                inventory.add_unreadable(&source, &error.to_string());
                Outcome::Read
            }
        }
    }

    /// The bytes, up to one more than the limit; none if the beginning tells that there is nothing.
    /// They may hold a key, so they are wiped in the end; made large enough at once, they leave no
    /// smaller copy behind.
    fn bytes(&self, mut file: File) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        let size = file.metadata()?.len().min(LIMIT) as usize + 1;
        let mut bytes = Zeroizing::new(Vec::with_capacity(size));
        if !self.is_expected() {
            (&mut file).take(BEGINNING).read_to_end(&mut bytes)?;
            if Shape::is_ruled_out_by(&bytes) {
                return Ok(None);
            }
        }
        file.take(LIMIT + 1).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    fn add(
        &self,
        source: &str,
        bytes: &[u8],
        passwords: &[String],
        inventory: &mut Inventory,
    ) -> Outcome {
        if Shape::of(bytes) == Shape::Other && !self.is_expected() {
            return Outcome::PassedOver;
        }
        add(source, bytes, passwords, inventory);
        Outcome::Read
    }

    /// Whether it would be a surprise if nothing were in it.
    fn is_expected(&self) -> bool {
        self.is_named || is_named_like_a_certificate(&self.path)
    }
}

fn is_named_like_a_certificate(path: &Path) -> bool {
    const EXTENSIONS: [&str; 8] = ["pem", "crt", "cer", "der", "p7b", "p7c", "p12", "pfx"];
    let extension = path.extension().unwrap_or_default();
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Adds what standard input holds.
pub fn read_stdin(passwords: &[String], inventory: &mut Inventory) {
    let mut bytes = vec![];
    match io::stdin().take(LIMIT + 1).read_to_end(&mut bytes) {
        Ok(_) => add(STDIN, &bytes, passwords, inventory),
        Err(error) => inventory.add_unreadable(STDIN, &error.to_string()),
    }
}

const STDIN: &str = "standard input";

/// Adds what some bytes hold.
pub fn add(source: &str, bytes: &[u8], passwords: &[String], inventory: &mut Inventory) {
    if bytes.len() as u64 > LIMIT {
        return inventory.add_unreadable(source, "larger than 64 MiB");
    }
    let added = match Shape::of(bytes) {
        Shape::Pkcs7 => add_pkcs7(source, bytes, inventory),
        Shape::Pkcs7Pem => add_pkcs7_pem(source, bytes, inventory),
        Shape::Pkcs12 => add_pkcs12(source, bytes, passwords, inventory),
        Shape::PrivateKey => {
            inventory.add_private_key(source, bytes);
            Ok(())
        }
        Shape::Pem | Shape::Certificate => {
            inventory.add(source, bytes);
            Ok(())
        }
        Shape::Other => Err(NOTHING.to_owned()),
    };
    if let Err(reason) = added {
        inventory.add_unreadable(source, &reason);
    }
}

const NOTHING: &str = "no certificate and no private key in PEM, DER, PKCS#7 or PKCS#12";

fn add_pkcs7(source: &str, der: &[u8], inventory: &mut Inventory) -> Result<(), String> {
    let certificates = pkcs7::certificates(der)?;
    if certificates.is_empty() {
        return Err("no certificates are in this PKCS#7".into());
    }
    for certificate in certificates {
        inventory.add_der(source, &certificate);
    }
    Ok(())
}

/// Every block of the file that is PKCS#7; what else stands in such a file is added as it is.
fn add_pkcs7_pem(source: &str, pem: &[u8], inventory: &mut Inventory) -> Result<(), String> {
    for block in Pem::iter_from_buffer(pem) {
        let block = block.map_err(|error| format!("malformed PEM: {error}"))?;
        match block.label.as_str() {
            "PKCS7" | "CMS" | "PKCS #7 SIGNED DATA" => {
                add_pkcs7(source, &block.contents, inventory)?;
            }
            "CERTIFICATE" => inventory.add_der(source, &block.contents),
            _ => {}
        }
    }
    Ok(())
}

fn add_pkcs12(
    source: &str,
    pfx: &[u8],
    passwords: &[String],
    inventory: &mut Inventory,
) -> Result<(), String> {
    let archive = pkcs12::open(pfx, passwords)?;
    for bag in &archive.certs {
        inventory.add_der(source, bag.cert.as_der());
    }
    for bag in &archive.keys {
        inventory.add_private_key(source, bag.key.as_der());
    }
    Ok(())
}
