//! The decision about one presented chain: an enforcing search, and what may come after it.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, OtherError};
use webpki::{EndEntityCert, VerifiedPath};

use super::Verifier;
use super::anchors::Candidates;
use super::chain::{Ignored, NoPath, Required, Search};
use super::map::{missing_purpose, verification_error};
use super::path;
use crate::certificate::{Certificate, distinguished_name};
use crate::eku::{self, EkuOutcome, EkuViolation, Preset};
use crate::peer::{PeerRules, VerifiedPeer};
use crate::refusal::{Refusal, RefusalClass};
use crate::role::Role;

/// Beyond this many presented certificates no further search is made: it would double what a
/// stranger can make the first one cost. Real chains have two to five.
const MAX_FOR_SECOND_SEARCH: usize = 16;

/// What is asked about a chain.
#[derive(Clone, Copy)]
pub(super) struct Decision<'a> {
    pub(super) verifier: &'a Verifier,
    pub(super) expected: Expected<'a>,
    pub(super) inquiry: Inquiry,
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

/// A path that was accepted.
pub(super) struct Accepted<'a> {
    role: Role,
    path: VerifiedPath<'a>,
    /// What was let pass, and the certificates of the path, which had to be read for it.
    relaxed: Option<Relaxed>,
}

struct Relaxed {
    violation: EkuViolation,
    path: Vec<Certificate>,
}

