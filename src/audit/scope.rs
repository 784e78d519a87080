//! [`Scope`]: which chains a milestone concerns.

use super::inventory::Chain;
use crate::certificate::attribute_of;

/// Which chains a milestone concerns: public ones, by issuer or by root where either is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// Organisations (O) of the issuer that a leaf names. Empty for all.
    pub issuers: Vec<String>,
    /// Certificates above: by common name (CN), or by the whole name as
    /// [`Certificate::subject`](crate::Certificate::subject) prints it. Empty for all.
    pub roots: Vec<String>,
}

impl Scope {
    /// Whether it names nobody.
    pub fn is_everybody(&self) -> bool {
        self.issuers.is_empty() && self.roots.is_empty()
    }

    pub(super) fn holds(&self, above: &Above) -> bool {
        let is_issuer = |name: &String| above.organisation.as_ref() == Some(name);
        let is_above = |name: &String| above.names.contains(name);
        (self.issuers.is_empty() || self.issuers.iter().any(is_issuer))
            && (self.roots.is_empty() || self.roots.iter().any(is_above))
    }
}

/// Who stands above a certificate.
pub(super) struct Above {
    organisation: Option<String>,
    /// Common name and whole name of every issuer.
    names: Vec<String>,
}

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];

impl Above {
    /// As the certificates of the chain name their issuers: so the last one's is there too.
    pub(super) fn of(chain: &Chain<'_>) -> Self {
        let certificates = || chain.entries.iter().map(|entry| entry.certificate());
        let first = certificates().next();
        let common = certificates().filter_map(|each| common_name(each.issuer_der()));
        let whole = certificates().map(|each| each.issuer().to_owned());
        Self {
            organisation: first.and_then(|leaf| attribute_of(leaf.issuer_der(), ORGANISATION)),
            names: common.chain(whole).collect(),
        }
    }
}

pub(super) fn common_name(name: &[u8]) -> Option<String> {
    attribute_of(name, COMMON_NAME)
}
