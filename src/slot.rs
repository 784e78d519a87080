//! [`ServerSlot`] and [`ClientSlot`]: the credentials that *we* present, one slot per role.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use rustls::SignatureScheme;
use rustls::client::{ResolvesClientCert, verify_server_name};
use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::time_provider::{DefaultTimeProvider, TimeProvider};

use crate::credentials::{Credentials, Fitness, Identity, Pair};
use crate::eku::EkuPolicy;
use crate::error::Error;
use crate::observe::{NothingPresented, Observer, Observers, Published};
use crate::role::Role;
use crate::tlv::{Kind, only};

/// Holds the credentials that we present as a *server*. Cheap to clone; clones are one slot.
///
/// It implements [`ResolvesServerCert`] only, so wiring it in a client's place does not compile,
/// and it never borrows the credentials of a [`ClientSlot`].
///
/// ```
/// fn serve(slot: mtls_roles::ServerSlot) -> std::sync::Arc<dyn rustls::server::ResolvesServerCert> {
///     std::sync::Arc::new(slot)
/// }
/// ```
///
/// ```compile_fail,E0277
/// fn connect(slot: mtls_roles::ServerSlot) -> std::sync::Arc<dyn rustls::client::ResolvesClientCert> {
///     std::sync::Arc::new(slot)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ServerSlot(Arc<Slot>);

impl ServerSlot {
    /// A slot under the default policy, holding these credentials.
    ///
    /// # Errors
    ///
    /// The credentials are unfit for role server, expired or not yet valid.
    pub fn new(credentials: Credentials) -> Result<Self, Error> {
        Self::builder().build_with(credentials)
    }

    /// An empty slot under the default policy. It presents nothing until something is
    /// [swapped](Self::swap) in.
    pub fn empty() -> Self {
        Self(Arc::new(Slot::empty(Role::Server)))
    }

    /// A slot with an EKU policy, an observer or a clock of its own.
    ///
    /// ```
    /// use mtls_roles::{EkuPolicy, ServerSlot};
    ///
    /// let slot = ServerSlot::builder().eku_policy(EkuPolicy::strict()).build()?;
    /// assert!(slot.credentials().is_none());
    /// # Ok::<(), mtls_roles::Error>(())
    /// ```
    pub fn builder() -> SlotBuilder<Self> {
        SlotBuilder { slot: Slot::empty(Role::Server), wrap: Self }
    }

    /// Publishes credentials and hands back the previous ones, for a roll-back.
    ///
    /// New handshakes present the new credentials, those under way and open connections keep the
    /// old ones. Chain and key change together.
    ///
    /// What this slot published once, and somebody still holds, is not judged again: a roll-back
    /// succeeds although the credentials have expired since, or the policy has ended.
    ///
    /// # Errors
    ///
    /// The credentials are unfit for role server, expired or not yet valid: the slot keeps what it
    /// had, and the observer hears it. Or the slot is part of a [`Generation`](crate::Generation).
    pub fn swap(&self, credentials: Credentials) -> Result<Option<Credentials>, Error> {
        self.0.swap(credentials)
    }

    /// Whether the slot would publish these credentials now, and how they stand to its policy.
    /// Nothing is published, and no observer hears it.
    ///
    /// # Errors
    ///
    /// As [`swap`](Self::swap).
    pub fn judge(&self, credentials: &Credentials) -> Result<Fitness, Error> {
        self.0.judge(credentials)
    }

    /// Tells the slot's observers that credentials for it could not be loaded.
    ///
    /// ```
    /// use mtls_roles::{Credentials, Error, ServerSlot};
    ///
    /// /// On SIGHUP. What is refused leaves the slot as it is, and the observer hears why.
    /// fn renew(slot: &ServerSlot, loaded: Result<Credentials, Error>) {
    ///     let _ = match loaded {
    ///         Ok(credentials) => slot.swap(credentials).map(drop),
    ///         Err(error) => Ok(slot.load_failed(&error)),
    ///     };
    /// }
    /// ```
    pub fn load_failed(&self, error: &Error) {
        self.0.load_failed(error);
    }

    /// Empties the slot and hands back what it held. The observer hears it.
    ///
    /// # Errors
    ///
    /// The slot is part of a [`Generation`](crate::Generation), which never changes.
    pub fn clear(&self) -> Result<Option<Credentials>, Error> {
        self.0.clear()
    }

    /// What the slot presents now.
    pub fn credentials(&self) -> Option<Credentials> {
        self.0.credentials()
    }

    /// The slot's EKU policy.
    pub fn eku_policy(&self) -> EkuPolicy {
        self.0.policy
    }