impl Decision<'_> {
    pub(super) fn make<T>(
        self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
        conclude: impl FnOnce(Accepted<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let leaf = EndEntityCert::try_from(leaf).map_err(|error| self.refusal_of(error))?;
        let revocation = self.verifier.revocation.as_ref();
        let lists = revocation.map(|revocation| (revocation.choices(), revocation.lists()));
        let lists = lists.as_ref().map(|(choices, lists)| (*choices, &***lists));
        let search = Search {
            verifier: self.verifier,
            leaf: &leaf,
            intermediates,
            candidates: &Candidates::among(&self.verifier.roots, &leaf, intermediates),
            algorithms: &self.verifier.algorithms(lists.map(|(_, lists)| lists)),
            now,
            revocation: lists.map(|(choices, lists)| (choices, &lists.crls)),
        };
        conclude(self.search(&search)?)
    }

    /// The first search enforces; only what it refuses for the EKU is looked at again.
    fn search<'s>(self, search: &Search<'s>) -> Result<Accepted<'s>, Refusal> {
        let preset = self.verifier.policy.at(search.now);
        let required = Required::for_role(self.verifier.role);
        let error = match search.find(&required) {
            Ok(path) => {
                self.check_strict(preset, &path)?;
                self.identify(&path)?;
                return Ok(self.accepted(path, None));
            }
            Err(error) => error,
        };
        let is_costly = error.is_budget_spent() || search.presented() > MAX_FOR_SECOND_SEARCH;
        let refusal = self.refusal_of(error);
        match (required.obstructed(), is_costly) {
            (false, _) => Err(refusal),
            (true, true) => Err(refusal.with_class(RefusalClass::Undetermined)),
            (true, false) => self.search_again(search, preset, refusal),
        }
    }

    /// The EKU stood in the way. Was it the only obstacle, and is it relaxed?
    fn search_again<'s>(
        self,
        search: &Search<'s>,
        preset: Preset,
        strict: Refusal,
    ) -> Result<Accepted<'s>, Refusal> {
        let server = Required::for_role(Role::Server);
        let found = match preset {
            Preset::Rfc5280 | Preset::Strict => return Err(self.classified(search, strict)),
            Preset::AcceptServerAuth => search.find(&server),
            Preset::Ignore => search.find(Ignored),
        };
        let error = match found {
            Ok(path) => return self.relax(path, preset, strict),
            Err(error) => error,
        };
        // Under a relaxed policy the error is the last search's.
        let is_final = error.is_budget_spent() || !server.obstructed();
        match (is_final, self.refusal_of(error)) {
            (true, refusal) => Err(refusal),
            (false, refusal) => Err(self.classified(search, refusal)),
        }
    }

    /// The EKU was the only obstacle to this path. Is the relaxation for this peer?
    fn relax<'s>(
        self,
        path: VerifiedPath<'s>,
        preset: Preset,
        strict: Refusal,
    ) -> Result<Accepted<'s>, Refusal> {
        let relaxed = self.relaxed(&path, preset)?;
        let leaf = path::leaf(&path);
        let is_covered = self.verifier.relax_for.covers(&self.read(leaf.view())?);
        match (self.identify(&path), is_covered) {
            (Ok(()), true) => Ok(self.accepted(path, Some(relaxed))),
            (Err(other), true) => Err(other),
            // Everybody else stays under rfc5280() and gets its error.
            (Ok(()), false) => Err(strict.with_violation(relaxed.violation)),
            (Err(other), false) => Err(strict.with_class(other.class())),
        }
    }

    /// The refusal with its honest class: what a search finds that does not look at the EKU.
    fn classified(self, search: &Search<'_>, refusal: Refusal) -> Refusal {
        if self.inquiry == Inquiry::Verdict {
            return refusal;
        }
        let path = match search.find(Ignored) {
            Ok(path) => path,
            Err(error) => return refusal.with_class(self.refusal_of(error).class()),
        };
        match (self.identify(&path), self.relaxed(&path, Preset::Ignore)) {
            (Ok(()), Ok(relaxed)) => refusal.with_violation(relaxed.violation),
            (Err(other), _) | (_, Err(other)) => refusal.with_class(other.class()),
        }
    }

    /// What is wrong with the EKUs of a path that a relaxed search found. A path on which nothing
    /// is wrong would have been found by the first search; that contradiction is refused.
    fn relaxed(self, path: &VerifiedPath<'_>, preset: Preset) -> Result<Relaxed, Refusal> {
        let path = self.read(path::certificates(path))?;
        match eku::decide(preset, self.verifier.role, &path) {
            Ok(EkuOutcome::Relaxed(violation)) => Ok(Relaxed { violation, path }),
            Ok(EkuOutcome::Enforced) | Err(_) => Err(self.missing_purpose()),
        }
    }

    /// What `strict()` adds: webpki can require an EKU on all certificates of a path, but not on
    /// its leaf alone.
    fn check_strict(self, preset: Preset, path: &VerifiedPath<'_>) -> Result<(), Refusal> {
        if preset != Preset::Strict {
            return Ok(());
        }
        match eku::decide(
            preset,
            self.verifier.role,
            &self.read(path::certificates(path))?,
        ) {
            Ok(_) => Ok(()),
            Err(violation) => Err(match self.identify(path) {
                Ok(()) => self.missing_purpose().with_violation(violation),
                Err(other) => self.missing_purpose().with_class(other.class()),
            }),
        }
    }

    /// Whether the leaf of a verified path is the expected peer's.
    fn identify(self, path: &VerifiedPath<'_>) -> Result<(), Refusal> {
        match self.expected {
            Expected::Anybody => Ok(()),
            Expected::ServerName(name) => path
                .end_entity()
                .verify_is_valid_for_subject_name(name)
                .map_err(|error| self.refusal_of(error)),
            Expected::AnyOf(rules) => {
                match rules.match_leaf(&self.read(path::leaf(path).view())?) {
                    true => Ok(()),
                    false => Err(self.refusal(CertificateError::ApplicationVerificationFailure)),
                }
            }
        }
    }

    /// Our reader takes whatever webpki takes; if it ever does not, that is a refusal.
    fn read<T>(self, read: der::Result<T>) -> Result<T, Refusal> {
        read.map_err(|_| self.refusal(CertificateError::BadEncoding))
    }

    fn accepted<'s>(self, path: VerifiedPath<'s>, relaxed: Option<Relaxed>) -> Accepted<'s> {
        Accepted {
            role: self.verifier.role,
            path,
            relaxed,
        }
    }

    fn missing_purpose(self) -> Refusal {
        Refusal::new(self.verifier.role, missing_purpose(self.verifier.role))
    }

    fn refusal(self, error: CertificateError) -> Refusal {
        Refusal::new(self.verifier.role, error.into())
    }

    fn refusal_of(self, error: impl Into<NoPath>) -> Refusal {
        let NoPath { error, violation } = error.into();
        match violation {
            None => Refusal::new(self.verifier.role, verification_error(error)),
            Some(violation) => self
                .refusal(CertificateError::Other(OtherError(Arc::new(violation))))
                .with_class(RefusalClass::PathCheck),
        }
    }
}

impl Accepted<'_> {
    /// The peer, if its EKU was relaxed: that is always reported.
    pub(super) fn relaxed_peer(self) -> Result<Option<VerifiedPeer>, Refusal> {
        match self.relaxed {
            None => Ok(None),
            Some(_) => self.peer().map(Some),
        }
    }

    pub(super) fn peer(self) -> Result<VerifiedPeer, Refusal> {
        let (path, eku) = match self.relaxed {
            Some(relaxed) => (relaxed.path, EkuOutcome::Relaxed(relaxed.violation)),
            None => {
                let unreadable = CertificateError::BadEncoding.into();
                let path = path::certificates(&self.path)
                    .map_err(|_| Refusal::new(self.role, unreadable))?;
                (path, EkuOutcome::Enforced)
            }
        };
        Ok(VerifiedPeer {
            role: self.role,
            path,
            anchor: distinguished_name(&self.path.anchor().subject),
            eku,
        })
    }
}
