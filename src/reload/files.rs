//! [`Files`]: what a recipe reads through, and so what is followed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

use super::disk::{File, Found, Hash, Look, Lost};
use super::last_good::LastGood;
use super::parts::{Good, Part, Parts, Value};
use crate::error::Error;
use crate::observe::Observer;
use crate::pem;
use crate::report::RefusedPart;
use crate::roots::Roots;
use crate::verifier::{Crls, Lineage};

/// What a recipe reads through: every file and folder that it asks for is followed.
///
/// All reads of one run see the disk at one instant. What cannot be read or used is refused, told,
/// and stays as it was last good; only what never was good is an error here.
///
/// A folder stands for the files in it, but those whose names begin with a dot, and folders. At most
/// 10,000 entries are looked at, and pipes and devices are refused.
pub struct Files {
    pub(super) look: Look,
    pub(super) good: Arc<Parts>,
    /// Parts whose new contents are to blame for a failure: they stay as they were.
    held: BTreeSet<Part>,
    pub(super) now: Parts,
    pub(super) asked: Vec<Part>,
    pub(super) places: BTreeSet<PathBuf>,
    pub(super) refused: Vec<(Part, RefusedPart)>,
    /// What is told once this is published, or refused for the first time.
    pub(super) news: Vec<News>,
    pub(super) surroundings: Surroundings,
}

/// What the reloader was built with, for the slots that are made here.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) clock: Arc<dyn TimeProvider>,
    pub(super) observers: Vec<Arc<dyn Observer>>,
    pub(super) last_good: Option<LastGood>,
}

pub(super) enum News {
    Published(Part, Box<dyn Fn() + Send>),
    Refused(Part, Box<dyn Fn() + Send>),
}

impl Files {
    pub(super) fn new(
        look: Look,
        good: Arc<Parts>,
        held: BTreeSet<Part>,
        surroundings: Surroundings,
    ) -> Self {
        Self {
            look,
            good,
            held,
            now: Parts::default(),
            asked: Vec::new(),
            places: BTreeSet::new(),
            refused: Vec::new(),
            news: Vec::new(),
            surroundings,
        }
    }

    /// Roots, from a PEM file or a folder of them.
    ///
    /// # Errors
    ///
    /// They cannot be read completely, and never could.
    pub fn roots(&mut self, place: impl AsRef<Path>) -> Result<Roots, Error> {
        let place = place.as_ref();
        let part = Part::Roots(place.to_owned());
        let good = self.good(&part);
        let read = self.read(&part, place, pem::MOST_OF_CERTIFICATES);
        let read = read.and_then(|files| {
            let made_from: Vec<_> = files.iter().map(|(_, file)| file.hash).collect();
            let roots = match good {
                Some(Good { value: Value::Roots(roots), made_from: from, .. })
                    if from == made_from =>
                {
                    roots
                }
                _ => read_roots(place, &files)?,
            };
            Ok(good_from(&files, Value::Roots(roots)))
        });
        match self.settle(part, vec![place.to_owned()], read)? {
            Value::Roots(roots) => Ok(roots),
            _ => Err(Error::recipe("another kind of part")),
        }
    }

    /// Revocation lists, from a PEM file or a folder of them.
    ///
    /// A file of a folder that cannot be read is refused alone, and its lists stay; so do all of a
    /// folder that cannot be read or is empty. What a new set lacks is carried over, from generation
    /// to generation, as [`replace_crls`](crate::ClientPeerVerifier::replace_crls) says; files that
    /// have not changed are not read again, and no signature is checked twice.
    ///
    /// # Errors
    ///
    /// One of the files cannot be read, or there is none, and they never were good.
    pub fn crls(&mut self, place: impl AsRef<Path>) -> Result<Crls, Error> {
        let place = place.as_ref();
        let part = Part::Crls(place.to_owned());
        let read = self.read_crls(&part, place);
        let (files, refused) = match read {
            Ok((good, refused)) => (Ok(good), refused),
            Err(error) => (Err(error), None),
        };
        let Value::Crls(files) = self.settle(part.clone(), vec![place.to_owned()], files)? else {
            return Err(Error::recipe("another kind of part"));
        };
        if let Some((file, error)) = refused {
            self.refuse(part, vec![file], error, false);
        }
        let crls = Crls::together(files.values().map(|(_, crls)| crls));
        let crls = crls.ok_or_else(|| missing(place, "certificate revocation list"))?;
        Ok(crls.with_lineage(self.lineage(place)?))
    }

