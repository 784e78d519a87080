//! [`Search`]: for a path from a presented leaf to a root, by webpki and with checks of our own.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use arc_swap::Guard;
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use rustls::{CertificateError, OtherError};
use webpki::{EndEntityCert, Error, VerifiedPath};

use super::candidates::candidates;
use super::cost::Cost;
use super::crl_set::CrlSet;
use super::eku::RequiredEku;
use super::errors::verification_error;
use super::path::Validated;
use super::revocation::{Check, Revocation};
use super::settings::Settings;
use super::signatures::Signatures;
use super::unverified::RefusedChain;
use crate::eku::Preset;
use crate::peer::PeerRules;
use crate::refusal::{Refusal, RefusalClass};

/// What is asked about a presented chain.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) settings: &'a Settings,
    pub(super) leaf: &'a CertificateDer<'a>,
    /// Everything else, in any order.
    pub(super) intermediates: &'a [CertificateDer<'a>],
    pub(super) expected: Expected<'a>,
    pub(super) inquiry: Inquiry,
    pub(super) now: UnixTime,
}

/// Who the peer has to be.
#[derive(Clone, Copy)]
pub(super) enum Expected<'a> {
    Anybody,
    AnyOf(&'a PeerRules),
    ServerName(&'a ServerName<'a>),
}

/// How far to look into a refusal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Inquiry {
    /// As far as the verdict needs.
    Verdict,
    /// Until the honest class is known.
    HonestClass,
}

impl Question<'_> {
    /// What the policy amounts to now.
    pub(super) fn preset(self) -> Preset {
        self.settings.policy.at(self.now)
    }

    /// A refusal for what webpki says; in words, too, if somebody hears them.
    pub(super) fn refusal_of(self, error: Error) -> Refusal {
        self.refusal_beside(error, None)
    }

    fn refusal_beside(self, error: Error, signatures: Option<&Signatures<'_>>) -> Refusal {
        let chain =
            || RefusedChain::new(self.leaf, self.intermediates, &self.settings.roots, self.now);
        let reason = match self.inquiry {
            Inquiry::Verdict => None,
            Inquiry::HonestClass => chain().reason(&error, signatures),
        };
        Refusal::new(self.settings.role, verification_error(error)).because(reason)
    }

    pub(super) fn refusal(self, error: CertificateError) -> Refusal {
        Refusal::new(self.settings.role, error.into())
    }
}

/// One presented chain at one instant.
pub(super) struct Search<'a> {
    pub(super) question: Question<'a>,
    leaf: EndEntityCert<'a>,
    /// Those that have issued, by name, one of the certificates.
    roots: Cow<'a, [TrustAnchor<'a>]>,
    /// One set of lists for all searches of a decision, even if it is replaced meanwhile.
    crls: Option<(&'a Revocation, Guard<Arc<CrlSet>>)>,
    /// Of all searches of a decision.
    pub(super) cost: Cost,
    signatures: Signatures<'a>,
}

/// Why no path was found.
pub(super) struct NoPath {
    pub(super) refusal: Refusal,
    /// There was one on which all was right but whose it is.
    pub(super) is_of_peer: bool,
    /// webpki gave up because the search became too expensive: not to be repeated.
    pub(super) is_budget_spent: bool,
}

/// Why paths that webpki has verified were refused.
#[derive(Default)]
struct RefusedPaths {
    of_peer: Option<Refusal>,
    /// By our own checks, beside the errors that webpki was told.
    by_checks: Vec<(Error, Refusal)>,
}

impl<'a> Search<'a> {
    pub(super) fn new(question: Question<'a>) -> Result<Self, Refusal> {
        let Question { settings, intermediates, .. } = question;
        let leaf = EndEntityCert::try_from(question.leaf);
        let leaf = leaf.map_err(|error| question.refusal_of(error))?;
        let revocation = settings.revocation.as_ref();
        Ok(Self {
            question,
            roots: candidates(&settings.roots, &leaf, intermediates),
            leaf,
            crls: revocation.map(|revocation| (revocation, revocation.crls())),
            cost: Cost::of_presented(intermediates.len()),
            signatures: Signatures::new(settings.memo.as_ref()),
        })
    }

