//! [`Scope`]: which chains a milestone concerns.

use super::above::Names;

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

    pub(super) fn holds(&self, names: &Names<'_>) -> bool {
        let is_issuer = |name: &String| names.organisation.as_deref() == Some(name);
        (self.issuers.is_empty() || self.issuers.iter().any(is_issuer))
            && (self.roots.is_empty() || self.roots.iter().any(|name| names.has(name)))
    }
}
