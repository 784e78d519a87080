//! Trust anchors are exactly what was given: nothing falls back to other roots, and a pinned certificate is trusted
//! for itself only.

use crate::common::clock::{NOW, unix};
use crate::common::ours::{ROLES, Setup, client_slot, credentials, server_slot};
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec, version_1};
use crate::common::tls::{provider, root_store, stock_client_verifier};
use mtls_roles::{ClientPeerVerifier, Roots};
use rustls::CertificateError;
use rustls::pki_types::CertificateDer;

#[test]
fn a_self_signed_certificate_that_is_no_ca_works_as_its_own_root_in_both_roles() {
    let spec = || LeafSpec::new("self").dns("self.example").eku(Eku::both());
    let (own, namesake) = (Leaf::self_signed(spec()), Leaf::self_signed(spec()));
    let roots = Roots::from_der([own.der()]).unwrap();
    for role in ROLES {
        let verifier = Setup::default().build(role, &roots, &provider()).unwrap();
        let verify = |leaf: &Leaf| verifier.verify(&leaf.chain(&[]), "self.example", unix(NOW));
        verify(&own).unwrap();
        let refusal = verify(&namesake).unwrap_err();
        assert_eq!(*refusal.error(), CertificateError::BadSignature.into(), "{role}");
    }
    server_slot().build_with(credentials(&own, &[])).unwrap();
    client_slot().build_with(credentials(&own, &[])).unwrap();
}

#[test]
fn a_pinned_certificate_is_trusted_for_itself_only() {
    for (id, spec) in [
        ("basicConstraints absent", CaSpec::new("pinned").without_basic_constraints()),
        ("cA FALSE", CaSpec::new("pinned").not_a_ca()),
    ] {
        let pinned = Ca::root(spec.clone().key_usages(&[]));
        let issued = pinned.leaf(LeafSpec::new("issued"));
        let below = pinned.sub(CaSpec::new("below"));
        let far = below.leaf(LeafSpec::new("far"));
        let renewed = Ca::root(spec.clone().key(&pinned.key));
        let namesake = Ca::root(spec);
        let not_by_it = |position| {
            format!(
                "InvalidCertificate(Other(OtherError(PathViolation {{ check: RootIsNoCa, \
                 position: {position}, certificate: \"CN=pinned\", found: None }})))"
            )
        };
        let (not_by_it, not_far_by_it) = (&*not_by_it(1), &*not_by_it(2));
        let bad_signature = "InvalidCertificate(BadSignature)";
        let no_ca = "InvalidCertificate(Other(OtherError(EndEntityUsedAsCa)))";
        let clients = verifier_over(&[pinned.der()]);
        let mut wrong = vec![];
        for (row, chain, needed) in [
            ("itself", vec![pinned.der()], None),
            ("itself, twice", vec![pinned.der(), pinned.der()], None),
            ("issued by it", issued.chain(&[]), Some(not_by_it)),
            ("issued by it, sent along", issued.chain(&[&pinned]), Some(no_ca)),
            ("issued by it, others along", issued.chain(&[&below, &namesake]), Some(no_ca)),
            ("a CA below it", far.chain(&[&below]), Some(not_far_by_it)),
            ("a CA below it, all along", far.chain(&[&below, &pinned]), Some(no_ca)),
            ("renewed with its key", vec![renewed.der()], Some(not_by_it)),
            ("renewed, itself along", vec![renewed.der(), pinned.der()], Some(not_by_it)),
            ("its namesake", vec![namesake.der()], Some(bad_signature)),
            ("its namesake, itself along", vec![namesake.der(), pinned.der()], Some(bad_signature)),
        ] {
            let found = clients.verify(Some(&chain), unix(NOW)).err();
            // `Error::Other` never compares equal; its text does.
            let found = found.map(|refusal| format!("{:?}", refusal.error()));
            if found.as_deref() != needed {
                wrong.push(format!("{id}, {row}: {found:?}, needed {needed:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        // Stock rustls takes any anchor for a CA: the reason for all this.
        let stock = stock_client_verifier(&provider(), &[pinned.der()]);
        let accepted = stock.verify_client_cert(&issued.der(), &[], unix(NOW));
        accepted.expect("stock accepts it");
    }
}

/// Told when roots are loaded, not by the first handshake.
#[test]
fn roots_that_are_trusted_for_themselves_only_are_told_when_roots_are_loaded() {
    let ca = Ca::root_named("ca");
    let absent = Ca::root(CaSpec::new("absent").without_basic_constraints());
    let no_ca = Ca::root(CaSpec::new("no ca").not_a_ca());
    let old = version_1(&Ca::root_named("old").der());
    let roots = Roots::from_der([absent.der(), ca.der(), old, no_ca.der()]).unwrap();
    let told: Vec<_> = roots.trusted_for_itself_only().collect();
    assert_eq!(told, ["root `CN=absent`", "root `CN=old`", "root `CN=no ca`"]);
    let by_store = (*root_store(&[absent.der()])).clone();
    for none in [
        Roots::from_der([ca.der()]).unwrap(),
        Roots::from_root_cert_store(by_store).unwrap(),
        Roots::public_web(),
    ] {
        assert_eq!(none.trusted_for_itself_only().next(), None);
    }
}

#[test]
fn a_ca_beside_a_pinned_certificate_of_its_name_is_still_found() {
    let pinned = Ca::root(CaSpec::new("name").without_basic_constraints());
    let ca = Ca::root_named("name");
    let leaf = ca.leaf(LeafSpec::new("leaf"));
    let cross = Ca::root(CaSpec::new("name").key(&pinned.key));
    let by_the_same_key = cross.leaf(LeafSpec::new("leaf"));
    for order in [[pinned.der(), ca.der(), cross.der()], [cross.der(), ca.der(), pinned.der()]] {
        let clients = verifier_over(&order);
        for chain in [vec![pinned.der()], leaf.chain(&[]), by_the_same_key.chain(&[])] {
            clients.verify(Some(&chain), unix(NOW)).unwrap();
        }
    }
}

fn verifier_over(roots: &[CertificateDer<'static>]) -> ClientPeerVerifier {
    let roots = Roots::from_der(roots.to_vec()).unwrap();
    ClientPeerVerifier::builder(roots, &provider()).build().unwrap()
}
