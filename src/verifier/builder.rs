//! [`PeerVerifierBuilder`]: builds a verifier of either role.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};

use rustls::crypto::CryptoProvider;

use super::checks::PathChecks;
use super::crls::Crls;
use super::revocation::{Choices, Revocation};
use super::settings::{RelaxFor, Settings};
use crate::eku::EkuPolicy;
use crate::error::Error;
use crate::memo::SignatureMemo;
use crate::observe::{Observer, Observers};
use crate::peer::{PeerRule, PeerRules};
use crate::role::Role;
use crate::roots::Roots;

/// Builds a [`ClientPeerVerifier`](crate::ClientPeerVerifier) or a
/// [`ServerPeerVerifier`](crate::ServerPeerVerifier).
///
/// What both have in common needs no knowledge of which of them it is:
///
/// ```
/// use mtls_roles::{EkuPolicy, PeerVerifier, PeerVerifierBuilder};
///
/// fn strict<V: PeerVerifier>(builder: PeerVerifierBuilder<V>) -> PeerVerifierBuilder<V> {
///     builder.eku_policy(EkuPolicy::strict()).max_intermediates(2)
/// }
/// ```
#[derive(Debug)]
#[must_use]
pub struct PeerVerifierBuilder<V: PeerVerifier> {
    /// What is told below is put into it last.
    pub(super) settings: Settings,
    pub(super) expected: Vec<PeerRule>,
    relax_for: Vec<PeerRule>,
    /// Over public roots; of clients only.
    pub(super) allows_anybody: bool,
    /// Of clients only. `None`: unless the roots are public.
    pub(super) sends_root_hints: Option<bool>,
    crls: Option<Crls>,
    choices: Choices,
    /// It is made last.
    has_memo_of_its_own: bool,
    role: PhantomData<V>,
}

/// A verifier of peers in one role. Implemented by [`ClientPeerVerifier`](crate::ClientPeerVerifier)
/// and [`ServerPeerVerifier`](crate::ServerPeerVerifier), and by nothing else.
///
/// ```
/// use mtls_roles::rustls::crypto::aws_lc_rs::default_provider;
/// use mtls_roles::{PeerVerifier, PeerVerifierBuilder, SignatureMemo};
///
/// fn with_memo<V: PeerVerifier>(builder: PeerVerifierBuilder<V>) -> PeerVerifierBuilder<V> {
///     builder.memo(SignatureMemo::with_capacity(&default_provider(), 64 << 20))
/// }
/// ```
pub trait PeerVerifier: EitherVerifier {}

/// A verifier of either role, for what treats both alike. Sealed, since this module is private.
pub trait EitherVerifier: fmt::Debug + Sized {
    /// Of the peers.
    const ROLE: Role;

    fn new(settings: Settings) -> Self;

    fn settings(&self) -> &Settings;
}

impl<V: PeerVerifier> PeerVerifierBuilder<V> {
    pub(super) fn new(roots: Roots, provider: &CryptoProvider) -> Self {
        Self {
            settings: Settings {
                role: V::ROLE,
                roots,
                algorithms: provider.signature_verification_algorithms,
                memo: None,
                policy: EkuPolicy::default(),
                path_checks: PathChecks::default(),
                expected: None,
                relax_for: RelaxFor::default(),
                revocation: None,
                observers: Observers::default(),
                root_hints: Vec::new(),
                is_client_auth_mandatory: true,
                is_sealed: Mutex::default(),
            },
            expected: Vec::new(),
            relax_for: Vec::new(),
            allows_anybody: false,
            sends_root_hints: None,
            crls: None,
            choices: Choices::default(),
            has_memo_of_its_own: true,
            role: PhantomData,
        }
    }

    /// Which EKU the peers must have. Default: [`EkuPolicy::rfc5280`].
    ///
    /// A relaxed policy also needs [`relax_for`](Self::relax_for): it applies to nobody else.
    pub fn eku_policy(mut self, policy: EkuPolicy) -> Self {
        self.settings.policy = policy;
        self
    }

