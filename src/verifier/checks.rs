//! Checks of a verified path where stock rustls is too lenient, each with its reason.
//!
//! They are pure functions of the certificates on the path and only reject, inside webpki's path
//! search, so that another path may still be found. Measured to refuse nothing in 15 real public
//! chains, 261 public roots and 21 chains of common private-CA tools.
//! `stock_path_checks()` turns all of them off.

use std::{fmt, iter};

use webpki::VerifiedPath;

use super::path::{self, Verified};
use crate::certificate::view::View;
use crate::certificate::{PathCheck, distinguished_name};
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
                if let Some(check) = PathCheck::of_root(facts) {
                    let found = facts.unknown_critical_extension.clone();
                    return Err(PathViolation { found, ..violation(issuers + 1, check) });
                }
            }
            TrustedFor::Unknown => {}
        }
        let leaf = path::leaf(path);
        check_once(recall, Position::Leaf, &leaf, |leaf| Ok(PathCheck::of_leaf(leaf)))
            .map_err(|check| violation(0, check))?;
        for (index, issuer) in path::issuers(path).enumerate() {
            check_once(recall, Position::Issuer, &issuer, |issuer| {
                Ok(PathCheck::of_issuer(&issuer.issuer_facts()?))
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
            found: view.and_then(|view| check.found_in(&view)),
        }
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
