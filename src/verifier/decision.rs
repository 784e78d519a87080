//! The decision about one presented chain: an enforcing search, and what may come after it.

use std::cell::RefCell;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, OtherError};
use webpki::{EndEntityCert, VerifiedPath};

use super::Verifier;
use super::anchors::Candidates;
use super::chain::{Cost, Ignored, NoPath, Required, Search};
use super::map::{missing_purpose, verification_error};
use super::path;
use crate::certificate::{Certificate, distinguished_name};
use crate::eku::{self, EkuOutcome, EkuViolation, Preset};
use crate::peer::{PeerRules, VerifiedPeer};
use crate::refusal::{Refusal, RefusalClass};
use crate::role::Role;

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

/// A path that was accepted. Nothing of it is read unless somebody asks who it is.
pub(super) struct Accepted<'p> {
    decision: Decision<'p>,
    path: &'p VerifiedPath<'p>,
    /// The policy that let its EKU pass.
    relaxed: Option<Preset>,
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
        let crls = revocation.map(|revocation| (revocation, revocation.crls()));
        let cost = Cost::of_presented(intermediates.len());
        let algorithms = self.verifier.algorithms();
        let counted: Vec<_> = match self.may_search_again(now) {
            true => algorithms.iter().map(|it| cost.counted(*it)).collect(),
            false => Vec::new(),
        };
        let counted: Vec<_> = counted.iter().map(|it| it as _).collect();
        let search = Search {
            verifier: self.verifier,
            leaf: &leaf,
            intermediates,
            candidates: &Candidates::among(&self.verifier.roots, &leaf, intermediates),
            algorithms: match counted.is_empty() {
                true => &algorithms,
                false => &counted,
            },
            now,
            revocation: crls
                .as_ref()
                .map(|(revocation, crls)| (*revocation, &***crls)),
            violation: RefCell::default(),
            cost: &cost,
        };
        self.search(&search, conclude)
    }

    fn may_search_again(self, now: UnixTime) -> bool {
        self.inquiry == Inquiry::HonestClass
            || matches!(
                self.verifier.policy.at(now),
                Preset::AcceptServerAuth | Preset::Ignore
            )
    }

    /// The first search enforces; only what it refuses for the EKU is looked at again.
    fn search<T>(
        self,
        search: &Search<'_>,
        conclude: impl FnOnce(Accepted<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let preset = self.verifier.policy.at(search.now);
        let required = Required::for_role(self.verifier.role);
        // A path has two kilobytes: it is not moved about.
        let strict = match search.find(&required) {
            Ok(ref path) => {
                self.check_strict(preset, path)?;
                self.identify(path)?;
                return conclude(self.accepted(path, None));
            }
            Err(error) => search.no_path(error),
        };
        let is_costly = strict.is_budget_spent() || !search.cost.allows_second_search();
        match (required.obstructed(), is_costly) {
            (false, _) => Err(self.refusal_of(strict)),
            (true, true) => Err(self
                .refusal_of(strict)
                .with_class(RefusalClass::Undetermined)),
            (true, false) => self.search_again(search, preset, strict, conclude),
        }
    }

    /// The EKU stood in the way. Was it the only obstacle, and is it relaxed?
    fn search_again<T>(
        self,
        search: &Search<'_>,
        preset: Preset,
        strict: NoPath,
        conclude: impl FnOnce(Accepted<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let server = Required::for_role(Role::Server);
        let found = match preset {
            Preset::Rfc5280 | Preset::Strict => {
                return Err(self.classified(search, self.refusal_of(strict)));
            }
            Preset::AcceptServerAuth => search.find(&server),
            Preset::Ignore => search.find(Ignored),
        };
        let last = match found {
            Ok(ref path) => {
                self.relax(path, preset, strict)?;
                return conclude(self.accepted(path, Some(preset)));
            }
            Err(error) => search.no_path(error),
        };
        // Under a relaxed policy the error is the last search's.
        let is_final = last.is_budget_spent() || !server.obstructed();
        match (is_final, self.refusal_of(last)) {
            (true, refusal) => Err(refusal),
            (false, refusal) => Err(self.classified(search, refusal)),
        }
    }

    /// The EKU was the only obstacle to this path. Is the relaxation for this peer?
    fn relax(self, path: &VerifiedPath<'_>, preset: Preset, strict: NoPath) -> Result<(), Refusal> {
        let leaf = path::leaf(path);
        let is_covered = self.verifier.relax_for.covers(&self.read(leaf.view())?);
        match (self.identify(path), is_covered) {
            (identified, true) => identified,
            // Everybody else stays under rfc5280() and gets its error.
            (Ok(()), false) => {
                let (_, violation) = self.violation(path, preset)?;
                Err(self.refusal_of(strict).with_violation(violation))
            }
            (Err(other), false) => Err(self.refusal_of(strict).with_class(other.class())),
        }
    }

    /// The refusal with its honest class: what a search finds that does not look at the EKU.
    fn classified(self, search: &Search<'_>, refusal: Refusal) -> Refusal {
        if self.inquiry == Inquiry::Verdict {
            return refusal;
        }
        let found = search.find(Ignored);
        let path = match found {
            Ok(ref path) => path,
            Err(error) => {
                return refusal.with_class(self.refusal_of(search.no_path(error)).class());
            }
        };
        match (self.identify(path), self.violation(path, Preset::Ignore)) {
            (Ok(()), Ok((_, violation))) => refusal.with_violation(violation),
            (Err(other), _) | (_, Err(other)) => refusal.with_class(other.class()),
        }
    }

    /// The certificates of a path that a relaxed search found, and what is wrong with their EKUs. A
    /// path on which nothing is wrong would have been found by the first search; that contradiction
    /// is refused.
    fn violation(
        self,
        path: &VerifiedPath<'_>,
        preset: Preset,
    ) -> Result<(Vec<Certificate>, EkuViolation), Refusal> {
        let path = self.read(path::certificates(path))?;
        match eku::decide(preset, self.verifier.role, &path) {
            Ok(EkuOutcome::Relaxed(violation)) => Ok((path, violation)),
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

    fn accepted<'p>(&'p self, path: &'p VerifiedPath<'p>, relaxed: Option<Preset>) -> Accepted<'p> {
        Accepted {
            decision: *self,
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
        let decision = self.decision;
        let (path, eku) = match self.relaxed {
            None => (
                decision.read(path::certificates(self.path))?,
                EkuOutcome::Enforced,
            ),
            Some(preset) => {
                let (path, violation) = decision.violation(self.path, preset)?;
                (path, EkuOutcome::Relaxed(violation))
            }
        };
        Ok(VerifiedPeer {
            role: decision.verifier.role,
            path,
            anchor: distinguished_name(&self.path.anchor().subject),
            eku,
        })
    }
}