    /// Names a peer whose EKU may be wrong under a relaxed policy. May be called many times.
    ///
    /// Every other peer stays under [`EkuPolicy::rfc5280`] and gets its error. A rule admits
    /// nobody whom other checks keep out. Without effect if the policy is not relaxed.
    ///
    /// What a name is worth below public roots, and how a rule is bound to an issuer ("relaxed only
    /// below this CA"), [`PeerRule`] says.
    pub fn relax_for(mut self, peer: PeerRule) -> Self {
        self.relax_for.push(peer);
        self
    }

    /// Relaxes the EKU policy for every peer, because the roots are private.
    ///
    /// # Security
    ///
    /// *Every* certificate under these roots will do, whatever it was issued for. Refused by `build`
    /// when a root is known to be public or to be issued by a public root; and since such knowledge goes
    /// stale, a leaf that carries signed certificate timestamps or a CA/Browser Forum policy
    /// (2.23.140.1) is never relaxed this way, nor is one below a CA that is public or carries such a policy.
    pub fn relax_for_any_peer_of_these_private_roots(mut self) -> Self {
        self.settings.relax_for.any_private_peer = true;
        self
    }

    /// Checks revocation against these lists. They can be replaced while running.
    ///
    /// Every certificate of the path must be known to be good: a current list about it that its
    /// issuer's key has signed does not name it. One that any list of this key names is refused,
    /// whatever that list is about, unless a newer one in its place does not (RFC 5280, 6.3.3).
    /// The order of the lists decides nothing. While a CA changes its key, give the lists by both.
    pub fn crls(mut self, crls: Crls) -> Self {
        self.crls = Some(crls);
        self
    }

    /// Checks the revocation of leaves only. Without effect without [`crls`](Self::crls).
    pub fn only_check_end_entity_revocation(mut self) -> Self {
        self.choices.only_end_entity = true;
        self
    }

    /// Accepts certificates that no list covers. Without effect without [`crls`](Self::crls).
    pub fn allow_unknown_revocation_status(mut self) -> Self {
        self.choices.allow_unknown = true;
        self
    }

    /// Uses lists after their nextUpdate, as rustls does by default. Without effect without
    /// [`crls`](Self::crls).
    ///
    /// # Security
    ///
    /// Who can keep new lists from this machine can keep a revocation from it for good.
    pub fn allow_expired_crls(mut self) -> Self {
        self.choices.allow_expired = true;
        self
    }

    /// Leaves revocation to webpki, with the defaults of rustls, for whoever must equal stock rustls.
    /// Without effect without [`crls`](Self::crls).
    ///
    /// # Security
    ///
    /// webpki asks the first list that matches a certificate and no other: an older one in front of a
    /// newer one lets a revoked certificate in. Expired lists are used.
    pub fn stock_revocation(mut self) -> Self {
        self.choices.is_stock = true;
        self
    }

    /// Turns off every [`PathCheck`](crate::PathCheck), and nothing else, for whoever must equal stock
    /// rustls (see also [`stock_revocation`](Self::stock_revocation)).
    ///
    /// # Security
    ///
    /// Among what is then accepted again: an issuer that may not sign certificates.
    pub fn stock_path_checks(mut self) -> Self {
        self.settings.path_checks.are_stock = true;
        self
    }

    /// Remembers good signatures in this memo, which may serve several verifiers of one provider.
    /// Default: one of its own, of [`DEFAULT_CAPACITY`](SignatureMemo::DEFAULT_CAPACITY).
    pub fn memo(mut self, memo: SignatureMemo) -> Self {
        self.settings.memo = Some(memo);
        self.has_memo_of_its_own = false;
        self
    }

    /// Checks every signature of a chain each time, for whoever must not let a stranger measure which
    /// chains were here recently. Which key has signed a revocation list stays known.
    pub fn without_memo(mut self) -> Self {
        self.settings.memo = None;
        self.has_memo_of_its_own = false;
        self
    }