    /// A path from the leaf to a root on which every certificate satisfies `eku`, and which as a whole
    /// satisfies `peer`.
    pub(super) fn find(
        &self,
        eku: &RequiredEku<'_>,
        peer: &dyn Fn(Validated<'_>) -> Result<(), Refusal>,
    ) -> Result<VerifiedPath<'_>, NoPath> {
        let refused = RefCell::default();
        self.by_webpki(eku, peer, &refused).map_err(|error| {
            let error = match self.cost.are_signatures_spent() {
                true => Error::MaximumSignatureChecksExceeded,
                false => error,
            };
            let is_budget_spent = matches!(
                error,
                Error::MaximumSignatureChecksExceeded
                    | Error::MaximumPathBuildCallsExceeded
                    | Error::MaximumNameConstraintComparisonsExceeded
            );
            let RefusedPaths { of_peer, by_checks } = refused.into_inner();
            let mut by_checks = by_checks.into_iter().rev();
            let is_of_peer = of_peer.is_some();
            // What webpki finds in other certificates outranks our checks, and not whose a path is.
            let refusal = of_peer
                .or_else(|| by_checks.find(|(told, _)| *told == error).map(|(_, refusal)| refusal))
                .unwrap_or_else(|| self.question.refusal_beside(error, Some(&self.signatures)));
            NoPath { refusal, is_of_peer, is_budget_spent }
        })
    }

    /// Fails with webpki's most specific error over all paths tried.
    fn by_webpki(
        &self,
        eku: &RequiredEku<'_>,
        peer: &dyn Fn(Validated<'_>) -> Result<(), Refusal>,
        refused: &RefCell<RefusedPaths>,
    ) -> Result<VerifiedPath<'_>, Error> {
        let Question { settings, intermediates, now, .. } = self.question;
        let algorithms = self.signatures.algorithms(settings, &self.cost);
        let algorithms: Vec<_> = algorithms.iter().map(|it| it as _).collect();
        let stock = self.crls.as_ref().and_then(|(_, crls)| crls.stock());
        let (stock, revocation) = match (&self.crls, &stock) {
            (Some((revocation, _)), Some(crls)) => {
                (Some(revocation.choices.stock_options(crls)?), None)
            }
            (Some((revocation, crls)), None) => {
                (None, Some(Check::new(revocation, crls, settings.algorithms.all, now)))
            }
            (None, _) => (None, None),
        };
        self.leaf.verify_for_usage(
            &algorithms,
            &self.roots,
            intermediates,
            now,
            eku,
            stock,
            Some(&|path| self.check(path, revocation.as_ref(), peer, &mut refused.borrow_mut())),
        )
    }

    /// Our own checks of a path that webpki has verified, and last of all whose it is. They only reject,
    /// inside the search, so that another path may still be found.
    fn check(
        &self,
        path: &VerifiedPath<'_>,
        revocation: Option<&Check<'_>>,
        peer: &dyn Fn(Validated<'_>) -> Result<(), Refusal>,
        refused: &mut RefusedPaths,
    ) -> Result<(), Error> {
        let Question { settings, .. } = self.question;
        // The error that outranks no other.
        const LEAST: Error = Error::UnknownIssuer;
        let root = settings.roots.facts(path.anchor());
        let checked =
            settings.path_checks.apply(path, &root.trusted_for, self.signatures.recall.as_ref());
        checked.map_err(|violation| {
            let error = CertificateError::Other(OtherError(Arc::new(violation)));
            let refusal = self.question.refusal(error).with_class(RefusalClass::PathCheck);
            refused.by_checks.push((LEAST, refusal));
            LEAST
        })?;
        let status = revocation.map_or(Ok(()), |crls| crls.check(path, &root.trusted_for));
        status.map_err(|(error, words)| {
            let refusal = Refusal::new(settings.role, verification_error(error.clone()));
            refused.by_checks.push((error.clone(), refusal.because(Some(words))));
            error
        })?;
        peer(Validated { path, root }).map_err(|refusal| {
            // That the EKU alone stood in the way is true if it is of any path.
            if refused.of_peer.is_none() || refusal.class() == RefusalClass::Eku {
                refused.of_peer = Some(refusal);
            }
            LEAST
        })
    }
}
