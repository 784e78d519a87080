//! The slots of [`Files`]: what we present, judged where it is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;

use super::disk::Contents;
use super::files::{Files, Made, source};
use super::last_good::{Loaded, pair};
use super::parts::{MadeFrom, Part, Source};
use crate::credentials::Credentials;
use crate::error::Error;
use crate::slot::{ClientSlot, EitherSlot, ServerSlot, Slot, SlotBuilder};

impl Files {
    /// A slot for what we present as a server: the chain, leaf first, and its key, which may be one
    /// file. Its observers and its clock are the reloader's, its policy the default one.
    ///
    /// The pair is judged here, as [`ServerSlot::swap`] would; refused, the last good one stays. The
    /// slot is part of the generation, and does not change.
    ///
    /// # Errors
    ///
    /// The pair is refused, and there is no last good one.
    pub fn server_slot(
        &mut self,
        chain: impl AsRef<Path>,
        key: impl AsRef<Path>,
        provider: &CryptoProvider,
    ) -> Result<ServerSlot, Error> {
        self.slot_from_pair(ServerSlot::builder(), chain.as_ref(), key.as_ref(), provider)
    }

    /// A slot for what we present as a client, as [`server_slot`](Self::server_slot).
    ///
    /// # Errors
    ///
    /// The pair is refused, and there is no last good one.
    pub fn client_slot(
        &mut self,
        chain: impl AsRef<Path>,
        key: impl AsRef<Path>,
        provider: &CryptoProvider,
    ) -> Result<ClientSlot, Error> {
        self.slot_from_pair(ClientSlot::builder(), chain.as_ref(), key.as_ref(), provider)
    }

    /// A slot with a policy of its own, and credentials from anywhere: a key in an HSM, other formats.
    ///
    /// `load` reads through the [`Files`] that it is handed.
    ///
    /// # Errors
    ///
    /// The credentials are refused, and there are no last good ones.
    pub fn server_slot_with(
        &mut self,
        slot: SlotBuilder<ServerSlot>,
        load: impl FnOnce(&mut Self) -> Result<Credentials, Error>,
    ) -> Result<ServerSlot, Error> {
        self.slot_from(slot, load)
    }

    /// As [`server_slot_with`](Self::server_slot_with), for what we present as a client.
    ///
    /// # Errors
    ///
    /// The credentials are refused, and there are no last good ones.
    pub fn client_slot_with(
        &mut self,
        slot: SlotBuilder<ClientSlot>,
        load: impl FnOnce(&mut Self) -> Result<Credentials, Error>,
    ) -> Result<ClientSlot, Error> {
        self.slot_from(slot, load)
    }

    fn slot_from_pair<S: EitherSlot>(
        &mut self,
        slot: SlotBuilder<S>,
        chain: &Path,
        key: &Path,
        provider: &CryptoProvider,
    ) -> Result<S, Error> {
        let slot = self.outfit(slot).build()?;
        let part = self.next_slot(&slot);
        let options = self.given.options.clone();
        let read = self.read_one(chain).and_then(|chain| Ok((chain, self.read_one(key)?)));
        let loaded = read.and_then(|(chain_file, key_file)| {
            let made_from = [source(chain, chain_file.contents), source(key, key_file.contents)];
            self.made(&part, made_from.into(), || {
                let (chain_pem, key_pem) = (&chain_file.bytes, &key_file.bytes);
                let credentials =
                    Credentials::from_named_pem((chain, chain_pem), (key, key_pem), provider)?;
                let pem = options.last_good.is_some();
                let pem = pem.then(|| Arc::new(pair(chain_pem, key_pem)));
                Ok(Loaded { credentials, pem })
            })
        });
        let mut places = vec![chain.to_owned(), key.to_owned()];
        places.dedup();
        let kept = || options.last_good.as_ref().and_then(|folder| folder.read(&part, provider));
        self.fill(slot, part.clone(), places, loaded, kept)
    }

