//! [`SharedIssuers`]: what stands above a certificate, and what follows from it for all that it issued.
//! [`Hierarchy`]: whose rules apply to a path.

use std::collections::HashSet;
use std::fmt;

use base16ct::lower::encode_string as hex;

use super::entry::Entry;
use super::milestone::{Compared, Milestone};
use super::paths::CertificationPath;
use super::timeline::Timeline;
use crate::certificate::{COMMON_NAME, attribute_of};
use crate::roots::public;

/// Whose certificates stand above a certificate.
///
/// ```
/// use mtls_roles::audit::{Assessment, Hierarchy, Inventory, Serving, Timeline};
/// use time::macros::date;
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// # let mut inventory = Inventory::new();
/// # inventory.add("edge.pem", pem.as_bytes());
/// # let timeline = Timeline::builtin();
/// let assessment = Assessment::new(&inventory, &timeline, date!(2026-11-21), Serving::Suggested);
/// assert!(assessment.findings()[0].hierarchy.is_public());
/// assert_ne!(assessment.findings()[0].hierarchy, Hierarchy::Unknown);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hierarchy {
    /// The web's PKI, whose rules the root programs make; and by what it is known.
    Public(PublicEvidence),
    /// A PKI that an industry shares, under rules of its own, and that no browser trusts: X9's.
    Industry,
    /// It ends in a root that no list knows, and bears no mark of the web's PKI.
    Private,
    /// It ends before a root, and bears no mark of the web's PKI.
    Unknown,
}

/// By what a hierarchy is known to be public, the surest first.
///
/// ```
/// use mtls_roles::audit::{Assessment, Hierarchy, Inventory, PublicEvidence, Serving, Timeline};
/// use time::macros::date;
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// # let mut inventory = Inventory::new();
/// # inventory.add("edge.pem", pem.as_bytes());
/// # let timeline = Timeline::builtin();
/// let assessment = Assessment::new(&inventory, &timeline, date!(2026-11-21), Serving::Suggested);
/// // The root has not the key of the real one.
/// let hierarchy = assessment.findings()[0].hierarchy;
/// assert_eq!(hierarchy, Hierarchy::Public(PublicEvidence::Marks));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PublicEvidence {
    /// A certificate of the path has the key of a public root.
    RootKey,
    /// A certificate of the path has the key of a root that a root program other than Mozilla's
    /// has, or that one had or was asked to have (CCADB).
    DisclosedRootKey,
    /// The last certificate of the path names a public root as its issuer or itself.
    RootName,
    /// A certificate of the path carries signed certificate timestamps (RFC 6962) or a policy of
    /// the CA/Browser Forum (2.23.140.1).
    Marks,
}

impl Hierarchy {
    /// Whether it is public, by whatever evidence.
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Public(_))
    }
}

/// `public`, `industry`, `private` or `unknown`.
impl fmt::Display for Hierarchy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public(_) => "public",
            Self::Industry => "industry",
            Self::Private => "private",
            Self::Unknown => "unknown",
        })
    }
}

/// The public roots: those of `webpki-roots`, those that were disclosed, and those that only the
/// timeline names.
pub(super) struct PublicRoots<'a> {
    /// SHA-256 of their keys.
    disclosed: HashSet<&'static str>,
    timeline: &'a Timeline,
}

const DISCLOSED: &str = include_str!("disclosed_roots.txt");

impl<'a> PublicRoots<'a> {
    pub(super) fn new(timeline: &'a Timeline) -> Self {
        let disclosed = DISCLOSED.lines().filter_map(|line| line.split_once(' '));
        Self { disclosed: disclosed.map(|(key, _)| key).collect(), timeline }
    }

    /// Whose rules apply to a path.
    pub(super) fn hierarchy(
        &self,
        path: &CertificationPath<'_>,
        above: &SharedIssuers<'_>,
    ) -> Hierarchy {
        let own = path.entries.first().and_then(|entry| self.evidence_of(entry));
        match own.into_iter().chain(above.evidence).min() {
            Some(evidence) if evidence < PublicEvidence::Marks => Hierarchy::Public(evidence),
            _ if above.are_of_industry => Hierarchy::Industry,
            Some(evidence) => Hierarchy::Public(evidence),
            None if path.is_complete => Hierarchy::Private,
            None => Hierarchy::Unknown,
        }
    }

