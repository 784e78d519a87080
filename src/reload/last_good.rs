//! [`LastGood`]: the folder in which the last good pair of each slot survives a restart.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use rustls::crypto::CryptoProvider;
use zeroize::Zeroizing;

use super::disk::Hash;
use super::parts::{Good, Part, Value};
use crate::credentials::Credentials;
use crate::error::Error;
use crate::pem;

/// A folder that nobody else can look into.
#[derive(Clone, Debug)]
pub(super) struct LastGood {
    folder: PathBuf,
    /// What the pairs in it were made from, as far as this process wrote them.
    kept: HashMap<Part, Vec<Hash>>,
}

impl LastGood {
    pub(super) fn open(folder: PathBuf) -> Result<Self, Error> {
        check_mode(&folder)?;
        Ok(Self { folder, kept: HashMap::new() })
    }

    /// The pair that was kept, or `None` if none was.
    pub(super) fn read(
        &self,
        slot: &Part,
        provider: &CryptoProvider,
    ) -> Result<Option<Credentials>, Error> {
        let Some(file) = self.file(slot).filter(|file| file.exists()) else {
            return Ok(None);
        };
        check_mode(&self.folder)?;
        check_mode(&file)?;
        let pem = pem::read_file(&file, 2 * pem::MOST_OF_CERTIFICATES)?;
        Credentials::from_named_pem((&file, &pem), (&file, &pem), provider).map(Some)
    }

    /// Keeps the pair of a slot, unless it is kept already.
    pub(super) fn keep(&mut self, slot: &Part, good: &Good) -> Result<(), Error> {
        let (Value::Slot(_, Some(pem)), Some(file)) = (&good.value, self.file(slot)) else {
            return Ok(());
        };
        if self.kept.get(slot) != Some(&good.made_from) {
            let is_ours = check_mode(&self.folder).map_err(std::io::Error::other);
            let written = is_ours.and_then(|()| write_whole(&file, pem));
            written.map_err(|source| Error::NotKept { file, source })?;
            self.kept.insert(slot.clone(), good.made_from.clone());
        }
        Ok(())
    }

    fn file(&self, slot: &Part) -> Option<PathBuf> {
        match slot {
            Part::Slot(role, nth) => Some(self.folder.join(format!("{role}-{}.pem", nth + 1))),
            _ => None,
        }
    }
}

/// The chain and the key of two files (or one) in one text, and nothing else of them.
pub(super) fn pair(chain: &[u8], key: &[u8]) -> Zeroizing<Vec<u8>> {
    let certificates = pem::marks(chain).into_iter();
    let certificates = certificates.filter(|mark| mark.is_one_of(pem::CHAIN.read));
    let keys = pem::marks(key).into_iter().filter(|mark| mark.is_one_of(pem::KEY_LABELS));
    let mut text = Zeroizing::new(Vec::with_capacity(chain.len() + key.len() + 2));
    for mark in certificates.chain(keys) {
        text.extend_from_slice(mark.block.trim_ascii_end());
        text.push(b'\n');
    }
    text
}

/// Under another name first, so that a crash leaves the old one or the new one.
fn write_whole(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = file.with_extension("new");
    let _ = fs::remove_file(&new);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut to = options.open(&new)?;
    to.write_all(bytes)?;
    to.sync_all()?;
    fs::rename(&new, file)
}

fn check_mode(path: &Path) -> Result<(), Error> {
    let unreadable = |source| Error::Unreadable { file: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(Error::OpenToOthers { path: path.to_owned(), mode });
        }
    }
    let _ = metadata;
    Ok(())
}
