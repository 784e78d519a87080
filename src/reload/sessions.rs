//! [`Sessions`]: configurations whose sessions are resumed for a while, in epochs.
//!
//! Each epoch has a configuration and a store of its own. A store that has ended stays dead: what is
//! written to it late (a Finished that was held back, a ticket on an open connection) is never read.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::pki_types::ServerName;
use rustls::server::{ServerSessionMemoryCache, StoresServerSessions};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, NamedGroup, ServerConfig};

use crate::config::{ResumableConfig, without_resumption};

/// A configuration, in one epoch after the other.
#[derive(Debug)]
pub(super) struct Sessions<C> {
    /// As it was made.
    pub(super) config: C,
    /// `None`: the next one is to begin.
    epoch: ArcSwapOption<Epoch<C>>,
    /// Held while an epoch begins or ends. Whether it was the last one.
    has_ended: Mutex<bool>,
}

/// What epochs are made of.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    /// For how long sessions are resumed; `None`: not at all.
    pub(super) within: Option<Duration>,
    /// How many are remembered.
    pub(super) most: usize,
    /// `None`: the configuration's own.
    pub(super) clock: Option<Arc<dyn TimeProvider>>,
}

#[derive(Debug)]
struct Epoch<C> {
    config: Arc<C>,
    /// `None`: nothing is resumed, and so it needs no end.
    life: Option<Arc<Life>>,
}

/// Ends at an instant, or before it.
#[derive(Debug)]
pub(super) struct Life {
    clock: Arc<dyn TimeProvider>,
    /// In seconds since 1970.
    end: u64,
    is_over: AtomicBool,
}

/// A configuration that can resume sessions.
pub(super) trait Resumes: ResumableConfig + Clone + Send + Sync + 'static {
    fn clock(&mut self) -> &mut Arc<dyn TimeProvider>;

    fn remember(&mut self, most: usize, life: Arc<Life>);
}

impl<C: Resumes> Sessions<C> {
    pub(super) fn new(config: C) -> Self {
        Self { config, epoch: ArcSwapOption::empty(), has_ended: Mutex::default() }
    }

    /// The configuration of the epoch that is now. No session outlives the next of `ends`, in seconds since
    /// 1970.
    pub(super) fn config(&self, terms: &Terms, ends: impl FnOnce() -> Vec<u64>) -> Arc<C> {
        match &*self.epoch.load() {
            Some(epoch) if !epoch.is_over() => epoch.config.clone(),
            _ => self.turn(terms, ends),
        }
    }

    fn turn(&self, terms: &Terms, ends: impl FnOnce() -> Vec<u64>) -> Arc<C> {
        let has_ended = self.has_ended.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(epoch) = &*self.epoch.load()
            && !epoch.is_over()
        {
            return epoch.config.clone();
        }
        let mut config = self.config.clone();
        without_resumption(&mut config);
        if let Some(clock) = &terms.clock {
            *config.clock() = clock.clone();
        }
        let mut life = None;
        if let Some(within) = terms.within.filter(|_| !*has_ended) {
            let clock = config.clock().clone();
            // A clock that cannot be read resumes nothing.
            let Some(now) = clock.current_time() else { return Arc::new(config) };
            let ends = ends().into_iter().filter(|end| *end > now.as_secs());
            let end = ends.fold(now.as_secs().saturating_add(within.as_secs()), u64::min);
            let begun = Arc::new(Life { clock, end, is_over: AtomicBool::default() });
            config.remember(terms.most, begun.clone());
            life = Some(begun);
        }
        let config = Arc::new(config);
        self.epoch.store(Some(Arc::new(Epoch { config: config.clone(), life })));
        config
    }
}

/// The sessions of one side, whichever it is.
pub(super) trait Epochs {
    /// From now on by other terms.
    fn restart(&self);

    /// Now and for good.
    fn end(&self);
}

impl<C: Resumes> Epochs for Sessions<C> {
    fn restart(&self) {
        let _turning = self.has_ended.lock();
        if let Some(life) = self.epoch.swap(None).and_then(|epoch| epoch.life.clone()) {
            life.end();
        }
    }

    fn end(&self) {
        *self.has_ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.restart();
    }
}

impl<C> Epoch<C> {
    fn is_over(&self) -> bool {
        self.life.as_ref().is_some_and(|life| life.is_over())
    }
}

impl Life {
    /// Once over, always over, whatever the clock says later.
    fn is_over(&self) -> bool {
        if self.is_over.load(Ordering::Acquire) {
            return true;
        }
        let is_over = self.clock.current_time().is_none_or(|now| now.as_secs() >= self.end);
        if is_over {
            self.end();
        }
        is_over
    }

    fn end(&self) {
        self.is_over.store(true, Ordering::Release);
    }
}

impl Resumes for ServerConfig {
    fn clock(&mut self) -> &mut Arc<dyn TimeProvider> {
        &mut self.time_provider
    }

    fn remember(&mut self, most: usize, life: Arc<Life>) {
        // A session is one ticket, so that the store holds as many as it says.
        self.send_tls13_tickets = 1;
        let store = ServerSessionMemoryCache::new(most);
        self.session_storage = Arc::new(Mortal { life, store });
    }
}

impl Resumes for ClientConfig {
    fn clock(&mut self) -> &mut Arc<dyn TimeProvider> {
        &mut self.time_provider
    }

    fn remember(&mut self, most: usize, life: Arc<Life>) {
        // It counts eight tickets for each server.
        let store = ClientSessionMemoryCache::new(most.saturating_mul(8));
        self.resumption = Resumption::store(Arc::new(Mortal { life, store }));
    }
}

/// A store that is not read any more once its epoch has ended.
#[derive(Debug)]
struct Mortal<S> {
    life: Arc<Life>,
    store: S,
}

impl<S> Mortal<S> {
    fn alive(&self) -> Option<&S> {
        (!self.life.is_over()).then_some(&self.store)
    }
}

impl StoresServerSessions for Mortal<Arc<ServerSessionMemoryCache>> {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.store.put(key, value)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.alive()?.get(key)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.alive()?.take(key)
    }

    fn can_cache(&self) -> bool {
        self.alive().is_some()
    }
}

impl ClientSessionStore for Mortal<ClientSessionMemoryCache> {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.store.set_kx_hint(name, group);
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        self.store.kx_hint(name)
    }

    fn set_tls12_session(&self, name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.store.set_tls12_session(name, value);
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.alive()?.tls12_session(name)
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.store.remove_tls12_session(name);
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.store.insert_tls13_ticket(name, value);
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.alive()?.take_tls13_ticket(name)
    }
}
