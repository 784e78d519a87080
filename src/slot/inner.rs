//! [`Slot`]: what both slots are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use rustls::SignatureScheme;
use rustls::client::verify_server_name;
use rustls::pki_types::ServerName;
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::time_provider::{DefaultTimeProvider, TimeProvider};

use crate::credentials::{Credentials, Fitness, Identity, Pair};
use crate::eku::EkuPolicy;
use crate::error::Error;
use crate::observe::{NothingPresented, Observers, Published};
use crate::role::Role;
use crate::tlv::{Kind, only};

/// What both slots are; private, so that each shows its own role's trait only.
#[derive(Debug)]
pub(crate) struct Slot {
    role: Role,
    pub(super) policy: EkuPolicy,
    pub(super) observers: Observers,
    pub(super) clock: Arc<dyn TimeProvider>,
    current: ArcSwapOption<Credentials>,
    /// Held while the slot changes.
    past: Mutex<Past>,
}

#[derive(Debug, Default)]
struct Past {
    /// What was published and is still held by somebody, who may want it back.
    published: Vec<(Identity, Fitness)>,
    /// It is part of a generation, and never changes again.
    is_sealed: bool,
}

impl Slot {
    pub(super) fn empty(role: Role) -> Self {
        Self {
            role,
            policy: EkuPolicy::default(),
            observers: Observers::default(),
            clock: Arc::new(DefaultTimeProvider),
            current: ArcSwapOption::empty(),
            past: Mutex::default(),
        }
    }

    pub(super) fn check_policy(&self) -> Result<(), Error> {
        match self.role {
            Role::Server if self.policy.accepts_server_auth() => {
                Err(Error::AcceptServerAuthForServers)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn swap(&self, credentials: Credentials) -> Result<Option<Credentials>, Error> {
        let mut past = self.unsealed()?;
        let judged = self.judge_once(&credentials, &mut past.published);
        let swapped =
            judged.map(|fitness| (fitness, self.current.swap(Some(Arc::new(credentials.clone())))));
        drop(past);
        let (fitness, previous) = swapped.inspect_err(|error| self.tell_refused(error))?;
        self.tell_published(&credentials, &fitness);
        Ok(previous.map(Arc::unwrap_or_clone))
    }

    /// Holds these, which were judged before, and tells nobody.
    pub(crate) fn fill(&self, credentials: Credentials) {
        self.current.store(Some(Arc::new(credentials)));
    }

    /// From now on it is what it is, on every clone.
    pub(crate) fn seal(&self) {
        self.past().is_sealed = true;
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }

    pub(crate) fn tell_published(&self, credentials: &Credentials, fitness: &Fitness) {
        let published = Published {
            role: self.role,
            credentials,
            leaf: credentials.leaf(),
            eku: &fitness.eku,
            is_combined: credentials.is_combined(),
            notes: &fitness.notes,
        };
        self.observers.tell(|observer| observer.published(&published));
    }

    pub(crate) fn tell_refused(&self, error: &Error) {
        self.observers.tell(|observer| observer.publish_refused(self.role, error));
    }

    /// Clearing an empty slot changes nothing, so nobody hears of it.
    pub(super) fn clear(&self) -> Result<Option<Credentials>, Error> {
        let previous = self.unsealed().map(|_past| self.current.swap(None))?;
        if previous.is_some() {
            self.observers.tell(|observer| observer.cleared(self.role));
        }
        Ok(previous.map(Arc::unwrap_or_clone))
    }

    /// Nobody seals it meanwhile.
    fn unsealed(&self) -> Result<MutexGuard<'_, Past>, Error> {
        let past = self.past();
        match past.is_sealed {
            true => Err(Error::Sealed { part: "slot" }),
            false => Ok(past),
        }
    }

    fn past(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn credentials(&self) -> Option<Credentials> {
        self.current.load_full().map(Arc::unwrap_or_clone)
    }

    pub(crate) fn judge(&self, credentials: &Credentials) -> Result<Fitness, Error> {
        let now = self.clock.current_time().ok_or(Error::NoClock)?;
        credentials.judge(self.policy.at(now), self.role, now)
    }

    /// As [`judge`](Self::judge), or as they were judged when they were published before.
    fn judge_once(
        &self,
        credentials: &Credentials,
        published: &mut Vec<(Identity, Fitness)>,
    ) -> Result<Fitness, Error> {
        published.retain(|(held, _)| held.strong_count() > 0);
        let identity = credentials.identity();
        if let Some((_, fitness)) = published.iter().find(|(held, _)| held.ptr_eq(&identity)) {
            return Ok(fitness.clone());
        }
        let fitness = self.judge(credentials)?;
        published.push((identity, fitness.clone()));
        Ok(fitness)
    }

    pub(crate) fn load_failed(&self, error: &Error) {
        self.observers.tell(|observer| observer.load_failed(self.role, error));
    }

    /// Of those that are meant the first whose key fits; if none is meant, of all.
    pub(super) fn present(
        &self,
        is_meant: impl Fn(&Pair) -> bool,
        offered: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let nothing = |reason| {
            self.observers.tell(|observer| observer.nothing_presented(self.role, reason));
            None
        };
        let current = self.current.load();
        let Some(credentials) = current.as_deref() else {
            return nothing(NothingPresented::SlotIsEmpty);
        };
        let chosen = match credentials.pairs() {
            [only] => Some(only).filter(|only| fits(only, offered)),
            several => {
                let is_any_meant = several.iter().any(|pair| is_meant(pair));
                let mut several = several.iter();
                several.find(|pair| (!is_any_meant || is_meant(pair)) && fits(pair, offered))
            }
        };
        match chosen {
            Some(pair) => Some(pair.certified.clone()),
            None => nothing(NothingPresented::NoCommonSignatureScheme),
        }
    }
}

/// rustls asks the same next, and without an answer sends nothing and says nothing.
pub(super) fn fits(pair: &Pair, offered: &[SignatureScheme]) -> bool {
    pair.certified.key.choose_scheme(offered).is_some()
}

/// Whether the leaf has this name, as clients on rustls see it.
pub(super) fn is_for(pair: &Pair, name: &ServerName<'_>) -> bool {
    let leaf = ParsedCertificate::try_from(pair.chain.leaf().der());
    leaf.is_ok_and(|leaf| verify_server_name(&leaf, name).is_ok())
}

/// Whether a CA of this name issued any certificate of the chain (RFC 8446, 4.2.4).
pub(super) fn is_below(pair: &Pair, hint: &[u8]) -> bool {
    let name = only(hint, Kind::SEQUENCE);
    let is_issuer = |name| pair.chain.certificates().iter().any(|each| each.issuer_der() == name);
    name.is_ok_and(is_issuer)
}
