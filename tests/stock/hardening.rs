//! Where stock rustls is too lenient, each check refuses its case and accepts the nearest chain
//! that must pass; `stock_path_checks()` turns all of them off.

use crate::common::clock::{NOW, unix};
use crate::common::pki::der::sequence;
use crate::common::pki::{Ca, CaSpec, Eku, KeyUsagePurpose, Leaf, LeafSpec, WeakRsaKey};
use mtls_roles::{
    ClientPeerVerifier, EkuPolicy, PathCheck, PathViolation, PeerRule, Refusal, RefusalClass, Roots,
};
use rustls::pki_types::CertificateDer;
use rustls::{CertificateError, Error, RootCertStore};

const KEY_USAGE: &[u64] = &[2, 5, 29, 15];
const NAME_CONSTRAINTS: &[u64] = &[2, 5, 29, 30];

/// A chain and what becomes of it.
struct Row {
    id: &'static str,
    root: CertificateDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    /// The check that refuses, and the position of the certificate it names.
    refused_by: Option<(PathCheck, usize)>,
}

fn row(id: &'static str, root: &Ca, chain: Vec<CertificateDer<'static>>) -> Row {
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
    vec![
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
        with_intermediate("issuer-empty-subject", CaSpec::new("sub").empty_subject()).refused_by(Check::IssuerWithoutName, 1),
        weak_leaf("leaf-rsa-1024").refused_by(Check::WeakLeafKey, 0),
        with_root("root-unknown-extension", CaSpec::new("root").extension(&[1, 2, 3, 4], false, vec![5, 0])),
        with_root(
            "root-unknown-critical-extension",
            CaSpec::new("root").extension(&[1, 2, 3, 4], true, vec![5, 0]),
        )
        .refused_by(Check::RootWithUnknownCriticalExtension, 2),
        with_root("root-without-basic-constraints", CaSpec::new("root").without_basic_constraints()).refused_by(Check::RootIsNoCa, 2),
        with_root("root-not-a-ca", CaSpec::new("root").not_a_ca()).refused_by(Check::RootIsNoCa, 2),
    ]
}

fn verify(row: &Row, stock: bool, policy: EkuPolicy) -> Result<(), Refusal> {
    let roots = Roots::from_der([row.root.clone()]).unwrap();
    let builder = ClientPeerVerifier::builder(roots, &crate::common::tls::provider())
        .eku_policy(policy)
        .relax_for(PeerRule::dns_name("client.example.com").unwrap());
    let builder = if stock { builder.stock_path_checks() } else { builder };
    let verifier = builder.build().unwrap();
    verifier.verify(Some(&row.chain), unix(NOW)).map(drop)
}

fn violation(refusal: &Refusal) -> Option<PathViolation> {
    match refusal.error() {
        Error::InvalidCertificate(CertificateError::Other(other)) => {
            other.0.downcast_ref().cloned()
        }
        _ => None,
    }
}

