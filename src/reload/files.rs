//! [`Files`]: what a recipe reads through, and so what is followed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::UnixTime;
use rustls::time_provider::{DefaultTimeProvider, TimeProvider};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::disk::{Contents, File, Lost, Place, Snapshot};
use super::last_good::LastGood;
use super::parts::{Good, MadeFrom, Part, Parts, Source};
use crate::error::Error;
use crate::observe::{Observer, Observers};
use crate::pem;
use crate::report::RefusedPart;
use crate::roots::Roots;
use crate::text::offset;
use crate::verifier::{Crls, Lineage};

/// What a recipe reads through: every file and folder that it asks for is followed.
///
/// All reads of one run see the disk at one instant. What cannot be read or used is refused, told,
/// and stays as it was last good; only what never was good is an error here.
///
/// A folder stands for the files in it, but those whose names begin with a dot, and folders. At most
/// 10,000 entries are looked at, and pipes and devices are refused.
///
/// ```
/// use mtls_roles::{ClientPeerVerifier, Files, Generation, Reloader, Roots, ServerSlot};
///
/// # let (roots, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/peer.rs"));
/// # let policy = std::env::temp_dir().join(format!("mtls-roles-{}-files", std::process::id()));
/// let roots = Roots::from_der(roots)?;
/// let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
/// std::fs::write(&policy, "rfc5280")?;
/// let followed = policy.clone();
/// let tls = Reloader::builder().build(move |files: &mut Files| {
///     let clients = ClientPeerVerifier::builder(roots.clone(), &provider)
///         .eku_policy(files.text(&followed)?.parse()?) // From now on this file is followed.
///         .build()?;
///     Generation::new(&provider).serve(ServerSlot::empty(), clients).build()
/// })?;
/// std::fs::write(&policy, "strict")?;
/// assert_eq!(tls.reload()?.changed, [policy.clone()]);
/// # std::fs::remove_file(policy)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Files {
    pub(super) given: Given,
    /// What the recipe has asked for: of what was given, or read since.
    pub(super) look: Snapshot,
    /// Parts whose new contents are to blame for a failure: they stay as they were.
    pub(super) held: BTreeSet<Part>,
    pub(super) now: Parts,
    /// In the order in which it did.
    pub(super) asked: Vec<Part>,
    pub(super) refused: Vec<Refused>,
    /// What the slots have to tell once this is published.
    pub(super) news: Vec<Tell>,
}

/// What a run of the recipe begins with.
#[derive(Clone)]
pub(super) struct Given {
    /// What was read before it.
    pub(super) look: Snapshot,
    pub(super) good: Arc<Parts>,
    pub(super) options: Arc<Options>,
}

/// What a reloader was built with.
#[derive(Debug)]
pub(super) struct Options {
    /// `None`: the system's, and each configuration's own.
    pub(super) clock: Option<Arc<dyn TimeProvider>>,
    pub(super) observers: Observers,
    pub(super) last_good: Option<LastGood>,
    pub(super) checks_own_chains: bool,
    pub(super) notice: Duration,
}

/// Tells observers something, later.
pub(super) type Tell = Box<dyn Fn() + Send>;

/// A part that stays as it was.
pub(super) struct Refused {
    pub(super) part: Part,
    /// What it should have been made from.
    pub(super) contents: Contents,
    pub(super) shown: RefusedPart,
    /// What a slot has to tell of it, once.
    pub(super) news: Option<Tell>,
}

/// What was made, and of what.
pub(super) type Made<T> = (MadeFrom, T);

