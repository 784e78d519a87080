//! [`PathCheck`]: what is checked of a certificate on a path where stock rustls is too lenient.

use std::fmt;

use super::key;
use super::view::{IssuerFacts, KEY_CERT_SIGN, View};

/// One check of a path, beyond those of stock rustls.
///
/// ```
/// use mtls_roles::PathCheck;
///
/// assert_eq!(
///     PathCheck::LeafWithKeyCertSign.to_string(),
///     "is a leaf, but its key usage has keyCertSign"
/// );
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathCheck {
    /// An issuer that has a keyUsage must have keyCertSign in it (RFC 5280, 4.2.1.3 and 6.1.4 (n);
    /// PKITS 4.7.1 and 4.7.2). Without it the key was not meant to issue certificates.
    IssuerWithoutKeyCertSign,
    /// An issuer must have a name (RFC 5280, 4.1.2.6): all nameless ones are the same issuer.
    IssuerWithoutName,
    /// Name constraints must constrain something (RFC 5280, 4.2.1.10): empty ones are a mistake in
    /// a place where mistakes widen.
    EmptyNameConstraints,
    /// A leaf must not have keyCertSign, which goes with cA only (RFC 5280, 4.2.1.9): such a
    /// certificate is one parser's difference away from being a CA.
    LeafWithKeyCertSign,
    /// A leaf must not have name constraints (RFC 5280, 4.2.1.10: in a CA certificate only).
    LeafWithNameConstraints,
    /// A leaf's key must be one that can sign a handshake of rustls: RSA (rsaEncryption) of 2,048 to
    /// 8,192 bits, P-256, P-384, P-521 or Ed25519. Stock rustls refuses others when they sign the
    /// handshake; a chain that is verified outside one would pass.
    WeakLeafKey,
    /// A root must have no critical extension that webpki does not know (RFC 5280, 4.2): it may
    /// restrict what the root may do.
    RootWithUnknownCriticalExtension,
    /// A root that is no CA issues nothing. Presented itself, it is trusted as it is: no other check
    /// is made of it.
    RootIsNoCa,
    /// The extensions that these checks look at must be well-formed.
    UnreadableExtension,
    /// No more issuers between leaf and root than the verifier was told to accept.
    PathTooDeep,
}

impl PathCheck {
    /// The check that refuses this certificate as a leaf.
    pub(crate) fn of_leaf(leaf: &View<'_>) -> Option<Self> {
        let may_sign =
            leaf.key_usage().map(|usage| usage.is_some_and(|it| it & KEY_CERT_SIGN != 0));
        let is_constrained = leaf.name_constraints().map(|constraints| constraints.is_some());
        match (may_sign, is_constrained) {
            (Ok(true), _) => Some(Self::LeafWithKeyCertSign),
            (Err(_), _) | (_, Err(_)) => Some(Self::UnreadableExtension),
            (_, Ok(true)) => Some(Self::LeafWithNameConstraints),
            _ => (!key::is_usable(leaf.spki)).then_some(Self::WeakLeafKey),
        }
    }

    pub(crate) fn of_issuer(issuer: &IssuerFacts) -> Option<Self> {
        if !issuer.may_sign_certificates {
            Some(Self::IssuerWithoutKeyCertSign)
        } else if !issuer.is_named {
            Some(Self::IssuerWithoutName)
        } else if issuer.has_empty_name_constraints {
            Some(Self::EmptyNameConstraints)
        } else {
            None
        }
    }

    pub(crate) fn of_root(root: &IssuerFacts) -> Option<Self> {
        match root.unknown_critical_extension {
            Some(_) => Some(Self::RootWithUnknownCriticalExtension),
            None => Self::of_issuer(root),
        }
    }

    /// What it finds in a certificate that it refuses, where that is one of several things.
    pub(crate) fn found_in(self, certificate: &View<'_>) -> Option<String> {
        match self {
            Self::WeakLeafKey => Some(key::public_key(certificate.spki)),
            Self::UnreadableExtension => certificate.unreadable_extension(),
            _ => None,
        }
    }

    /// The stable name in reports.
    pub const fn id(self) -> &'static str {
        match self {
            Self::IssuerWithoutKeyCertSign => "issuer_without_key_cert_sign",
            Self::IssuerWithoutName => "issuer_without_name",
            Self::EmptyNameConstraints => "empty_name_constraints",
            Self::LeafWithKeyCertSign => "leaf_with_key_cert_sign",
            Self::LeafWithNameConstraints => "leaf_with_name_constraints",
            Self::WeakLeafKey => "weak_leaf_key",
            Self::RootWithUnknownCriticalExtension => "root_with_unknown_critical_extension",
            Self::RootIsNoCa => "root_is_no_ca",
            Self::UnreadableExtension => "unreadable_extension",
            Self::PathTooDeep => "path_too_deep",
        }
    }
}

impl fmt::Display for PathCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IssuerWithoutKeyCertSign => "issued another, but its key usage lacks keyCertSign",
            Self::IssuerWithoutName => "issued another, but has an empty subject",
            Self::EmptyNameConstraints => "has name constraints that are empty",
            Self::LeafWithKeyCertSign => "is a leaf, but its key usage has keyCertSign",
            Self::LeafWithNameConstraints => "is a leaf, but has name constraints",
            Self::WeakLeafKey => {
                "has a key that no handshake of rustls takes, needed is RSA (rsaEncryption) of 2048 to 8192 \
                 bits, P-256, P-384, P-521 or Ed25519"
            }
            Self::RootWithUnknownCriticalExtension => {
                "is a root with a critical extension that is not understood"
            }
            Self::RootIsNoCa => "is a root that is no CA, so it is trusted for itself only",
            Self::UnreadableExtension => "has an extension that cannot be read",
            Self::PathTooDeep => "is deeper in the path than this verifier accepts",
        })
    }
}
