//! Roots are found by subject: among many, every verdict and every error is what it is with the few that matter, which
//! `as_stock` holds against stock rustls. That no more roots are looked at among 10,000 than among ten is shown in
//! `verifier/candidates.rs`.

use rustls::pki_types::CertificateDer;

use crate::common::clock::{NOW, unix};
use crate::common::errors::Rows;
use crate::common::ours::{ROLES, Setup};
use crate::common::pki::{Ca, CaSpec, Eku, LeafSpec};
use crate::common::tls::provider;
use crate::defects::{Case, NAME, about_roots};
use mtls_roles::Roots;

/// From certificates, so that what a root may do is known of each: the path checks must look at the right one.
#[test]
fn among_many_roots_is_said_what_is_said_with_few() {
    let others: Vec<_> = (0..40).map(|number| Ca::root_named(&format!("root {number}"))).collect();
    let (mut rows, mut own) = (Rows::default(), 0);
    for case in about_roots().into_iter().chain(with_a_root_that_is_no_ca()) {
        // The first in front of the others, the next ones in between.
        let mut many: Vec<_> = others.iter().map(Ca::der).collect();
        for (index, root) in case.roots.iter().enumerate() {
            many.insert(index * 13, root.clone());
        }
        for (role, is_stock) in ROLES.into_iter().flat_map(|role| [(role, false), (role, true)]) {
            let setup = Setup { is_stock, ..Setup::default() };
            let say = |roots: &[CertificateDer<'static>]| {
                let roots = Roots::from_der(roots.to_vec()).unwrap();
                let verifier = setup.build(role, &roots, &provider()).unwrap();
                format!("{:?}", verifier.verify(&case.chain, NAME, unix(NOW)))
            };
            let (few, many) = (say(&case.roots), say(&many));
            own += usize::from(few.contains("RootIsNoCa"));
            rows.same(format_args!("{role}/{}", case.id), many, few);
        }
    }
    assert!(own > 0, "no check of ours has refused anything");
}

/// Of this chain's key, of its name only, and beside the one that issued.
fn with_a_root_that_is_no_ca() -> Vec<Case> {
    let root = Ca::root_named("root");
    let leaf = LeafSpec::new("leaf").dns(NAME).eku(Eku::both());
    let chain = root.leaf(leaf).chain(&[]);
    let no_ca = || CaSpec::new("root").not_a_ca();
    let (of_its_key, another) = (Ca::root(no_ca().key(&root.key)).der(), Ca::root(no_ca()).der());
    [vec![of_its_key.clone()], vec![of_its_key, root.der()], vec![another, root.der()]]
        .map(|roots| Case { roots, chain: chain.clone(), ..Case::plain() })
        .to_vec()
}
