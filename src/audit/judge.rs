//! [`Judge`]: the verdict on one certificate.

use std::ops::Range;
use std::rc::Rc;

use time::{Date, Duration, OffsetDateTime, Time};

use super::advice::Advice;
use super::entry::{CertificateKind, Entry};
use super::finding::{Finding, Serving};
use super::forecast::Forecast;
use super::inventory::Inventory;
use super::issuers::{Hierarchy, Issuers, KnownIssuers, PublicEvidence, PublicRoots};
use super::milestone::{CaOffer, Compared, Effect, Milestone};
use super::paths::{CertificationPath, Paths, violation};
use super::roles::Roles;
use super::timeline::Timeline;
use super::verdict::{Cause, Verdict};
use crate::certificate::SubjectAltName;
use crate::role::{Purpose, Role};

pub(super) struct Judge<'a> {
    entries: &'a [Entry],
    paths: Paths<'a>,
    public: PublicRoots<'a>,
    timeline: &'a Timeline,
    open_offers: Vec<&'a CaOffer>,
    as_of: Date,
    serving: Serving,
}

/// A certificate, and what its verdict depends on.
struct Case<'a> {
    entry: &'a Entry,
    path: CertificationPath<'a>,
    issuers: Rc<Issuers<'a>>,
    roles: Roles,
    serves: Roles,
    hierarchy: Hierarchy,
}

