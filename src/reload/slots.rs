//! The slots of [`Files`]: what we present, judged where it is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use sha2::{Digest, Sha256};

use super::files::{Files, News, good_from};
use super::last_good;
use super::parts::{Good, Part, Value};
use crate::credentials::Credentials;
use crate::error::Error;
use crate::role::Role;
use crate::slot::{ClientSlot, OneRole, ServerSlot, SlotBuilder};

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
        let slot = self.outfit(ServerSlot::builder()).build()?;
        self.slot_from_pair(slot, chain.as_ref(), key.as_ref(), provider)
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
        let slot = self.outfit(ClientSlot::builder()).build()?;
        self.slot_from_pair(slot, chain.as_ref(), key.as_ref(), provider)
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
        let slot = self.outfit(slot).build()?;
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
        let slot = self.outfit(slot).build()?;
        self.slot_from(slot, load)
    }

    fn slot_from_pair<S: OneRole>(
        &mut self,
        slot: S,
        chain: &Path,
        key: &Path,
        provider: &CryptoProvider,
    ) -> Result<S, Error> {
        let part = self.next_slot(slot.inner().role());
        let good = self.good(&part);
        let read = self.read_one(&part, chain);
        let read = read.and_then(|chain| Ok((chain, self.read_one(&part, key)?)));
        let mut is_load = true;
        let read = read.and_then(|(chain_file, key_file)| {
            let files = [(chain.to_owned(), chain_file), (key.to_owned(), key_file)];
            let [(_, chain_file), (_, key_file)] = &files;
            let made_from = [chain_file.hash, key_file.hash];
            if let Some(good) = good.filter(|good| good.made_from == made_from) {
                return Ok(good);
            }
            let (chain_pem, key_pem) = (&chain_file.bytes, &key_file.bytes);
            let credentials =
                Credentials::from_named_pem((chain, chain_pem), (key, key_pem), provider)?;
            is_load = false;
            self.judge(&slot, &part, &credentials)?;
            let pair = self.surroundings.last_good.is_some();
            let pair = pair.then(|| Arc::new(last_good::pair(chain_pem, key_pem)));
            Ok(good_from(&files, Value::Slot(credentials, pair)))
        });
        let kept = match (&read, &self.surroundings.last_good) {
            (Err(_), Some(folder)) if self.good(&part).is_none() => folder.read(&part, provider)?,
            _ => None,
        };
        let files = match chain == key {
            true => vec![chain.to_owned()],
            false => vec![chain.to_owned(), key.to_owned()],
        };
        self.fill(slot, part, files, read, kept, is_load)
    }

    fn slot_from<S: OneRole>(
        &mut self,
        slot: S,
        load: impl FnOnce(&mut Self) -> Result<Credentials, Error>,
    ) -> Result<S, Error> {
        let part = self.next_slot(slot.inner().role());
        let first = self.asked.len();
        let read = load(self);
        let files: Vec<_> = self.asked.iter().skip(first).filter_map(Part::file).cloned().collect();
        self.asked.push(part.clone());
        let mut is_load = true;
        let read = read.and_then(|credentials| match self.good(&part) {
            Some(good) if good.value.is_of(&credentials) => Ok(good),
            _ => {
                is_load = false;
                self.judge(&slot, &part, &credentials)?;
                let chains = credentials.pairs().iter().map(|pair| &pair.certified_key().cert);
                let ders: Vec<_> = chains.flatten().collect();
                let made_from = ders.iter().map(|der| Sha256::digest(der).into()).collect();
                let (files, len) = (files.clone(), ders.iter().map(|der| der.len()).sum());
                Ok(Good { made_from, files, len, value: Value::Slot(credentials, None) })
            }
        });
        self.fill(slot, part, files, read, None, is_load)
    }

    fn judge<S: OneRole>(
        &mut self,
        slot: &S,
        part: &Part,
        credentials: &Credentials,
    ) -> Result<(), Error> {
        let fitness = slot.inner().judge(credentials)?;
        let (slot, credentials) = (slot.clone(), credentials.clone());
        let tell = move || slot.inner().tell_published(&credentials, &fitness);
        self.news.push(News::Published(part.clone(), Box::new(tell)));
        Ok(())
    }

    fn fill<S: OneRole>(
        &mut self,
        slot: S,
        part: Part,
        files: Vec<PathBuf>,
        read: Result<Good, Error>,
        kept: Option<Credentials>,
        is_load: bool,
    ) -> Result<S, Error> {
        let read = match (read, kept) {
            (Err(error), Some(credentials)) if slot.inner().judge(&credentials).is_ok() => {
                self.refuse(part.clone(), files.clone(), error, true);
                let value = Value::Slot(credentials, None);
                Ok(Good { made_from: Vec::new(), files: files.clone(), len: 0, value })
            }
            (read, _) => read,
        };
        let count = self.refused.len();
        let value = self.settle(part.clone(), files, read)?;
        for (_, refused) in self.refused.iter().skip(count) {
            let (slot, error) = (slot.clone(), refused.error.clone());
            let tell = move || match is_load {
                true => slot.inner().load_failed(&error),
                false => slot.inner().tell_refused(&error),
            };
            self.news.push(News::Refused(part.clone(), Box::new(tell)));
        }
        let Value::Slot(credentials, _) = value else {
            return Err(Error::recipe("another kind of part"));
        };
        slot.inner().fill(credentials);
        Ok(slot)
    }

    fn next_slot(&self, role: Role) -> Part {
        let is_such = |part: &&Part| matches!(part, Part::Slot(other, _) if *other == role);
        Part::Slot(role, self.now.all.keys().filter(is_such).count())
    }

    fn outfit<S>(&self, slot: SlotBuilder<S>) -> SlotBuilder<S> {
        let slot = slot.time_provider(self.surroundings.clock.clone());
        self.surroundings
            .observers
            .iter()
            .fold(slot, |slot, observer| slot.observer(observer.clone()))
    }
}

impl Value {
    fn is_of(&self, credentials: &Credentials) -> bool {
        matches!(self, Self::Slot(own, _) if own == credentials)
    }
}
