//! Revocation when several lists share an issuer: every one of them is consulted.
//!
//! Stock consults the first list that matches a certificate, so an older list in front of a newer
//! one lets a revoked certificate in, and an expired list, or one by another key of the same name,
//! refuses a good one (cf. rustls/webpki#526; PKITS 4.5.5, 4.5.7). What makes a list authoritative,
//! and how it is checked, stays webpki's: it is asked again for the part of the path below each
//! issuer, with one list of that issuer at a time.

use rustls::pki_types::{
    CertificateDer, InvalidSignature, SignatureVerificationAlgorithm, TrustAnchor, UnixTime,
};
use webpki::{
    CertRevocationList, Error, RevocationCheckDepth, UnknownStatusPolicy, VerifiedPath,
    anchor_from_trusted_cert,
};

use super::chain::Ignored;
use super::list_memory::is_list;
use super::path;
use super::revocation::{Choices, Crls};
use crate::memo::described_by;
use crate::roots::Extent;

/// What is needed to look up every certificate of a verified path.
pub(super) struct Lookup<'a> {
    pub(super) path: &'a VerifiedPath<'a>,
    /// What is known of the root at the end of the path.
    pub(super) root: &'a Extent,
    pub(super) algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
    pub(super) now: UnixTime,
    pub(super) choices: Choices,
    pub(super) crls: &'a Crls,
}

impl Lookup<'_> {
    pub(super) fn check(&self) -> Result<(), Error> {
        let issuers: Vec<_> = self
            .path
            .intermediate_certificates()
            .map(|issuer| issuer.der())
            .collect();
        let depth = match self.choices.depth {
            RevocationCheckDepth::EndEntity => 0,
            RevocationCheckDepth::Chain => issuers.len(),
        };
        (0..=depth).try_for_each(|level| self.look_up(&issuers, level))
    }

    /// Whether the certificate at this level is good.
    fn look_up(&self, issuers: &[CertificateDer<'_>], level: usize) -> Result<(), Error> {
        let issuer = self.issuer(issuers, level)?;
        let (mut is_good, mut passed_over) = (false, None);
        for list in self.crls.issued_by(&issuer.anchor.subject) {
            match self.consult(&issuers[..level], &issuer, list) {
                Ok(is_about_it) => is_good |= is_about_it,
                Err(Error::CertRevoked) => return Err(Error::CertRevoked),
                Err(error) => passed_over = Some(error),
            }
        }
        match (is_good, passed_over, self.choices.status) {
            (true, _, _) | (false, None, UnknownStatusPolicy::Allow) => Ok(()),
            (false, Some(error), _) => Err(error),
            (false, None, _) => Err(Error::UnknownRevocationStatus),
        }
    }

    /// Whether one list of the issuer is about the certificate; an error if it is and does not say
    /// that the certificate is good.
    fn consult(
        &self,
        below: &[CertificateDer<'_>],
        issuer: &Issuer<'_>,
        list: &CertRevocationList<'static>,
    ) -> Result<bool, Error> {
        let disbelieving: Vec<_> = self.algorithms.iter().map(|it| Disbelieving(*it)).collect();
        let disbelieving: Vec<_> = disbelieving.iter().map(|it| it as _).collect();
        // If it is about another distribution point, nobody looks at its signature.
        if self.ask(below, issuer, list, &disbelieving).is_ok() {
            return Ok(false);
        }
        self.ask(below, issuer, list, self.algorithms)?;
        // A trust anchor has lost its key usage, so webpki did not look at it.
        match issuer.may_sign_crls {
            true => Ok(true),
            false => Err(Error::IssuerNotCrlSigner),
        }
    }

    /// Asks webpki for the path from the leaf to this issuer, with this list and no other.
    fn ask(
        &self,
        below: &[CertificateDer<'_>],
        issuer: &Issuer<'_>,
        list: &CertRevocationList<'static>,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<(), Error> {
        // What is below is looked up on its own, and other lists know it.
        let choices = Choices {
            status: UnknownStatusPolicy::Allow,
            ..self.choices
        };
        let verified = self.path.end_entity().verify_for_usage(
            algorithms,
            std::slice::from_ref(&issuer.anchor),
            below,
            self.now,
            Ignored,
            Some(choices.options(&[list])?),
            None,
        );
        verified.map(drop)
    }

    /// What cannot be read allows nothing.
    fn issuer_may_sign_crls(&self, level: usize) -> bool {
        let issuer = path::issuers(self.path).nth(level);
        let facts = issuer.map(|issuer| issuer.view()?.issuer_facts());
        matches!(facts, Some(Ok(facts)) if facts.may_sign_crls)
    }

    /// The issuer of the certificate at this level, as the end of a path.
    fn issuer<'c>(
        &'c self,
        issuers: &'c [CertificateDer<'_>],
        level: usize,
    ) -> Result<Issuer<'c>, Error> {
        Ok(match issuers.get(level) {
            Some(certificate) => Issuer {
                anchor: anchor_from_trusted_cert(certificate)?,
                may_sign_crls: self.issuer_may_sign_crls(level),
            },
            None => Issuer {
                anchor: self.path.anchor().clone(),
                may_sign_crls: root_may_sign_crls(self.root),
            },
        })
    }
}

/// An algorithm to which no list is well signed.
#[derive(Debug)]
struct Disbelieving<'a>(&'a dyn SignatureVerificationAlgorithm);

impl SignatureVerificationAlgorithm for Disbelieving<'_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        match is_list(message) {
            true => Err(InvalidSignature),
            false => self.0.verify_signature(public_key, message, signature),
        }
    }

    described_by!(|it| it.0);
}

struct Issuer<'c> {
    anchor: TrustAnchor<'c>,
    may_sign_crls: bool,
}

fn root_may_sign_crls(root: &Extent) -> bool {
    match root {
        Extent::Issuer(root) => root.may_sign_crls,
        // It has issued nothing, so there is nothing to revoke.
        Extent::ItselfOnly(_) => false,
        Extent::Unknown => true,
    }
}

/// What webpki cannot check when it looks up revocation itself: whether the root, of which it
/// knows no key usage, may sign the lists that it consulted.
pub(super) fn check_root_signs_crls(
    path: &VerifiedPath<'_>,
    root: &Extent,
    choices: Choices,
    crls: &Crls,
) -> Result<(), Error> {
    let has_issuers = path.intermediate_certificates().next().is_some();
    let consulted = choices.depth == RevocationCheckDepth::Chain || !has_issuers;
    let has_list = crls.issued_by(&path.anchor().subject).next().is_some();
    match consulted && has_list && !root_may_sign_crls(root) {
        true => Err(Error::IssuerNotCrlSigner),
        false => Ok(()),
    }
}
