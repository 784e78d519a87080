//! Revocation: what the lists say of each certificate of a verified path, one at a time.
//!
//! Stock rustls asks the first list that matches a certificate, and no other: an older list in front
//! of a newer one lets a revoked certificate in, one by another key of the same name refuses a good
//! one (cf. rustls/webpki#526; PKITS 4.5.5, 4.5.7). Here every list is asked that could know, and the
//! order in which they were given decides nothing. No path is searched: the decision is about one
//! certificate, its issuer, a set of lists, and an instant (RFC 5280, 6.3.3).
//! `stock_revocation()` has webpki do it.

use std::iter;
use std::sync::Arc;

use arc_swap::ArcSwap;
use base16ct::lower::encode_string as hex;
use rustls::pki_types::{SignatureVerificationAlgorithm, UnixTime};
use webpki::{
    CertRevocationList, Error as Pki, ExpirationPolicy, RevocationCheckDepth, RevocationOptions,
    RevocationOptionsBuilder, UnknownStatusPolicy, VerifiedPath,
};

use super::crl_set::{CrlSet, IssuerCrls};
use super::crls::Crls;
use super::path;
use super::tried::{TriedCrl, Tries};
use crate::certificate::view::View;
use crate::certificate::{distinguished_name, key, oid};
use crate::observe::KeptCrl;
use crate::role::Role;
use crate::roots::{Roots, TrustedFor};
use crate::text::{offset, utc};
use crate::tlv::{Kind, only};

/// The most signatures of lists that one search checks. A chain has two or three issuers with one
/// list each; the other tries are for lists by other keys, and what was tried is remembered.
const MAX_SIGNATURES: usize = 16;

/// What a caller chose in place of the defaults.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Choices {
    pub(super) only_end_entity: bool,
    pub(super) allow_unknown: bool,
    pub(super) allow_expired: bool,
    /// webpki looks up revocation.
    pub(super) is_stock: bool,
}

impl Choices {
    /// For webpki, with rustls' default of using expired lists.
    pub(super) fn stock_options<'c>(
        self,
        crls: &'c [&'c CertRevocationList<'c>],
    ) -> Result<RevocationOptions<'c>, Pki> {
        // Without lists webpki would check nothing; a set is never empty, so this cannot fail.
        let options = RevocationOptionsBuilder::new(crls);
        let mut options = options.map_err(|_| Pki::UnknownRevocationStatus)?;
        if self.only_end_entity {
            options = options.with_depth(RevocationCheckDepth::EndEntity);
        }
        if self.allow_unknown {
            options = options.with_status_policy(UnknownStatusPolicy::Allow);
        }
        Ok(options.with_expiration_policy(ExpirationPolicy::Ignore).build())
    }
}

/// The lists of one verifier and how they are used.
#[derive(Debug)]
pub(super) struct Revocation {
    pub(super) choices: Choices,
    crls: ArcSwap<CrlSet>,
}

impl Revocation {
    pub(super) fn new(
        crls: Crls,
        choices: Choices,
        role: Role,
        roots: &Roots,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Self {
        let crls = crls.into_set(choices.is_stock, role, roots, algorithms);
        Self { choices, crls: ArcSwap::new(crls) }
    }

    /// The lists as they are now.
    pub(super) fn crls(&self) -> arc_swap::Guard<Arc<CrlSet>> {
        self.crls.load()
    }

    /// Puts these lists in the place of those in use; returns which of the old ones stay. One call at a
    /// time: the settings hold their lock.
    pub(super) fn replace(
        &self,
        new: Crls,
        roots: &Roots,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Vec<KeptCrl> {
        let is_stock = self.choices.is_stock;
        let next = self.crls.load().replaced_by(new.crls, is_stock, roots, algorithms, now);
        let kept = next.kept.clone();
        self.crls.store(Arc::new(next));
        kept
    }
}

/// The lists that are asked in one search, at one instant.
pub(super) struct Check<'a> {
    choices: Choices,
    crls: &'a CrlSet,
    tries: Tries<'a>,
    now: UnixTime,
}

/// The certificate that is asked about, and who issued it and may have revoked it.
struct Subject<'a> {
    view: &'a View<'a>,
    /// Its place on the path; the leaf's is 0.
    index: usize,
    /// The contents of the issuer's SubjectPublicKeyInfo, as in a trust anchor.
    issuer_key: &'a [u8],
    issuer_may_sign_crls: bool,
}

