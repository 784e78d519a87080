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
use rustls::pki_types::{SignatureVerificationAlgorithm, UnixTime};
use webpki::{
    CertRevocationList, Error as Pki, ExpirationPolicy, RevocationCheckDepth, RevocationOptions,
    RevocationOptionsBuilder, UnknownStatusPolicy, VerifiedPath,
};

use super::crl::{Tries, full_name};
use super::crls::{self, CrlSet, Crls, IssuerCrls, TriedCrl, Trust};
use super::path;
use crate::certificate::view::View;
use crate::certificate::{distinguished_name, key, oid};
use crate::observe::KeptCrl;
use crate::role::Role;
use crate::roots::{Roots, TrustedFor};
use crate::text::{hex, utc};
use crate::tlv::{Elements, Kind, only};

/// The most signatures of lists that one search checks. A chain has two or three issuers with one
/// list each; the other tries are for lists by other keys, and what was tried is remembered.
const MAX_SIGNATURES: usize = 16;

/// What a caller chose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choices {
    pub(super) depth: RevocationCheckDepth,
    pub(super) status: UnknownStatusPolicy,
    pub(super) expiration: ExpirationPolicy,
    pub(super) is_stock: bool,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            depth: RevocationCheckDepth::Chain,
            status: UnknownStatusPolicy::Deny,
            expiration: ExpirationPolicy::Enforce,
            is_stock: false,
        }
    }
}

impl Choices {
    /// For webpki, whose own default is to use expired lists.
    pub(super) fn stock_options<'c>(
        self,
        crls: &'c [&'c CertRevocationList<'c>],
    ) -> Result<RevocationOptions<'c>, Pki> {
        // Without lists webpki would check nothing; a set is never empty, so this cannot fail.
        let options =
            RevocationOptionsBuilder::new(crls).map_err(|_| Pki::UnknownRevocationStatus)?;
        Ok(options
            .with_depth(self.depth)
            .with_status_policy(self.status)
            .with_expiration_policy(ExpirationPolicy::Ignore)
            .build())
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
        Self {
            choices,
            crls: ArcSwap::new(CrlSet::built(crls, choices.is_stock, role, roots, algorithms)),
        }
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
        let trust = Trust {
            roots,
            // It is the operator who waits here, not a handshake.
            tries: Tries::new(algorithms, usize::MAX),
            now,
        };
        let (next, kept) = self.crls.load().replaced_by(new, self.choices.is_stock, &trust);
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

/// The certificate that is asked about.
struct Subject<'a> {
    view: &'a View<'a>,
    /// Not a CA: the end of the path that webpki has verified.
    is_end_entity: bool,
}

/// Who issued it, and may have revoked it.
struct Issuer<'a> {
    /// The contents of its SubjectPublicKeyInfo, as in a trust anchor.
    key: &'a [u8],
    may_sign_crls: bool,
}

/// What the lists say of one certificate.
enum Status {
    Good,
    Revoked,
    /// No list is about it.
    Unknown,
    /// Lists are about it, and this is why the nearest of them does not say that it is good.
    Undetermined(Pki),
}

impl<'a> Check<'a> {
    pub(super) fn new(
        revocation: &Revocation,
        crls: &'a CrlSet,
        algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
        now: UnixTime,
    ) -> Self {
        Self {
            choices: revocation.choices,
            crls,
            tries: Tries::new(algorithms, MAX_SIGNATURES),
            now,
        }
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
        let asked = match self.choices.depth {
            RevocationCheckDepth::EndEntity => 1,
            RevocationCheckDepth::Chain => views.len(),
        };
        for (level, view) in views.iter().enumerate().take(asked) {
            let issuer = match views.get(level + 1) {
                Some(issuer) => Issuer::intermediate(issuer).map_err(unread)?,
                None => Issuer::root(path, root),
            };
            let is_end_entity = level == 0;
            self.accept(self.status(&Subject { view, is_end_entity }, &issuer)).map_err(
                |error| {
                    let words = words(&error, level, view);
                    (error, words)
                },
            )?;
        }
        Ok(())
    }

