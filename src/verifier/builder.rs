//! What the builders of both verifiers share.

use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};

use super::hardening::PathChecks;
use super::revocation::{Choices, Crls, Revocation};
use super::{RelaxFor, Verifier};
use crate::eku::EkuPolicy;
use crate::error::Error;
use crate::memo::SignatureMemo;
use crate::observe::Observers;
use crate::role::Role;
use crate::roots::Roots;

/// The methods of a builder with a `setup: Setup`.
macro_rules! shared_methods {
    () => {
        /// Which EKU the peers must have. Default: [`EkuPolicy::rfc5280`].
        ///
        /// A relaxed policy also needs [`relax_for`](Self::relax_for): it applies to nobody else.
        pub fn eku_policy(mut self, policy: EkuPolicy) -> Self {
            self.setup.verifier.policy = policy;
            self
        }

        /// Names a peer whose EKU may be wrong under a relaxed policy. May be called many times.
        ///
        /// Every other peer stays under [`EkuPolicy::rfc5280`] and gets its error. A rule admits
        /// nobody whom other checks keep out. Without effect if the policy is not relaxed.
        pub fn relax_for(mut self, peer: PeerRule) -> Self {
            self.setup.verifier.relax_for.add(peer);
            self
        }

        /// Relaxes the EKU policy for every peer, because the roots are private.
        ///
        /// # Security
        ///
        /// Weaker than naming the peers: *every* certificate under these roots will do, whatever
        /// it was issued for. Refused by `build` when a root is known to be public or to be issued
        /// by a public root; and since such knowledge goes stale, a leaf that carries signed
        /// certificate timestamps or a CA/Browser Forum policy (2.23.140.1) is never relaxed this
        /// way.
        pub fn relax_for_any_peer_of_these_private_roots(mut self) -> Self {
            self.setup.verifier.relax_for.any_private_peer = true;
            self
        }

        /// Checks revocation against these lists. They can be replaced while running.
        ///
        /// The defaults are those of rustls: every certificate of the path is checked, one whose
        /// status is unknown is refused, the expiry of a list is not enforced.
        pub fn crls(mut self, crls: Crls) -> Self {
            self.setup.crls = Some(crls);
            self
        }

        /// Checks the revocation of leaves only. Without effect without [`crls`](Self::crls).
        pub fn only_check_end_entity_revocation(mut self) -> Self {
            self.setup.choices.depth = RevocationCheckDepth::EndEntity;
            self
        }

        /// Accepts certificates that no list covers. Without effect without [`crls`](Self::crls).
        pub fn allow_unknown_revocation_status(mut self) -> Self {
            self.setup.choices.status = UnknownStatusPolicy::Allow;
            self
        }

        /// Refuses to use a list after its nextUpdate. Without effect without
        /// [`crls`](Self::crls).
        pub fn enforce_revocation_expiration(mut self) -> Self {
            self.setup.choices.expiration = ExpirationPolicy::Enforce;
            self
        }

        /// Turns the checks off that go beyond stock rustls: every [`PathCheck`](crate::PathCheck), and the lookup in
        /// all revocation lists of an issuer instead of the first.
        ///
        /// # Security
        ///
        /// For whoever must equal stock rustls. Among what is then accepted again: an issuer that
        /// may not sign certificates, and a revoked certificate if an older list of the same issuer
        /// stands before the one that revokes it.
        pub fn stock_path_checks(mut self) -> Self {
            self.setup.verifier.path_checks.turn_off();
            self
        }

        /// Remembers good signatures in this memo, which may serve several verifiers.
        ///
        /// Default: a memo of this verifier's own, of
        /// [`DEFAULT_CAPACITY`](SignatureMemo::DEFAULT_CAPACITY). `build` refuses the memo of
        /// another provider.
        pub fn memo(mut self, memo: SignatureMemo) -> Self {
            self.setup.memo = Memory::Shared(memo);
            self
        }

        /// Remembers nothing: every signature is checked each time, those of revocation lists too.
        ///
        /// For whoever must not let a stranger measure which chains were here recently.
        pub fn without_memo(mut self) -> Self {
            self.setup.memo = Memory::None;
            self
        }

        /// Accepts at most this many issuers between leaf and root. Default: webpki's six.
        pub fn max_intermediates(mut self, most: usize) -> Self {
            self.setup.verifier.path_checks.limit_intermediates(most);
            self
        }

        /// Hears what the verifier decides in handshakes. May be called several times.
        pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
            self.setup.verifier.observers.add(observer);
            self
        }
    };
}
pub(super) use shared_methods;

/// A verifier that is being built.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) verifier: Verifier,
    pub(super) crls: Option<Crls>,
    pub(super) choices: Choices,
    pub(super) memo: Memory,
}

/// Where a verifier remembers good signatures.
#[derive(Debug)]
pub(super) enum Memory {
    Own,
    Shared(SignatureMemo),
    None,
}

impl Memory {
    fn memo(self, algorithms: &WebPkiSupportedAlgorithms) -> Option<SignatureMemo> {
        match self {
            Self::Own => Some(SignatureMemo::of(
                algorithms,
                SignatureMemo::DEFAULT_CAPACITY,
            )),
            Self::Shared(memo) => Some(memo),
            Self::None => None,
        }
    }
}

impl Setup {
    pub(super) fn new(role: Role, roots: Roots, provider: &CryptoProvider) -> Self {
        Self {
            verifier: Verifier {
                role,
                roots,
                algorithms: provider.signature_verification_algorithms,
                memo: None,
                policy: EkuPolicy::default(),
                path_checks: PathChecks::hardened(),
                relax_for: RelaxFor::default(),
                revocation: None,
                observers: Observers::default(),
            },
            crls: None,
            choices: Choices::default(),
            memo: Memory::Own,
        }
    }

    /// The first root that is known to be public.
    pub(super) fn public_root(&self) -> Option<String> {
        self.verifier.roots.public_root().map(str::to_owned)
    }

    /// Refuses what may be built for neither role.
    pub(super) fn build(mut self) -> Result<Verifier, Error> {
        let Verifier {
            role,
            policy,
            relax_for,
            ..
        } = &self.verifier;
        if policy.is_relaxed() && relax_for.is_nobody() {
            return Err(Error::RelaxedForNobody { role: *role });
        }
        let algorithms = self.verifier.algorithms;
        if matches!(&self.memo, Memory::Shared(memo) if !memo.is_of(&algorithms)) {
            return Err(Error::MemoOfAnotherProvider { role: *role });
        }
        match self.public_root() {
            Some(root) if policy.is_relaxed() && relax_for.any_private_peer => {
                Err(Error::AnyPeerOverPublicRoots { root })
            }
            _ => {
                let (choices, memo) = (self.choices, self.memo.memo(&algorithms));
                let revocation = |crls| Revocation::new(crls, choices, memo.clone());
                self.verifier.revocation = self.crls.map(revocation);
                self.verifier.memo = memo;
                Ok(self.verifier)
            }
        }
    }
}
