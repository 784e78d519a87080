//! The decision about one presented chain: an enforcing search, and what may come after it.

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, CommonState};
use webpki::{Error, RequiredEkuNotFoundContext, VerifiedPath};

use super::eku::{RequiredEku, usage};
use super::path::{self, Validated};
use super::search::{Expected, Inquiry, NoPath, Question, Search};
use super::settings::Settings;
use super::unverified;
use crate::certificate::{Certificate, distinguished_name};
use crate::eku::{EkuOutcome, EkuViolation, Preset, Requirement};
use crate::peer::VerifiedPeer;
use crate::refusal::{Refusal, RefusalClass};
use crate::role::Role;

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
        let question = Question { settings: self, leaf, intermediates, expected, inquiry, now };
        let decide = || {
            let search = Search::new(question)?;
            let accepted = search.decide()?;
            // Who was relaxed is found out for those who want to hear it.
            match is_heard && accepted.is_relaxed {
                true => search.peer(&accepted).map(Some),
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
            return Err(Refusal::new(self.role, rustls::Error::NoCertificatesPresented));
        };
        let inquiry = Inquiry::HonestClass;
        let question = Question { settings: self, leaf, intermediates, expected, inquiry, now };
        let verify = || {
            let search = Search::new(question)?;
            search.peer(&search.decide()?)
        };
        verify().map_err(|refusal| refusal.of(unverified::leaf(leaf)))
    }
}

/// A chain whose certificates somebody copied.
pub(super) fn borrowed(chain: &[impl AsRef<[u8]>]) -> Vec<CertificateDer<'_>> {
    chain.iter().map(|der| CertificateDer::from(der.as_ref())).collect()
}

/// A path that was accepted. Nothing of it is read unless somebody asks who it is.
struct Accepted<'p> {
    path: VerifiedPath<'p>,
    is_relaxed: bool,
}

impl Question<'_> {
    /// The EKU was the only obstacle to this path. Is the relaxation for this peer?
    fn relax(self, validated: Validated<'_>, enforced: &Refusal) -> Result<(), Refusal> {
        let leaf = path::leaf(validated.path);
        let leaf = self.read(leaf.view())?;
        let is_covered = self.read(self.settings.relax_for.covers(&leaf, &validated))?;
        match (self.identify(validated), is_covered) {
            (identified, true) => identified,
            // Everybody else stays under rfc5280() and gets its error.
            (Ok(()), false) => {
                let (_, violation) = self.violation(validated.path)?;
                let reason = match self.inquiry {
                    Inquiry::Verdict => None,
                    Inquiry::HonestClass => self.settings.relax_for.why_not(&leaf, &validated),
                };
                Err(enforced.clone().with_violation(violation).because(reason))
            }
            (Err(other), false) => Err(enforced.clone().with_reason_of(other)),
        }
    }

    /// Whether a path is the expected peer's, and what `strict()` adds: webpki can require an EKU on
    /// all certificates of a path, but not on its leaf alone.
    fn enforce(self, validated: Validated<'_>) -> Result<(), Refusal> {
        let identified = self.identify(validated);
        if self.preset() != Preset::Strict {
            return identified;
        }
        let path = self.read(path::certificates(validated.path))?;
        match (self.requirement().violation(&path), identified) {
            (None, identified) => identified,
            (Some(violation), Ok(())) => Err(self.missing_purpose().with_violation(violation)),
            (Some(_), Err(other)) => Err(self.missing_purpose().with_reason_of(other)),
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
        if self.read(rules.match_path(&leaf, &validated))? {
            return Ok(());
        }
        let refusal = self.refusal(CertificateError::ApplicationVerificationFailure);
        Err(match self.inquiry {
            Inquiry::Verdict => refusal,
            Inquiry::HonestClass => refusal.because(Some(rules.why_not(&leaf, &validated))),
        })
    }

    /// The certificates of a path that a relaxed search found, and what is wrong with their EKUs. A
    /// path on which nothing is wrong would have been found by the first search; that contradiction
    /// is refused.
    fn violation(
        self,
        path: &VerifiedPath<'_>,
    ) -> Result<(Vec<Certificate>, EkuViolation), Refusal> {
        let path = self.read(path::certificates(path))?;
        match self.requirement().violation(&path) {
            Some(violation) => Ok((path, violation)),
            None => Err(self.missing_purpose()),
        }
    }

    /// What the policy asks for, relaxed or not.
    fn requirement(self) -> Requirement {
        Requirement::of(self.preset(), self.settings.role).0
    }

    /// Our reader takes whatever webpki takes; if it ever does not, that is a refusal.
    fn read<T>(self, read: der::Result<T>) -> Result<T, Refusal> {
        read.map_err(|_| self.refusal(CertificateError::BadEncoding))
    }

    /// What webpki says of a leaf without EKU where it requires one.
    fn missing_purpose(self) -> Refusal {
        let (required, present) = (usage(self.settings.role), Vec::new());
        let context = RequiredEkuNotFoundContext { required, present };
        self.refusal_of(Error::RequiredEkuNotFoundContext(context))
    }
}

