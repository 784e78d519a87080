//! The decision about one presented chain: an enforcing search, and what may come after it.

use std::cell::RefCell;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, OtherError};
use webpki::{EndEntityCert, VerifiedPath};

use super::Verifier;
use super::candidates::Candidates;
use super::errors::{missing_purpose, verification_error};
use super::path::{self, Validated};
use super::search::{Cost, Ignored, NoPath, Required, Search};
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
            refusal: RefCell::default(),
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
        let strict = match search.find(&required, &|path| self.enforce(preset, path)) {
            Ok(ref path) => return conclude(self.accepted(path, None)),
            Err(error) => search.no_path(error),
        };
        let is_costly = strict.is_budget_spent() || !search.cost.allows_second_search();
        match (required.obstructed(), is_costly) {
            (true, true) if strict.refusal.is_none() => Err(self
                .refusal_of(strict)
                .with_class(RefusalClass::Undetermined)),
            (true, false) => self.search_again(search, preset, strict, conclude),
            _ => Err(self.refusal_of(strict)),
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
        let was_found = strict.refusal.is_some();
        let strict = self.refusal_of(strict);
        let server = Required::for_role(Role::Server);
        let relax = |path: Validated<'_>| self.relax(preset, path, &strict);
        let found = match preset {
            Preset::Rfc5280 | Preset::Strict if was_found => return Err(strict),
            Preset::Rfc5280 | Preset::Strict => return Err(self.classified(search, strict)),
            Preset::AcceptServerAuth => search.find(&server, &relax),
            Preset::Ignore => search.find(Ignored, &relax),
        };
        let last = match found {
            Ok(ref path) => return conclude(self.accepted(path, Some(preset))),
            Err(_) if was_found => return Err(strict),
            Err(error) => search.no_path(error),
        };
        // Under a relaxed policy the error is the last search's.
        let is_final = last.refusal.is_some() || last.is_budget_spent() || !server.obstructed();
        match (is_final, self.refusal_of(last)) {
            (true, refusal) => Err(refusal),
            (false, refusal) => Err(self.classified(search, refusal)),
        }
    }

    /// The EKU was the only obstacle to this path. Is the relaxation for this peer?
    fn relax(
        self,
        preset: Preset,
        validated: Validated<'_>,
        strict: &Refusal,
    ) -> Result<(), Refusal> {
        let leaf = path::leaf(validated.path);
        let leaf = self.read(leaf.view())?;
        let is_covered = self.read(self.verifier.relax_for.covers(&leaf, &validated))?;
        match (self.identify(validated), is_covered) {
            (identified, true) => identified,
            // Everybody else stays under rfc5280() and gets its error.
            (Ok(()), false) => {
                let (_, violation) = self.violation(validated.path, preset)?;
                Err(strict.clone().with_violation(violation))
            }
            (Err(other), false) => Err(strict.clone().with_class(other.class())),
        }
    }

    /// The refusal with its honest class: what a search finds that does not look at the EKU.
    fn classified(self, search: &Search<'_>, refusal: Refusal) -> Refusal {
        if self.inquiry == Inquiry::Verdict {
            return refusal;
        }
        let found = match search.find(Ignored, &|path| self.identify(path)) {
            Ok(ref path) => self.violation(path, Preset::Ignore),
            Err(error) => Err(self.refusal_of(search.no_path(error))),
        };
        match found {
            Ok((_, violation)) => refusal.with_violation(violation),
            Err(other) => refusal.with_class(other.class()),
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

    /// Whether a path is the expected peer's, and what `strict()` adds: webpki can require an EKU on
    /// all certificates of a path, but not on its leaf alone.
    fn enforce(self, preset: Preset, validated: Validated<'_>) -> Result<(), Refusal> {
        let identified = self.identify(validated);
        if preset != Preset::Strict {
            return identified;
        }
        let path = self.read(path::certificates(validated.path))?;
        match (eku::decide(preset, self.verifier.role, &path), identified) {
            (Ok(_), identified) => identified,
            (Err(violation), Ok(())) => Err(self.missing_purpose().with_violation(violation)),
            (Err(_), Err(other)) => Err(self.missing_purpose().with_class(other.class())),
        }
    }

    /// Whether the leaf of a path is the expected peer's.
    fn identify(self, validated: Validated<'_>) -> Result<(), Refusal> {
        let rules = match self.expected {
            Expected::Anybody => return Ok(()),
            Expected::ServerName(name) => {
                let leaf = validated.path.end_entity();
                let is_valid = leaf.verify_is_valid_for_subject_name(name);
                return is_valid.map_err(|error| self.refusal_of(error));
            }
            Expected::AnyOf(rules) => rules,
        };
        let leaf = path::leaf(validated.path);
        let leaf = self.read(leaf.view())?;
        match self.read(rules.match_path(&leaf, &validated))? {
            true => Ok(()),
            false => Err(self.refusal(CertificateError::ApplicationVerificationFailure)),
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
        let NoPath {
            error,
            violation,
            refusal,
        } = error.into();
        match (refusal, violation) {
            (Some(refusal), _) => refusal,
            (None, None) => Refusal::new(self.verifier.role, verification_error(error)),
            (None, Some(violation)) => self
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
