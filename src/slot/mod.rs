//! [`ServerSlot`] and [`ClientSlot`]: the credentials that *we* present, one slot per role.

mod inner;
mod builder;

use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::ServerName;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

pub use self::builder::SlotBuilder;
pub(crate) use self::inner::Slot;
use self::inner::{fits, is_below, is_for};
use crate::credentials::{Credentials, Fitness, Pair};
use crate::eku::EkuPolicy;
use crate::error::Error;
use crate::role::Role;

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
        SlotBuilder::new(Role::Server, Self)
    }

    /// Publishes credentials and hands back the previous ones, for a roll-back.
    ///
    /// New handshakes present the new credentials, chain and key together; those under way and open
    /// connections keep the old ones. What this slot published once, and somebody still holds, is not
    /// judged again: a roll-back succeeds although it has expired since, or the policy has ended.
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
                let key = |pair: &Arc<Pair>| pair.chain.leaf().spki_sha256();
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
    /// They are unfit for role client, expired or not yet valid.
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
        SlotBuilder::new(Role::Client, Self)
    }

    /// Publishes credentials and hands back the previous ones.
    ///
    /// # Errors
    ///
    /// As [`ServerSlot::swap`], for role client.
    pub fn swap(&self, credentials: Credentials) -> Result<Option<Credentials>, Error> {
        self.0.swap(credentials)
    }

    /// Whether the slot would publish these credentials now; see [`ServerSlot::judge`].
    ///
    /// # Errors
    ///
    /// As [`swap`](Self::swap).
    pub fn judge(&self, credentials: &Credentials) -> Result<Fitness, Error> {
        self.0.judge(credentials)
    }

    /// Tells the slot's observers that credentials for it could not be loaded.
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
        // A hint withholds nothing: where its certificates fit no scheme, all are candidates.
        let is_meant =
            |pair: &Pair| fits(pair, offered) && hints.iter().any(|hint| is_below(pair, hint));
        self.0.present(is_meant, offered)
    }

    /// Constantly true: rustls asks before the handshake, and a slot that is filled before the
    /// server asks would break TLS 1.2. Whether there is something to present, `resolve` tells.
    fn has_certs(&self) -> bool {
        true
    }
}

/// A slot of either role, for what treats both alike.
pub(crate) trait EitherSlot: Clone + Send + 'static {
    fn inner(&self) -> &Slot;
}

impl EitherSlot for ServerSlot {
    fn inner(&self) -> &Slot {
        &self.0
    }
}

impl EitherSlot for ClientSlot {
    fn inner(&self) -> &Slot {
        &self.0
    }
}
