//! [`Observer`]: hears what slots and verifiers decide.

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;

use crate::certificate::Certificate;
use crate::credentials::{Credentials, Note};
use crate::eku::EkuOutcome;
use crate::error::Error;
use crate::peer::VerifiedPeer;
use crate::refusal::Refusal;
use crate::report::{Expiry, ReloadReport};
use crate::role::Role;
use crate::text::utc;

/// Hears what slots and verifiers decide in handshakes. Every method does nothing by default.
///
/// Methods are called on the thread of the handshake, after the decision, and should return at once.
/// Verifications outside a handshake ([`ClientPeerVerifier::verify`](crate::ClientPeerVerifier::verify))
/// return what they found and are not observed, so nothing is counted twice.
///
/// # Security
///
/// rustls asks a verifier *before* the peer has proved that it holds the key of its certificate, and
/// fails the handshake afterwards if it does not. So [`accepted`](Self::accepted),
/// [`relaxed`](Self::relaxed) and [`refused`](Self::refused) say what was decided about a chain that
/// was presented, not who was there: anybody can send the public chain of somebody else, as often
/// as they like. Count and name peers in the handler; the manual's page on
/// [errors](crate::manual::errors) shows how. A peer that presents nothing reaches no observer: where
/// certificates are required rustls refuses it before it asks.
///
/// A verifier with an observer makes a further path search for a peer whose EKU is wrong, to learn
/// the honest class of the refusal; without one only where a relaxed policy needs it.
///
/// ```
/// use std::sync::Arc;
/// use mtls_roles::{ClientPeerVerifier, Observer, Refusal, Roots};
///
/// struct Log;
///
/// impl Observer for Log {
///     fn refused(&self, refusal: &Refusal) {
///         eprintln!("{refusal}");
///     }
/// }
///
/// # let (roots, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/peer.rs"));
/// # let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let clients = ClientPeerVerifier::builder(Roots::from_der(roots)?, &provider)
///     .observer(Arc::new(Log))
///     .build()?;
/// # Ok::<(), mtls_roles::Error>(())
/// ```
#[allow(unused_variables)] // The names say what is told; the defaults use none of it.
pub trait Observer: Send + Sync {
    /// The chain of a peer in this role was accepted, and its EKU was as it should be. That the peer
    /// holds the key is not proved yet.
    fn accepted(&self, role: Role) {}

    /// The chain of a peer was accepted only because the EKU policy is relaxed for it. That the peer
    /// holds the key is not proved yet: the name may be that of a victim, whose chain a stranger sends.
    fn relaxed(&self, peer: &VerifiedPeer) {}

    /// The chain of a peer was refused. Who presented it, [`Refusal::presented`] tells as the leaf says
    /// it, to find the machine by; nobody has proved it.
    fn refused(&self, refusal: &Refusal) {}

    /// A slot published credentials.
    fn published(&self, published: &Published<'_>) {}

    /// A slot in this role refused credentials and kept what it had.
    fn publish_refused(&self, role: Role, error: &Error) {}

    /// Credentials for a slot in this role could not be loaded, and it kept what it had. Told by
    /// whoever loads them, with [`ServerSlot::load_failed`](crate::ServerSlot::load_failed).
    fn load_failed(&self, role: Role, error: &Error) {}

    /// A slot in this role was emptied: it presents nothing until something is published.
    fn cleared(&self, role: Role) {}

    /// A peer asked for our certificate in this role and got none.
    fn nothing_presented(&self, role: Role, reason: NothingPresented) {}

    /// A verifier of peers in this role refused revocation lists and kept what it had.
    fn crls_refused(&self, role: Role, error: &Error) {}

    /// A verifier of peers in this role got new revocation lists, and keeps an old one beside them:
    /// they have none that can take its place.
    fn crl_kept(&self, role: Role, kept: &KeptCrl) {}

    /// A [`Reloader`](crate::Reloader) published a generation, or refused what it had not refused
    /// before: the same refusal is told once.
    fn reloaded(&self, report: &ReloadReport) {}

    /// A [`Reloader`](crate::Reloader) could make no generation of what it read, and the last one
    /// stays. The same failure is told once.
    fn reload_failed(&self, error: &Error) {}

    /// Something of the current generation ends soon. Told once for each generation.
    fn expiring(&self, expiry: &Expiry) {}
}

/// Credentials that a slot published.
///
/// ```
/// use mtls_roles::{Observer, Published};
///
/// struct Log;
///
/// impl Observer for Log {
///     fn published(&self, published: &Published<'_>) {
///         if published.is_combined {
///             eprintln!("{} still serves in both roles", published.leaf.subject());
///         }
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Published<'a> {
    /// The role of the slot.
    pub role: Role,
    /// What was published.
    pub credentials: &'a Credentials,
    /// The end-entity certificate; of several credentials the first's.
    pub leaf: &'a Certificate,
    /// How the chain stands to the slot's EKU policy; of several the first that it relaxes.
    pub eku: &'a EkuOutcome,
    /// Whether a chain is fit for the other role too: the combined certificate of old.
    pub is_combined: bool,
    /// What else an operator should know of the presented certificates.
    pub notes: &'a [Note],
}

