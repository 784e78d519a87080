//! Roots are found by subject: with 10,000 of them every verdict and every error is stock rustls' over the same roots,
//! and what our own checks say is what they say with the few roots that matter. That no more roots are looked at than
//! with ten is shown in `verifier/candidates.rs`.

use std::sync::{Arc, LazyLock};

use crate::common::clock::{NOW, unix};
use crate::common::errors::{Exact, assert_no_row_is_wrong};
use crate::common::ours::{ROLES, Setup, decide_client, decide_server};
use crate::common::pki::{Ca, CaSpec, Eku, LeafSpec};
use crate::common::tls::{provider, root_store};
use crate::defects::{Case, NAME, about_roots};
use mtls_roles::{Role, Roots};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use rustls::server::WebPkiClientVerifier;

const MANY: usize = 10_000;

/// Roots of 10,000 names that nobody here has issued under; a key is all they share.
static OTHERS: LazyLock<Vec<TrustAnchor<'static>>> = LazyLock::new(|| {
    let mut store = RootCertStore::empty();
    store.add(Ca::root_named("root 00000").der()).unwrap();
    let model = &store.roots[0];
    let named = |number: usize| {
        let mut subject = model.subject.to_vec();
        let digits = subject.len() - 5;
        subject[digits..].copy_from_slice(format!("{number:05}").as_bytes());
        TrustAnchor { subject: subject.into(), ..model.clone() }
    };
    (0..MANY).map(named).collect()
});

/// The roots of a row among 10,000 others: the first in front of them, the next ones in between.
fn among_many(roots: &[CertificateDer<'static>]) -> RootCertStore {
    let mut all = OTHERS.clone();
    for (index, anchor) in root_store(roots).roots.iter().enumerate() {
        all.insert((index * 3_333).min(all.len()), anchor.clone());
    }
    RootCertStore { roots: all }
}

/// What stock rustls says, whatever the number of roots.
fn stock(role: Role, store: RootCertStore, chain: &[CertificateDer<'_>]) -> Result<(), Exact> {
    let (store, provider) = (Arc::new(store), provider());
    let said = match role {
        Role::Client => {
            let builder = WebPkiClientVerifier::builder_with_provider(store, provider);
            decide_client(&*builder.build().unwrap(), chain, unix(NOW))
        }
        Role::Server => {
            let builder = WebPkiServerVerifier::builder_with_provider(store, provider);
            decide_server(&*builder.build().unwrap(), chain, NAME, unix(NOW))
        }
    };
    said.map_err(Exact)
}

#[test]
fn among_ten_thousand_roots_every_verdict_and_error_is_stocks() {
    let setup = Setup { is_stock: true, ..Setup::default() };
    let (mut wrong, mut count) = (vec![], 0);
    for case in about_roots() {
        let roots = Roots::from_root_cert_store(among_many(&case.roots)).unwrap();
        assert_eq!(roots.len(), MANY + root_store(&case.roots).len());
        for role in ROLES {
            let stock = stock(role, among_many(&case.roots), &case.chain);
            let ours = setup.build(role, &roots, &provider()).unwrap();
            let said = ours.decide(&case.chain, NAME, unix(NOW)).map_err(Exact);
            count += 1;
            if said != stock {
                wrong.push(format!("{role}/{}: {said:?}, stock {stock:?}", case.id));
            }
        }
    }
    assert_no_row_is_wrong(count, &wrong);
}

/// From certificates, so that what a root may do is known of each: the path checks must look at the right one.
#[test]
fn among_many_roots_our_own_checks_say_what_they_say_with_few() {
    let others: Vec<_> = (0..40).map(|number| Ca::root_named(&format!("root {number}"))).collect();
    let (mut wrong, mut count, mut own) = (vec![], 0, 0);
    let cases = about_roots().into_iter().chain(with_a_root_that_is_no_ca());
    for case in cases {
        let mut many: Vec<_> = others.iter().map(Ca::der).collect();
        for (index, root) in case.roots.iter().enumerate() {
            many.insert((index * 13).min(many.len()), root.clone());
        }
        for role in ROLES {
            let say = |roots: &[CertificateDer<'static>]| {
                let roots = Roots::from_der(roots.to_vec()).unwrap();
                let verifier = Setup::default().build(role, &roots, &provider()).unwrap();
                format!("{:?}", verifier.verify(&case.chain, NAME, unix(NOW)))
            };
            let (few, many) = (say(&case.roots), say(&many));
            count += 1;
            own += usize::from(few.contains("RootIsNoCa"));
            if few != many {
                wrong.push(format!("{role}/{}: many {many}, few {few}", case.id));
            }
        }
    }
    assert_no_row_is_wrong(count, &wrong);
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