impl Files {
    pub(super) fn new(given: Given, held: BTreeSet<Part>) -> Self {
        Self {
            given,
            look: Snapshot::default(),
            held,
            now: Parts::default(),
            asked: Vec::new(),
            refused: Vec::new(),
            news: Vec::new(),
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
        let files = self.read(place, pem::MOST_OF_CERTIFICATES).and_then(all);
        let made = files.and_then(|files| {
            let made_from = files.iter().map(|(path, file)| source(path, file.contents)).collect();
            self.made(&part, made_from, || read_roots(place, &files))
        });
        self.settle(part, vec![place.to_owned()], made)
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
        let (part, places) = (Part::Crls(place.to_owned()), vec![place.to_owned()]);
        let (files, before) = (self.read(place, pem::MOST_OF_CRLS), self.good(&part));
        let mut refused = None;
        let made = files.and_then(|files| {
            let crls = read_crls(files, before.as_ref().map(|(_, crls)| crls), &mut refused)?;
            match crls.is_empty() {
                true => Err(refused.take().map_or_else(|| no_crls(place), |(_, error)| error)),
                false => Ok((crls.iter().map(|(path, it)| source(path, it.0)).collect(), crls)),
            }
        });
        let crls = self.settle(part.clone(), places, made)?;
        if let Some((file, error)) = refused {
            self.refuse(part, vec![file], error);
        }
        let crls = Crls::together(crls.values().map(|(_, crls)| crls));
        Ok(crls.ok_or_else(|| no_crls(place))?.with_lineage(self.lineage(place)?))
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
        self.bytes_if(file.as_ref(), |_| true).map(|bytes| bytes.to_vec())
    }

    /// The time by the reloader's clock.
    ///
    /// # Errors
    ///
    /// The clock cannot be read.
    pub fn now(&self) -> Result<UnixTime, Error> {
        self.given.options.clock().current_time().ok_or(Error::NoClock)
    }

    fn bytes_if(
        &mut self,
        path: &Path,
        is_good: fn(&[u8]) -> bool,
    ) -> Result<Arc<Zeroizing<Vec<u8>>>, Error> {
        let made = self.read_one(path).and_then(|file| match is_good(&file.bytes) {
            true => Ok(([source(path, file.contents)].into(), file.bytes)),
            false => Err(Lost::new(ErrorKind::InvalidData, "it is not UTF-8").at(path)),
        });
        self.settle(Part::Bytes(path.to_owned()), vec![path.to_owned()], made)
    }

    /// What was made of the same contents before, or is made now.
    pub(super) fn made<T: Clone + 'static>(
        &self,
        part: &Part,
        made_from: MadeFrom,
        make: impl FnOnce() -> Result<T, Error>,
    ) -> Result<Made<T>, Error> {
        match self.good(part) {
            Some(good) if good.0 == made_from => Ok(good),
            _ => Ok((made_from, make()?)),
        }
    }

    /// The state of a part: what was made; or else, and then it is told, what was good before.
    pub(super) fn settle<T: Clone + Send + Sync + 'static>(
        &mut self,
        part: Part,
        places: Vec<PathBuf>,
        made: Result<Made<T>, Error>,
    ) -> Result<T, Error> {
        self.asked.push(part.clone());
        let (made_from, value) = match (made, self.good(&part)) {
            (_, Some(good)) if self.held.contains(&part) => good,
            (Ok(made), _) => made,
            (Err(error), None) => return Err(error),
            (Err(error), Some(good)) => {
                self.refuse(part.clone(), places.clone(), error);
                good
            }
        };
        let good = Good { made_from, places, value: Arc::new(value.clone()) };
        self.now.all.insert(part, good);
        Ok(value)
    }

    pub(super) fn refuse(&mut self, part: Part, files: Vec<PathBuf>, error: impl Into<Arc<Error>>) {
        let contents = self.look.contents_around(&files);
        let shown = RefusedPart { files, error: error.into(), is_from_last_good: false };
        self.refused.push(Refused { part, contents, shown, news: None });
    }

    pub(super) fn good<T: Clone + 'static>(&self, part: &Part) -> Option<Made<T>> {
        let good = self.given.good.all.get(part)?;
        Some((good.made_from.clone(), good.value.downcast_ref::<T>()?.clone()))
    }

    /// Keeps the pairs for a restart; those that cannot be kept serve all the same.
    pub(super) fn keep(&mut self) {
        let options = self.given.options.clone();
        let Some(folder) = &options.last_good else { return };
        let failed = self.now.all.iter().filter_map(|(part, good)| {
            let error = folder.keep(part, good).err()?;
            Some((part.clone(), good.places.clone(), error))
        });
        for (part, places, error) in failed.collect::<Vec<_>>() {
            self.refuse(part, places, error);
        }
    }

    /// What was read before the run, and in it.
    pub(super) fn everything(&self) -> Snapshot {
        let places = self.given.look.0.iter().chain(&self.look.0);
        Snapshot(places.map(|(place, files)| (place.clone(), files.clone())).collect())
    }

    /// Every file of a place, of no more than so many bytes together.
    fn read(&mut self, place: &Path, most: usize) -> Result<ReadFiles, Error> {
        let files: &Place = self.look.at(place, &self.given.look);
        if files.values().flatten().map(|file| file.contents.len).sum::<usize>() > most {
            return Err(Error::FileTooLarge { file: place.to_owned(), most });
        }
        let files = files.iter().map(|(path, file)| {
            (path.clone(), file.as_ref().cloned().map_err(|lost| lost.at(path)))
        });
        Ok(files.collect())
    }

    pub(super) fn read_one(&mut self, path: &Path) -> Result<File, Error> {
        let mut files = self.read(path, pem::MOST_OF_CERTIFICATES)?;
        let folder = Lost::new(ErrorKind::IsADirectory, "it is a folder, needed is a file");
        files.remove(path).unwrap_or_else(|| Err(folder.at(path)))
    }

    fn lineage(&mut self, place: &Path) -> Result<Arc<Lineage>, Error> {
        let nth = self.now.lineages.keys().filter(|(other, _)| other == place).count();
        let key = (place.to_owned(), nth);
        let before = self.given.good.lineages.get(&key).map(|before| &**before);
        let lineage = Lineage::after(before, self.now()?);
        self.now.lineages.insert(key, lineage.clone());
        Ok(lineage)
    }
}

