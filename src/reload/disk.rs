//! [`Look`]: what was on disk at one look. Reading is bounded, and never waits for a writer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io::{Error as IoError, ErrorKind, Result as IoResult};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::pem;

/// SHA-256 of contents.
pub(super) type Hash = [u8; 32];

/// The files and folders that a recipe reads, each as it was.
#[derive(Clone, Default)]
pub(super) struct Look(BTreeMap<PathBuf, Place>);

/// A file or a folder.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) found: Found,
    /// The most bytes that are read of it.
    most: usize,
}

#[derive(Clone)]
pub(super) enum Found {
    File(Result<File, Lost>),
    /// Its files by name; those whose name begins with a dot are nobody's business.
    Folder(BTreeMap<PathBuf, Result<File, Lost>>),
}

/// The contents of a file, and what tells that it is still the same file.
#[derive(Clone)]
pub(super) struct File {
    pub(super) bytes: Arc<Zeroizing<Vec<u8>>>,
    pub(super) hash: Hash,
    stamp: Stamp,
}

/// Why there are none.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Lost {
    Unreadable(ErrorKind, String),
    TooLarge(usize),
}

#[derive(Clone, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    /// Device, inode, time of change.
    #[cfg(unix)]
    unix: (u64, u64, i64, i64),
}

/// More than any folder of lists has. Whoever names another folder by mistake must not wait for ever.
const MOST_OF_ENTRIES: usize = 10_000;

impl Look {
    /// The same places, read anew.
    pub(super) fn again(&self) -> Self {
        let places =
            self.0.iter().map(|(path, place)| (path.clone(), Place::read(path, place.most)));
        Self(places.collect())
    }

    /// What is there; read now if it was not read yet.
    pub(super) fn at(&mut self, path: &Path, most: usize) -> &Place {
        let place = self.0.entry(path.to_owned()).or_insert_with(|| Place::read(path, most));
        if place.most < most {
            *place = Place::read(path, most);
        }
        place
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The same contents, and nobody touched them between.
    pub(super) fn is_untouched_since(&self, before: &Self) -> bool {
        self.changed_since(before, Place::is_untouched_since).next().is_none()
    }

    /// The places that are not what they were, for messages.
    pub(super) fn restless(&self, before: &Self) -> String {
        let changed =
            self.changed_since(before, Place::is_untouched_since).map(|path| pem::origin(path));
        changed.collect::<Vec<_>>().join(" and ")
    }

    fn changed_since<'a>(
        &'a self,
        before: &'a Self,
        is_same: fn(&Place, &Place) -> bool,
    ) -> impl Iterator<Item = &'a PathBuf> {
        self.0.iter().filter_map(move |(path, place)| match before.0.get(path) {
            Some(before) if is_same(place, before) => None,
            _ => Some(path),
        })
    }

    /// Equal for equal contents.
    pub(super) fn print(&self) -> Hash {
        print_of(self.0.iter())
    }

    /// The same, of these places, or of the folders that they are in.
    pub(super) fn print_at(&self, files: &[PathBuf]) -> Hash {
        let found = files.iter().filter_map(|file| {
            let folder = || file.parent().and_then(|folder| self.0.get_key_value(folder));
            self.0.get_key_value(file).or_else(folder)
        });
        print_of(found)
    }

    /// The places, for messages.
    pub(super) fn names(&self) -> String {
        let names = self.0.keys().map(|path| pem::origin(path));
        names.collect::<Vec<_>>().join(" or ")
    }

    /// Forgets the contents and keeps what is followed.
    pub(super) fn forgotten(mut self) -> Self {
        self.0.values_mut().for_each(|place| place.found = Found::Folder(BTreeMap::new()));
        self
    }

    pub(super) fn only(mut self, places: &BTreeSet<PathBuf>) -> Self {
        self.0.retain(|path, _| places.contains(path));
        self
    }

    /// Follows these, too.
    pub(super) fn merge(&mut self, other: Self) {
        for (path, place) in other.0 {
            self.0.entry(path).or_insert(place);
        }
    }
}

