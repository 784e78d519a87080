//! [`Finding`]: what was found about one certificate, and [`Renewal`], two of them compared.

use std::sync::Arc;

use time::OffsetDateTime;

use super::advice::Advice;
use super::entry::{CertificateKind, Entry};
use super::forecast::Forecast;
use super::issuers::Hierarchy;
use super::milestone::Milestone;
use super::paths::{CertificationPath, violation};
use super::roles::Roles;
use super::verdict::{Cause, Verdict};
use crate::certificate::PathCheck;
use crate::eku::EkuViolation;
use crate::role::Role;

/// In which roles the certificates serve.
///
/// ```
/// use mtls_roles::audit::{Assessment, Inventory, Roles, Serving, Timeline};
/// use time::macros::date;
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// # let mut inventory = Inventory::new();
/// # inventory.add("edge.pem", pem.as_bytes());
/// # let timeline = Timeline::builtin();
/// let assessment = Assessment::new(&inventory, &timeline, date!(2026-11-21), Serving::Suggested);
/// assert_eq!(assessment.findings()[0].serves, Roles::BOTH);
/// let serving = Serving::In(Roles::SERVER);
/// let assessment = Assessment::new(&inventory, &timeline, date!(2026-11-21), serving);
/// assert_eq!(assessment.findings()[0].verdict.id(), "unaffected");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Serving {
    /// As was [told](super::Inventory::tell_roles), else as each leaf's purposes and names suggest; a CA serves in no role itself.
    ///
    /// A leaf serves in the roles whose purpose its EKU lists; in both if it lists none of the two
    /// or is not there. One with no name but e-mail addresses is a client's.
    #[default]
    Suggested,
    /// Every certificate is judged for these roles, CAs by what they can issue.
    In(Roles),
}

/// What was found about one certificate.
///
/// ```
/// use mtls_roles::audit::{Assessment, Inventory, Roles, Serving, Timeline};
/// use time::macros::date;
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// # let mut inventory = Inventory::new();
/// # inventory.add("edge.pem", pem.as_bytes());
/// # let timeline = Timeline::builtin();
/// let assessment = Assessment::new(&inventory, &timeline, date!(2026-11-21), Serving::Suggested);
/// let finding = &assessment.findings()[0];
/// assert_eq!(finding.roles, Roles::BOTH);
/// assert_eq!(finding.works_until, Some(finding.entry.certificate().not_after()));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding<'a> {
    /// The certificate.
    pub entry: &'a Entry,
    /// The path it was judged by: the best of those that the inventory holds.
    pub path: CertificationPath<'a>,
    /// The roles it is fit for, every level of its path counted, under rfc5280. Of an incomplete
    /// path, as far as it is known.
    pub roles: Roles,
    /// The roles it was judged for.
    pub serves: Roles,
    /// Whose rules apply.
    pub hierarchy: Hierarchy,
    /// The verdict.
    pub verdict: Verdict,
    /// The last second, inclusive, UTC, at which it does its job; `None` if it is unfit already.
    pub works_until: Option<OffsetDateTime>,
    /// What caused the verdict, the worst first; empty if it is unaffected.
    pub causes: Box<[Cause<'a>]>,
    /// What to do, the best first. The same for many, and there once.
    pub advice: Arc<[Advice<'a>]>,
    /// Milestones that concern its path and change nothing about the verdict.
    pub notes: Box<[&'a Milestone]>,
    /// For leaves: the check for which this crate's verifiers refuse it, whatever the verdict is.
    pub path_check: Option<PathCheck>,
}

impl Finding<'_> {
    /// For leaves: who would accept it. Made anew by each call.
    pub fn forecast(&self) -> Option<Forecast> {
        let is_leaf = self.entry.kind() == CertificateKind::Leaf;
        is_leaf.then(|| Forecast::of(&self.path))
    }
}

/// How a renewed certificate stands to the one it replaces.
///
/// ```
/// use mtls_roles::audit::{Assessment, Inventory, Renewal, Serving, Timeline, renewal};
/// use time::macros::date;
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// # let mut inventory = Inventory::new();
/// # inventory.add("edge.pem", pem.as_bytes());
/// # let timeline = Timeline::builtin();
/// let assessment = Assessment::new(&inventory, &timeline, date!(2026-11-21), Serving::Suggested);
/// let edge = &assessment.findings()[0];
/// let renewal: Renewal = renewal(edge, edge, Serving::Suggested);
/// assert!(renewal.is_fit() && renewal.lost.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Renewal {
    /// Each role that is needed and that the renewed certificate is unfit for, and why.
    pub lost: Vec<(Role, EkuViolation)>,
}

impl Renewal {
    /// Whether the renewed certificate can take the old one's place.
    pub fn is_fit(&self) -> bool {
        self.lost.is_empty()
    }
}

/// Compares a renewed certificate with the one it replaces, every level of their paths counted.
///
/// Needed are the roles that are given; [`Serving::Suggested`] needs those that the old one was fit
/// for. The decision is the one that a slot makes when credentials are published, so a certificate
/// that passes here is not refused there for its EKU.
///
/// *Not* compared: names, keys, validity.
///
/// ```
/// use mtls_roles::audit::{Assessment, Inventory, Roles, Serving, Timeline, renewal};
/// use time::macros::date;
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// # let mut inventory = Inventory::new();
/// # inventory.add("edge.pem", pem.as_bytes());
/// # let timeline = Timeline::builtin();
/// let assessment = Assessment::new(&inventory, &timeline, date!(2026-11-21), Serving::Suggested);
/// // The issuer, which has no EKU, stands for a certificate without one.
/// let [edge, issuer, _] = assessment.findings() else { panic!() };
/// assert!(renewal(edge, issuer, Serving::In(Roles::BOTH)).is_fit());
/// ```
pub fn renewal(old: &Finding<'_>, renewed: &Finding<'_>, needed: Serving) -> Renewal {
    let needed = match needed {
        Serving::In(roles) => roles,
        Serving::Suggested => old.roles,
    };
    let lost = needed.iter().filter_map(|role| {
        let violation = violation(&renewed.path, role)?;
        (!renewed.roles.contains(role)).then_some((role, violation))
    });
    Renewal { lost: lost.collect() }
}