impl<'a> Check<'a> {
    pub(super) fn new(
        revocation: &Revocation,
        crls: &'a CrlSet,
        algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Self {
        let tries = Tries::new(algorithms, MAX_SIGNATURES);
        Self { choices: revocation.choices, crls, tries, now }
    }

    /// Whether no certificate of this path is revoked, as far as the caller wants to know; if one is, or
    /// may be, the error in words, too.
    pub(super) fn check(
        &self,
        path: &VerifiedPath<'_>,
        root: &TrustedFor,
    ) -> Result<(), (Pki, String)> {
        const UNREAD: &str = "an extension of a certificate of the path cannot be read";
        let unread = |_| (Pki::BadDer, UNREAD.to_owned());
        let certificates: Vec<_> =
            iter::once(path::leaf(path)).chain(path::issuers(path)).collect();
        let views = certificates.iter().map(|certificate| certificate.view());
        // Our reader takes whatever webpki takes; if it ever does not, that is a refusal.
        let views: Vec<_> = views.collect::<Result<_, _>>().map_err(unread)?;
        let asked = if self.choices.only_end_entity { 1 } else { views.len() };
        for (index, view) in views.iter().enumerate().take(asked) {
            let (issuer_key, issuer_may_sign_crls) = match views.get(index + 1) {
                Some(issuer) => (
                    only(issuer.spki, Kind::SEQUENCE).map_err(unread)?,
                    issuer.issuer_facts().map_err(unread)?.may_sign_crls,
                ),
                None => (&*path.anchor().subject_public_key_info, may_sign_crls(root)),
            };
            let subject = Subject { view, index, issuer_key, issuer_may_sign_crls };
            self.ask(&subject).map_err(|error| {
                let words = subject.words(&error) + &self.why_unknown(&subject, &error);
                (error, words)
            })?;
        }
        Ok(())
    }

    fn ask(&self, subject: &Subject<'_>) -> Result<(), Pki> {
        let said = match self.crls.of_issuer(subject.view.issuer) {
            None => Err(Pki::UnknownRevocationStatus),
            Some(crls) if self.is_revoked(subject, crls)? => Err(Pki::CertRevoked),
            Some(crls) => self.is_good(subject, crls),
        };
        match said {
            Err(Pki::UnknownRevocationStatus) if self.choices.allow_unknown => Ok(()),
            said => said,
        }
    }

    /// Whether a list names the certificate, whatever the list is about: issuer and serial number
    /// *are* the certificate. Of those that replace each other the newest counts.
    fn is_revoked(&self, subject: &Subject<'_>, crls: &IssuerCrls) -> Result<bool, Pki> {
        let naming = crls.naming(subject.view.serial);
        for tried in naming.filter(|tried| tried.crl.has_begun(self.now)) {
            match self.has_signed(subject, tried) {
                Ok(()) => {}
                // It cannot be ruled out.
                Err(error @ Pki::MaximumSignatureChecksExceeded) => return Err(error),
                Err(_) => continue,
            }
            let newer = crls.scope_of(&tried.crl).iter();
            let mut newer = newer.take_while(|other| other.crl.age() > tried.crl.age());
            let is_replaced = newer.any(|other| {
                other.crl.has_begun(self.now) && self.has_signed(subject, other).is_ok()
            });
            if !is_replaced {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the newest list of some scope says that the certificate is good, which none revokes. If
    /// none does, the error of the one that came nearest.
    fn is_good(&self, subject: &Subject<'_>, crls: &IssuerCrls) -> Result<(), Pki> {
        let mut nearest = Pki::UnknownRevocationStatus;
        for scope in crls.about(subject.view).filter(|scope| subject.is_in(scope)) {
            let mut newest: Option<&TriedCrl> = None;
            for tried in scope.iter().filter(|tried| tried.crl.has_begun(self.now)) {
                // Those that are equally new all count.
                if newest.is_some_and(|newest| tried.crl.age() < newest.crl.age()) {
                    break;
                }
                let Err(error) = self.vouches(subject, tried) else {
                    return Ok(());
                };
                if rank(&error) >= rank(&Pki::IssuerNotCrlSigner) {
                    newest = Some(tried);
                }
                if rank(&error) > rank(&nearest) {
                    nearest = error;
                }
            }
        }
        Err(nearest)
    }

    fn vouches(&self, subject: &Subject<'_>, tried: &TriedCrl) -> Result<(), Pki> {
        self.has_signed(subject, tried)?;
        let (time, next_update) = (self.now, tried.crl.next_update);
        if !subject.issuer_may_sign_crls {
            Err(Pki::IssuerNotCrlSigner)
        } else if time >= next_update && !self.choices.allow_expired {
            Err(Pki::CrlExpired { time, next_update })
        } else {
            Ok(())
        }
    }

    /// Where no list of the issuer is about the certificate: why those that are there are not.
    fn why_unknown(&self, subject: &Subject<'_>, error: &Pki) -> String {
        let crls = self.crls.of_issuer(subject.view.issuer);
        let (Some(crls), Pki::UnknownRevocationStatus) = (crls, error) else {
            return String::new();
        };
        match crls.scopes().flatten().find(|tried| !tried.crl.has_begun(self.now)) {
            Some(early) => format!(
                " (the one that is there begins at {} only: check this machine's clock)",
                utc(offset(early.crl.this_update))
            ),
            None => {
                " (those that are there are for other distribution points, cRLDistributionPoints \
                     2.5.29.31, than it names, or for CAs or end entities alone)"
                    .into()
            }
        }
    }

    /// Whether the subject's issuer has signed this list.
    fn has_signed(&self, subject: &Subject<'_>, tried: &TriedCrl) -> Result<(), Pki> {
        tried.is_signed_by(subject.issuer_key, &self.tries)
    }
}

fn may_sign_crls(root: &TrustedFor) -> bool {
    match root {
        TrustedFor::Issuing(root) => root.may_sign_crls,
        // It has issued nothing, so there is nothing to revoke.
        TrustedFor::ItselfOnly(_) => false,
        TrustedFor::Unknown => true,
    }
}

/// How near a list came to saying that a certificate is good. From `IssuerNotCrlSigner` on it is by the
/// issuer's key.
fn rank(error: &Pki) -> u8 {
    match error {
        Pki::UnknownRevocationStatus => 0,
        Pki::MaximumSignatureChecksExceeded => 2,
        Pki::IssuerNotCrlSigner => 3,
        Pki::CrlExpired { .. } => 4,
        _ => 1,
    }
}

impl Subject<'_> {
    /// Whether lists of this scope are about certificates of this kind. The leaf is the end entity.
    fn is_in(&self, scope: &[TriedCrl]) -> bool {
        scope.first().is_some_and(|tried| match self.index {
            0 => !tried.crl.scope.only_cas,
            _ => !tried.crl.scope.only_end_entities,
        })
    }

    /// What an error means to operators.
    fn words(&self, error: &Pki) -> String {
        let (number, label) = (self.index + 1, self.view.label());
        let issuer = distinguished_name(self.view.issuer);
        let which = format!("certificate {number} of the path (`{label}`)");
        let unverified =
            "which this crypto provider does not verify; have the CA sign its lists otherwise";
        match error {
            Pki::CertRevoked => format!(
                "{which}, serial {}, stands in a revocation list of `{issuer}`; replace it and its key",
                hex(self.view.serial)
            ),
            Pki::UnknownRevocationStatus => {
                format!("no revocation list of `{issuer}` is about {which}; add its current one")
            }
            Pki::CrlExpired { next_update, .. } => format!(
                "the revocation list of `{issuer}` that is about {which} was to be replaced at {}; get the current \
                 one",
                utc(offset(*next_update))
            ),
            Pki::IssuerNotCrlSigner => format!(
                "the list of `{issuer}` says nothing of {which}: that CA's keyUsage lacks cRLSign; have the CA \
                 certified with it"
            ),
            Pki::InvalidCrlSignatureForPublicKey => format!(
                "the list of `{issuer}` is not by the key that issued {which}; of a CA that has a new key, give \
                 the lists by both"
            ),
            Pki::UnsupportedCrlSignatureAlgorithmContext(context) => format!(
                "the list of `{issuer}` about {which} is signed with {}, {unverified}",
                oid::algorithm(&context.signature_algorithm_id)
            ),
            Pki::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(context) => format!(
                "the list of `{issuer}` about {which} is signed with {} by a key that is {}, {unverified}",
                oid::algorithm(&context.signature_algorithm_id),
                key::of_algorithm(&context.public_key_algorithm_id)
            ),
            Pki::MaximumSignatureChecksExceeded => format!(
                "more lists bear the name of `{issuer}` than are tried for {which}; remove those by other keys"
            ),
            error => format!("the lists of `{issuer}` say nothing of {which} ({error})"),
        }
    }
}
