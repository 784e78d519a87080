//! [`Issuers`]: what stands above a certificate, and what follows from it for all that it issued.
//! [`Hierarchy`]: whose rules apply to a path.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::entry::Entry;
use super::milestone::{Compared, Milestone, Scope};
use super::paths::CertificationPath;
use super::timeline::Timeline;
use crate::certificate::attribute_of;
use crate::certificate::public::PublicWeb;
use crate::element::without_leading_zeros;

/// Whose certificates stand above a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hierarchy {
    /// The web's PKI, whose rules the root programs make; and by what it is known.
    Public(PublicEvidence),
    /// It ends in a root that no list knows, and bears no mark of the web's PKI.
    Private,
    /// It ends before a root, and bears no mark of the web's PKI.
    Unknown,
}

/// By what a hierarchy is known to be public, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PublicEvidence {
    /// A certificate of the chain has the key of a public root.
    RootKey,
    /// The last certificate of the chain names a public root as its issuer or itself.
    RootName,
    /// A certificate of the chain carries signed certificate timestamps (RFC 6962) or a policy of
    /// the CA/Browser Forum (2.23.140.1).
    Marks,
}

impl Hierarchy {
    /// Whether it is public, by whatever evidence.
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Public(_))
    }
}

/// `public`, `private` or `unknown`.
impl fmt::Display for Hierarchy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public(_) => "public",
            Self::Private => "private",
            Self::Unknown => "unknown",
        })
    }
}

impl fmt::Display for PublicEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RootKey => "the key of a public root",
            Self::RootName => "the name of a public root",
            Self::Marks => "signed certificate timestamps or a CA/Browser Forum policy",
        })
    }
}

/// The public roots: those of `webpki-roots`, and those that only the timeline names.
pub(super) struct PublicRoots<'a> {
    web: PublicWeb,
    spki_sha256: HashSet<[u8; 32]>,
    /// Common names.
    names: HashSet<&'a str>,
}

impl<'a> PublicRoots<'a> {
    pub(super) fn new(names: impl IntoIterator<Item = &'a str>) -> Self {
        let web = PublicWeb::new();
        let spki_sha256 = web.keys().map(|key| Sha256::digest(sequence(key)).into());
        Self {
            spki_sha256: spki_sha256.collect(),
            names: names.into_iter().collect(),
            web,
        }
    }

    /// By what a chain is known to be public, its first certificate left out.
    pub(super) fn evidence_above(&self, path: &CertificationPath<'_>) -> Option<PublicEvidence> {
        let issuers = path.entries.iter().skip(1);
        let top = path.entries.last().filter(|top| self.is_named(top));
        let named = top.map(|_| PublicEvidence::RootName);
        issuers
            .filter_map(|issuer| self.evidence_of(issuer))
            .chain(named)
            .min()
    }

    pub(super) fn evidence_of(&self, entry: &Entry) -> Option<PublicEvidence> {
        match entry.is_web_pki() {
            _ if self.has_key(entry) => Some(PublicEvidence::RootKey),
            true => Some(PublicEvidence::Marks),
            false => None,
        }
    }

    fn has_key(&self, entry: &Entry) -> bool {
        let key = entry.certificate().spki_sha256();
        entry.can_issue() && self.spki_sha256.contains(&key)
    }

    fn is_named(&self, top: &Entry) -> bool {
        let top = top.certificate();
        let common_name = common_name(top.issuer_der());
        self.web.has_name(top.issuer_der())
            || common_name.is_some_and(|name| self.names.contains(&name[..]))
    }
}

/// The SEQUENCE with these contents (X.690, 8.1.3).
fn sequence(contents: &[u8]) -> Vec<u8> {
    let length = contents.len().to_be_bytes();
    let length = without_leading_zeros(&length);
    let mut sequence = vec![0x30];
    if contents.len() >= 0x80 {
        sequence.push(0x80 | length.len() as u8);
    }
    sequence.extend_from_slice(length);
    sequence.extend_from_slice(contents);
    sequence
}

