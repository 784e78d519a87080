//! Every file below some folders, each folder once, however many symbolic links lead to it.

use std::collections::{HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::{fs, io};

use walkdir::WalkDir;

use super::exclude::Exclude;

/// What stands below a folder.
pub enum Entry {
    File(PathBuf),
    /// A folder or a link that cannot be followed, and why.
    Unreadable(PathBuf, String),
}

/// The files below folders, in the order of their names.
///
/// Links to files are files: where a certificate is used is worth knowing. Links to folders wait
/// until the folders themselves are read, and lead nowhere new if they are: a loop ends here, and so
/// does a pyramid of links whose paths would never end.
pub struct Walk<'a> {
    /// By their canonical names. One entry a folder, not one a file.
    seen: HashSet<PathBuf>,
    /// Links to folders.
    waiting: VecDeque<PathBuf>,
    exclude: &'a Exclude,
    /// Files and folders that were not looked at.
    pub excluded: usize,
}

impl<'a> Walk<'a> {
    pub fn new(exclude: &'a Exclude) -> Self {
        Self { seen: HashSet::new(), waiting: VecDeque::new(), exclude, excluded: 0 }
    }

    /// The real folders below this one; `visit` says whether to go on.
    pub fn folder(&mut self, folder: &Path, visit: &mut impl FnMut(Entry)) {
        let canonical = match fs::canonicalize(folder) {
            Ok(canonical) => canonical,
            Err(error) => return visit(Entry::Unreadable(folder.into(), error.to_string())),
        };
        let mut walk = WalkDir::new(folder).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    visit(unreadable(folder, &error));
                    continue;
                }
            };
            let kind = entry.file_type();
            let is_folder = kind.is_dir() || entry.depth() == 0;
            let below = entry.path().strip_prefix(folder).unwrap_or(Path::new(""));
            if entry.depth() > 0 && self.exclude.has(&entry.path().to_string_lossy()) {
                self.excluded += 1;
                if is_folder {
                    walk.skip_current_dir();
                }
            } else if is_folder && !self.seen.insert(canonical.join(below)) {
                walk.skip_current_dir();
            } else if kind.is_file() {
                visit(Entry::File(entry.into_path()));
            } else if kind.is_symlink() && entry.depth() > 0 {
                self.link(entry.into_path(), visit);
            }
        }
    }

    /// Where the links in the folders so far lead to, and the links there.
    pub fn links(&mut self, visit: &mut impl FnMut(Entry)) {
        while let Some(link) = self.waiting.pop_front() {
            self.folder(&link, visit);
        }
    }

    fn link(&mut self, link: PathBuf, visit: &mut impl FnMut(Entry)) {
        match fs::metadata(&link) {
            Ok(target) if target.is_dir() => self.waiting.push_back(link),
            Ok(target) if target.is_file() => visit(Entry::File(link)),
            // Devices, sockets and pipes hold no certificates, and reading one may never end.
            Ok(_) => {}
            // A link to nothing, or to itself, holds none either.
            Err(error) if leads_nowhere(&error) => {}
            Err(error) => visit(Entry::Unreadable(link, error.to_string())),
        }
    }
}

fn leads_nowhere(error: &io::Error) -> bool {
    // ELOOP, of Linux and of the BSDs: the standard library has no name for it yet.
    let is_loop = matches!(error.raw_os_error(), Some(40 | 62));
    is_loop || matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn unreadable(folder: &Path, error: &walkdir::Error) -> Entry {
    let path = error.path().unwrap_or(folder).to_owned();
    let reason = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
    Entry::Unreadable(path, reason)
}