fn print_of<'a>(places: impl Iterator<Item = (&'a PathBuf, &'a Place)>) -> Hash {
    let mut print = Sha256::new();
    for (path, place) in places {
        feed(&mut print, path, &[]);
        place.for_each_file(|path, file| match file {
            Ok(file) => feed(&mut print, path, &file.hash),
            Err(lost) => feed(&mut print, path, lost.to_string().as_bytes()),
        });
    }
    print.finalize().into()
}

fn feed(print: &mut Sha256, path: &Path, content: &[u8]) {
    for part in [path.as_os_str().as_encoded_bytes(), content] {
        print.update(part.len().to_le_bytes());
        print.update(part);
    }
}

impl Place {
    fn read(path: &Path, most: usize) -> Self {
        let found = match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => match read_folder(path, most) {
                Ok(files) => Found::Folder(files),
                Err(lost) => Found::File(Err(lost)),
            },
            metadata => Found::File(read_file(path, metadata, most)),
        };
        Self { found, most }
    }

    fn is_untouched_since(&self, before: &Self) -> bool {
        let same = |now: &Result<File, Lost>, before: &Result<File, Lost>| match (now, before) {
            (Ok(now), Ok(before)) => now.hash == before.hash && now.stamp == before.stamp,
            (Err(now), Err(before)) => now == before,
            _ => false,
        };
        match (&self.found, &before.found) {
            (Found::File(now), Found::File(before)) => same(now, before),
            (Found::Folder(now), Found::Folder(before)) => {
                now.len() == before.len()
                    && now
                        .iter()
                        .zip(before)
                        .all(|(now, before)| now.0 == before.0 && same(now.1, before.1))
            }
            _ => false,
        }
    }

    fn for_each_file(&self, mut visit: impl FnMut(&Path, &Result<File, Lost>)) {
        match &self.found {
            Found::File(file) => visit(Path::new(""), file),
            Found::Folder(files) => files.iter().for_each(|(path, file)| visit(path, file)),
        }
    }
}

impl Lost {
    pub(super) fn at(&self, file: &Path) -> Error {
        let file = file.to_owned();
        match self {
            Self::TooLarge(most) => Error::FileTooLarge { file, most: *most },
            Self::Unreadable(kind, what) => {
                Error::Unreadable { file, source: IoError::new(*kind, what.clone()) }
            }
        }
    }
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge(most) => write!(f, "more than {most}"),
            Self::Unreadable(kind, _) => write!(f, "{kind:?}"),
        }
    }
}

impl From<IoError> for Lost {
    fn from(error: IoError) -> Self {
        Self::Unreadable(error.kind(), error.to_string())
    }
}

fn read_file(path: &Path, metadata: IoResult<Metadata>, most: usize) -> Result<File, Lost> {
    let metadata = metadata?;
    // A pipe would wait for its writer, a device need not end.
    if !metadata.is_file() {
        let what = "it is neither a file nor a folder, and only those can be followed";
        return Err(Lost::Unreadable(ErrorKind::InvalidInput, what.into()));
    }
    let bytes = pem::read_file(path, most).map_err(|error| match error {
        Error::Unreadable { source, .. } => source.into(),
        _ => Lost::TooLarge(most),
    })?;
    let hash = Sha256::digest(&bytes).into();
    Ok(File { bytes: Arc::new(bytes), hash, stamp: Stamp::of(&metadata) })
}

/// All files together have at most `most` bytes.
fn read_folder(folder: &Path, most: usize) -> Result<BTreeMap<PathBuf, Result<File, Lost>>, Lost> {
    let (mut files, mut left) = (BTreeMap::new(), most);
    for (count, entry) in fs::read_dir(folder)?.enumerate() {
        if count == MOST_OF_ENTRIES {
            let what = format!("it has more than {MOST_OF_ENTRIES} entries");
            return Err(Lost::Unreadable(ErrorKind::InvalidInput, what));
        }
        let entry = entry?;
        // kubelet's folders, editors' copies.
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        let metadata = fs::metadata(&path);
        if metadata.as_ref().is_ok_and(Metadata::is_dir) {
            continue;
        }
        let file = read_file(&path, metadata, left);
        if file.as_ref().is_err_and(|lost| matches!(lost, Lost::TooLarge(_))) {
            return Err(Lost::TooLarge(most));
        }
        left -= file.as_ref().map_or(0, |file| file.bytes.len());
        files.insert(path, file);
    }
    Ok(files)
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Self {
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            unix: (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}
