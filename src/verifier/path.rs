//! Reads the certificates of verified paths.
//!
//! webpki alone takes apart what a peer sent before a path is verified (`unverified` has words for the
//! parts). Nothing else in the verifiers reads certificates, and a `VerifiedPath` is made by webpki only.

use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};
use webpki::VerifiedPath;

use crate::certificate::Certificate;
use crate::certificate::view::View;
use crate::peer::Issuers;
use crate::roots::RootFacts;
use crate::roots::public;
use crate::tlv::{self, Kind};

/// A path on which everything was checked but whose it is.
#[derive(Clone, Copy)]
pub(super) struct Validated<'p> {
    pub(super) path: &'p VerifiedPath<'p>,
    pub(super) root: &'p RootFacts,
}

impl Issuers for Validated<'_> {
    fn keys(&self) -> der::Result<Vec<[u8; 32]>> {
        // A trust anchor's key is without tag and length.
        let root = tlv::encoded(Kind::SEQUENCE, &self.path.anchor().subject_public_key_info);
        issuers(self.path)
            .map(|issuer| Ok(Sha256::digest(issuer.view()?.spki).into()))
            .chain([Ok(Sha256::digest(root).into())])
            .collect()
    }

    fn are_public(&self) -> bool {
        let is_public = |issuer: Verified<'_>| {
            let issuer = issuer.view();
            issuer.map_or(true, |issuer| public::includes(&issuer))
        };
        self.root.is_public || issuers(self.path).any(is_public)
    }
}

/// A certificate of a verified path.
pub(super) struct Verified<'p>(CertificateDer<'p>);

impl Verified<'_> {
    pub(super) fn der(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn view(&self) -> der::Result<View<'_>> {
        View::read(&self.0)
    }
}

/// The certificate of the peer.
pub(super) fn leaf<'p>(path: &VerifiedPath<'p>) -> Verified<'p> {
    Verified(path.end_entity().der())
}

/// The issuers, the leaf's first, without the root.
pub(super) fn issuers<'p>(path: &'p VerifiedPath<'p>) -> impl Iterator<Item = Verified<'p>> {
    let issuers = path.intermediate_certificates();
    issuers.map(|issuer| Verified(issuer.der()))
}

/// Every certificate, leaf first, without the root.
pub(super) fn certificates(path: &VerifiedPath<'_>) -> der::Result<Vec<Certificate>> {
    let all = std::iter::once(leaf(path)).chain(issuers(path));
    all.map(|certificate| Certificate::read(&certificate.0)).collect()
}