    /// Accepts at most this many issuers between leaf and root. Default: webpki's six.
    pub fn max_intermediates(mut self, most: usize) -> Self {
        self.settings.path_checks.max_intermediates = Some(most);
        self
    }

    /// Hears what the verifier decides in handshakes. May be called several times.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.settings.observers.add(observer);
        self
    }

    /// Builds the verifier.
    ///
    /// # Errors
    ///
    /// For either role: the policy is relaxed for nobody, or for anybody over public roots; all roots
    /// are public and a rule is by URI, SPIFFE trust domain or e-mail; the memo is another provider's.
    ///
    /// For clients: the EKU is ignored by name over public roots; the roots are public and nothing says
    /// who may connect; their names are too large for the hints.
    ///
    /// For servers: the policy is [`EkuPolicy::accept_server_auth`], which is for clients, or it is
    /// relaxed over public roots.
    pub fn build(mut self) -> Result<V, Error> {
        self.check()?;
        let settings = &mut self.settings;
        if self.has_memo_of_its_own {
            let capacity = SignatureMemo::DEFAULT_CAPACITY;
            settings.memo = Some(SignatureMemo::of(&settings.algorithms, capacity));
        }
        let (roots, algorithms) = (&settings.roots, settings.algorithms.all);
        if V::ROLE == Role::Client && self.sends_root_hints.unwrap_or(roots.public_root().is_none())
        {
            settings.root_hints = roots.hints()?;
        }
        let revocation = |crls| Revocation::new(crls, self.choices, V::ROLE, roots, algorithms);
        settings.revocation = self.crls.map(revocation);
        settings.expected = any_of(self.expected);
        settings.relax_for.rules = any_of(self.relax_for);
        Ok(V::new(self.settings))
    }

    /// Refuses what may not be built.
    fn check(&self) -> Result<(), Error> {
        let Settings { role, roots, algorithms, memo, policy, relax_for, .. } = &self.settings;
        if *role == Role::Server && policy.accepts_server_auth() {
            return Err(Error::AcceptServerAuthForServers);
        }
        if let Some(root) = roots.public_root() {
            self.check_over_public(root.to_owned())?;
        }
        if policy.is_relaxed() && self.relax_for.is_empty() && !relax_for.any_private_peer {
            return Err(Error::RelaxedForNobody { role: *role });
        }
        match memo {
            Some(memo) if !memo.is_of(algorithms) => {
                Err(Error::MemoOfAnotherProvider { role: *role })
            }
            _ => Ok(()),
        }
    }

    /// What may not be built over roots of which this one is public.
    fn check_over_public(&self, root: String) -> Result<(), Error> {
        let Settings { role, roots, policy, relax_for, .. } = &self.settings;
        if *role == Role::Server && policy.is_relaxed() {
            return Err(Error::RelaxedServersOverPublicRoots { root });
        }
        // Only a serverAuth certificate of a public CA proves that its holder has the name.
        let by_name = self.relax_for.iter().find(|rule| rule.is_by_name());
        if let Some(rule) = by_name.filter(|_| policy.ignores()) {
            return Err(Error::NameOverPublicRoots { rule: rule.to_string(), root });
        }
        if *role == Role::Client && self.expected.is_empty() && !self.allows_anybody {
            return Err(Error::PublicRootsNeedRules { root });
        }
        if policy.is_relaxed() && relax_for.any_private_peer {
            return Err(Error::AnyPeerOverPublicRoots { root });
        }
        let mut rules = self.expected.iter().chain(&self.relax_for);
        match rules.find(|rule| rule.needs_private_roots()) {
            Some(rule) if roots.are_public() => {
                Err(Error::RuleNeedsPrivateRoots { rule: rule.to_string(), root })
            }
            _ => Ok(()),
        }
    }
}

fn any_of(rules: Vec<PeerRule>) -> Option<PeerRules> {
    let mut all = None::<PeerRules>;
    rules.into_iter().for_each(|rule| all.get_or_insert_default().add(rule));
    all
}