impl Search<'_> {
    /// The first search enforces; only what it refuses for the EKU is looked at again.
    fn decide(&self) -> Result<Accepted<'_>, Refusal> {
        let required = RequiredEku::for_role(self.question.settings.role, &self.cost);
        let enforced = match self.find(&required, &|path| self.question.enforce(path)) {
            Ok(path) => return Ok(Accepted { path, is_relaxed: false }),
            Err(no_path) => no_path,
        };
        if !required.obstructed() {
            return Err(enforced.refusal);
        }
        let is_costly = enforced.is_budget_spent || !self.cost.allows_second_search();
        match (is_costly, enforced.is_of_peer) {
            (false, _) => self.decide_again(enforced),
            (true, false) => Err(enforced.refusal.with_class(RefusalClass::Undetermined)),
            (true, true) => Err(enforced.refusal),
        }
    }

    /// The EKU stood in the way. Was it the only obstacle, and is it relaxed?
    fn decide_again(&self, enforced: NoPath) -> Result<Accepted<'_>, Refusal> {
        let NoPath { refusal: enforced, is_of_peer, .. } = enforced;
        let relax = |path: Validated<'_>| self.question.relax(path, &enforced);
        let server = RequiredEku::for_role(Role::Server, &self.cost);
        let found = match self.question.preset() {
            Preset::AcceptServerAuth => self.find(&server, &relax),
            Preset::Ignore => self.find(&RequiredEku::ignored(&self.cost), &relax),
            Preset::Rfc5280 | Preset::Strict if is_of_peer => return Err(enforced),
            Preset::Rfc5280 | Preset::Strict => return Err(self.classified(enforced)),
        };
        let last = match found {
            Ok(path) => return Ok(Accepted { path, is_relaxed: true }),
            Err(_) if is_of_peer => return Err(enforced),
            Err(last) => last,
        };
        // Under a relaxed policy the error is the last search's.
        match last.is_of_peer || last.is_budget_spent || !server.obstructed() {
            true => Err(last.refusal),
            false => Err(self.classified(last.refusal)),
        }
    }

    /// The refusal with its honest class: what a search finds that does not look at the EKU.
    fn classified(&self, refusal: Refusal) -> Refusal {
        if self.question.inquiry == Inquiry::Verdict {
            return refusal;
        }
        let ignored = RequiredEku::ignored(&self.cost);
        let found = match self.find(&ignored, &|path| self.question.identify(path)) {
            Ok(ref path) => self.question.violation(path),
            Err(no_path) => Err(no_path.refusal),
        };
        match found {
            Ok((_, violation)) => refusal.with_violation(violation),
            Err(other) => refusal.with_reason_of(other),
        }
    }

    fn peer(&self, Accepted { path, is_relaxed }: &Accepted<'_>) -> Result<VerifiedPeer, Refusal> {
        let (certificates, eku) = match is_relaxed {
            false => (self.question.read(path::certificates(path))?, EkuOutcome::Enforced),
            true => {
                let (certificates, violation) = self.question.violation(path)?;
                (certificates, EkuOutcome::Relaxed(violation))
            }
        };
        Ok(VerifiedPeer {
            role: self.question.settings.role,
            path: certificates,
            anchor: distinguished_name(&path.anchor().subject),
            eku,
        })
    }
}