impl Options {
    pub(super) fn clock(&self) -> Arc<dyn TimeProvider> {
        self.clock.clone().unwrap_or_else(|| Arc::new(DefaultTimeProvider))
    }

    pub(super) fn news(&self, tell: impl Fn(&dyn Observer) + Send + 'static) -> Tell {
        let observers = self.observers.clone();
        Box::new(move || observers.tell(&tell))
    }

    /// A clock that cannot be read says 1970.
    pub(super) fn now(&self) -> OffsetDateTime {
        self.clock().current_time().map_or(OffsetDateTime::UNIX_EPOCH, offset)
    }
}

pub(super) fn source(path: &Path, contents: Contents) -> (Source, Contents) {
    (Source::File(path.to_owned()), contents)
}

type ReadFiles = BTreeMap<PathBuf, Result<File, Error>>;

fn all(files: ReadFiles) -> Result<BTreeMap<PathBuf, File>, Error> {
    files.into_iter().map(|(path, file)| Ok((path, file?))).collect()
}

/// Each file on its own, so that errors name it; then all of them.
fn read_roots(place: &Path, files: &BTreeMap<PathBuf, File>) -> Result<Roots, Error> {
    let mut together = Vec::new();
    for (path, file) in files {
        let roots = Roots::from_named_pem(path, &file.bytes)?;
        if files.len() == 1 {
            return Ok(roots);
        }
        together.extend_from_slice(&file.bytes);
        together.push(b'\n');
    }
    Roots::from_named_pem(place, &together)
}

/// The lists of each file.
type CrlFiles = BTreeMap<PathBuf, (Contents, Crls)>;

/// A file is read if it has changed. If it is refused, it is refused alone, and its lists stay;
/// unless there were none before.
fn read_crls(
    files: ReadFiles,
    before: Option<&CrlFiles>,
    refused: &mut Option<(PathBuf, Error)>,
) -> Result<CrlFiles, Error> {
    let mut crls = CrlFiles::new();
    for (path, file) in files {
        let known = before.and_then(|before| before.get(&path)).cloned();
        let read = file.and_then(|file| match &known {
            Some(known) if known.0 == file.contents => Ok(known.clone()),
            _ => Ok((file.contents, Crls::from_named_pem(&path, &file.bytes)?)),
        });
        match read {
            Ok(read) => drop(crls.insert(path, read)),
            Err(error) if before.is_none() => return Err(error),
            Err(error) => {
                crls.extend(known.map(|known| (path.clone(), known)));
                refused.get_or_insert((path, error));
            }
        }
    }
    Ok(crls)
}

fn no_crls(place: &Path) -> Error {
    Error::none_given(&pem::origin(place), pem::CRLS.wanted)
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("asked", &self.asked).finish_non_exhaustive()
    }
}