    /// What stands above the first certificate of a path.
    pub(super) fn issuers(&self, path: &CertificationPath<'a>) -> SharedIssuers<'a> {
        let issuers = path.needed().iter().skip(1).copied();
        SharedIssuers {
            evidence: self.evidence_above(path),
            are_of_industry: self.is_industry(path),
            milestones: self.milestones_of(path.needed()),
            expires_first: issuers.min_by_key(|issuer| issuer.certificate().not_after()),
        }
    }

    /// By what a path is known to be public, its first certificate left out.
    fn evidence_above(&self, path: &CertificationPath<'_>) -> Option<PublicEvidence> {
        let last = path.entries.last().filter(|last| self.is_named_by(last));
        let named = last.map(|_| PublicEvidence::RootName);
        let issuers = path.entries.iter().skip(1);
        let evidence = issuers.filter_map(|issuer| self.evidence_of(issuer));
        evidence.chain(named).min()
    }

    /// Whether an industry's PKI is named on the path as an issuer.
    fn is_industry(&self, path: &CertificationPath<'_>) -> bool {
        let mut issuers = path.entries.iter().map(|entry| entry.certificate().issuer());
        issuers.any(|name| self.timeline.industry_pkis().any(|it| name.contains(it)))
    }

    fn evidence_of(&self, entry: &Entry) -> Option<PublicEvidence> {
        match entry.is_web_pki {
            _ if entry.has_public_root_key => Some(PublicEvidence::RootKey),
            _ if self.is_disclosed(entry) => Some(PublicEvidence::DisclosedRootKey),
            true => Some(PublicEvidence::Marks),
            false => None,
        }
    }

    fn is_disclosed(&self, entry: &Entry) -> bool {
        entry.can_issue() && self.disclosed.contains(&*hex(&entry.certificate().spki_sha256()))
    }

    fn is_named_by(&self, last: &Entry) -> bool {
        let issuer = last.certificate().issuer_der();
        let name = attribute_of(issuer, COMMON_NAME);
        let is_listed = |name| self.timeline.public_roots().any(|it| it == name);
        public::has_name(issuer) || name.is_some_and(is_listed)
    }

    /// The milestones that concern the issuers of a path, as its certificates name them: so the last
    /// one's is there too.
    fn milestones_of(&self, path: &[&Entry]) -> Vec<&'a Milestone> {
        let names = || path.iter().map(|entry| entry.certificate().issuer_der());
        let own = |kind| names().next().and_then(|name| attribute_of(name, kind));
        let (organisation, common_name) = (own(ORGANISATION), own(COMMON_NAME));
        let (organisation, common_name) = (organisation.as_deref(), common_name.as_deref());
        let operator = self.timeline.operator_of(organisation, common_name).or(organisation);
        let common: Vec<_> = names().filter_map(|name| attribute_of(name, COMMON_NAME)).collect();
        let is_operator = |name: &String| operator == Some(name);
        let whole: Vec<_> = path.iter().map(|entry| entry.certificate().issuer()).collect();
        let is_above = |name: &String| common.iter().any(|it| it == name) || whole.contains(name);
        let concerns = |it: &&Milestone| {
            it.compared != Compared::Disclosed
                && (it.issuers.is_empty() || it.issuers.iter().any(is_operator))
                && (it.roots.is_empty() || it.roots.iter().any(is_above))
        };
        self.timeline.milestones().iter().filter(concerns).collect()
    }
}

/// What stands above a certificate, and is the same for all below the same issuers.
pub(super) struct SharedIssuers<'a> {
    /// By what they are known to be public.
    evidence: Option<PublicEvidence>,
    are_of_industry: bool,
    /// The milestones that concern the path, if it is public.
    pub(super) milestones: Vec<&'a Milestone>,
    /// The one that is over first.
    pub(super) expires_first: Option<&'a Entry>,
}

const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];
