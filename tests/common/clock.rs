//! The one clock of the tests: it stands at `NOW` until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

/// The instant at which every test takes place, unless it says otherwise.
pub const NOW: OffsetDateTime = datetime!(2026-11-21 12:00:00 UTC);

/// The same instant in the type that rustls uses; whole seconds.
pub fn unix(instant: OffsetDateTime) -> UnixTime {
    checked_unix(instant.unix_timestamp()).expect("UnixTime cannot say an instant before 1970")
}

/// A clock that can be set; clones share the same hands. Whole seconds, UTC.
#[derive(Clone, Debug)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    /// A clock that stands at `instant`.
    pub fn at(instant: OffsetDateTime) -> Self {
        Self(Arc::new(AtomicI64::new(instant.unix_timestamp())))
    }

    /// What the clock shows.
    pub fn now(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.0.load(Ordering::SeqCst))
            .expect("only an OffsetDateTime was ever put in")
    }

    /// Moves the hands, forth or back.
    pub fn set(&self, instant: OffsetDateTime) {
        self.0.store(instant.unix_timestamp(), Ordering::SeqCst);
    }

    /// Moves the hands by `span`, which may be negative.
    pub fn advance(&self, span: Duration) {
        self.0.fetch_add(span.whole_seconds(), Ordering::SeqCst);
    }
}

impl Default for Clock {
    /// A clock that stands at [`NOW`].
    fn default() -> Self {
        Self::at(NOW)
    }
}

impl TimeProvider for Clock {
    /// `None` before 1970, which rustls reports as a clock that cannot be read.
    fn current_time(&self) -> Option<UnixTime> {
        checked_unix(self.0.load(Ordering::SeqCst))
    }
}

fn checked_unix(seconds: i64) -> Option<UnixTime> {
    let since_epoch = std::time::Duration::from_secs(u64::try_from(seconds).ok()?);
    Some(UnixTime::since_unix_epoch(since_epoch))
}