#[test]
fn each_check_refuses_its_case_and_accepts_the_nearest_chain_that_must_pass() {
    let mut wrong = Vec::new();
    for row in rows() {
        let verdict = verify(&row, false, EkuPolicy::rfc5280());
        let refused_by =
            verdict.as_ref().err().and_then(violation).map(|found| (found.check, found.position));
        let class = verdict.as_ref().err().map(Refusal::class);
        let expected_class = row.refused_by.map(|_| RefusalClass::PathCheck);
        let relaxed = verify(&row, false, EkuPolicy::ignore());
        let stock = verify(&row, true, EkuPolicy::rfc5280());
        if refused_by != row.refused_by
            || class != expected_class
            || relaxed.is_ok() != row.refused_by.is_none()
            || stock.is_err()
        {
            wrong.push(format!("{}: {verdict:?}, relaxed {relaxed:?}, stock {stock:?}", row.id));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_relaxed_path_is_checked_like_any_other() {
    let root = Ca::root_named("root");
    let sub = root.sub(CaSpec::new("sub").key_usages(&[KeyUsagePurpose::CrlSign]));
    let chain = sub.leaf(client().eku(Eku::server())).chain(&[&sub]);
    let row = row("relaxed", &root, chain);
    let refusal = verify(&row, false, EkuPolicy::ignore()).unwrap_err();
    assert_eq!(
        violation(&refusal).map(|found| found.check),
        Some(PathCheck::IssuerWithoutKeyCertSign)
    );
}

#[test]
fn a_check_rejects_a_path_and_not_the_chain_so_that_another_path_is_found() {
    let root = Ca::root_named("root");
    let good = root.sub(CaSpec::new("sub"));
    let bad = root.cross_sign(&good, CaSpec::new("sub").key_usages(&[KeyUsagePurpose::CrlSign]));
    let leaf = good.leaf(client());
    for order in [[&good, &bad], [&bad, &good]] {
        let row = row("cross-signed", &root, leaf.chain(&order));
        assert!(verify(&row, false, EkuPolicy::rfc5280()).is_ok());
    }
}

#[test]
fn what_webpki_finds_in_another_certificate_outranks_a_violation() {
    let root = Ca::root_named("root");
    let good = root.sub(CaSpec::new("sub"));
    let bad = root.cross_sign(&good, CaSpec::new("sub").key_usages(&[KeyUsagePurpose::CrlSign]));
    let expired = root.cross_sign(&good, CaSpec::new("sub").expired()).der();
    for (id, extra, class) in [
        ("none", vec![], RefusalClass::PathCheck),
        ("expired", vec![expired], RefusalClass::Validity),
        ("unreadable", vec![b"x".to_vec().into()], RefusalClass::Other),
    ] {
        let chain = [good.leaf(client()).chain(&[&bad]), extra].concat();
        let row = row(id, &root, chain);
        let refusal = verify(&row, false, EkuPolicy::rfc5280()).unwrap_err();
        assert_eq!(refusal.class(), class, "{id}: {refusal:?}");
        let is_violation = violation(&refusal).is_some();
        assert_eq!(is_violation, class == RefusalClass::PathCheck, "{id}");
    }
}

#[test]
fn a_self_signed_certificate_without_basic_constraints_that_is_its_own_root_passes() {
    let leaf = Leaf::self_signed(client());
    let row = Row { id: "keytool", root: leaf.der(), chain: vec![leaf.der()], refused_by: None };
    assert!(verify(&row, false, EkuPolicy::rfc5280()).is_ok());
}

#[test]
fn roots_given_as_a_rustls_store_pass_although_nothing_is_known_of_them() {
    let root = Ca::root(CaSpec::new("root").key_usages(&[KeyUsagePurpose::CrlSign]));
    let leaf = root.leaf(client());
    let mut store = RootCertStore::empty();
    store.add(root.der()).unwrap();
    let roots = Roots::from_root_cert_store(store).unwrap();
    let verifier =
        ClientPeerVerifier::builder(roots, &crate::common::tls::provider()).build().unwrap();
    assert!(verifier.verify(Some(&leaf.chain(&[])), unix(NOW)).is_ok());
}

#[test]
fn at_most_as_many_intermediates_as_the_verifier_was_told_to_accept() {
    let root = Ca::root_named("root");
    let upper = root.sub(CaSpec::new("upper"));
    let lower = upper.sub(CaSpec::new("lower"));
    let chain = lower.leaf(client()).chain(&[&lower, &upper]);
    for (most, accepted) in [(0, false), (1, false), (2, true), (3, true)] {
        let roots = Roots::from_der([root.der()]).unwrap();
        let verifier = ClientPeerVerifier::builder(roots, &crate::common::tls::provider())
            .stock_path_checks()
            .max_intermediates(most)
            .build()
            .unwrap();
        let verdict = verifier.verify(Some(&chain), unix(NOW));
        assert_eq!(verdict.is_ok(), accepted, "{most}: {verdict:?}");
        if let Err(refusal) = verdict {
            let found = violation(&refusal).unwrap();
            assert_eq!((found.check, found.position), (PathCheck::PathTooDeep, most + 1));
            let text = "is deeper in the path than this verifier accepts";
            assert!(found.to_string().ends_with(text), "{found}");
        }
    }
}

#[test]
fn a_violation_names_the_certificate_and_the_check() {
    let printed: Vec<_> = rows()
        .iter()
        .filter(|row| row.refused_by.is_some())
        .map(|row| {
            let refusal = verify(row, false, EkuPolicy::rfc5280()).unwrap_err();
            let text = format!("{}: {}", row.id, violation(&refusal).expect(row.id));
            // Without a name it is called by its serial number, which is drawn.
            match text.split_once("`serial ") {
                Some((before, after)) => {
                    format!("{before}`serial SERIAL{}", &after[after.find('`').unwrap()..])
                }
                None => text,
            }
        })
        .collect();
    #[rustfmt::skip] // One row, one line.
    let expected = [
        "issuer-ku-without-cert-sign: certificate 2 of the path (`CN=sub`) issued another, but its key usage lacks keyCertSign",
        "upper-ku-without-cert-sign: certificate 3 of the path (`CN=upper`) issued another, but its key usage lacks keyCertSign",
        "root-ku-without-cert-sign: certificate 3 of the path (`CN=root`) issued another, but its key usage lacks keyCertSign",
        "leaf-ku-cert-sign: certificate 1 of the path (`CN=client`) is a leaf, but its key usage has keyCertSign",
        "leaf-ku-unreadable: certificate 1 of the path (`CN=client`) has an extension that cannot be read; found keyUsage (2.5.29.15)",
        "issuer-ku-unreadable: certificate 2 of the path (`CN=sub`) has an extension that cannot be read; found keyUsage (2.5.29.15)",
        "leaf-with-nc: certificate 1 of the path (`CN=client`) is a leaf, but has name constraints",
        "nc-empty: certificate 2 of the path (`CN=sub`) has name constraints that are empty",
        "nc-empty-lists: certificate 2 of the path (`CN=sub`) has name constraints that are empty",
        "issuer-empty-subject: certificate 2 of the path (`serial SERIAL`) issued another, but has an empty subject",
        "leaf-rsa-1024: certificate 1 of the path (`CN=client`) has a key that no handshake of rustls takes, needed is RSA (rsaEncryption) of 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519; found RSA 1024",
        "root-unknown-critical-extension: certificate 3 of the path (`CN=root`) is a root with a critical extension that is not understood; found 1.2.3.4",
        "root-without-basic-constraints: certificate 3 of the path (`CN=root`) is a root that is no CA, so it is trusted for itself only",
        "root-not-a-ca: certificate 3 of the path (`CN=root`) is a root that is no CA, so it is trusted for itself only",
    ];
    assert_eq!(printed, expected);
}
