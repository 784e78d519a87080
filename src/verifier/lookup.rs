//! Revocation when several lists share an issuer: every one of them is consulted.
//!
//! Stock consults the first list that matches a certificate, so an older list in front of a newer
//! one lets a revoked certificate in, and an expired list, or one by another key of the same name,
//! refuses a good one (cf. rustls/webpki#526; PKITS 4.5.5, 4.5.7). What makes a list authoritative,
//! and how it is checked, stays webpki's: it is asked again for the part of the path below each
//! issuer, with one list of that issuer at a time.

use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{
    CertRevocationList, Error, RevocationCheckDepth, UnknownStatusPolicy, VerifiedPath,
    anchor_from_trusted_cert,
};

use super::chain::Ignored;
use super::path;
use super::revocation::{Choices, Crls};
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
    /// From the leaf up: when a certificate is looked up, those below it are known to be good, and
    /// the lists that said so are given along.
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
        let mut good = Vec::new();
        for level in 0..=depth {
            good.extend(self.look_up(&issuers, level, &good)?);
        }
        Ok(())
    }

    /// The list that says that the certificate at this level is good; `None` if no list knows it
    /// and that is allowed.
    fn look_up<'c>(
        &'c self,
        issuers: &[CertificateDer<'_>],
        level: usize,
        good: &[&'c CertRevocationList<'static>],
    ) -> Result<Option<&'c CertRevocationList<'static>>, Error> {
        let issuer = self.issuer(issuers, level)?;
        let (mut found, mut passed_over) = (None, None);
        for list in self.crls.issued_by(&issuer.anchor.subject) {
            match self.consult(&issuers[..level], &issuer, list, good) {
                Ok(()) => found = Some(list),
                Err(Error::CertRevoked) => return Err(Error::CertRevoked),
                // Not about this certificate: another distribution point.
                Err(Error::UnknownRevocationStatus) => {}
                Err(error) => passed_over = Some(error),
            }
        }
        match (found, passed_over, self.choices.status) {
            (Some(list), _, _) => Ok(Some(list)),
            (None, Some(error), _) => Err(error),
            (None, None, UnknownStatusPolicy::Allow) => Ok(None),
            (None, None, _) => Err(Error::UnknownRevocationStatus),
        }
    }

    /// Asks webpki for the path from the leaf to this issuer, with one list of the issuer.
    fn consult(
        &self,
        below: &[CertificateDer<'_>],
        issuer: &Issuer<'_>,
        list: &CertRevocationList<'static>,
        good: &[&CertRevocationList<'static>],
    ) -> Result<(), Error> {
        let lists: Vec<_> = std::iter::once(list).chain(good.iter().copied()).collect();
        let choices = Choices {
            status: UnknownStatusPolicy::Deny,
            ..self.choices
        };
        let verified = self.path.end_entity().verify_for_usage(
            self.algorithms,
            std::slice::from_ref(&issuer.anchor),
            below,
            self.now,
            Ignored,
            Some(choices.options(&lists)?),
            None,
        );
        let verified = match verified {
            // webpki goes from the root down. A list for all that its issuer issued knows this
            // certificate, so the unknown one stands below, where no list knew it either and that
            // was allowed.
            Err(Error::UnknownRevocationStatus)
                if good.len() < below.len() && list.issuing_distribution_point().is_none() =>
            {
                Ok(())
            }
            verified => verified.map(drop),
        };
        // A trust anchor has lost its key usage, so webpki did not look at it.
        match verified {
            Ok(()) if !issuer.may_sign_crls => Err(Error::IssuerNotCrlSigner),
            verified => verified,
        }
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