    fn slot_from<S: EitherSlot>(
        &mut self,
        slot: SlotBuilder<S>,
        load: impl FnOnce(&mut Self) -> Result<Credentials, Error>,
    ) -> Result<S, Error> {
        let slot = self.outfit(slot).build()?;
        let first = self.asked.len();
        let loaded = load(self).map(|credentials| {
            let certificates = credentials.pairs().iter().flat_map(|pair| &pair.certified.cert);
            let contents = certificates.map(|der| Contents::of(der)).enumerate();
            let made_from = contents.map(|(place, it)| (Source::Certificate(place), it)).collect();
            (made_from, Loaded { credentials, pem: None })
        });
        let places = self.asked.iter().skip(first).filter_map(Part::place).cloned().collect();
        let part = self.next_slot(&slot);
        self.fill(slot, part, places, loaded, || None)
    }

    /// Judges what was loaded, unless it was good before. If the slot never had anything good, what was
    /// kept on disk takes the place of what is refused.
    fn fill<S: EitherSlot>(
        &mut self,
        slot: S,
        part: Part,
        places: Vec<PathBuf>,
        loaded: Result<Made<Loaded>, Error>,
        kept: impl FnOnce() -> Option<Result<Credentials, Error>>,
    ) -> Result<S, Error> {
        let good = self.good::<Loaded>(&part);
        let tell_refused: fn(&Slot, &Error) = match loaded {
            Err(_) => Slot::load_failed,
            Ok(_) => Slot::tell_refused,
        };
        let mut judged = loaded.and_then(|made| match &good {
            Some(good) if good.0 == made.0 => Ok(made),
            _ => self.judge(&slot, &part, made),
        });
        let count = self.refused.len();
        if good.is_none()
            && let Err(error) = judged
        {
            let kept = match kept() {
                Some(Err(open @ Error::OpenToOthers { .. })) => return Err(open),
                // What is wrong with the files is to be mended, and is the error.
                Some(Err(lost)) => {
                    slot.inner().load_failed(&lost);
                    None
                }
                Some(Ok(kept)) => Some(kept).filter(|kept| slot.inner().judge(kept).is_ok()),
                None => None,
            };
            let Some(credentials) = kept else { return Err(error) };
            self.refuse(part.clone(), places.clone(), error);
            judged = Ok((MadeFrom::new(), Loaded { credentials, pem: None }));
        }
        let loaded = self.settle(part, places, judged)?;
        for refused in self.refused.iter_mut().skip(count) {
            refused.shown.is_from_last_good = good.is_none();
            let (slot, error) = (slot.clone(), refused.shown.error.clone());
            refused.news = Some(Box::new(move || tell_refused(slot.inner(), &error)));
        }
        slot.inner().fill(loaded.credentials);
        Ok(slot)
    }

    fn judge<S: EitherSlot>(
        &mut self,
        slot: &S,
        part: &Part,
        made: Made<Loaded>,
    ) -> Result<Made<Loaded>, Error> {
        let (slot, credentials) = (slot.clone(), made.1.credentials.clone());
        let fitness = slot.inner().judge(&credentials)?;
        if !self.held.contains(part) {
            let tell = move || slot.inner().tell_published(&credentials, &fitness);
            self.news.push(Box::new(tell));
        }
        Ok(made)
    }

    fn next_slot(&self, slot: &impl EitherSlot) -> Part {
        let role = slot.inner().role();
        let is_such = |part: &&Part| matches!(part, Part::Slot(other, _) if *other == role);
        Part::Slot(role, self.now.all.keys().filter(is_such).count())
    }

    fn outfit<S>(&self, slot: SlotBuilder<S>) -> SlotBuilder<S> {
        let slot = slot.time_provider(self.given.options.clock());
        let observers = self.given.options.observers.iter();
        observers.fold(slot, |slot, observer| slot.observer(observer.clone()))
    }
}
