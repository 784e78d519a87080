//! Checks of a verified path where stock rustls is too lenient, each with its reason.
//!
//! They are pure functions of the certificates on the path and only reject, inside webpki's path
//! search, so that another path may still be found. Measured to refuse nothing in 15 real public
//! chains, 261 public roots and 21 chains of common private-CA tools.
//! `stock_path_checks()` turns all of them off.

use std::{fmt, iter};

use webpki::VerifiedPath;

use super::path::{self, Verified};
use crate::certificate::view::{IssuerFacts, View};
use crate::certificate::{LeafDefect, distinguished_name, key};
use crate::memo::{Position, Recall};
use crate::roots::TrustedFor;

/// What a peer's path violates that stock rustls would have accepted.
///
/// In a handshake it is the inner error of [`rustls::CertificateError::Other`], so the peer gets the
/// alert certificate_unknown.
///
/// ```
/// # fn example(error: &rustls::Error) {
/// use mtls_roles::PathViolation;
/// if let rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) = error
///     && let Some(violation) = other.0.downcast_ref::<PathViolation>()
/// {
///     eprintln!("{violation}");
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PathViolation {
    /// The check that refused.
    pub check: PathCheck,
    /// The certificate's place on the path: 0 is the leaf, 1 its issuer …
    pub position: usize,
    /// What people call it: its subject, or else its first name; control characters escaped.
    pub certificate: String,
    /// What the check found, where that is one of several things: the key, the extension.
    pub found: Option<String>,
}

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

/// Which checks a verifier makes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PathChecks {
    pub(super) are_stock: bool,
    pub(super) max_intermediates: Option<usize>,
}

impl PathChecks {
    /// Every check that applies to this path. What a certificate passed is remembered.
    pub(super) fn apply(
        self,
        path: &VerifiedPath<'_>,
        root: &TrustedFor,
        recall: Option<&Recall<'_>>,
    ) -> Result<(), PathViolation> {
        let violation = |position, check| PathViolation::of(path, position, check);
        let issuers = path.intermediate_certificates().count();
        if let Some(most) = self.max_intermediates.filter(|most| issuers > *most) {
            return Err(violation(most + 1, PathCheck::PathTooDeep));
        }
        if self.are_stock {
            return Ok(());
        }
        match root {
            TrustedFor::ItselfOnly(root) if issuers == 0 && path.end_entity().der() == *root => {
                return Ok(());
            }
            TrustedFor::ItselfOnly(_) => {
                return Err(violation(issuers + 1, PathCheck::RootIsNoCa));
            }
            TrustedFor::Issuing(facts) => {
                if let Some(check) = root_violation(facts) {
                    let found = facts.unknown_critical_extension.clone();
                    return Err(PathViolation { found, ..violation(issuers + 1, check) });
                }
            }
            TrustedFor::Unknown => {}
        }
        let leaf = path::leaf(path);
        check_once(recall, Position::Leaf, &leaf, leaf_violation)
            .map_err(|check| violation(0, check))?;
        for (index, issuer) in path::issuers(path).enumerate() {
            check_once(recall, Position::Issuer, &issuer, |issuer| {
                Ok(issuer_violation(&issuer.issuer_facts()?))
            })
            .map_err(|check| violation(index + 1, check))?;
        }
        Ok(())
    }
}

