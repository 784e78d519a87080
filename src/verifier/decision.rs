//! The decision about one presented chain: an enforcing search, and what may come after it.

use std::cell::RefCell;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, CommonState, OtherError};
use webpki::VerifiedPath;

use super::eku::{Ignored, Required};
use super::errors::{missing_purpose, verification_error};
use super::path::{self, Validated};
use super::search::{NoPath, Presented, Search};
use super::settings::Settings;
use super::unverified;
use crate::certificate::{Certificate, distinguished_name};
use crate::eku::{self, EkuOutcome, EkuViolation, Preset};
use crate::peer::{PeerRules, VerifiedPeer};
use crate::refusal::{Refusal, RefusalClass};
use crate::role::Role;

/// Who the peer has to be.
#[derive(Clone, Copy)]
pub(super) enum Expected<'a> {
    Anybody,
    AnyOf(&'a PeerRules),
    ServerName(&'a ServerName<'a>),
}

impl Settings {
    /// For the verifier traits of rustls: the verdict, told to the observers.
    pub(super) fn decide_in_handshake(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        expected: Expected<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let is_heard = !self.observers.is_empty();
        let inquiry = match is_heard {
            true => Inquiry::HonestClass,
            false => Inquiry::Verdict,
        };
        let decision = Decision { settings: self, leaf, intermediates, expected, inquiry, now };
        let decide = || {
            let presented = decision.presented()?;
            let accepted = decision.make(&presented)?;
            // Who was relaxed is found out for those who want to hear it.
            match is_heard && accepted.relaxed.is_some() {
                true => decision.peer(&accepted).map(Some),
                false => Ok(None),
            }
        };
        match decide() {
            Ok(None) => self.observers.tell(|observer| observer.accepted(self.role)),
            Ok(Some(peer)) => self.observers.tell(|observer| observer.relaxed(&peer)),
            Err(refusal) if is_heard => {
                let refusal = refusal.of(unverified::leaf(leaf));
                self.observers.tell(|observer| observer.refused(&refusal));
                return Err(refusal.into());
            }
            Err(refusal) => return Err(refusal.into()),
        }
        Ok(())
    }

    /// The chain that the peer of a connection presented; before the handshake is done, a refusal:
    /// rustls shows a resumed session's certificates before its keys are proved.
    pub(super) fn presented_on<'a>(
        &self,
        connection: &'a CommonState,
    ) -> Result<&'a [CertificateDer<'static>], Refusal> {
        match connection.is_handshaking() {
            true => Err(Refusal::new(self.role, rustls::Error::HandshakeNotComplete)),
            false => Ok(connection.peer_certificates().unwrap_or_default()),
        }
    }

    /// Whether a path leads from this chain to a root, whoever it is.
    pub(crate) fn verify_path(
        &self,
        chain: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<VerifiedPeer, Refusal> {
        self.verify(chain, Expected::Anybody, now)
    }

    /// Outside a handshake: who it is, or why not. Not observed.
    pub(super) fn verify(
        &self,
        chain: &[CertificateDer<'_>],
        expected: Expected<'_>,
        now: UnixTime,
    ) -> Result<VerifiedPeer, Refusal> {
        let Some((leaf, intermediates)) = chain.split_first() else {
            let error = rustls::Error::NoCertificatesPresented;
            return Err(Refusal::new(self.role, error));
        };
        let inquiry = Inquiry::HonestClass;
        let decision = Decision { settings: self, leaf, intermediates, expected, inquiry, now };
        let verify = || decision.peer(&decision.make(&decision.presented()?)?);
        verify().map_err(|refusal| refusal.of(unverified::leaf(leaf)))
    }
}

/// A chain whose certificates somebody copied.
pub(super) fn borrowed(chain: &[impl AsRef<[u8]>]) -> Vec<CertificateDer<'_>> {
    chain.iter().map(|der| CertificateDer::from(der.as_ref())).collect()
}

/// What is asked about a chain.
#[derive(Clone, Copy)]
struct Decision<'a> {
    settings: &'a Settings,
    leaf: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    expected: Expected<'a>,
    inquiry: Inquiry,
    now: UnixTime,
}

/// How far to look into a refusal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inquiry {
    /// As far as the verdict needs.
    Verdict,
    /// Until the honest class is known.
    HonestClass,
}

