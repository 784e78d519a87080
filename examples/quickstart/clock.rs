//! A clock that can be set, so that an end date can pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use time::OffsetDateTime;
use time::macros::datetime;

/// Everything here takes place when this clock says so; clones share its hands.
#[derive(Clone, Debug)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    pub const START: OffsetDateTime = datetime!(2026-12-01 12:00 UTC);

    pub fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0.load(Ordering::SeqCst)).unwrap_or(Self::START)
    }

    pub fn set(&self, now: OffsetDateTime) {
        self.0.store(now.unix_timestamp(), Ordering::SeqCst);
    }

    /// For rustls and for slots.
    pub fn shared(&self) -> Arc<dyn TimeProvider> {
        Arc::new(self.clone())
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(Self::START.unix_timestamp())))
    }
}

impl TimeProvider for Clock {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = self.0.load(Ordering::SeqCst).try_into().ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)))
    }
}
