//! Where stock rustls is too lenient, each check refuses its case and accepts the nearest chain
//! that must pass; `stock_path_checks()` turns all of them off.

use crate::common::agreed::agreed;
use crate::common::clock::{NOW, unix};
use crate::common::errors::Rows;
use crate::common::ours::{clients, roots};
use crate::common::pki::der::sequence;
use crate::common::pki::{Ca, CaSpec, Chain, Eku, KeyUsagePurpose, Leaf, LeafSpec, WeakRsaKey};
use mtls_roles::{
    ClientPeerVerifier, PathCheck, PathViolation, PeerVerifierBuilder, Refusal, RefusalClass,
    Roots, VerifiedPeer,
};
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, Error, RootCertStore};

const KEY_USAGE: &[u64] = &[2, 5, 29, 15];
const NAME_CONSTRAINTS: &[u64] = &[2, 5, 29, 30];

/// A chain and what becomes of it.
struct Row {
    id: &'static str,
    root: CertificateDer<'static>,
    chain: Chain,
    /// The check that refuses, and the position of the certificate it names.
    refused_by: Option<(PathCheck, usize)>,
}

fn row(id: &'static str, root: &Ca, chain: Chain) -> Row {
    Row { id, root: root.der(), chain, refused_by: None }
}

impl Row {
    fn refused_by(self, check: PathCheck, position: usize) -> Self {
        Self { refused_by: Some((check, position)), ..self }
    }
}

fn client() -> LeafSpec {
    LeafSpec::new("client").dns("client.example.com").eku(Eku::client())
}

/// root → intermediate → leaf.
fn chain_with(id: &'static str, root: CaSpec, intermediate: CaSpec, leaf: LeafSpec) -> Row {
    let root = Ca::root(root);
    let intermediate = root.sub(intermediate);
    let chain = intermediate.leaf(leaf).chain(&[&intermediate]);
    row(id, &root, chain)
}

fn with_intermediate(id: &'static str, intermediate: CaSpec) -> Row {
    chain_with(id, CaSpec::new("root"), intermediate, client())
}

fn with_leaf(id: &'static str, leaf: LeafSpec) -> Row {
    chain_with(id, CaSpec::new("root"), CaSpec::new("sub"), leaf)
}

fn with_root(id: &'static str, root: CaSpec) -> Row {
    chain_with(id, root, CaSpec::new("sub"), client())
}

/// root → upper → lower → leaf.
fn with_upper(id: &'static str, upper: CaSpec) -> Row {
    let root = Ca::root_named("root");
    let upper = root.sub(upper);
    let lower = upper.sub(CaSpec::new("lower"));
    row(id, &root, lower.leaf(client()).chain(&[&lower, &upper]))
}

fn weak_leaf(id: &'static str) -> Row {
    let root = Ca::root_named("root");
    let leaf = root.leaf_for(client(), &WeakRsaKey::default());
    row(id, &root, vec![leaf])
}

#[rustfmt::skip] // One row, one line.
fn rows() -> Vec<Row> {
    use KeyUsagePurpose::{CrlSign, DigitalSignature, KeyCertSign, KeyEncipherment};
    use PathCheck as Check;
    let empty = sequence(&[]);
    // permittedSubtrees [0] and excludedSubtrees [1], both without a subtree.
    let empty_lists = sequence(&[vec![0xa0, 0], vec![0xa1, 0]]);
    // Without basicConstraints: a habit of keytool's users.
    let own = Leaf::self_signed(client()).der();
    vec![
        Row { id: "self-signed-leaf-that-is-its-own-root", root: own.clone(), chain: vec![own], refused_by: None },
        with_intermediate("issuer-ku-cert-sign", CaSpec::new("sub").key_usages(&[KeyCertSign])),
        with_intermediate("issuer-ku-absent", CaSpec::new("sub").key_usages(&[])),
        with_intermediate("issuer-ku-without-cert-sign", CaSpec::new("sub").key_usages(&[DigitalSignature, CrlSign])).refused_by(Check::IssuerWithoutKeyCertSign, 1),
        with_upper("upper-ku-cert-sign", CaSpec::new("upper")),
        with_upper("upper-ku-without-cert-sign", CaSpec::new("upper").key_usages(&[CrlSign])).refused_by(Check::IssuerWithoutKeyCertSign, 2),
        with_root("root-ku-without-cert-sign", CaSpec::new("root").key_usages(&[CrlSign])).refused_by(Check::IssuerWithoutKeyCertSign, 2),
        with_root("root-ku-absent", CaSpec::new("root").key_usages(&[])),
        with_leaf("leaf-ku-signature", client().key_usages(&[DigitalSignature, KeyEncipherment])),
        with_leaf("leaf-ku-cert-sign", client().key_usages(&[DigitalSignature, KeyCertSign])).refused_by(Check::LeafWithKeyCertSign, 0),
        // Stock rustls reads the key usage of whoever signs a revocation list only.
        with_leaf("leaf-ku-unreadable", client().key_usages(&[]).extension(KEY_USAGE, true, vec![5, 0])).refused_by(Check::UnreadableExtension, 0),
        with_intermediate("issuer-ku-unreadable", CaSpec::new("sub").key_usages(&[]).extension(KEY_USAGE, true, vec![5, 0])).refused_by(Check::UnreadableExtension, 1),
        with_leaf("leaf-without-nc", client()),
        with_leaf("leaf-with-nc", client().extension(NAME_CONSTRAINTS, false, empty.clone())).refused_by(Check::LeafWithNameConstraints, 0),
        with_intermediate("nc-present", CaSpec::new("sub").permit_dns("example.com")),
        with_intermediate("nc-empty", CaSpec::new("sub").extension(NAME_CONSTRAINTS, true, empty)).refused_by(Check::EmptyNameConstraints, 1),
        with_intermediate("nc-empty-lists", CaSpec::new("sub").extension(NAME_CONSTRAINTS, true, empty_lists)).refused_by(Check::EmptyNameConstraints, 1),
        with_leaf("leaf-empty-subject", client().empty_subject()),
        with_intermediate("issuer-empty-subject", CaSpec::new("sub").empty_subject().serial(0x5e)).refused_by(Check::IssuerWithoutName, 1),
        weak_leaf("leaf-rsa-1024").refused_by(Check::WeakLeafKey, 0),
        with_root("root-unknown-extension", CaSpec::new("root").extension(&[1, 2, 3, 4], false, vec![5, 0])),
        with_root("root-unknown-critical-extension", CaSpec::new("root").extension(&[1, 2, 3, 4], true, vec![5, 0])).refused_by(Check::RootWithUnknownCriticalExtension, 2),
        with_root("root-without-basic-constraints", CaSpec::new("root").without_basic_constraints()).refused_by(Check::RootIsNoCa, 2),
        with_root("root-not-a-ca", CaSpec::new("root").not_a_ca()).refused_by(Check::RootIsNoCa, 2),
    ]
}

