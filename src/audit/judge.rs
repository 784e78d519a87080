//! [`Judge`]: the verdict on one certificate.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;
use std::ptr;
use std::rc::Rc;
use std::sync::Arc;

use time::{Date, Duration, OffsetDateTime};

use super::advice::Advice;
use super::entry::{CertificateKind, Entry};
use super::finding::{Finding, Serving};
use super::inventory::Inventory;
use super::issuers::{Hierarchy, PublicRoots, SharedIssuers};
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
    issuers: Rc<SharedIssuers<'a>>,
    roles: Roles,
    serves: Roles,
    hierarchy: Hierarchy,
}

/// One reason with what follows from it.
struct Reason<'a> {
    verdict: Verdict,
    /// The last second before it stops working.
    last_second: Option<OffsetDateTime>,
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
            public: PublicRoots::new(timeline),
            open_offers: offers.filter(|offer| offer.is_open(as_of)).collect(),
            timeline,
            as_of,
            serving,
        }
    }

    pub(super) fn findings(&self, share: Range<usize>) -> impl Iterator<Item = Finding<'a>> {
        let mut known = Known::default();
        share.map(move |index| self.finding(index, &mut known))
    }

    fn finding(&self, index: usize, known: &mut Known<'a>) -> Finding<'a> {
        let case = self.case(index, known);
        let mut reasons = self.reasons(&case);
        reasons.sort_by_key(|reason| Reverse(reason.verdict));
        let worst = reasons.first().map(|reason| reason.verdict);
        let verdict = worst.unwrap_or(Verdict::Unaffected);
        let ends = reasons.iter().filter_map(|reason| reason.last_second);
        let ends = ends.chain([case.entry.certificate().not_after()]).min();
        let mut advice = Vec::new();
        for each in reasons.iter_mut().flat_map(|it| it.advice.drain(..)) {
            if !advice.contains(&each) {
                advice.push(each);
            }
        }
        Finding {
            verdict,
            works_until: ends.filter(|_| verdict != Verdict::AlreadyUnfit),
            notes: self.notes(&case).collect(),
            path_check: case.entry.path_check.filter(|_| case.is_leaf()),
            advice: known.advice(advice),
            causes: reasons.into_iter().flat_map(|it| it.causes).collect(),
            entry: case.entry,
            path: case.path,
            roles: case.roles,
            serves: case.serves,
            hierarchy: case.hierarchy,
        }
    }

    fn case(&self, index: usize, known: &mut Known<'a>) -> Case<'a> {
        let entry = &self.entries[index];
        let roles = self.paths.fit(index);
        let serves = match self.serving {
            Serving::In(roles) => roles,
            Serving::Suggested => entry.told_roles.unwrap_or_else(|| suggested(entry)),
        };
        let served = serves.iter().filter(|role| roles.contains(*role));
        let path = self.paths.best(index, served.collect());
        let issuers = known.issuers(&path, &self.public);
        Case {
            hierarchy: self.public.hierarchy(&path, &issuers),
            issuers,
            entry,
            path,
            roles,
            serves,
        }
    }

    /// Everything that speaks against a certificate.
    fn reasons(&self, case: &Case<'a>) -> Vec<Reason<'a>> {
        let not_after = case.entry.certificate().not_after();
        if not_after < midnight(self.as_of) {
            let cause = Cause::Expired { not_after };
            let expired = Reason::new(Verdict::AlreadyUnfit, cause, Advice::Replace);
            // Whoever renews it is to know what its successor will lack.
            let renewal = self.renewal(case).filter(|it| it.verdict != Verdict::Unknown);
            return [expired].into_iter().chain(renewal).collect();
        }
        let unfit = case.serves.iter().filter_map(|role| self.unfit(case, role));
        unfit
            .chain(self.issuer_expires(case))
            .chain(self.distrust(case))
            .chain(self.renewal(case))
            .collect()
    }

    /// Its path lacks the purpose of a role that it serves in.
    fn unfit(&self, case: &Case<'a>, role: Role) -> Option<Reason<'a>> {
        if case.roles.contains(role) {
            return None;
        }
        let violation = violation(&case.path, role)?;
        Some(Reason {
            verdict: Verdict::AlreadyUnfit,
            last_second: None,
            causes: vec![Cause::Unfit { role, violation: violation.into() }],
            advice: match case.hierarchy.is_public() && role == Role::Client {
                true => self.ways_out(case),
                false => vec![Advice::IssueWith(role.purpose())],
            },
        })
    }

    /// The three options of the field notices, without a date.
    fn ways_out(&self, case: &Case<'a>) -> Vec<Advice<'a>> {
        let serves_both = case.serves.contains(Role::Server);
        let ways = [
            (!self.open_offers.is_empty()).then(|| Advice::AlternateRoot(self.open_offers.clone())),
            Some(Advice::PrivatePki),
            serves_both.then_some(Advice::TwoSlots),
            Some(Advice::IgnoreEkuAtPeer),
        ];
        ways.into_iter().flatten().collect()
    }

    /// An issuer ends before the certificate does.
    fn issuer_expires(&self, case: &Case<'a>) -> Option<Reason<'a>> {
        let issuer = case.issuers.expires_first?;
        let not_after = issuer.certificate().not_after();
        let is_first = not_after < case.entry.certificate().not_after();
        is_first.then(|| self.ends(not_after, Cause::IssuerExpires { issuer, not_after }))
    }

    /// The first milestone that takes the trust away before the certificate has expired.
    fn distrust(&self, case: &Case<'a>) -> Option<Reason<'a>> {
        let mut distrust = case.milestones().filter(|it| it.effect == Effect::Distrust);
        let milestone = distrust.find(|it| case.is_reached(it))?;
        let last_second = midnight(milestone.date) - Duration::SECOND;
        Some(self.ends(last_second, Cause::Milestone(milestone)))
    }

    fn ends(&self, last_second: OffsetDateTime, cause: Cause<'a>) -> Reason<'a> {
        let verdict = match last_second < midnight(self.as_of) {
            true => Verdict::AlreadyUnfit,
            false => Verdict::BreaksOn((last_second + Duration::SECOND).date()),
        };
        Reason {
            last_second: Some(last_second),
            ..Reason::new(verdict, cause, Advice::ReplaceChain)
        }
    }

    /// A successor of this leaf will not do the same job.
    fn renewal(&self, case: &Case<'a>) -> Option<Reason<'a>> {
        let is_client = case.serves.contains(Role::Client) && case.roles.contains(Role::Client);
        let unknown = |cause, advice| Some(Reason::new(Verdict::Unknown, cause, advice));
        let purposes = case.entry.certificate().purposes();
        let is_for_servers = purposes.is_none_or(|all| all.contains(&Purpose::SERVER_AUTH));
        match case.hierarchy {
            _ if !is_client || !case.is_leaf() => None,
            Hierarchy::Private | Hierarchy::Industry => None,
            Hierarchy::Unknown => unknown(Cause::NoRoot, Advice::AddIssuers),
            Hierarchy::Public(_) if is_for_servers => self.public_renewal(case),
            Hierarchy::Public(_) => unknown(Cause::ClientOnly, Advice::AskTheCa),
        }
    }

    fn public_renewal(&self, case: &Case<'a>) -> Option<Reason<'a>> {
        let ends = [Effect::ClientAuthOnRequest, Effect::ClientAuthEnds];
        let milestones = case.milestones().filter(|it| ends.contains(&it.effect));
        let milestones: Vec<_> = milestones.collect();
        let renew = self.renew_in_time(case, &milestones);
        let works_until = case.entry.certificate().not_after();
        (!milestones.is_empty()).then(|| Reason {
            verdict: Verdict::BreaksAtRenewal { works_until },
            last_second: None,
            causes: milestones.into_iter().map(Cause::Milestone).collect(),
            advice: renew.into_iter().chain(self.ways_out(case)).collect(),
        })
    }

    /// While its CA still issues such certificates, and if that gains anything.
    fn renew_in_time(&self, case: &Case<'a>, milestones: &[&'a Milestone]) -> Option<Advice<'a>> {
        let is_end = |it: &&&Milestone| it.effect == Effect::ClientAuthEnds;
        let first = milestones.iter().filter(is_end).map(|it| it.date).min()?;
        let advice = Advice::renew_before(first, self.timeline)?;
        let not_after = case.entry.certificate().not_after();
        match advice {
            Advice::RenewBefore { works_until, .. } if works_until <= not_after => None,
            advice => (first > self.as_of).then_some(advice),
        }
    }

    /// What is worth knowing about the path.
    fn notes(&self, case: &Case<'a>) -> impl Iterator<Item = &'a Milestone> {
        case.milestones().filter(|milestone| {
            milestone.effect == Effect::Informational
                && !milestone.is_for_everybody()
                && case.is_reached(milestone)
        })
    }
}

/// What was found already, and is the same for many. Each thread has its own.
#[derive(Default)]
struct Known<'a> {
    /// By who they are.
    issuers: HashMap<Vec<*const Entry>, Rc<SharedIssuers<'a>>>,
    advice: Vec<Arc<[Advice<'a>]>>,
}

impl<'a> Known<'a> {
    fn issuers(
        &mut self,
        path: &CertificationPath<'a>,
        public: &PublicRoots<'a>,
    ) -> Rc<SharedIssuers<'a>> {
        let issuers = path.entries.iter().skip(1).map(|issuer| ptr::from_ref(*issuer));
        let find = || Rc::new(public.issuers(path));
        match issuers.collect::<Vec<_>>() {
            nobody if nobody.is_empty() => find(),
            issuers => self.issuers.entry(issuers).or_insert_with(find).clone(),
        }
    }

    fn advice(&mut self, advice: Vec<Advice<'a>>) -> Arc<[Advice<'a>]> {
        if let Some(known) = self.advice.iter().find(|known| ***known == *advice) {
            return known.clone();
        }
        self.advice.push(advice.into());
        self.advice[self.advice.len() - 1].clone()
    }
}

impl<'a> Case<'a> {
    fn is_leaf(&self) -> bool {
        self.entry.kind() == CertificateKind::Leaf
    }

    /// The milestones that concern the path; none unless it is public.
    fn milestones(&self) -> impl Iterator<Item = &'a Milestone> {
        let concerns = self.hierarchy.is_public() && self.is_leaf();
        let milestones = self.issuers.milestones.iter().filter(move |_| concerns);
        milestones.copied()
    }

    /// Whether the date that a milestone is compared with lies on or after it.
    fn is_reached(&self, milestone: &Milestone) -> bool {
        let certificate = self.entry.certificate();
        let compared = match milestone.compared {
            Compared::IssuedOnOrAfter => certificate.not_before(),
            Compared::Expires | Compared::ChainsTo => certificate.not_after(),
            Compared::Disclosed => return false,
        };
        compared >= midnight(milestone.date)
    }
}

impl<'a> Reason<'a> {
    fn new(verdict: Verdict, cause: Cause<'a>, advice: Advice<'a>) -> Self {
        Self { verdict, last_second: None, causes: vec![cause], advice: vec![advice] }
    }
}

fn midnight(date: Date) -> OffsetDateTime {
    date.midnight().assume_utc()
}

fn suggested(entry: &Entry) -> Roles {
    if entry.kind() != CertificateKind::Leaf {
        return Roles::NONE;
    }
    let is_listed = |role: &Role| match entry.certificate().purposes() {
        None | Some([]) => true,
        Some(all) => all.contains(&Purpose::ANY) || all.contains(&role.purpose()),
    };
    let listed: Roles = Role::BOTH.into_iter().filter(is_listed).collect();
    let names = entry.certificate().alt_names();
    let is_email = |name: &SubjectAltName| matches!(name, SubjectAltName::Email(_));
    match !names.is_empty() && names.iter().all(is_email) && listed.contains(Role::Client) {
        true => Roles::CLIENT,
        false => listed,
    }
}
