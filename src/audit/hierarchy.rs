//! [`Hierarchy`]: whose rules apply to a chain.

use std::collections::HashSet;
use std::fmt;

use sha2::{Digest, Sha256};

use super::above::common_name;
use super::entry::Entry;
use super::inventory::Chain;
use crate::certificate::public::PublicWeb;
use crate::element::without_leading_zeros;

/// Whose certificates stand above a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hierarchy {
    /// The web's PKI, whose rules the root programs make; and by what it is known.
    Public(Sign),
    /// It ends in a root that no list knows, and bears no sign of the web's PKI.
    Private,
    /// It ends before a root, and bears no sign of the web's PKI.
    Unknown,
}

/// By what a hierarchy is known to be public, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Sign {
    /// A certificate of the chain has the key of a public root.
    RootKey,
    /// The last certificate of the chain names a public root as its issuer or itself.
    RootName,
    /// A certificate of the chain carries signed certificate timestamps (RFC 6962) or a policy of
    /// the CA/Browser Forum (2.23.140.1).
    Marks,
}

impl Hierarchy {
    /// Whether it is public, by whatever sign.
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

impl fmt::Display for Sign {
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
    pub(super) fn sign_above(&self, chain: &Chain<'_>) -> Option<Sign> {
        let issuers = chain.entries.iter().skip(1);
        let top = chain.entries.last().filter(|top| self.is_named(top));
        let named = top.map(|_| Sign::RootName);
        issuers
            .filter_map(|issuer| self.sign_of(issuer))
            .chain(named)
            .min()
    }

    pub(super) fn sign_of(&self, entry: &Entry) -> Option<Sign> {
        match entry.is_web_pki() {
            _ if self.has_key(entry) => Some(Sign::RootKey),
            true => Some(Sign::Marks),
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
