//! [`SlotBuilder`]: a slot with a policy, observers or a clock of its own.

use std::sync::Arc;

use rustls::time_provider::TimeProvider;

use super::inner::Slot;
use crate::credentials::Credentials;
use crate::eku::EkuPolicy;
use crate::error::Error;
use crate::observe::Observer;
use crate::role::Role;

/// Builds a slot; see [`ServerSlot::builder`](crate::ServerSlot::builder) and
/// [`ClientSlot::builder`](crate::ClientSlot::builder).
///
/// ```
/// use std::sync::Arc;
/// use mtls_roles::{ClientSlot, Counters, EkuPolicy};
///
/// // Presents a serverAuth-only certificate to a server that ignores the EKU.
/// let slot = ClientSlot::builder()
///     .eku_policy(EkuPolicy::ignore())
///     .observer(Arc::new(Counters::default()))
///     .build()?;
/// # Ok::<(), mtls_roles::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct SlotBuilder<S> {
    slot: Slot,
    wrap: fn(Arc<Slot>) -> S,
}

impl<S> SlotBuilder<S> {
    pub(super) fn new(role: Role, wrap: fn(Arc<Slot>) -> S) -> Self {
        Self { slot: Slot::empty(role), wrap }
    }

    /// The policy by which credentials are fit for the slot. Default: [`EkuPolicy::rfc5280`].
    ///
    /// It is judged when credentials are published: an [`until`](EkuPolicy::until) that passes
    /// later refuses the next ones and leaves those in the slot.
    pub fn eku_policy(mut self, policy: EkuPolicy) -> Self {
        self.slot.policy = policy;
        self
    }

    /// Hears what the slot does. May be called several times.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.slot.observers.add(observer);
        self
    }

    /// The clock by which validity is judged. Default: the system's.
    pub fn time_provider(mut self, clock: Arc<dyn TimeProvider>) -> Self {
        self.slot.clock = clock;
        self
    }

    /// An empty slot.
    ///
    /// # Errors
    ///
    /// [`EkuPolicy::accept_server_auth`] for a server slot.
    pub fn build(self) -> Result<S, Error> {
        self.slot.check_policy()?;
        Ok((self.wrap)(Arc::new(self.slot)))
    }

    /// A slot that holds these credentials.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build); and the credentials are unfit for the slot's role, expired or
    /// not yet valid.
    pub fn build_with(self, credentials: Credentials) -> Result<S, Error> {
        self.slot.check_policy()?;
        self.slot.swap(credentials)?;
        Ok((self.wrap)(Arc::new(self.slot)))
    }
}
