//! The path search that both verifiers share, and what is made of its result.

use std::cell::Cell;

use rustls::pki_types::{CertificateDer, UnixTime};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage, VerifiedPath};

use super::Verifier;
use super::anchors::root_reaches;
use super::revocation::{Choices, Crls};
use crate::role::Role;

/// One presented chain at one instant.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) verifier: &'a Verifier,
    pub(super) leaf: &'a EndEntityCert<'a>,
    /// Everything else that was presented, in any order.
    pub(super) intermediates: &'a [CertificateDer<'a>],
    pub(super) now: UnixTime,
    /// One set of lists for all searches of a decision, even if it is replaced meanwhile.
    pub(super) revocation: Option<(Choices, &'a Crls)>,
}

impl<'a> Search<'a> {
    /// A path from the leaf to a root on which every certificate satisfies `eku`, or webpki's most
    /// specific error over all paths tried.
    pub(super) fn find(
        &self,
        eku: impl ExtendedKeyUsageValidator,
    ) -> Result<VerifiedPath<'a>, webpki::Error> {
        let lists = self.revocation.map(|(_, crls)| crls.references());
        let revocation = match (self.revocation, &lists) {
            (Some((choices, _)), Some(lists)) => Some(choices.options(lists)?),
            _ => None,
        };
        self.leaf.verify_for_usage(
            self.verifier.algorithms.all,
            self.verifier.roots.anchors(),
            self.intermediates,
            self.now,
            eku,
            revocation,
            Some(&|path| self.check(path)),
        )
    }

    /// Our own checks of a path that webpki has verified. They only reject, inside the search, so
    /// that another path may still be found; with the error that outranks no other.
    fn check(&self, path: &VerifiedPath<'_>) -> Result<(), webpki::Error> {
        match root_reaches(&self.verifier.roots, path) {
            true => Ok(()),
            false => Err(webpki::Error::UnknownIssuer),
        }
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

/// Whether webpki gave up because the search became too expensive: not to be repeated.
pub(super) fn is_budget_error(error: &webpki::Error) -> bool {
    matches!(
        error,
        webpki::Error::MaximumSignatureChecksExceeded
            | webpki::Error::MaximumPathBuildCallsExceeded
            | webpki::Error::MaximumNameConstraintComparisonsExceeded
    )
}