    /// Whether both slots now hold a certificate for the same key: the combined
    /// certificate that public CAs stop issuing.
    pub fn shares_key_with(&self, client: &ClientSlot) -> bool {
        match (self.credentials(), client.credentials()) {
            (Some(ours), Some(theirs)) => {
                let key = |pair: &Arc<Pair>| pair.leaf().spki_sha256();
                let mut ours = ours.pairs().iter().map(key);
                ours.any(|ours| theirs.pairs().iter().map(key).any(|theirs| ours == theirs))
            }
            _ => false,
        }
    }
}

/// Holds the credentials that we present as a *client*. Cheap to clone; clones are one slot.
///
/// It implements [`ResolvesClientCert`] only, so wiring it in a server's place does not compile,
/// and it never borrows the credentials of a [`ServerSlot`]. It presents a certificate to whoever
/// asks: the names of acceptable CAs that a server may send are hints by which it chooses among
/// several, and withholding the only one because of them would hide the problem.
///
/// ```
/// fn connect(slot: mtls_roles::ClientSlot) -> std::sync::Arc<dyn rustls::client::ResolvesClientCert> {
///     std::sync::Arc::new(slot)
/// }
/// ```
///
/// ```compile_fail,E0277
/// fn serve(slot: mtls_roles::ClientSlot) -> std::sync::Arc<dyn rustls::server::ResolvesServerCert> {
///     std::sync::Arc::new(slot)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ClientSlot(Arc<Slot>);

impl ClientSlot {
    /// A slot under the default policy, holding these credentials.
    ///
    /// # Errors
    ///
    /// The credentials are unfit for role client, expired or not yet valid.
    pub fn new(credentials: Credentials) -> Result<Self, Error> {
        Self::builder().build_with(credentials)
    }

    /// An empty slot under the default policy. It presents nothing until something is
    /// [swapped](Self::swap) in.
    pub fn empty() -> Self {
        Self(Arc::new(Slot::empty(Role::Client)))
    }

    /// A slot with an EKU policy, an observer or a clock of its own.
    ///
    /// ```
    /// use mtls_roles::{ClientSlot, EkuPolicy};
    ///
    /// // Every peer ignores the EKU for now: present the renewed, serverAuth-only certificate.
    /// let slot = ClientSlot::builder().eku_policy(EkuPolicy::ignore()).build()?;
    /// assert!(slot.credentials().is_none());
    /// # Ok::<(), mtls_roles::Error>(())
    /// ```
    pub fn builder() -> SlotBuilder<Self> {
        SlotBuilder { slot: Slot::empty(Role::Client), wrap: Self }
    }

    /// Publishes credentials and hands back the previous ones, as [`ServerSlot::swap`] does.
    ///
    /// # Errors
    ///
    /// The credentials are unfit for role client, expired or not yet valid: the slot keeps what it
    /// had, and the observer hears it. Or the slot is part of a [`Generation`](crate::Generation).
    pub fn swap(&self, credentials: Credentials) -> Result<Option<Credentials>, Error> {
        self.0.swap(credentials)
    }

    /// Whether the slot would publish these credentials now, as [`ServerSlot::judge`] says it.
    ///
    /// # Errors
    ///
    /// As [`swap`](Self::swap).
    pub fn judge(&self, credentials: &Credentials) -> Result<Fitness, Error> {
        self.0.judge(credentials)
    }

    /// Tells the slot's observers that credentials for it could not be loaded, as
    /// [`ServerSlot::load_failed`] does.
    pub fn load_failed(&self, error: &Error) {
        self.0.load_failed(error);
    }

    /// Empties the slot and hands back what it held. The observer hears it.
    ///
    /// # Errors
    ///
    /// The slot is part of a [`Generation`](crate::Generation), which never changes.
    pub fn clear(&self) -> Result<Option<Credentials>, Error> {
        self.0.clear()
    }

    /// What the slot presents now.
    pub fn credentials(&self) -> Option<Credentials> {
        self.0.credentials()
    }

    /// The slot's EKU policy.
    pub fn eku_policy(&self) -> EkuPolicy {
        self.0.policy
    }
}

impl ResolvesServerCert for ServerSlot {
    fn resolve(&self, client_hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = client_hello.server_name().and_then(|name| ServerName::try_from(name).ok());
        let is_meant = |pair: &Pair| name.as_ref().is_none_or(|name| is_for(pair, name));
        self.0.present(is_meant, client_hello.signature_schemes())
    }
}

impl ResolvesClientCert for ClientSlot {
    fn resolve(&self, hints: &[&[u8]], offered: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let is_meant = |pair: &Pair| hints.iter().any(|hint| is_below(pair, hint));
        self.0.present(is_meant, offered)
    }

    /// Constantly true: rustls asks before the handshake, and a slot that is filled before the
    /// server asks would break TLS 1.2. Whether there is something to present, `resolve` tells.
    fn has_certs(&self) -> bool {
        true
    }
}

