//! How far the trust in the root of a path reaches.

use rustls::pki_types::TrustAnchor;
use webpki::VerifiedPath;

use crate::roots::{Extent, Roots};

/// Whether the root at the end of this path may stand there.
///
/// webpki takes whatever it is given as a trust anchor for a CA, so a leaf issued *by* an end
/// entity that is trusted for itself would be accepted.
pub(super) fn root_reaches(roots: &Roots, path: &VerifiedPath<'_>) -> bool {
    match extent(roots, path.anchor()) {
        Extent::Issuer | Extent::Unknown => true,
        Extent::ItselfOnly(certificate) => {
            path.intermediate_certificates().next().is_none()
                && path.end_entity().der() == *certificate
        }
    }
}

fn extent<'r>(roots: &'r Roots, anchor: &TrustAnchor<'_>) -> &'r Extent {
    let index = roots
        .anchors()
        .iter()
        .position(|candidate| std::ptr::eq(candidate, anchor));
    // webpki hands back the anchors it was given.
    index.map_or(&Extent::Unknown, |index| roots.extent(index))
}
