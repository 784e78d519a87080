//! [`Snapshot`]: the bytes on disk at one look. Reading is bounded, and waits for nobody.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io::{Error as IoError, ErrorKind, Result as IoResult};
#[cfg(unix)]
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::pem;

/// The places that a recipe reads, each as it was.
#[derive(Clone, Default)]
pub(super) struct Snapshot(pub(super) BTreeMap<PathBuf, Place>);

/// By name: the file itself; or those of a folder, without folders in it and names that begin with a dot.
pub(super) type Place = BTreeMap<PathBuf, Result<File, Lost>>;

#[derive(Clone, PartialEq)]
pub(super) struct File {
    /// All, or [`MOST_OF_BYTES`] and one more.
    pub(super) bytes: Arc<Zeroizing<Vec<u8>>>,
    pub(super) contents: Contents,
    stamp: Stamp,
}

/// Tells contents apart: their SHA-256, and how many bytes they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Contents {
    hash: [u8; 32],
    pub(super) len: usize,
}

/// Why there is no file: the operating system's reason, or ours.
#[derive(Clone, PartialEq)]
pub(super) struct Lost {
    kind: ErrorKind,
    reason: String,
}

/// Tells that it is still the same file: device, inode, time of change.
#[cfg(unix)]
type Stamp = (u64, u64, i64, i64);
#[cfg(not(unix))]
type Stamp = Option<std::time::SystemTime>;

/// Of a place, a folder's files together. What is made of them may want fewer.
const MOST_OF_BYTES: usize = pem::MOST_OF_CRLS;

/// More than any folder of lists has. Whoever names another folder by mistake must not wait for ever.
const MOST_OF_ENTRIES: usize = 10_000;

/// So often in a row the files are read anew, until two reads agree.
pub(super) const MOST_READS: usize = 6;

impl Snapshot {
    pub(super) fn of<'a>(places: impl IntoIterator<Item = &'a PathBuf>) -> Self {
        let places = places.into_iter();
        Self(places.map(|place| (place.clone(), read_place(place))).collect())
    }

    /// The same places, read anew.
    pub(super) fn again(&self) -> Self {
        Self::of(self.0.keys())
    }

    /// What is there; if it was not read yet, as it was before, or as it is now.
    pub(super) fn at(&mut self, place: &Path, before: &Self) -> &Place {
        let read = || before.0.get(place).cloned().unwrap_or_else(|| read_place(place));
        self.0.entry(place.to_owned()).or_insert_with(read)
    }

    /// What two reads in a row agree on; this is the first.
    pub(super) fn settled(mut self) -> Result<Self, Error> {
        let mut reads = 0;
        loop {
            let again = self.again();
            reads += 1;
            match again.untouched_since(&self) {
                Err(_) if reads < MOST_READS => self = again,
                settled => return settled.map(|()| again),
            }
        }
    }

    /// An error if anybody touched a file between.
    pub(super) fn untouched_since(&self, before: &Self) -> Result<(), Error> {
        let touched = self.0.iter().filter(|(place, files)| before.0.get(*place) != Some(*files));
        let touched: Vec<_> = touched.map(|(place, _)| pem::origin(place)).collect();
        match touched.is_empty() {
            true => Ok(()),
            false => Err(Error::Unsettled { files: touched.join(" and ") }),
        }
    }

    /// Equal for equal contents, whoever touched them.
    pub(super) fn contents(&self) -> Contents {
        let mut text = Vec::new();
        let mut add = |part: &[u8]| {
            text.extend(part.len().to_le_bytes());
            text.extend(part);
        };
        for (place, files) in &self.0 {
            add(place.as_os_str().as_encoded_bytes());
            add(&files.len().to_le_bytes());
            for (path, file) in files {
                add(path.as_os_str().as_encoded_bytes());
                add(file
                    .as_ref()
                    .map_or_else(|lost| lost.reason.as_bytes(), |it| &it.contents.hash));
            }
        }
        Contents::of(&text)
    }

    /// Those of these files, and of the folders that they are in.
    pub(super) fn contents_around(&self, files: &[PathBuf]) -> Contents {
        let is_around = |place: &Path| files.iter().any(|file| file.starts_with(place));
        let around = self.0.iter().filter(|(place, _)| is_around(place));
        Self(around.map(|(place, files)| (place.clone(), files.clone())).collect()).contents()
    }
}

impl Contents {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { hash: Sha256::digest(bytes).into(), len: bytes.len() }
    }
}

impl Lost {
    pub(super) fn new(kind: ErrorKind, reason: &str) -> Self {
        Self { kind, reason: reason.into() }
    }

    pub(super) fn at(&self, file: &Path) -> Error {
        let source = IoError::new(self.kind, self.reason.clone());
        Error::Unreadable { file: file.to_owned(), source }
    }
}

impl From<IoError> for Lost {
    fn from(error: IoError) -> Self {
        Self { kind: error.kind(), reason: error.to_string() }
    }
}

fn read_place(place: &Path) -> Place {
    let read = match place.is_dir() {
        true => read_folder(place),
        false => read_file(place, MOST_OF_BYTES).map(|file| [(place.to_owned(), Ok(file))].into()),
    };
    read.unwrap_or_else(|error| [(place.to_owned(), Err(error.into()))].into())
}

fn read_folder(folder: &Path) -> IoResult<Place> {
    let entries = fs::read_dir(folder)?.take(MOST_OF_ENTRIES + 1);
    let entries = entries.collect::<IoResult<Vec<_>>>()?;
    if entries.len() > MOST_OF_ENTRIES {
        return Err(refused(format!("it has more than {MOST_OF_ENTRIES} entries")));
    }
    // kubelet's folders, editors' copies.
    let is_hidden = |entry: &fs::DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".");
    let paths = entries.iter().filter(|entry| !is_hidden(entry)).map(fs::DirEntry::path);
    let mut paths: Vec<_> = paths.filter(|path| !path.is_dir()).collect();
    // So that two looks read the same of what is too large.
    paths.sort();
    let mut left = MOST_OF_BYTES;
    let read = paths.into_iter().map(|path| {
        let file = read_file(&path, left);
        left = left.saturating_sub(file.as_ref().map_or(0, |file| file.contents.len));
        (path, file.map_err(Lost::from))
    });
    Ok(read.collect())
}

fn read_file(path: &Path, most: usize) -> IoResult<File> {
    // Asked before it is opened, too: to open a pipe is to wait for its writer.
    check_is_file(&fs::metadata(path)?)?;
    let file = fs::File::open(path)?;
    let metadata = file.metadata()?;
    check_is_file(&metadata)?;
    let bytes = pem::read_wiped(file, most)?;
    Ok(File { contents: Contents::of(&bytes), bytes: Arc::new(bytes), stamp: stamp(&metadata) })
}

/// A pipe waits, and a device need not end.
fn check_is_file(metadata: &Metadata) -> IoResult<()> {
    match metadata.is_file() {
        true => Ok(()),
        false => Err(refused("it is neither a file nor a folder, and only those can be followed")),
    }
}

fn refused(reason: impl Into<String>) -> IoError {
    IoError::new(ErrorKind::InvalidInput, reason.into())
}

#[cfg(unix)]
fn stamp(file: &Metadata) -> Stamp {
    (file.dev(), file.ino(), file.ctime(), file.ctime_nsec())
}

#[cfg(not(unix))]
fn stamp(file: &Metadata) -> Stamp {
    file.modified().ok()
}
