//! [`LeafDefect`]: what a leaf should not have, although stock rustls takes it.

use std::fmt;

use super::key;
use super::view::{KEY_CERT_SIGN, View};

/// What a leaf should not have, although stock rustls takes its chain: this crate's verifiers refuse it
/// unless they are built with [`stock_path_checks`](crate::PeerVerifierBuilder::stock_path_checks).
///
/// ```
/// use mtls_roles::LeafDefect;
///
/// let defect = LeafDefect::KeyCertSign;
/// assert_eq!(defect.to_string(), "is a leaf, but its key usage has keyCertSign");
/// assert_eq!(defect.id(), "leaf_with_key_cert_sign");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LeafDefect {
    /// It has keyCertSign; see [`PathCheck`](crate::PathCheck::LeafWithKeyCertSign).
    KeyCertSign,
    /// It has name constraints; see [`PathCheck`](crate::PathCheck::LeafWithNameConstraints).
    NameConstraints,
    /// No handshake of rustls can use its key; see [`PathCheck`](crate::PathCheck::WeakLeafKey). A slot
    /// refuses it.
    UnusableKey,
    /// One of the extensions that tell cannot be read; see
    /// [`PathCheck`](crate::PathCheck::UnreadableExtension).
    UnreadableExtension,
}

impl LeafDefect {
    pub(crate) fn of(leaf: &View<'_>) -> Option<Self> {
        let may_sign =
            leaf.key_usage().map(|usage| usage.is_some_and(|it| it & KEY_CERT_SIGN != 0));
        let is_constrained = leaf.name_constraints().map(|constraints| constraints.is_some());
        match (may_sign, is_constrained) {
            (Ok(true), _) => Some(Self::KeyCertSign),
            (Err(_), _) | (_, Err(_)) => Some(Self::UnreadableExtension),
            (_, Ok(true)) => Some(Self::NameConstraints),
            _ => (!key::is_usable(leaf.spki)).then_some(Self::UnusableKey),
        }
    }

    /// The stable name in reports.
    pub const fn id(self) -> &'static str {
        match self {
            Self::KeyCertSign => "leaf_with_key_cert_sign",
            Self::NameConstraints => "leaf_with_name_constraints",
            Self::UnusableKey => "leaf_with_unusable_key",
            Self::UnreadableExtension => "leaf_with_unreadable_extension",
        }
    }
}

impl fmt::Display for LeafDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KeyCertSign => "is a leaf, but its key usage has keyCertSign",
            Self::NameConstraints => "is a leaf, but has name constraints",
            Self::UnusableKey => "has a key that no handshake of rustls can use",
            Self::UnreadableExtension => "has an extension that cannot be read",
        })
    }
}
