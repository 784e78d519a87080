//! The path search that both verifiers share, and what is made of its result.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::{
    CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, UnixTime,
};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage, VerifiedPath};

use super::Verifier;
use super::candidates::Candidates;
use super::checks::PathViolation;
use super::crls::CrlSet;
use super::path::Validated;
use super::revocation::{Check, Revocation};
use crate::memo::described_by;
use crate::refusal::{Refusal, RefusalClass};
use crate::role::Role;

/// One presented chain at one instant.
pub(super) struct Search<'a> {
    pub(super) verifier: &'a Verifier,
    pub(super) leaf: &'a EndEntityCert<'a>,
    /// Everything else that was presented, in any order.
    pub(super) intermediates: &'a [CertificateDer<'a>],
    /// The roots that have issued, by name, one of the certificates.
    pub(super) candidates: &'a Candidates<'a>,
    pub(super) algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
    pub(super) now: UnixTime,
    /// One set of lists for all searches of a decision, even if it is replaced meanwhile.
    pub(super) revocation: Option<(&'a Revocation, &'a CrlSet)>,
    /// What our own checks refused last: there is no webpki error to carry it.
    pub(super) violation: RefCell<Option<PathViolation>>,
    /// Why a path that passed every check is not the peer's.
    pub(super) refusal: RefCell<Option<Refusal>>,
    pub(super) cost: &'a Cost,
}

/// Why no path was found.
pub(super) struct NoPath {
    /// webpki's most specific error over all paths tried.
    pub(super) error: webpki::Error,
    /// What our own checks refused, if nothing that webpki found outranks it.
    pub(super) violation: Option<PathViolation>,
    /// There was one, but it is not the peer's: that outranks everything.
    pub(super) refusal: Option<Refusal>,
}

impl NoPath {
    /// Whether webpki gave up because the search became too expensive: not to be repeated.
    pub(super) fn is_budget_spent(&self) -> bool {
        matches!(
            self.error,
            webpki::Error::MaximumSignatureChecksExceeded
                | webpki::Error::MaximumPathBuildCallsExceeded
                | webpki::Error::MaximumNameConstraintComparisonsExceeded
        )
    }
}

impl From<webpki::Error> for NoPath {
    fn from(error: webpki::Error) -> Self {
        Self {
            error,
            violation: None,
            refusal: None,
        }
    }
}

impl<'a> Search<'a> {
    /// A path from the leaf to a root on which every certificate satisfies `eku`, and which as a whole
    /// satisfies `peer`.
    pub(super) fn find(
        &self,
        eku: impl ExtendedKeyUsageValidator,
        peer: &dyn Fn(Validated<'_>) -> Result<(), Refusal>,
    ) -> Result<VerifiedPath<'a>, webpki::Error> {
        self.violation.take();
        self.refusal.take();
        let stock = self
            .revocation
            .and_then(|(revocation, crls)| Some((revocation.choices, crls.stock()?)));
        let stock = match &stock {
            Some((choices, crls)) => Some(choices.stock_options(crls)?),
            None => None,
        };
        let revocation = match (self.revocation, stock) {
            (Some((revocation, crls)), None) => {
                let algorithms = self.verifier.algorithms.all;
                Some(Check::new(revocation, crls, algorithms, self.now))
            }
            _ => None,
        };
        let found = self.leaf.verify_for_usage(
            self.algorithms,
            self.candidates.anchors(),
            self.intermediates,
            self.now,
            self.cost.counting(eku),
            stock,
            Some(&|path| {
                self.check(path, revocation.as_ref())?;
                self.ask(path, peer)
            }),
        );
        found.map_err(|error| match self.cost.are_signatures_spent() {
            true => webpki::Error::MaximumSignatureChecksExceeded,
            false => error,
        })
    }

    /// Why the last search found none.
    pub(super) fn no_path(&self, error: webpki::Error) -> NoPath {
        NoPath {
            violation: match error {
                webpki::Error::UnknownIssuer => self.violation.take(),
                _ => None,
            },
            refusal: self.refusal.take(),
            error,
        }
    }

