//! Inventories, and what is found in them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::clock::NOW;
use crate::common::pki::{Eku, LeafSpec};
use crate::common::shared;
use mtls_roles::audit::{Assessment, Finding, Inventory, Serving, Timeline};
use rustls::pki_types::CertificateDer;

/// A leaf for both roles.
pub fn combined(name: &str) -> LeafSpec {
    LeafSpec::new(name).dns("edge.example.com").eku(Eku::both())
}

/// Of certificates in DER, in this order.
pub fn inventory<const N: usize>(certificates: [CertificateDer<'_>; N]) -> Inventory {
    let mut inventory = Inventory::new();
    certificates.iter().for_each(|der| inventory.add_der("it", der));
    inventory
}

/// Of one file, or whatever it is.
pub fn file(bytes: impl AsRef<[u8]>) -> Inventory {
    let mut inventory = Inventory::new();
    inventory.add("file", bytes.as_ref());
    inventory
}

/// By the timeline of the crate, at `NOW`.
pub fn findings<T>(inventory: &Inventory, read: impl FnOnce(&[Finding<'_>]) -> T) -> T {
    let timeline = Timeline::builtin();
    let assessment = Assessment::new(inventory, &timeline, NOW.date(), Serving::Suggested);
    read(assessment.findings())
}

/// Every PEM file of the shared samples, in the order of the names.
pub fn real() -> Option<Vec<PathBuf>> {
    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut entries: Vec<_> = entries.collect();
        entries.sort();
        let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
        entries.into_iter().flat_map(below).collect()
    }
    let mut files = files(&shared("certs")?);
    files.retain(|path| path.extension().is_some_and(|it| it == "pem"));
    Some(files)
}