/// What a certificate violates depends on its bytes only, so what passed once passes.
fn check_once(
    recall: Option<&Recall<'_>>,
    position: Position,
    certificate: &Verified<'_>,
    violation: impl FnOnce(&View<'_>) -> der::Result<Option<PathCheck>>,
) -> Result<(), PathCheck> {
    let check = || {
        let found = certificate.view().and_then(|view| violation(&view));
        // webpki has read this certificate. Where our reader fails, an extension that it looked for
        // is malformed, and what the certificate may do is unknown.
        let found = found.unwrap_or(Some(PathCheck::UnreadableExtension));
        found.map_or(Ok(()), Err)
    };
    match recall {
        Some(recall) => recall.check_once(position, certificate.der(), check),
        None => check(),
    }
}

impl PathViolation {
    fn of(path: &VerifiedPath<'_>, position: usize, check: PathCheck) -> Self {
        let mut certificates = iter::once(path::leaf(path)).chain(path::issuers(path));
        let certificate = certificates.nth(position);
        let view = certificate.as_ref().and_then(|certificate| certificate.view().ok());
        let root = || distinguished_name(&path.anchor().subject);
        Self {
            check,
            position,
            certificate: view.map_or_else(root, |view| view.label()),
            found: view.and_then(|view| match check {
                PathCheck::WeakLeafKey => Some(key::public_key(view.spki)),
                PathCheck::UnreadableExtension => view.unreadable_extension(),
                _ => None,
            }),
        }
    }
}

fn leaf_violation(leaf: &View<'_>) -> der::Result<Option<PathCheck>> {
    Ok(LeafDefect::of(leaf).map(|defect| match defect {
        LeafDefect::KeyCertSign => PathCheck::LeafWithKeyCertSign,
        LeafDefect::NameConstraints => PathCheck::LeafWithNameConstraints,
        LeafDefect::UnusableKey => PathCheck::WeakLeafKey,
        LeafDefect::UnreadableExtension => PathCheck::UnreadableExtension,
    }))
}

fn issuer_violation(issuer: &IssuerFacts) -> Option<PathCheck> {
    if !issuer.may_sign_certificates {
        Some(PathCheck::IssuerWithoutKeyCertSign)
    } else if !issuer.is_named {
        Some(PathCheck::IssuerWithoutName)
    } else if issuer.has_empty_name_constraints {
        Some(PathCheck::EmptyNameConstraints)
    } else {
        None
    }
}

fn root_violation(root: &IssuerFacts) -> Option<PathCheck> {
    match root.unknown_critical_extension {
        Some(_) => Some(PathCheck::RootWithUnknownCriticalExtension),
        None => issuer_violation(root),
    }
}

impl fmt::Display for PathViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, position, certificate, found } = self;
        write!(f, "certificate {} of the path (`{certificate}`) {check}", position + 1)?;
        found.as_ref().map_or(Ok(()), |found| write!(f, "; found {found}"))
    }
}

impl std::error::Error for PathViolation {}

impl fmt::Display for PathCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IssuerWithoutKeyCertSign => "issued another, but its key usage lacks keyCertSign",
            Self::IssuerWithoutName => "issued another, but has an empty subject",
            Self::EmptyNameConstraints => "has name constraints that are empty",
            Self::LeafWithKeyCertSign => return LeafDefect::KeyCertSign.fmt(f),
            Self::LeafWithNameConstraints => return LeafDefect::NameConstraints.fmt(f),
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{
        BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
        KeyPair, KeyUsagePurpose,
    };
    use rustls::crypto::aws_lc_rs;
    use rustls::pki_types::{CertificateDer, UnixTime};

    use super::super::ClientPeerVerifier;
    use super::*;
    use crate::memo::SignatureMemo;
    use crate::roots::Roots;

    fn params(name: &str, is_ca: IsCa, usage: KeyUsagePurpose) -> CertificateParams {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = is_ca;
        params.key_usages = vec![usage];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params
    }

    /// Whether they are checked again cannot be seen from outside.
    #[test]
    fn what_passed_is_remembered_in_its_position_and_what_did_not_is_not() {
        let key = KeyPair::generate().unwrap();
        let ca = |name| {
            let is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params(name, is_ca, KeyUsagePurpose::KeyCertSign)
        };
        let (root, sub) = (ca("root"), ca("sub"));
        let signed = |params: &CertificateParams, issuer| -> CertificateDer<'static> {
            let issuer = Issuer::from_params(issuer, &key);
            params.signed_by(&key, &issuer).unwrap().into()
        };
        let leaf = |usage| signed(&params("leaf", IsCa::NoCa, usage), &sub);
        let good = leaf(KeyUsagePurpose::DigitalSignature);
        let bad = leaf(KeyUsagePurpose::KeyCertSign);
        let issuer = signed(&sub, &root);

        let provider = aws_lc_rs::default_provider();
        let memo = SignatureMemo::new(&provider);
        let roots = Roots::from_der([root.self_signed(&key).unwrap().into()]).unwrap();
        let builder = ClientPeerVerifier::builder(roots, &provider).memo(memo.clone());
        let verifier = builder.build().unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs(1_800_000_000));
        let noted = |certificate: &CertificateDer<'_>| {
            // What was not noted would be checked.
            [Position::Leaf, Position::Issuer]
                .map(|position| memo.recall().check_once(position, certificate, || Err(())).is_ok())
        };
        for (leaf, passes) in [(bad, false), (good, true)] {
            let verified = verifier.verify(Some(&[leaf.clone(), issuer.clone()]), now);
            assert_eq!(verified.is_ok(), passes, "{verified:?}");
            assert_eq!(noted(&leaf), [passes, false]);
            assert_eq!(noted(&issuer), [false, passes]);
        }
    }
}
