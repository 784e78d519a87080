//! Reads the certificates of verified paths.
//!
//! webpki alone reads what a peer sent before a path is verified. Nothing else in the verifiers
//! reads certificates, and a `VerifiedPath` is made by webpki only.

use webpki::VerifiedPath;

use crate::certificate::Certificate;
use crate::certificate::view::View;

/// Every certificate, leaf first, without the root.
pub(super) fn certificates(path: &VerifiedPath<'_>) -> der::Result<Vec<Certificate>> {
    let issuers = path.intermediate_certificates().map(|issuer| issuer.der());
    std::iter::once(path.end_entity().der())
        .chain(issuers)
        .map(|der| Certificate::read(&der))
        .collect()
}

/// What is asked of the leaf.
pub(super) fn leaf<T>(
    path: &VerifiedPath<'_>,
    ask: impl FnOnce(&View<'_>) -> der::Result<T>,
) -> der::Result<T> {
    ask(&View::read(&path.end_entity().der())?)
}

/// What is asked of each issuer, the leaf's first, without the root.
pub(super) fn issuers<'p, T>(
    path: &'p VerifiedPath<'p>,
    ask: impl Fn(&View<'_>) -> der::Result<T> + 'p,
) -> impl Iterator<Item = der::Result<T>> + 'p {
    path.intermediate_certificates()
        .map(move |issuer| ask(&View::read(&issuer.der())?))
}