/// What is the same for every certificate below the same issuers.
pub(super) struct Issuers<'a> {
    issuers: Vec<&'a Entry>,
    /// By what the issuers are known to be public.
    pub(super) evidence: Option<PublicEvidence>,
    /// The milestones whose scope holds the chain, if it is public.
    pub(super) milestones: Vec<&'a Milestone>,
    /// The issuer that is over first.
    pub(super) expires_first: Option<&'a Entry>,
}

impl<'a> Issuers<'a> {
    fn of(path: &CertificationPath<'a>, public: &PublicRoots<'_>, timeline: &'a Timeline) -> Self {
        let issuers = path.entries.get(1..).unwrap_or_default();
        let names = IssuerNames::of(path);
        let milestones = timeline.milestones().iter().filter(|milestone| {
            milestone.compared != Compared::Disclosed && names.are_in(&milestone.scope)
        });
        Self {
            evidence: public.evidence_above(path),
            milestones: milestones.collect(),
            expires_first: issuers
                .iter()
                .copied()
                .min_by_key(|it| it.certificate().not_after()),
            issuers: issuers.to_vec(),
        }
    }
}

/// How the issuers of a chain are called.
struct IssuerNames<'a> {
    /// The organisation of the issuer that the leaf names.
    organisation: Option<Cow<'a, str>>,
    common: Vec<Cow<'a, str>>,
    whole: Vec<&'a str>,
}

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];

impl<'a> IssuerNames<'a> {
    /// As the certificates of the chain name their issuers: so the last one's is there too.
    fn of(path: &CertificationPath<'a>) -> Self {
        let certificates = || path.entries.iter().map(|entry| entry.certificate());
        let first = certificates().next();
        let common = certificates().filter_map(|each| common_name(each.issuer_der()));
        Self {
            organisation: first.and_then(|leaf| attribute_of(leaf.issuer_der(), ORGANISATION)),
            common: common.collect(),
            whole: certificates().map(|each| each.issuer()).collect(),
        }
    }

    fn are_in(&self, scope: &Scope) -> bool {
        let is_issuer = |name: &String| self.organisation.as_deref() == Some(name);
        (scope.issuers.is_empty() || scope.issuers.iter().any(is_issuer))
            && (scope.roots.is_empty() || scope.roots.iter().any(|name| self.has(name)))
    }

    fn has(&self, name: &str) -> bool {
        self.common.iter().any(|common| common == name) || self.whole.contains(&name)
    }
}

fn common_name(name: &[u8]) -> Option<Cow<'_, str>> {
    attribute_of(name, COMMON_NAME)
}

/// What was computed already, by the first issuer. Not shared between threads.
#[derive(Default)]
pub(super) struct KnownIssuers<'a>(HashMap<[u8; 32], Vec<Rc<Issuers<'a>>>>);

impl<'a> KnownIssuers<'a> {
    pub(super) fn of(
        &mut self,
        path: &CertificationPath<'a>,
        public: &PublicRoots<'_>,
        timeline: &'a Timeline,
    ) -> Rc<Issuers<'a>> {
        let compute = || Rc::new(Issuers::of(path, public, timeline));
        let [_, issuers @ ..] = &path.entries[..] else {
            return compute();
        };
        let Some(first) = issuers.first() else {
            return compute();
        };
        let known = self.0.entry(first.sha256()).or_default();
        let is_same = |one: &&Entry, other: &&Entry| std::ptr::eq(*one, *other);
        let same = known.iter().find(|above| {
            let pairs = || above.issuers.iter().zip(issuers);
            above.issuers.len() == issuers.len() && pairs().all(|(one, other)| is_same(one, other))
        });
        match same {
            Some(above) => above.clone(),
            None => {
                let above = compute();
                known.push(above.clone());
                above
            }
        }
    }
}