/// Builds a slot; see [`ServerSlot::builder`] and [`ClientSlot::builder`].
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

/// A slot of either role, for what treats both alike.
pub(crate) trait OneRole: Clone + Send + 'static {
    fn inner(&self) -> &Slot;
}

impl OneRole for ServerSlot {
    fn inner(&self) -> &Slot {
        &self.0
    }
}

impl OneRole for ClientSlot {
    fn inner(&self) -> &Slot {
        &self.0
    }
}

/// What both slots are; private, so that each shows its own role's trait only.
#[derive(Debug)]
pub(crate) struct Slot {
    role: Role,
    policy: EkuPolicy,
    observers: Observers,
    clock: Arc<dyn TimeProvider>,
    current: ArcSwapOption<Credentials>,
    /// What was published and is still held by somebody, who may want it back.
    published: Mutex<Vec<(Identity, Fitness)>>,
    /// It is part of a generation, and never changes again.
    is_sealed: AtomicBool,
}

impl Slot {
    fn empty(role: Role) -> Self {
        Self {
            role,
            policy: EkuPolicy::default(),
            observers: Observers::default(),
            clock: Arc::new(DefaultTimeProvider),
            current: ArcSwapOption::empty(),
            published: Mutex::default(),
            is_sealed: AtomicBool::default(),
        }
    }

    fn check_policy(&self) -> Result<(), Error> {
        match self.role {
            Role::Server if self.policy.accepts_server_auth() => {
                Err(Error::AcceptServerAuthForServers)
            }
            _ => Ok(()),
        }
    }

    fn swap(&self, credentials: Credentials) -> Result<Option<Credentials>, Error> {
        self.check_seal()?;
        let fitness =
            self.judge_once(&credentials).inspect_err(|error| self.tell_refused(error))?;
        let previous = self.current.swap(Some(Arc::new(credentials.clone())));
        self.tell_published(&credentials, &fitness);
        Ok(previous.map(Arc::unwrap_or_clone))
    }

    /// Holds these, which were judged before, and tells nobody.
    pub(crate) fn fill(&self, credentials: Credentials) {
        self.current.store(Some(Arc::new(credentials)));
    }

    /// From now on it is what it is, on every clone.
    pub(crate) fn seal(&self) {
        self.is_sealed.store(true, Ordering::SeqCst);
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
    fn clear(&self) -> Result<Option<Credentials>, Error> {
        self.check_seal()?;
        let previous = self.current.swap(None);
        if previous.is_some() {
            self.observers.tell(|observer| observer.cleared(self.role));
        }
        Ok(previous.map(Arc::unwrap_or_clone))
    }

    fn check_seal(&self) -> Result<(), Error> {
        match self.is_sealed.load(Ordering::SeqCst) {
            true => Err(Error::Sealed { part: "slot" }),
            false => Ok(()),
        }
    }

    pub(crate) fn credentials(&self) -> Option<Credentials> {
        self.current.load_full().map(Arc::unwrap_or_clone)
    }

    pub(crate) fn judge(&self, credentials: &Credentials) -> Result<Fitness, Error> {
        let now = self.clock.current_time().ok_or(Error::NoClock)?;
        credentials.judge(self.policy.at(now), self.role, now)
    }

    /// As [`judge`](Self::judge), or as they were judged when they were published before.
    fn judge_once(&self, credentials: &Credentials) -> Result<Fitness, Error> {
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
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
    fn present(
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
        // rustls asks the same next, and without an answer sends nothing and says nothing.
        let fits = |pair: &Pair| pair.certified_key().key.choose_scheme(offered).is_some();
        let chosen = match credentials.pairs() {
            [only] => Some(only).filter(|only| fits(only)),
            several => {
                let is_any_meant = several.iter().any(|pair| is_meant(pair));
                let mut several = several.iter();
                several.find(|pair| (!is_any_meant || is_meant(pair)) && fits(pair))
            }
        };
        match chosen {
            Some(pair) => Some(pair.certified_key().clone()),
            None => nothing(NothingPresented::NoCommonSignatureScheme),
        }
    }
}

/// Whether the leaf has this name, as clients on rustls see it.
fn is_for(pair: &Pair, name: &ServerName<'_>) -> bool {
    let leaf = ParsedCertificate::try_from(pair.leaf().der());
    leaf.is_ok_and(|leaf| verify_server_name(&leaf, name).is_ok())
}

/// Whether a CA of this name issued any certificate of the chain (RFC 8446, 4.2.4).
fn is_below(pair: &Pair, hint: &[u8]) -> bool {
    let name = only(hint, Kind::SEQUENCE);
    let is_issuer = |name| pair.certificates().iter().any(|each| each.issuer_der() == name);
    name.is_ok_and(is_issuer)
}