/// One reason with what follows from it.
struct Reason<'a> {
    verdict: Verdict,
    causes: Vec<Cause<'a>>,
    advice: Vec<Advice<'a>>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        inventory: &'a Inventory,
        timeline: &'a Timeline,
        as_of: Date,
        serving: Serving,
    ) -> Self {
        let offers = timeline.offers().iter();
        Self {
            entries: inventory.entries(),
            paths: Paths::new(inventory),
            public: PublicRoots::new(timeline.public_roots()),
            open_offers: offers.filter(|offer| offer.is_open(as_of)).collect(),
            timeline,
            as_of,
            serving,
        }
    }

    pub(super) fn findings(&self, share: Range<usize>) -> Vec<Finding<'a>> {
        let mut known = KnownIssuers::default();
        share
            .filter_map(|index| self.finding(index, &mut known))
            .collect()
    }

    fn finding(&self, index: usize, known: &mut KnownIssuers<'a>) -> Option<Finding<'a>> {
        let case = self.case(index, known)?;
        let mut reasons = self.reasons(&case);
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.verdict));
        let verdict = reasons
            .first()
            .map_or(Verdict::Unaffected, |worst| worst.verdict);
        Some(Finding {
            verdict,
            works_until: self.works_until(&case, verdict),
            notes: self.notes(&case).collect(),
            forecast: (case.entry.kind() == CertificateKind::Leaf)
                .then(|| Forecast::of(&case.path)),
            entry: case.entry,
            path: case.path,
            roles: case.roles,
            serves: case.serves,
            hierarchy: case.hierarchy,
            advice: distinct(
                reasons
                    .iter_mut()
                    .flat_map(|reason| reason.advice.drain(..)),
            ),
            causes: reasons
                .into_iter()
                .flat_map(|reason| reason.causes)
                .collect(),
        })
    }

    fn case(&self, index: usize, known: &mut KnownIssuers<'a>) -> Option<Case<'a>> {
        let entry = self.entries.get(index)?;
        let roles = self.paths.fit(index);
        let serves = match self.serving {
            Serving::In(roles) => roles,
            Serving::Suggested => suggested(entry),
        };
        let served = serves.iter().filter(|role| roles.contains(*role));
        let path = self.paths.best(index, served.collect())?;
        let issuers = known.of(&path, &self.public, self.timeline);
        let own = self.public.evidence_of(entry);
        Some(Case {
            hierarchy: hierarchy(issuers.evidence.into_iter().chain(own).min(), &path),
            issuers,
            entry,
            path,
            roles,
            serves,
        })
    }

    /// Everything that speaks against a certificate.
    fn reasons(&self, case: &Case<'a>) -> Vec<Reason<'a>> {
        let not_after = case.entry.certificate().not_after();
        if not_after < self.midnight() {
            return vec![Reason {
                verdict: Verdict::AlreadyUnfit,
                causes: vec![Cause::Expired { not_after }],
                advice: vec![Advice::Replace],
            }];
        }
        let unfit = case.serves.iter().filter_map(|role| self.unfit(case, role));
        let issuer = issuer_that_expires_first(case).map(|issuer| self.ends(issuer));
        let distrust = self
            .distrust(case)
            .map(|milestone| self.distrusted(milestone));
        unfit
            .chain(issuer)
            .chain(distrust)
            .chain(self.renewal(case))
            .collect()
    }

    /// Its chain lacks the purpose of a role that it serves in.
    fn unfit(&self, case: &Case<'a>, role: Role) -> Option<Reason<'a>> {
        if case.roles.contains(role) {
            return None;
        }
        let violation = violation(&case.path, role)?;
        Some(Reason {
            verdict: Verdict::AlreadyUnfit,
            causes: vec![Cause::Unfit { role, violation }],
            advice: match case.hierarchy.is_public() && role == Role::Client {
                true => self.ways_out(case),
                false => vec![Advice::IssueWith(role.purpose())],
            },
        })
    }

    /// The three options of the field notices, without a date.
    fn ways_out(&self, case: &Case<'a>) -> Vec<Advice<'a>> {
        let alternates = !self.open_offers.is_empty();
        let alternates = alternates.then(|| Advice::AlternateRoot(self.open_offers.clone()));
        let two_slots = case
            .serves
            .contains(Role::Server)
            .then_some(Advice::TwoSlots);
        let others = [
            Some(Advice::PrivatePki),
            two_slots,
            Some(Advice::IgnoreEkuAtPeer),
        ];
        alternates
            .into_iter()
            .chain(others.into_iter().flatten())
            .collect()
    }

    fn ends(&self, issuer: &'a Entry) -> Reason<'a> {
        let not_after = issuer.certificate().not_after();
        Reason {
            verdict: self.ends_after(not_after),
            causes: vec![Cause::IssuerExpires { issuer, not_after }],
            advice: vec![Advice::ReplaceChain],
        }
    }

    fn distrusted(&self, milestone: &'a Milestone) -> Reason<'a> {
        Reason {
            verdict: self.ends_after(midnight(milestone.date) - Duration::SECOND),
            causes: vec![Cause::Milestone(milestone)],
            advice: vec![Advice::ReplaceChain],
        }
    }

    fn ends_after(&self, last_second: OffsetDateTime) -> Verdict {
        match last_second < self.midnight() {
            true => Verdict::AlreadyUnfit,
            false => Verdict::BreaksOn((last_second + Duration::SECOND).date()),
        }
    }

    /// The first milestone that takes the trust away before the certificate has expired.
    fn distrust(&self, case: &Case<'a>) -> Option<&'a Milestone> {
        let milestones = self.concerning(case);
        let mut distrust = milestones.filter(|it| it.effect == Effect::Distrust);
        distrust.find(|milestone| is_reached(milestone, case))
    }

    /// A successor of this leaf will not do the same job.
    fn renewal(&self, case: &Case<'a>) -> Option<Reason<'a>> {
        let is_client = case.serves.contains(Role::Client) && case.roles.contains(Role::Client);
        if !is_client || case.entry.kind() != CertificateKind::Leaf {
            return None;
        }
        match case.hierarchy {
            Hierarchy::Private => None,
            Hierarchy::Unknown => Some(unknown(Cause::NoRoot, Advice::AddIssuers)),
            Hierarchy::Public(_) if is_for_clients_alone(case.entry) => {
                Some(unknown(Cause::ClientOnly, Advice::AskTheCa))
            }
            Hierarchy::Public(_) => self.public_renewal(case),
        }
    }

    fn public_renewal(&self, case: &Case<'a>) -> Option<Reason<'a>> {
        let ends = |it: &&Milestone| {
            matches!(
                it.effect,
                Effect::ClientAuthOnRequest | Effect::ClientAuthEnds
            )
        };
        let milestones: Vec<_> = self.concerning(case).filter(ends).collect();
        let renew = self.renew_in_time(case, &milestones);
        let works_until = case.entry.certificate().not_after();
        (!milestones.is_empty()).then(|| Reason {
            verdict: Verdict::BreaksAtRenewal { works_until },
            causes: milestones.into_iter().map(Cause::Milestone).collect(),
            advice: renew.into_iter().chain(self.ways_out(case)).collect(),
        })
    }

    /// While its CA still issues such certificates, and if that gains anything.
    fn renew_in_time(&self, case: &Case<'a>, milestones: &[&'a Milestone]) -> Option<Advice<'a>> {
        let ends = milestones.iter();
        let ends = ends.filter(|milestone| milestone.effect == Effect::ClientAuthEnds);
        let first = ends.map(|milestone| milestone.date).min()?;
        let advice = Advice::renew_before(first, self.timeline)?;
        let not_after = case.entry.certificate().not_after();
        let gains =
            matches!(advice, Advice::RenewBefore { works_until, .. } if works_until > not_after);
        (first > self.as_of && gains).then_some(advice)
    }

    /// What is worth knowing about the path.
    fn notes(&self, case: &Case<'a>) -> impl Iterator<Item = &'a Milestone> {
        let milestones = self.concerning(case);
        milestones.filter(|milestone| {
            milestone.effect == Effect::Informational
                && !milestone.scope.is_everybody()
                && is_reached(milestone, case)
        })
    }

    /// The milestones whose scope holds the path; none unless it is public.
    fn concerning<'c>(
        &self,
        case: &'c Case<'a>,
    ) -> impl Iterator<Item = &'a Milestone> + use<'a, 'c> {
        let is_public_leaf =
            case.hierarchy.is_public() && case.entry.kind() == CertificateKind::Leaf;
        let milestones = match is_public_leaf {
            true => &case.issuers.milestones[..],
            false => &[],
        };
        milestones.iter().copied()
    }

    fn works_until(&self, case: &Case<'_>, verdict: Verdict) -> Option<OffsetDateTime> {
        let not_after = case.entry.certificate().not_after();
        match verdict {
            Verdict::AlreadyUnfit => None,
            Verdict::BreaksOn(_) => {
                let issuer = issuer_that_expires_first(case).map(|it| it.certificate().not_after());
                let distrust = self.distrust(case);
                let distrust = distrust.map(|it| midnight(it.date) - Duration::SECOND);
                issuer.into_iter().chain(distrust).min()
            }
            _ => Some(not_after),
        }
    }

    fn midnight(&self) -> OffsetDateTime {
        midnight(self.as_of)
    }
}

fn midnight(date: Date) -> OffsetDateTime {
    date.with_time(Time::MIDNIGHT).assume_utc()
}

/// Whether the date that a milestone is compared with lies on or after it.
fn is_reached(milestone: &Milestone, case: &Case<'_>) -> bool {
    let certificate = case.entry.certificate();
    let compared = match milestone.compared {
        Compared::IssuedOnOrAfter => certificate.not_before(),
        Compared::Expires | Compared::ChainsTo => certificate.not_after(),
        Compared::Disclosed => return false,
    };
    compared >= midnight(milestone.date)
}

fn issuer_that_expires_first<'a>(case: &Case<'a>) -> Option<&'a Entry> {
    let own = case.entry.certificate().not_after();
    let first = case.issuers.expires_first;
    first.filter(|issuer| issuer.certificate().not_after() < own)
}

fn hierarchy(evidence: Option<PublicEvidence>, path: &CertificationPath<'_>) -> Hierarchy {
    match evidence {
        Some(evidence) => Hierarchy::Public(evidence),
        None if path.is_complete => Hierarchy::Private,
        None => Hierarchy::Unknown,
    }
}

fn unknown<'a>(cause: Cause<'a>, advice: Advice<'a>) -> Reason<'a> {
    Reason {
        verdict: Verdict::Unknown,
        causes: vec![cause],
        advice: vec![advice],
    }
}

fn suggested(entry: &Entry) -> Roles {
    if entry.kind() != CertificateKind::Leaf {
        return Roles::NONE;
    }
    let listed: Roles = match entry.certificate().purposes() {
        None | Some([]) => Roles::BOTH,
        Some(purposes) if purposes.contains(&Purpose::ANY) => Roles::BOTH,
        Some(purposes) => {
            let is_listed = |role: &Role| purposes.contains(&role.purpose());
            Roles::BOTH.iter().filter(is_listed).collect()
        }
    };
    let names = entry.certificate().alt_names();
    let is_email = |name: &SubjectAltName| matches!(name, SubjectAltName::Email(_));
    match !names.is_empty() && names.iter().all(is_email) && listed.contains(Role::Client) {
        true => Roles::CLIENT,
        false => listed,
    }
}

fn is_for_clients_alone(entry: &Entry) -> bool {
    let purposes = entry.certificate().purposes();
    purposes.is_some_and(|listed| !listed.contains(&Purpose::SERVER_AUTH))
}

fn distinct<'a>(advice: impl Iterator<Item = Advice<'a>>) -> Vec<Advice<'a>> {
    advice.fold(Vec::new(), |mut all, each| {
        if !all.contains(&each) {
            all.push(each);
        }
        all
    })
}
