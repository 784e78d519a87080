//! The path search that both verifiers share, and what is made of its result.

use std::cell::{Cell, RefCell};

use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage, VerifiedPath};

use super::Verifier;
use super::anchors::Candidates;
use super::hardening::PathViolation;
use super::lookup::{Lookup, check_root_signs_crls};
use super::revocation::{Choices, Crls};
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
    pub(super) revocation: Option<(Choices, &'a Crls)>,
    /// What our own checks refused last: there is no webpki error to carry it.
    pub(super) violation: RefCell<Option<PathViolation>>,
}

/// Why no path was found.
pub(super) struct NoPath {
    /// webpki's most specific error over all paths tried.
    pub(super) error: webpki::Error,
    /// What our own checks refused, if nothing that webpki found outranks it.
    pub(super) violation: Option<PathViolation>,
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
        }
    }
}

impl<'a> Search<'a> {
    /// A path from the leaf to a root on which every certificate satisfies `eku`.
    pub(super) fn find(
        &self,
        eku: impl ExtendedKeyUsageValidator,
    ) -> Result<VerifiedPath<'a>, webpki::Error> {
        self.violation.take();
        let lists = self.revocation.map(|(_, crls)| crls.references());
        let revocation = match (self.revocation, &lists) {
            (Some((choices, crls)), Some(lists)) if !self.looks_up_itself(crls) => {
                Some(choices.options(lists)?)
            }
            _ => None,
        };
        self.leaf.verify_for_usage(
            self.algorithms,
            self.candidates.anchors(),
            self.intermediates,
            self.now,
            eku,
            revocation,
            Some(&|path| self.check(path)),
        )
    }

    /// Why the last search found none.
    pub(super) fn no_path(&self, error: webpki::Error) -> NoPath {
        NoPath {
            violation: match error {
                webpki::Error::UnknownIssuer => self.violation.take(),
                _ => None,
            },
            error,
        }
    }

    /// Our own checks of a path that webpki has verified. They only reject, inside the search, so
    /// that another path may still be found; a violation with the error that outranks no other.
    fn check(&self, path: &VerifiedPath<'_>) -> Result<(), webpki::Error> {
        let root = self.candidates.extent(path.anchor());
        self.verifier
            .path_checks
            .apply(path, root, self.verifier.memo.as_ref())
            .map_err(|found| {
                self.violation.replace(Some(found));
                webpki::Error::UnknownIssuer
            })?;
        match self.revocation {
            Some((choices, crls)) if self.looks_up_itself(crls) => Lookup {
                path,
                root,
                algorithms: self.algorithms,
                now: self.now,
                choices,
                crls,
            }
            .check(),
            Some((choices, crls)) if self.verifier.path_checks.is_hardened() => {
                check_root_signs_crls(path, root, choices, crls)
            }
            _ => Ok(()),
        }
    }

    /// Whether revocation is looked up in the path callback. webpki consults the first list of an
    /// issuer and no other, so it gets them only if no two share an issuer.
    fn looks_up_itself(&self, crls: &Crls) -> bool {
        self.verifier.path_checks.is_hardened() && crls.share_an_issuer()
    }

    /// How many certificates were presented.
    pub(super) fn presented(&self) -> usize {
        1 + self.intermediates.len()
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
