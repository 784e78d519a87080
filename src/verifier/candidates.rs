//! [`Candidates`]: the roots at which a path over the presented certificates may end.
//!
//! webpki compares every root with every certificate of a path, so its cost grows with the number
//! of roots. It gets those only that have issued, by name, one of the presented certificates: the
//! others could change neither its verdict nor its error.

use std::ops::Range;

use rustls::pki_types::{CertificateDer, Der, TrustAnchor};
use webpki::EndEntityCert;

use crate::roots::{RootFacts, Roots};

pub(super) enum Candidates<'a> {
    /// Neighbours among the roots.
    Adjacent(&'a [TrustAnchor<'static>], &'a [RootFacts]),
    Collected(Vec<TrustAnchor<'a>>, Vec<&'a RootFacts>),
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
        Self::Adjacent(&roots.anchors()[range.clone()], &roots.facts()[range])
    }

    fn collected(roots: &'a Roots, ranges: &[Range<usize>]) -> Self {
        let anchors = ranges.iter().flat_map(|range| &roots.anchors()[range.clone()]);
        let facts = ranges.iter().flat_map(|range| &roots.facts()[range.clone()]);
        Self::Collected(anchors.map(borrowed).collect(), facts.collect())
    }

    pub(super) fn anchors(&self) -> &[TrustAnchor<'_>] {
        match self {
            Self::Adjacent(anchors, _) => anchors,
            Self::Collected(anchors, _) => anchors,
        }
    }

    /// What is known of the root at the end of a path.
    pub(super) fn facts(&self, anchor: &TrustAnchor<'_>) -> &RootFacts {
        const NONE: &RootFacts = &RootFacts::of_public_anchor();
        let mut anchors = self.anchors().iter();
        // webpki hands back the anchors it was given.
        let index = anchors.position(|candidate| std::ptr::eq(candidate, anchor));
        let facts = index.and_then(|index| match self {
            Self::Adjacent(_, facts) => facts.get(index),
            Self::Collected(_, facts) => facts.get(index).copied(),
        });
        facts.unwrap_or(NONE)
    }
}

fn borrowed<'a>(anchor: &'a TrustAnchor<'static>) -> TrustAnchor<'a> {
    TrustAnchor {
        subject: Der::from_slice(&anchor.subject),
        subject_public_key_info: Der::from_slice(&anchor.subject_public_key_info),
        name_constraints: anchor.name_constraints.as_deref().map(Der::from_slice),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, Issuer, KeyPair};
    use rustls::RootCertStore;

    use super::*;
    use crate::roots::TrustedFor;

    /// A CA of this name, with a certificate by `issuer`, or by itself.
    struct Ca {
        params: CertificateParams,
        key: KeyPair,
        der: CertificateDer<'static>,
    }

    impl Ca {
        fn new(name: &str, issuer: Option<&Ca>) -> Self {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, name);
            let key = KeyPair::generate().unwrap();
            let certificate = match issuer {
                None => params.self_signed(&key),
                Some(issuer) => {
                    params.signed_by(&key, &Issuer::from_params(&issuer.params, &issuer.key))
                }
            };
            let der = certificate.unwrap().into();
            Self { params, key, der }
        }

        fn anchor(&self) -> TrustAnchor<'static> {
            let mut store = RootCertStore::empty();
            store.add(self.der.clone()).unwrap();
            store.roots.remove(0)
        }
    }

    /// These, one of them in front and the rest behind so many of other names.
    fn roots(anchors: &[TrustAnchor<'static>], others: usize) -> Roots {
        let mut all: Vec<_> = (0..others)
            .map(|number| TrustAnchor {
                subject: number.to_be_bytes().to_vec().into(),
                subject_public_key_info: vec![0].into(),
                name_constraints: None,
            })
            .collect();
        all.extend(anchors[1..].iter().cloned());
        all.insert(0, anchors[0].clone());
        Roots::from_root_cert_store(RootCertStore { roots: all }).unwrap()
    }

    fn found(roots: &Roots, chain: &[CertificateDer<'_>]) -> Vec<TrustAnchor<'static>> {
        let leaf = EndEntityCert::try_from(&chain[0]).unwrap();
        let candidates = Candidates::among(roots, &leaf, &chain[1..]);
        let anchors = candidates.anchors().iter();
        anchors.map(TrustAnchor::to_owned).collect()
    }

    #[test]
    fn webpki_gets_the_same_roots_whether_there_are_ten_or_ten_thousand() {
        let (one, namesake, other) =
            (Ca::new("one", None), Ca::new("one", None), Ca::new("other", None));
        let (sub, deep) = (Ca::new("sub", Some(&one)), Ca::new("deep", Some(&other)));
        let leaf = Ca::new("leaf", Some(&sub));
        let anchors = [&one, &other, &namesake].map(Ca::anchor);
        let [of_one, of_other, of_namesake] = anchors.clone();
        let garbage = CertificateDer::from(vec![0x30, 0]);
        let rows: [(&[&CertificateDer<'_>], Vec<TrustAnchor<'_>>); 5] = [
            (&[&sub.der], vec![of_one.clone(), of_namesake.clone()]),
            (&[&leaf.der, &sub.der], vec![of_one.clone(), of_namesake.clone()]),
            (&[&leaf.der, &garbage, &deep.der], vec![of_other.clone()]),
            (&[&leaf.der, &deep.der, &sub.der, &sub.der], vec![of_other, of_one, of_namesake]),
            (&[&leaf.der], vec![]),
        ];
        for others in [10, 10_000] {
            let roots = roots(&anchors, others);
            for (index, (chain, expected)) in rows.iter().enumerate() {
                let chain: Vec<_> = chain.iter().map(|der| (*der).clone()).collect();
                assert_eq!(found(&roots, &chain), *expected, "row {index}, {others}");
            }
        }
    }

    #[test]
    fn what_is_known_of_a_root_is_found_with_it() {
        let (one, namesake) = (Ca::new("one", None), Ca::new("one", None));
        let many = (0..20).map(|number| Ca::new(&format!("root {number}"), None).der);
        let all = many.chain([one.der.clone(), namesake.der.clone()]);
        let roots = Roots::from_der(all).unwrap();
        let leaf = EndEntityCert::try_from(&one.der).unwrap();
        let candidates = Candidates::among(&roots, &leaf, &[]);
        // rcgen's default is no CA, which is trusted for itself only.
        for (anchor, root) in candidates.anchors().iter().zip([&one, &namesake]) {
            assert_eq!(
                candidates.facts(anchor).trusted_for,
                TrustedFor::ItselfOnly(root.der.clone())
            );
        }
        assert_eq!(candidates.anchors().len(), 2);
    }
}