    fn accept(&self, status: Status) -> Result<(), Pki> {
        match (status, self.choices.status) {
            (Status::Good, _) | (Status::Unknown, UnknownStatusPolicy::Allow) => Ok(()),
            (Status::Unknown, UnknownStatusPolicy::Deny) => Err(Pki::UnknownRevocationStatus),
            (Status::Revoked, _) => Err(Pki::CertRevoked),
            (Status::Undetermined(error), _) => Err(error),
        }
    }

    fn status(&self, subject: &Subject<'_>, issuer: &Issuer<'_>) -> Status {
        let Some(crls) = self.crls.of_issuer(subject.view.issuer) else {
            return Status::Unknown;
        };
        match self.is_revoked(subject, issuer, crls) {
            Ok(true) => return Status::Revoked,
            Ok(false) => {}
            Err(error) => return Status::Undetermined(error),
        }
        let points = match crls.have_points() {
            true => points(subject.view),
            false => None,
        };
        let mut nearest = None;
        for scope in crls.at(points.as_deref()) {
            if !subject.is_in(scope) {
                continue;
            }
            match self.vouches(scope, issuer) {
                Ok(true) => return Status::Good,
                Ok(false) => {}
                Err(miss) => nearest = miss.nearer(nearest),
            }
        }
        nearest.map_or(Status::Unknown, |miss| Status::Undetermined(miss.0))
    }

