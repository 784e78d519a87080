//! [`Candidates`]: the roots at which a path over the presented certificates may end.
//!
//! webpki compares every root with every certificate of a path, so its cost grows with the number
//! of roots. It gets those only that have issued, by name, one of the presented certificates: the
//! others could change neither its verdict nor its error.

use std::ops::Range;

use rustls::pki_types::{CertificateDer, Der, TrustAnchor};
use webpki::EndEntityCert;

use crate::roots::{Extent, Roots};

pub(super) enum Candidates<'a> {
    /// Neighbours among the roots.
    Adjacent(&'a [TrustAnchor<'static>], &'a [Extent]),
    Collected(Vec<TrustAnchor<'a>>, Vec<&'a Extent>),
}

/// So few roots are compared faster than the presented issuers are read.
const FEW: usize = 8;

impl<'a> Candidates<'a> {
    pub(super) fn among(
        roots: &'a Roots,
        leaf: &EndEntityCert<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Self {
        if roots.len() <= FEW {
            return Self::adjacent(roots, 0..roots.len());
        }
        let mut found: Vec<_> = roots.named(leaf.issuer()).into_iter().collect();
        for der in intermediates {
            // webpki refuses to build a path over what it cannot read.
            if let Ok(issuer) = EndEntityCert::try_from(der)
                && let Some(range) = roots.named(issuer.issuer())
                && !found.contains(&range)
            {
                found.push(range);
            }
        }
        match found.as_slice() {
            [] => Self::adjacent(roots, 0..0),
            [range] => Self::adjacent(roots, range.clone()),
            ranges => Self::collected(roots, ranges),
        }
    }

    fn adjacent(roots: &'a Roots, range: Range<usize>) -> Self {
        Self::Adjacent(&roots.anchors()[range.clone()], &roots.extents()[range])
    }

    fn collected(roots: &'a Roots, ranges: &[Range<usize>]) -> Self {
        let anchors = ranges
            .iter()
            .flat_map(|range| &roots.anchors()[range.clone()]);
        let extents = ranges
            .iter()
            .flat_map(|range| &roots.extents()[range.clone()]);
        Self::Collected(anchors.map(borrowed).collect(), extents.collect())
    }

    pub(super) fn anchors(&self) -> &[TrustAnchor<'_>] {
        match self {
            Self::Adjacent(anchors, _) => anchors,
            Self::Collected(anchors, _) => anchors,
        }
    }

    /// What is known of the root at the end of a path.
    pub(super) fn extent(&self, anchor: &TrustAnchor<'_>) -> &Extent {
        let mut anchors = self.anchors().iter();
        // webpki hands back the anchors it was given.
        let index = anchors.position(|candidate| std::ptr::eq(candidate, anchor));
        let extent = index.and_then(|index| match self {
            Self::Adjacent(_, extents) => extents.get(index),
            Self::Collected(_, extents) => extents.get(index).copied(),
        });
        extent.unwrap_or(&Extent::Unknown)
    }
}

fn borrowed<'a>(anchor: &'a TrustAnchor<'static>) -> TrustAnchor<'a> {
    TrustAnchor {
        subject: Der::from_slice(&anchor.subject),
        subject_public_key_info: Der::from_slice(&anchor.subject_public_key_info),
        name_constraints: anchor.name_constraints.as_deref().map(Der::from_slice),
    }
}
