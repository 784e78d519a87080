//! [`LastGood`]: the folder in which the last good pair of each slot survives a restart.

use std::fs;
use std::io::{Error as IoError, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use zeroize::Zeroizing;

use super::parts::{Good, Part};
use crate::credentials::Credentials;
use crate::error::Error;
use crate::pem;

/// A folder that nobody else can look into.
#[derive(Clone, Debug)]
pub(super) struct LastGood(pub(super) PathBuf);

/// What a slot was loaded with.
#[derive(Clone)]
pub(super) struct Loaded {
    pub(super) credentials: Credentials,
    /// The PEM text of chain and key, if files hold them and it is to be kept.
    pub(super) pem: Option<Arc<Zeroizing<Vec<u8>>>>,
}

impl LastGood {
    pub(super) fn check(&self) -> Result<(), Error> {
        check_mode(&self.0)
    }

    /// The pair that was kept, or `None` if none was.
    pub(super) fn read(
        &self,
        slot: &Part,
        provider: &CryptoProvider,
    ) -> Option<Result<Credentials, Error>> {
        let file = self.file(slot).filter(|file| file.exists())?;
        let pem = self.check().and_then(|()| check_mode(&file)).and_then(|()| read(&file));
        Some(
            pem.and_then(|pem| Credentials::from_named_pem((&file, &pem), (&file, &pem), provider)),
        )
    }

    /// Keeps the pair of a slot, unless it is kept already.
    pub(super) fn keep(&self, slot: &Part, good: &Good) -> Result<(), Error> {
        let loaded = good.value.downcast_ref::<Loaded>();
        let (Some(pem), Some(file)) = (loaded.and_then(|it| it.pem.as_ref()), self.file(slot))
        else {
            return Ok(());
        };
        if read(&file).is_ok_and(|kept| kept == **pem) {
            return Ok(());
        }
        let is_ours = self.check().map_err(IoError::other);
        let written = is_ours.and_then(|()| write_whole(&file, pem));
        written.map_err(|source| Error::NotKept { file, source })
    }

    fn file(&self, slot: &Part) -> Option<PathBuf> {
        match slot {
            Part::Slot(role, nth) => Some(self.0.join(format!("{role}-{}.pem", nth + 1))),
            _ => None,
        }
    }
}

fn read(file: &Path) -> Result<Zeroizing<Vec<u8>>, Error> {
    pem::read_file(file, 2 * pem::MOST_OF_CERTIFICATES)
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
