//! [`Search`]: for a path from a presented leaf to a root, by webpki and with checks of our own.

use std::cell::RefCell;

use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, VerifiedPath};

use super::candidates::Candidates;
use super::checks::PathViolation;
use super::cost::Cost;
use super::crl_set::CrlSet;
use super::path::Validated;
use super::revocation::{Check, Revocation};
use super::settings::Settings;
use crate::refusal::{Refusal, RefusalClass};

/// What a peer presented, as far as it is read before there is a path.
pub(super) struct Presented<'a> {
    leaf: EndEntityCert<'a>,
    /// Everything else, in any order.
    intermediates: &'a [CertificateDer<'a>],
    /// The roots that have issued, by name, one of the certificates.
    candidates: Candidates<'a>,
}

impl<'a> Presented<'a> {
    pub(super) fn read(
        settings: &'a Settings,
        leaf: &'a CertificateDer<'a>,
        intermediates: &'a [CertificateDer<'a>],
    ) -> Result<Self, webpki::Error> {
        let leaf = EndEntityCert::try_from(leaf)?;
        Ok(Self {
            candidates: Candidates::among(&settings.roots, &leaf, intermediates),
            leaf,
            intermediates,
        })
    }

    pub(super) fn cost(&self) -> Cost {
        Cost::of_presented(self.intermediates.len())
    }
}

/// One presented chain at one instant.
pub(super) struct Search<'s, 'p> {
    pub(super) settings: &'s Settings,
    pub(super) presented: &'p Presented<'p>,
    pub(super) algorithms: &'s [&'s dyn SignatureVerificationAlgorithm],
    pub(super) now: UnixTime,
    /// One set of lists for all searches of a decision, even if it is replaced meanwhile.
    pub(super) revocation: Option<(&'s Revocation, &'s CrlSet)>,
    /// What our own checks refused last: there is no webpki error to carry it.
    pub(super) violation: RefCell<Option<PathViolation>>,
    /// Why a path that passed every check is not the peer's.
    pub(super) refusal: RefCell<Option<Refusal>>,
    /// What the lists said of a certificate last: the error, and words for it.
    pub(super) status: RefCell<Option<(webpki::Error, String)>>,
    pub(super) cost: &'s Cost,
}

/// Why no path was found.
pub(super) struct NoPath {
    /// webpki's most specific error over all paths tried.
    pub(super) error: webpki::Error,
    /// What our own checks refused, if nothing that webpki found outranks it.
    pub(super) violation: Option<PathViolation>,
    /// There was one, but it is not the peer's: that outranks everything.
    pub(super) refusal: Option<Refusal>,
    /// What the lists say of a certificate of a verified path, in words, if that is the error.
    pub(super) revocation: Option<String>,
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
        Self { error, violation: None, refusal: None, revocation: None }
    }
}

impl<'p> Search<'_, 'p> {
    /// A path from the leaf to a root on which every certificate satisfies `eku`, and which as a whole
    /// satisfies `peer`.
    pub(super) fn find(
        &self,
        eku: impl ExtendedKeyUsageValidator,
        peer: &dyn Fn(Validated<'_>) -> Result<(), Refusal>,
    ) -> Result<VerifiedPath<'p>, webpki::Error> {
        self.violation.take();
        self.refusal.take();
        self.status.take();
        let stock = self
            .revocation
            .and_then(|(revocation, crls)| Some((revocation.choices, crls.stock()?)));
        let stock = match &stock {
            Some((choices, crls)) => Some(choices.stock_options(crls)?),
            None => None,
        };
        let revocation = match (self.revocation, stock) {
            (Some((revocation, crls)), None) => {
                let algorithms = self.settings.algorithms.all;
                Some(Check::new(revocation, crls, algorithms, self.now))
            }
            _ => None,
        };
        let found = self.presented.leaf.verify_for_usage(
            self.algorithms,
            self.presented.candidates.anchors(),
            self.presented.intermediates,
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
            revocation: self.status.take().filter(|(said, _)| *said == error).map(|(_, it)| it),
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
            root: self.presented.candidates.facts(path.anchor()),
            web: self.settings.roots.web(),
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
        let root = &self.presented.candidates.facts(path.anchor()).trusted_for;
        self.settings.path_checks.apply(path, root, self.settings.memo.as_ref()).map_err(
            |found| {
                self.violation.replace(Some(found));
                webpki::Error::UnknownIssuer
            },
        )?;
        revocation.map_or(Ok(()), |revocation| {
            revocation.check(path, root).map_err(|(error, words)| {
                self.status.replace(Some((error.clone(), words)));
                error
            })
        })
    }
}