    /// Whether a list names the certificate, whatever the list is about: issuer and serial number
    /// *are* the certificate. Not if a newer one in its place does not.
    fn is_revoked(
        &self,
        subject: &Subject<'_>,
        issuer: &Issuer<'_>,
        crls: &IssuerCrls,
    ) -> Result<bool, Pki> {
        let naming: Vec<_> = crls.naming(subject.view.serial).collect();
        for tried in naming.iter().filter(|tried| self.has_begun(tried)) {
            match tried.is_signed_by(issuer.key, &self.tries) {
                Ok(()) => {}
                // It cannot be ruled out.
                Err(error @ Pki::MaximumSignatureChecksExceeded) => return Err(error),
                Err(_) => continue,
            }
            let newer = crls.scope_of(&tried.crl).unwrap_or_default().iter();
            let mut newer = newer.take_while(|other| other.crl.age() > tried.crl.age());
            let is_lifted = newer.any(|other| {
                self.has_begun(other)
                    && !naming.iter().any(|naming| Arc::ptr_eq(&naming.crl, &other.crl))
                    && other.is_signed_by(issuer.key, &self.tries).is_ok()
            });
            if !is_lifted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the newest list of one scope, which does not name the certificate, says that it is
    /// good. `false` if there is none yet.
    fn vouches(&self, scope: &[TriedCrl], issuer: &Issuer<'_>) -> Result<bool, Miss> {
        let mut nearest = None;
        let mut newest: Option<&TriedCrl> = None;
        for tried in scope.iter().filter(|tried| self.has_begun(tried)) {
            // Those that are equally new all count.
            if newest.is_some_and(|newest| tried.crl.age() < newest.crl.age()) {
                break;
            }
            match self.find_miss(tried, issuer) {
                None => return Ok(true),
                Some(miss) => {
                    if miss.is_of_this_key() {
                        newest = Some(tried);
                    }
                    nearest = miss.nearer(nearest);
                }
            }
        }
        nearest.map_or(Ok(false), Err)
    }

    fn find_miss(&self, tried: &TriedCrl, issuer: &Issuer<'_>) -> Option<Miss> {
        if let Err(error) = tried.is_signed_by(issuer.key, &self.tries) {
            return Some(Miss(error));
        }
        let (time, next_update) = (self.now, tried.crl.next_update);
        if !issuer.may_sign_crls {
            Some(Miss(Pki::IssuerNotCrlSigner))
        } else if time >= next_update && self.choices.expiration == ExpirationPolicy::Enforce {
            Some(Miss(Pki::CrlExpired { time, next_update }))
        } else {
            None
        }
    }

    /// A list of the future is none.
    fn has_begun(&self, tried: &TriedCrl) -> bool {
        tried.crl.this_update <= self.now
    }
}

/// What the error of one certificate means to operators.
fn words(error: &Pki, level: usize, view: &View<'_>) -> String {
    let (number, label, issuer) = (level + 1, view.label(), distinguished_name(view.issuer));
    let which = format!("certificate {number} of the path (`{label}`)");
    let unverified =
        "which this crypto provider does not verify; have the CA sign its lists otherwise";
    match error {
        Pki::CertRevoked => format!(
            "{which}, serial {}, stands in a revocation list of `{issuer}`; replace it and its key",
            hex(view.serial)
        ),
        Pki::UnknownRevocationStatus => {
            format!("no revocation list of `{issuer}` is about {which}; add its current one")
        }
        Pki::CrlExpired { next_update, .. } => format!(
            "the revocation list of `{issuer}` that is about {which} was to be replaced at {}; get the current \
             one",
            utc(crls::instant(*next_update))
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

impl Subject<'_> {
    /// Whether lists of this scope are about certificates of this kind.
    fn is_in(&self, scope: &[TriedCrl]) -> bool {
        scope.first().is_some_and(|tried| {
            let scope = &tried.crl.scope;
            match self.is_end_entity {
                true => !scope.only_cas,
                false => !scope.only_end_entities,
            }
        })
    }
}

impl<'a> Issuer<'a> {
    fn intermediate(view: &View<'a>) -> der::Result<Self> {
        Ok(Self {
            key: only(view.spki, Kind::SEQUENCE)?,
            may_sign_crls: view.issuer_facts()?.may_sign_crls,
        })
    }

    fn root(path: &VerifiedPath<'a>, root: &TrustedFor) -> Self {
        Self {
            key: &path.anchor().subject_public_key_info,
            may_sign_crls: match root {
                TrustedFor::Issuing(root) => root.may_sign_crls,
                // It has issued nothing, so there is nothing to revoke.
                TrustedFor::ItselfOnly(_) => false,
                TrustedFor::Unknown => true,
            },
        }
    }
}

/// Why a list does not say that a certificate is good.
struct Miss(Pki);

impl Miss {
    /// Of two, the one that came nearer to saying so.
    fn nearer(self, other: Option<Self>) -> Option<Self> {
        match other {
            Some(other) if other.rank() >= self.rank() => Some(other),
            _ => Some(self),
        }
    }

    fn is_of_this_key(&self) -> bool {
        self.rank() >= 2
    }

    fn rank(&self) -> u8 {
        match self.0 {
            Pki::CrlExpired { .. } => 3,
            Pki::IssuerNotCrlSigner => 2,
            Pki::MaximumSignatureChecksExceeded => 1,
            _ => 0,
        }
    }
}

/// The names of a certificate's distribution points, each a GeneralName as it is encoded; `None`
/// without the extension (RFC 5280, 4.2.1.13).
///
/// Not those of points for some reasons only, or with lists by others: no list there can say that
/// the certificate is good. What cannot be read has no name.
fn points<'a>(view: &View<'a>) -> Option<Vec<&'a [u8]>> {
    let value = view.crl_distribution_points().transpose()?;
    let names = || -> der::Result<Vec<&[u8]>> {
        let mut points = Elements::of_sequence(value?)?;
        let mut names = Vec::new();
        while !points.are_finished() {
            let mut point = points.enter(Kind::SEQUENCE)?;
            if point.next_is(Kind::explicit(0)) {
                let full_name = full_name(point.read(Kind::explicit(0))?)?;
                if point.are_finished() {
                    names.extend(full_name);
                }
            }
        }
        Ok(names)
    };
    Some(names().unwrap_or_default())
}