/// Why a slot presented nothing although it was asked.
///
/// ```
/// use mtls_roles::{NothingPresented, Observer, Role};
///
/// struct Log;
///
/// impl Observer for Log {
///     fn nothing_presented(&self, role: Role, reason: NothingPresented) {
///         eprintln!("asked for our certificate as {role}, and presented none: {reason}");
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NothingPresented {
    /// The slot is empty.
    SlotIsEmpty,
    /// The key can sign under none of the signature schemes that the peer offers.
    NoCommonSignatureScheme,
}

impl fmt::Display for NothingPresented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SlotIsEmpty => "the slot is empty",
            Self::NoCommonSignatureScheme => {
                "the key can sign under none of the signature schemes that the peer offers"
            }
        })
    }
}

/// A list that a new set does not have, or not in a state to replace it, and that stays in use.
///
/// Displayed, it is a sentence for the log.
///
/// ```
/// use mtls_roles::{KeptCrl, KeptCrlReason, Observer, Role};
///
/// struct Log;
///
/// impl Observer for Log {
///     fn crl_kept(&self, _: Role, kept: &KeptCrl) {
///         if kept.reason == KeptCrlReason::NotSigned {
///             eprintln!("somebody forges lists, or a CA has a new key: {kept}");
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeptCrl {
    /// Whose list: its issuer's name, control characters escaped.
    pub crl: String,
    /// Why it stays.
    pub reason: KeptCrlReason,
    /// Its nextUpdate: it is kept until then, exclusive, UTC.
    pub until: OffsetDateTime,
}

/// Why a list of the old set stays in use.
///
/// ```
/// use mtls_roles::{KeptCrl, KeptCrlReason};
///
/// fn is_alarming(kept: &KeptCrl) -> bool {
///     matches!(kept.reason, KeptCrlReason::NotSigned | KeptCrlReason::Older)
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeptCrlReason {
    /// The new set has no list of this issuer for this distribution point that is valid already.
    Missing,
    /// The new set has an older one.
    Older,
    /// The new set has one, but the key that signed the old list did not sign it.
    NotSigned,
}

impl fmt::Display for KeptCrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { crl, reason, until } = self;
        let found = match reason {
            KeptCrlReason::Missing => "the new lists have none in its place",
            KeptCrlReason::Older => "the new one is older",
            KeptCrlReason::NotSigned => "the key that signed it did not sign the new one",
        };
        let until = utc(*until);
        write!(
            f,
            "the {crl} stays in use until {until}: {found}; get the current one from its issuer"
        )
    }
}

/// The observers of one slot or verifier.
#[derive(Clone, Default)]
pub(crate) struct Observers(Vec<Arc<dyn Observer>>);

impl Observers {
    pub(crate) fn add(&mut self, observer: Arc<dyn Observer>) {
        self.0.push(observer);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<dyn Observer>> {
        self.0.iter()
    }

    pub(crate) fn tell(&self, tell: impl Fn(&dyn Observer)) {
        self.0.iter().for_each(|observer| tell(observer.as_ref()));
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} observers", self.0.len())
    }
}
