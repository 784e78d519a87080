//! Reads the certificates of verified paths.
//!
//! webpki alone reads what a peer sent before a path is verified. Nothing else in the verifiers
//! reads certificates, and a `VerifiedPath` is made by webpki only.

use rustls::pki_types::CertificateDer;
use webpki::VerifiedPath;

use crate::certificate::Certificate;
use crate::certificate::view::View;

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
    std::iter::once(leaf(path))
        .chain(issuers(path))
        .map(|certificate| Certificate::read(&certificate.0))
        .collect()
}