/// A path that was accepted. Nothing of it is read unless somebody asks who it is.
struct Accepted<'p> {
    path: VerifiedPath<'p>,
    /// The policy that let its EKU pass.
    relaxed: Option<Preset>,
}

impl<'a> Decision<'a> {
    fn presented(self) -> Result<Presented<'a>, Refusal> {
        let presented = Presented::read(self.settings, self.leaf, self.intermediates);
        presented.map_err(|error| self.refusal_of(error))
    }

    fn make<'p>(self, presented: &'p Presented<'p>) -> Result<Accepted<'p>, Refusal> {
        let revocation = self.settings.revocation.as_ref();
        let crls = revocation.map(|revocation| (revocation, revocation.crls()));
        let cost = presented.cost();
        let algorithms = self.settings.certificate_algorithms();
        let counted: Vec<_> = match self.may_search_again() {
            true => algorithms.iter().map(|it| cost.counted(*it)).collect(),
            false => Vec::new(),
        };
        let counted: Vec<_> = counted.iter().map(|it| it as _).collect();
        self.search(&Search {
            settings: self.settings,
            presented,
            algorithms: match counted.is_empty() {
                true => &algorithms,
                false => &counted,
            },
            now: self.now,
            revocation: crls.as_ref().map(|(revocation, crls)| (*revocation, &***crls)),
            violation: RefCell::default(),
            refusal: RefCell::default(),
            status: RefCell::default(),
            cost: &cost,
        })
    }

    fn preset(self) -> Preset {
        self.settings.policy.at(self.now)
    }

    fn may_search_again(self) -> bool {
        let is_relaxed = matches!(self.preset(), Preset::AcceptServerAuth | Preset::Ignore);
        is_relaxed || self.inquiry == Inquiry::HonestClass
    }

    /// The first search enforces; only what it refuses for the EKU is looked at again.
    fn search<'p>(self, search: &Search<'_, 'p>) -> Result<Accepted<'p>, Refusal> {
        let required = Required::for_role(self.settings.role);
        let enforced = match search.find(&required, &|path| self.enforce(path)) {
            Ok(path) => {
                return Ok(Accepted { path, relaxed: None });
            }
            Err(error) => search.no_path(error),
        };
        let is_costly = enforced.is_budget_spent() || !search.cost.allows_second_search();
        match (required.obstructed(), is_costly) {
            (true, true) if enforced.refusal.is_none() => {
                Err(self.refusal_of(enforced).with_class(RefusalClass::Undetermined))
            }
            (true, false) => self.search_again(search, enforced),
            _ => Err(self.refusal_of(enforced)),
        }
    }

    /// The EKU stood in the way. Was it the only obstacle, and is it relaxed?
    fn search_again<'p>(
        self,
        search: &Search<'_, 'p>,
        enforced: NoPath,
    ) -> Result<Accepted<'p>, Refusal> {
        let was_found = enforced.refusal.is_some();
        let enforced = self.refusal_of(enforced);
        let preset = self.preset();
        let server = Required::for_role(Role::Server);
        let relax = |path: Validated<'_>| self.relax(preset, path, &enforced);
        let found = match preset {
            Preset::Rfc5280 | Preset::Strict if was_found => return Err(enforced),
            Preset::Rfc5280 | Preset::Strict => return Err(self.classified(search, enforced)),
            Preset::AcceptServerAuth => search.find(&server, &relax),
            Preset::Ignore => search.find(Ignored, &relax),
        };
        let last = match found {
            Ok(path) => {
                return Ok(Accepted { path, relaxed: Some(preset) });
            }
            Err(_) if was_found => return Err(enforced),
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
        enforced: &Refusal,
    ) -> Result<(), Refusal> {
        let leaf = path::leaf(validated.path);
        let leaf = self.read(leaf.view())?;
        let is_covered = self.read(self.settings.relax_for.covers(&leaf, &validated))?;
        match (self.identify(validated), is_covered) {
            (identified, true) => identified,
            // Everybody else stays under rfc5280() and gets its error.
            (Ok(()), false) => {
                let (_, violation) = self.violation(validated.path, preset)?;
                let reason = match self.inquiry {
                    Inquiry::Verdict => None,
                    Inquiry::HonestClass => self.settings.relax_for.why_not(&leaf, &validated),
                };
                Err(enforced.clone().with_violation(violation).because(reason))
            }
            (Err(other), false) => Err(enforced.clone().with_reason_of(other)),
        }
    }

    /// The refusal with its honest class: what a search finds that does not look at the EKU.
    fn classified(self, search: &Search<'_, '_>, refusal: Refusal) -> Refusal {
        if self.inquiry == Inquiry::Verdict {
            return refusal;
        }
        let found = match search.find(Ignored, &|path| self.identify(path)) {
            Ok(ref path) => self.violation(path, Preset::Ignore),
            Err(error) => Err(self.refusal_of(search.no_path(error))),
        };
        match found {
            Ok((_, violation)) => refusal.with_violation(violation),
            Err(other) => refusal.with_reason_of(other),
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
        let strictly = match self.preset() {
            // What stands first in its way may be what only it asks of a leaf.
            Preset::Strict => eku::decide(Preset::Strict, self.settings.role, &path).err(),
            _ => None,
        };
        match (strictly, eku::decide(preset, self.settings.role, &path)) {
            (Some(violation), _) | (None, Ok(EkuOutcome::Relaxed(violation))) => {
                Ok((path, violation))
            }
            (None, Ok(EkuOutcome::Enforced) | Err(_)) => Err(self.missing_purpose()),
        }
    }

    /// Whether a path is the expected peer's, and what `strict()` adds: webpki can require an EKU on
    /// all certificates of a path, but not on its leaf alone.
    fn enforce(self, validated: Validated<'_>) -> Result<(), Refusal> {
        let preset = self.preset();
        let identified = self.identify(validated);
        if preset != Preset::Strict {
            return identified;
        }
        let path = self.read(path::certificates(validated.path))?;
        match (eku::decide(preset, self.settings.role, &path), identified) {
            (Ok(_), identified) => identified,
            (Err(violation), Ok(())) => Err(self.missing_purpose().with_violation(violation)),
            (Err(_), Err(other)) => Err(self.missing_purpose().with_reason_of(other)),
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
            false => {
                let refusal = self.refusal(CertificateError::ApplicationVerificationFailure);
                Err(match self.inquiry {
                    Inquiry::Verdict => refusal,
                    Inquiry::HonestClass => refusal.because(Some(rules.why_not(&leaf, &validated))),
                })
            }
        }
    }

    /// Our reader takes whatever webpki takes; if it ever does not, that is a refusal.
    fn read<T>(self, read: der::Result<T>) -> Result<T, Refusal> {
        read.map_err(|_| self.refusal(CertificateError::BadEncoding))
    }

    fn missing_purpose(self) -> Refusal {
        Refusal::new(self.settings.role, missing_purpose(self.settings.role))
    }

    fn refusal(self, error: CertificateError) -> Refusal {
        Refusal::new(self.settings.role, error.into())
    }

    fn refusal_of(self, error: impl Into<NoPath>) -> Refusal {
        let NoPath { error, violation, refusal, revocation } = error.into();
        match (refusal, violation) {
            (Some(refusal), _) => refusal,
            (None, None) => {
                let error = verification_error(error);
                let reason = match (self.inquiry, revocation) {
                    (Inquiry::Verdict, _) => None,
                    (_, Some(reason)) => Some(reason),
                    _ => self.chain().reason(&error),
                };
                Refusal::new(self.settings.role, error).because(reason)
            }
            (None, Some(violation)) => self
                .refusal(CertificateError::Other(OtherError(Arc::new(violation))))
                .with_class(RefusalClass::PathCheck),
        }
    }

    fn chain(self) -> unverified::Chain<'a> {
        unverified::Chain::new(self.leaf, self.intermediates, &self.settings.roots, self.now)
    }

    fn peer(self, accepted: &Accepted<'_>) -> Result<VerifiedPeer, Refusal> {
        let path = &accepted.path;
        let (certificates, eku) = match accepted.relaxed {
            None => (self.read(path::certificates(path))?, EkuOutcome::Enforced),
            Some(preset) => {
                let (certificates, violation) = self.violation(path, preset)?;
                (certificates, EkuOutcome::Relaxed(violation))
            }
        };
        Ok(VerifiedPeer {
            role: self.settings.role,
            path: certificates,
            anchor: distinguished_name(&path.anchor().subject),
            eku,
        })
    }
}
