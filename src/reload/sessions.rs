//! [`Sessions`]: configurations whose sessions are resumed for a while, in epochs.
//!
//! Each epoch has a configuration and a store of its own. A store that has ended stays dead: what is
//! written to it late (a Finished that was held back, a ticket on an open connection) is lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::client::{
    ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::pki_types::{ServerName, UnixTime};
use rustls::server::{ServerSessionMemoryCache, StoresServerSessions};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, NamedGroup, ServerConfig};

use crate::config::without_resumption;

/// How long, and how many.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) within: Duration,
    pub(super) sessions: usize,
}

/// A configuration, and the stores of one epoch after the other.
#[derive(Debug)]
pub(super) struct Sessions<C> {
    /// Without resumption.
    plain: C,
    epoch: ArcSwap<Epoch<C>>,
    /// `None`: nothing is resumed.
    limits: Option<Limits>,
    clock: Arc<dyn TimeProvider>,
    /// When something ends that a session must not outlive, in order.
    ends: Vec<UnixTime>,
    /// Held while an epoch takes the place of another. Whether the last one was.
    turning: Mutex<bool>,
}

#[derive(Debug)]
struct Epoch<C> {
    config: Arc<C>,
    life: Arc<Life>,
}

/// From the beginning of an epoch to its end.
#[derive(Debug)]
struct Life {
    clock: Arc<dyn TimeProvider>,
    end: UnixTime,
    is_over: AtomicBool,
}

/// A configuration that can resume sessions.
pub(super) trait Resumes: Clone + Send + Sync + 'static {
    fn clock(&mut self) -> &mut Arc<dyn TimeProvider>;
    fn without_sessions(self) -> Self;
    fn with_sessions(self, life: Remembered, most: usize) -> Self;
}

/// What ends with an epoch.
pub(super) struct Remembered(Arc<Life>);

impl<C: Resumes> Sessions<C> {
    pub(super) fn new(
        config: C,
        limits: Option<Limits>,
        clock: Arc<dyn TimeProvider>,
        mut ends: Vec<UnixTime>,
    ) -> Self {
        ends.sort();
        let plain = config.without_sessions();
        let life = Life {
            clock: clock.clone(),
            end: UnixTime::since_unix_epoch(Duration::ZERO),
            is_over: true.into(),
        };
        let none = Epoch { config: Arc::new(plain.clone()), life: Arc::new(life) };
        let (epoch, turning) = (ArcSwap::from_pointee(none), Mutex::default());
        Self { plain, epoch, limits, clock, ends, turning }
    }

    /// The configuration of the epoch that is now.
    pub(super) fn config(&self) -> Arc<C> {
        let epoch = self.epoch.load();
        match self.limits {
            Some(limits) if epoch.life.is_over() => self.turn(limits),
            _ => epoch.config.clone(),
        }
    }

    fn turn(&self, limits: Limits) -> Arc<C> {
        let is_last = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
        let epoch = self.epoch.load_full();
        if !epoch.life.is_over() {
            return epoch.config.clone();
        }
        // A clock that cannot be read resumes nothing.
        let Some(now) = self.clock.current_time().filter(|_| !*is_last) else {
            return Arc::new(self.plain.clone());
        };
        let latest = now.as_secs().saturating_add(limits.within.as_secs());
        let next = self.ends.iter().find(|end| **end > now).map_or(u64::MAX, UnixTime::as_secs);
        let end = UnixTime::since_unix_epoch(Duration::from_secs(latest.min(next)));
        let (clock, is_over) = (self.clock.clone(), AtomicBool::default());
        let life = Arc::new(Life { clock, end, is_over });
        let config = self.plain.clone().with_sessions(Remembered(life.clone()), limits.sessions);
        let config = Arc::new(config);
        self.epoch.store(Arc::new(Epoch { config: config.clone(), life }));
        config
    }

    /// Now and for good.
    pub(super) fn end(&self) {
        let mut is_last = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
        *is_last = true;
        self.epoch.load().life.end();
    }
}

impl Life {
    /// Once over, always over, whatever the clock says later.
    fn is_over(&self) -> bool {
        if self.is_over.load(Ordering::Acquire) {
            return true;
        }
        let is_over = self.clock.current_time().is_none_or(|now| now >= self.end);
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

    fn without_sessions(mut self) -> Self {
        without_resumption(&mut self);
        self
    }

    fn with_sessions(mut self, Remembered(life): Remembered, most: usize) -> Self {
        // A session is one ticket, so that the store holds as many as it says.
        self.send_tls13_tickets = 1;
        self.session_storage =
            Arc::new(Mortal { life, store: ServerSessionMemoryCache::new(most) });
        self
    }
}

impl Resumes for ClientConfig {
    fn clock(&mut self) -> &mut Arc<dyn TimeProvider> {
        &mut self.time_provider
    }

    fn without_sessions(mut self) -> Self {
        without_resumption(&mut self);
        self
    }

    fn with_sessions(mut self, Remembered(life): Remembered, most: usize) -> Self {
        // It counts eight tickets for each server.
        let store = ClientSessionMemoryCache::new(most.saturating_mul(8));
        self.resumption = Resumption::store(Arc::new(Mortal { life, store }));
        self
    }
}

/// A store that ends.
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
        self.alive().is_some_and(|store| store.put(key, value))
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
        if let Some(store) = self.alive() {
            store.set_tls12_session(name, value);
        }
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.alive()?.tls12_session(name)
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.store.remove_tls12_session(name);
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, value: Tls13ClientSessionValue) {
        if let Some(store) = self.alive() {
            store.insert_tls13_ticket(name, value);
        }
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.alive()?.take_tls13_ticket(name)
    }
}
