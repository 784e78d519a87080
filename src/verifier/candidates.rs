//! The roots at which a path over the presented certificates may end.
//!
//! webpki compares every root with every certificate of a path, so its cost grows with the number
//! of roots. It gets those only that have issued, by name, one of the presented certificates: the
//! others could change neither its verdict nor its error.

use std::borrow::Cow;

use rustls::pki_types::{CertificateDer, Der, TrustAnchor};
use webpki::EndEntityCert;

use crate::roots::Roots;

/// So few roots are compared faster than the presented issuers are read.
const FEW: usize = 8;

/// In their order; borrowed where they are neighbours among the roots.
pub(super) fn candidates<'a>(
    roots: &'a Roots,
    leaf: &EndEntityCert<'_>,
    intermediates: &[CertificateDer<'_>],
) -> Cow<'a, [TrustAnchor<'a>]> {
    let anchors = roots.anchors();
    if anchors.len() <= FEW {
        return anchors.into();
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
        [range] => anchors[range.clone()].into(),
        ranges => ranges.iter().flat_map(|range| &anchors[range.clone()]).map(borrowed).collect(),
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
        candidates(roots, &leaf, &chain[1..]).iter().map(TrustAnchor::to_owned).collect()
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
        let again: CertificateDer<'_> = one.params.self_signed(&one.key).unwrap().into();
        let of_one_name = [one.der.clone(), namesake.der, again];
        let many = (0..20).map(|number| Ca::new(&format!("root {number}"), None).der);
        let all = many.chain(of_one_name.clone());
        let roots = Roots::from_der(all).unwrap();
        let leaf = EndEntityCert::try_from(&one.der).unwrap();
        let candidates = candidates(&roots, &leaf, &[]);
        // rcgen's default is no CA, which is trusted for itself only.
        let found = candidates.iter().map(|anchor| roots.facts(anchor).trusted_for.clone());
        assert_eq!(found.collect::<Vec<_>>(), of_one_name.map(TrustedFor::ItselfOnly));
    }
}