    /// The text of a file: policies, rules, formats of the caller's own.
    ///
    /// If the recipe fails with what is new in it, it is run again with what was there before, and the
    /// file is refused.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is not UTF-8, and never was.
    pub fn text(&mut self, file: impl AsRef<Path>) -> Result<String, Error> {
        let bytes = self.bytes_if(file.as_ref(), |bytes| str::from_utf8(bytes).is_ok())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The bytes of a file, as [`text`](Self::text). They are not wiped.
    ///
    /// # Errors
    ///
    /// It cannot be read, and never could.
    pub fn bytes(&mut self, file: impl AsRef<Path>) -> Result<Vec<u8>, Error> {
        self.bytes_if(file.as_ref(), |_| true)
    }

    /// The time by the reloader's clock.
    ///
    /// # Errors
    ///
    /// The clock cannot be read.
    pub fn now(&self) -> Result<UnixTime, Error> {
        self.surroundings.clock.current_time().ok_or(Error::NoClock)
    }

    fn bytes_if(&mut self, file: &Path, is_good: fn(&[u8]) -> bool) -> Result<Vec<u8>, Error> {
        let part = Part::Bytes(file.to_owned());
        let read = self.read_one(&part, file).and_then(|read| match is_good(&read.bytes) {
            true => Ok(good_from(&[(file.to_owned(), read.clone())], Value::Bytes(read.bytes))),
            false => {
                Err(Lost::Unreadable(std::io::ErrorKind::InvalidData, "it is not UTF-8".into())
                    .at(file))
            }
        });
        match self.settle(part, vec![file.to_owned()], read)? {
            Value::Bytes(bytes) => Ok(bytes.to_vec()),
            _ => Err(Error::recipe("another kind of part")),
        }
    }

    /// What is kept of a part: what was read; or else, and then it is told, what was good before.
    pub(super) fn settle(
        &mut self,
        part: Part,
        files: Vec<PathBuf>,
        read: Result<Good, Error>,
    ) -> Result<Value, Error> {
        let good = match (read, self.good(&part)) {
            (_, Some(good)) if self.held.contains(&part) => good,
            (Ok(read), _) => read,
            (Err(error), None) => return Err(error),
            (Err(error), Some(good)) => {
                self.refuse(part.clone(), files, error, false);
                good
            }
        };
        let value = good.value.clone();
        self.now.all.insert(part, good);
        Ok(value)
    }

    pub(super) fn refuse(
        &mut self,
        part: Part,
        files: Vec<PathBuf>,
        error: Error,
        is_from_last_good: bool,
    ) {
        let error = Arc::new(error);
        self.refused.push((part, RefusedPart { files, error, is_from_last_good }));
    }

    pub(super) fn good(&self, part: &Part) -> Option<Good> {
        self.good.all.get(part).cloned()
    }

    fn look_at(&mut self, part: &Part, place: &Path, most: usize) -> &Found {
        self.asked.push(part.clone());
        self.places.insert(place.to_owned());
        &self.look.at(place, most).found
    }

    /// Every file of a place.
    fn read(
        &mut self,
        part: &Part,
        place: &Path,
        most: usize,
    ) -> Result<Vec<(PathBuf, File)>, Error> {
        match self.look_at(part, place, most) {
            Found::File(file) => {
                let file = file.clone().map_err(|lost| lost.at(place))?;
                Ok(vec![(place.to_owned(), file)])
            }
            Found::Folder(files) => {
                let files = files.iter().map(|(path, file)| match file {
                    Ok(file) => Ok((path.clone(), file.clone())),
                    Err(lost) => Err(lost.at(path)),
                });
                files.collect()
            }
        }
    }

    pub(super) fn read_one(&mut self, part: &Part, path: &Path) -> Result<File, Error> {
        match self.look_at(part, path, pem::MOST_OF_CERTIFICATES) {
            Found::File(file) => file.clone().map_err(|lost| lost.at(path)),
            Found::Folder(_) => {
                let what = "it is a folder, needed is a file".to_owned();
                Err(Lost::Unreadable(std::io::ErrorKind::IsADirectory, what).at(path))
            }
        }
    }

    /// The lists by file, and the first file that is refused alone.
    #[allow(clippy::type_complexity)] // Used once, beside its definition.
    fn read_crls(
        &mut self,
        part: &Part,
        place: &Path,
    ) -> Result<(Good, Option<(PathBuf, Error)>), Error> {
        let files = match self.look_at(part, place, pem::MOST_OF_CRLS).clone() {
            Found::File(file) => BTreeMap::from([(place.to_owned(), file)]),
            Found::Folder(files) => files,
        };
        let before = match self.good(part) {
            Some(Good { value: Value::Crls(before), .. }) => Some(before),
            _ => None,
        };
        let (mut lists, mut refused, mut len) = (BTreeMap::new(), None, 0);
        for (path, file) in files {
            let known = before.as_ref().and_then(|before| before.get(&path));
            let read = file.map_err(|lost| lost.at(&path)).and_then(|file| match known {
                Some((hash, crls)) if *hash == file.hash => {
                    Ok((file.bytes.len(), (*hash, crls.clone())))
                }
                _ => {
                    let crls = Crls::from_named_pem(&path, &file.bytes)?;
                    Ok((file.bytes.len(), (file.hash, crls)))
                }
            });
            match (read, known, &before) {
                (Ok((bytes, read)), ..) => {
                    len += bytes;
                    lists.insert(path, read);
                }
                (Err(error), _, None) => return Err(error),
                (Err(error), known, Some(_)) => {
                    if let Some(known) = known {
                        lists.insert(path.clone(), known.clone());
                    }
                    refused.get_or_insert((path, error));
                }
            }
        }
        if lists.is_empty() {
            return Err(match refused {
                Some((_, error)) => error,
                None => missing(place, "certificate revocation list"),
            });
        }
        let made_from = lists.values().map(|(hash, _)| *hash).collect();
        let value = Value::Crls(lists);
        Ok((Good { made_from, files: vec![place.to_owned()], len, value }, refused))
    }

    fn lineage(&mut self, place: &Path) -> Result<Arc<Lineage>, Error> {
        let nth = self.now.lineages.keys().filter(|(other, _)| other == place).count();
        let key = (place.to_owned(), nth);
        let before = self.good.lineages.get(&key).map(|before| &**before);
        let lineage = Lineage::after(before, self.now()?);
        self.now.lineages.insert(key, lineage.clone());
        Ok(lineage)
    }

    pub(super) fn take_look(&mut self) -> Look {
        mem::take(&mut self.look)
    }
}

impl Part {
    pub(super) fn file(&self) -> Option<&PathBuf> {
        match self {
            Self::Bytes(file) | Self::Roots(file) | Self::Crls(file) => Some(file),
            Self::Slot(..) => None,
        }
    }
}

pub(super) fn good_from(files: &[(PathBuf, File)], value: Value) -> Good {
    Good {
        made_from: files.iter().map(|(_, file)| file.hash).collect::<Vec<Hash>>(),
        files: files.iter().map(|(path, _)| path.clone()).collect(),
        len: files.iter().map(|(_, file)| file.bytes.len()).sum(),
        value,
    }
}

/// Each file on its own, so that errors name it; then all of them.
fn read_roots(place: &Path, files: &[(PathBuf, File)]) -> Result<Roots, Error> {
    if let [(file, read)] = files {
        return Roots::from_named_pem(file, &read.bytes);
    }
    let mut together = Vec::new();
    for (file, read) in files {
        Roots::from_named_pem(file, &read.bytes)?;
        together.extend_from_slice(&read.bytes);
        together.push(b'\n');
    }
    Roots::from_named_pem(place, &together)
}

fn missing(place: &Path, wanted: &'static str) -> Error {
    Error::none_given(&pem::origin(place), wanted)
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("asked", &self.asked).finish_non_exhaustive()
    }
}