    /// Is a path that passed every check the peer's? If it is not, another one may be.
    fn ask(
        &self,
        path: &VerifiedPath<'_>,
        peer: &dyn Fn(Validated<'_>) -> Result<(), Refusal>,
    ) -> Result<(), webpki::Error> {
        let validated = Validated {
            path,
            root: self.candidates.facts(path.anchor()),
            web: self.verifier.roots.web(),
        };
        peer(validated).map_err(|found| {
            let mut refusal = self.refusal.borrow_mut();
            // That the EKU alone stood in the way is true if it is of any path.
            if refusal.is_none() || found.class() == RefusalClass::Eku {
                *refusal = Some(found);
            }
            webpki::Error::UnknownIssuer
        })
    }

    /// Our own checks of a path that webpki has verified. They only reject, inside the search, so
    /// that another path may still be found; a violation with the error that outranks no other.
    fn check(
        &self,
        path: &VerifiedPath<'_>,
        revocation: Option<&Check<'_>>,
    ) -> Result<(), webpki::Error> {
        let root = &self.candidates.facts(path.anchor()).extent;
        self.verifier
            .path_checks
            .apply(path, root, self.verifier.memo.as_ref())
            .map_err(|found| {
                self.violation.replace(Some(found));
                webpki::Error::UnknownIssuer
            })?;
        revocation.map_or(Ok(()), |revocation| revocation.check(path, root))
    }
}

/// What a decision has cost so far.
///
/// webpki limits each search by itself, and lets a stranger who owns no key make it take 200,000
/// steps (nine CAs of one name: 90 ms). A step is a certificate that webpki puts on a path and asks
/// about its EKU.
pub(super) struct Cost {
    steps: Cell<usize>,
    max_steps: usize,
    /// Counted where several searches are possible. Not a `Cell`, since algorithms are `Sync`.
    signatures: AtomicUsize,
}

/// The most steps of all searches of a decision. Of x509-limbo, BetterTLS, real and generated
/// chains none needs more than 12 but two that were made to be pathological.
const MAX_STEPS: usize = 300;

/// At each step webpki reads all that was presented, which is two to five certificates, or as many
/// as fit into a handshake (some 200): the most that it reads in all searches, at 0.3 µs each.
const MAX_READ: usize = 15_000;

/// After a first search of more steps no other is made: it would double what a stranger can cost.
const MAX_STEPS_FOR_SECOND_SEARCH: usize = 32;

/// The most signatures of certificates that all searches of a decision check; webpki's limit for
/// one.
const MAX_SIGNATURES: usize = 100;

impl Cost {
    pub(super) fn of_presented(intermediates: usize) -> Self {
        Self {
            steps: Cell::new(0),
            max_steps: MAX_STEPS.min(MAX_READ / intermediates.max(1)),
            signatures: AtomicUsize::new(0),
        }
    }

    pub(super) fn allows_second_search(&self) -> bool {
        self.steps.get() <= MAX_STEPS_FOR_SECOND_SEARCH && !self.are_signatures_spent()
    }

    fn are_signatures_spent(&self) -> bool {
        self.signatures.load(Ordering::Relaxed) > MAX_SIGNATURES
    }

    fn counting<V>(&self, eku: V) -> CountsSteps<'_, V> {
        CountsSteps { eku, cost: self }
    }

    /// An algorithm whose checks are counted, over all searches.
    pub(super) fn counted<'a>(
        &'a self,
        algorithm: &'a dyn SignatureVerificationAlgorithm,
    ) -> Counted<'a> {
        Counted {
            algorithm,
            signatures: &self.signatures,
        }
    }
}

/// Every step asks the EKU validator, and an error that says that a limit is reached stops webpki.
struct CountsSteps<'a, V> {
    eku: V,
    cost: &'a Cost,
}

impl<V: ExtendedKeyUsageValidator> ExtendedKeyUsageValidator for CountsSteps<'_, V> {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        let steps = self.cost.steps.get() + 1;
        self.cost.steps.set(steps);
        if steps > self.cost.max_steps {
            return Err(webpki::Error::MaximumPathBuildCallsExceeded);
        }
        match self.cost.are_signatures_spent() {
            true => Err(webpki::Error::MaximumSignatureChecksExceeded),
            false => self.eku.validate(purposes),
        }
    }
}

pub(super) struct Counted<'a> {
    algorithm: &'a dyn SignatureVerificationAlgorithm,
    signatures: &'a AtomicUsize,
}

impl SignatureVerificationAlgorithm for Counted<'_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match self.signatures.fetch_add(1, Ordering::Relaxed) < MAX_SIGNATURES {
            true => self
                .algorithm
                .verify_signature(public_key, message, signature),
            false => Err(InvalidSignature),
        }
    }

    described_by!(|it| it.algorithm);
}

impl fmt::Debug for Counted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.algorithm.fmt(f)
    }
}

/// Requires a role's purpose on every certificate that has an EKU, as stock rustls does, and
/// remembers whether that ever stood in the way.
///
/// The error of a search does not tell: that of an expired or badly signed extra certificate
/// outranks it.
pub(super) struct Required {
    usage: KeyUsage,
    obstructed: Cell<bool>,
}

impl Required {
    pub(super) fn for_role(role: Role) -> Self {
        Self {
            usage: match role {
                Role::Server => KeyUsage::server_auth(),
                Role::Client => KeyUsage::client_auth(),
            },
            obstructed: Cell::new(false),
        }
    }

    pub(super) fn obstructed(&self) -> bool {
        self.obstructed.get()
    }
}

impl ExtendedKeyUsageValidator for Required {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        self.usage
            .validate(purposes)
            .inspect_err(|_| self.obstructed.set(true))
    }
}

/// Lets every well-formed EKU pass.
pub(super) struct Ignored;

impl ExtendedKeyUsageValidator for Ignored {
    fn validate(&self, mut purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        purposes.try_for_each(|purpose| purpose.map(drop))
    }
}