fn verifier(row: &Row) -> PeerVerifierBuilder<ClientPeerVerifier> {
    clients(&Roots::from_der([row.root.clone()]).unwrap())
}

fn verify(row: &Row) -> Result<VerifiedPeer, Refusal> {
    verifier(row).build().unwrap().verify(Some(&row.chain), unix(NOW))
}

fn violation(refusal: &Refusal) -> Option<PathViolation> {
    match refusal.error() {
        Error::InvalidCertificate(CertificateError::Other(other)) => {
            other.0.downcast_ref().cloned()
        }
        _ => None,
    }
}

/// That a relaxed path is checked like any other, `ignore_is_metamorphic` shows.
#[test]
fn each_check_refuses_its_case_by_name_and_accepts_the_nearest_chain_that_must_pass() {
    let (mut checked, mut told) = (Rows::default(), String::new());
    for row in rows() {
        let refusal = verify(&row).err();
        let violation = refusal.as_ref().and_then(violation);
        let refused_by = violation.as_ref().map(|found| (found.check, found.position));
        let class = refusal.as_ref().map(Refusal::class);
        let stock = verifier(&row).stock_path_checks().build().unwrap();
        let stock = stock.verify(Some(&row.chain), unix(NOW));
        let expected_class = row.refused_by.map(|_| RefusalClass::PathCheck);
        let found = (refused_by, class, stock.is_ok());
        checked.same(row.id, found, (row.refused_by, expected_class, true));
        told.extend(violation.map(|found| format!("{}: {found}\n", row.id)));
    }
    agreed("stock/violations.txt", &told);
}

#[test]
fn a_check_rejects_a_path_and_not_the_chain_and_what_webpki_finds_elsewhere_outranks_it() {
    let root = Ca::root_named("root");
    let good = root.sub(CaSpec::new("sub"));
    let again = |spec: CaSpec| root.cross_sign(&good, spec).der();
    let bad = again(CaSpec::new("sub").key_usages(&[KeyUsagePurpose::CrlSign]));
    let expired = again(CaSpec::new("sub").expired());
    let unreadable: CertificateDer<'_> = b"x".to_vec().into();
    for (id, issuers, class) in [
        ("alone", vec![&bad], Some(RefusalClass::PathCheck)),
        ("expired", vec![&bad, &expired], Some(RefusalClass::Validity)),
        ("unreadable", vec![&bad, &unreadable], Some(RefusalClass::Other)),
        ("in front of another path", vec![&bad, &good.der()], None),
        ("behind another path", vec![&good.der(), &bad], None),
    ] {
        let leaf = good.leaf(client()).der();
        let chain = [&leaf].into_iter().chain(issuers).cloned().collect();
        let refusal = verify(&row(id, &root, chain)).err();
        assert_eq!(refusal.as_ref().map(Refusal::class), class, "{id}: {refusal:?}");
        let is_violation = refusal.as_ref().and_then(violation).is_some();
        assert_eq!(is_violation, class == Some(RefusalClass::PathCheck), "{id}");
    }
}

#[test]
fn roots_given_as_a_rustls_store_pass_although_nothing_is_known_of_them() {
    let root = Ca::root(CaSpec::new("root").key_usages(&[KeyUsagePurpose::CrlSign]));
    let leaf = root.leaf(client());
    let mut store = RootCertStore::empty();
    store.add(root.der()).unwrap();
    let roots = Roots::from_root_cert_store(store).unwrap();
    let verifier = clients(&roots).build().unwrap();
    assert!(verifier.verify(Some(&leaf.chain(&[])), unix(NOW)).is_ok());
}

#[test]
fn at_most_as_many_intermediates_as_the_verifier_was_told_to_accept() {
    let root = Ca::root_named("root");
    let upper = root.sub(CaSpec::new("upper"));
    let lower = upper.sub(CaSpec::new("lower"));
    let chain = lower.leaf(client()).chain(&[&lower, &upper]);
    for (most, accepted) in [(0, false), (1, false), (2, true), (3, true)] {
        let verifier = clients(&roots([&root])).stock_path_checks().max_intermediates(most);
        let verdict = verifier.build().unwrap().verify(Some(&chain), unix(NOW));
        assert_eq!(verdict.is_ok(), accepted, "{most}: {verdict:?}");
        if let Err(refusal) = verdict {
            let found = violation(&refusal).unwrap();
            assert_eq!((found.check, found.position), (PathCheck::PathTooDeep, most + 1));
            let text = "is deeper in the path than this verifier accepts";
            assert!(found.to_string().ends_with(text), "{found}");
        }
    }
}
