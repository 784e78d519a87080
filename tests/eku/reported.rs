//! A relaxation is reported if and only if the EKU was the only obstacle, and observers hear the
//! honest reason of every refusal, whatever error the peer gets.

mod bounded;
mod chains;
mod honest_class;

use std::sync::Arc;

use crate::common::clock::{NOW, unix};
use crate::common::errors::Rows;
use crate::common::ours::{Heard, clients, roots, rule};
use crate::common::pki::{Ca, CaSpec, Eku, Kp, LeafSpec};
use crate::common::tls::{provider, stock_client_verifier};
use chains::{cross_signed, decoys, orders};
use mtls_roles::{
    ClientPeerVerifier, EkuOutcome, EkuPolicy, PeerRule, PeerVerifierBuilder, Purpose, Refusal,
    RefusalClass, VerifiedPeer,
};
use rustls::CertificateError;
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;
use time::Duration;

#[test]
fn of_two_cross_signed_paths_a_right_one_is_enforced_and_two_wrong_ones_are_reported() {
    enum Expected {
        Enforced,
        /// Position of the violation under `ignore()`, and whether `accept_server_auth()` accepts.
        Relaxed(usize, bool),
    }
    use Expected::{Enforced, Relaxed};
    let email = || Eku::Purposes(vec![Kp::EmailProtection]);
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("one right, one wrong", Eku::both(), Eku::client(), Eku::server(), Enforced),
        ("one without EKU, one wrong", Eku::both(), Eku::Absent, Eku::server(), Enforced),
        ("one right, one neither, leaf without", Eku::Absent, Eku::both(), Eku::code_signing(), Enforced),
        ("both wrong, one serverAuth", Eku::both(), Eku::server(), Eku::code_signing(), Relaxed(1, true)),
        ("both wrong, both serverAuth", Eku::Absent, Eku::server(), Eku::server(), Relaxed(1, true)),
        ("both wrong, neither serverAuth", Eku::both(), email(), Eku::code_signing(), Relaxed(1, false)),
        ("leaf wrong, one path serverAuth", Eku::server(), Eku::client(), Eku::server(), Relaxed(0, true)),
        ("leaf wrong, purposes mixed on each path", Eku::server(), Eku::client(), email(), Relaxed(0, false)),
        ("leaf neither", Eku::code_signing(), Eku::both(), Eku::Absent, Relaxed(0, false)),
    ];
    let mut checked = Rows::default();
    for (id, leaf, first, second, expected) in rows {
        for (policy, is_server_auth) in
            [(EkuPolicy::ignore(), false), (EkuPolicy::accept_server_auth(), true)]
        {
            for (order, chain, roots) in cross_signed(&leaf, &first, &second) {
                let verifier = clients(&roots).eku_policy(policy);
                let verifier = verifier.relax_for_any_peer_of_these_private_roots();
                let found = verifier.build().unwrap().verify(Some(&chain), unix(NOW));
                let is_as_expected = match (&found, &expected) {
                    (Ok(peer), Enforced) => {
                        *peer.eku() == EkuOutcome::Enforced && is_good(peer, Purpose::CLIENT_AUTH)
                    }
                    (Ok(peer), Relaxed(position, accepts)) => {
                        reports_its_path(peer, *position)
                            && (!is_server_auth
                                || (*accepts && is_good(peer, Purpose::SERVER_AUTH)))
                    }
                    (Err(refusal), Relaxed(_, accepts)) => {
                        is_server_auth && !accepts && refusal.class() == RefusalClass::Eku
                    }
                    (Err(_), Enforced) => false,
                };
                let id = format_args!("{id}, {order}, {policy}");
                checked.holds(id, is_as_expected, format_args!("{found:?}"));
            }
        }
    }
}

#[test]
fn expired_and_badly_signed_decoys_change_neither_the_verdict_nor_the_report() {
    let mut rows = Rows::default();
    for (id, eku, position) in [
        ("right", Eku::client(), None),
        ("wrong issuer", Eku::server(), Some(1)),
        ("none", Eku::Absent, None),
    ] {
        let root = Ca::root_named("root");
        let sub = root.sub(CaSpec::new("sub").eku(eku));
        let leaf = sub.leaf(LeafSpec::new("edge").dns("edge.example").eku(Eku::both()));
        let strict = clients(&roots([&root])).build().unwrap();
        let relaxed = for_edge(&root, EkuPolicy::ignore()).build().unwrap();
        for (decoy_id, decoys) in decoys(&root, &sub) {
            for (order, chain) in orders(&leaf, &sub.der(), &decoys) {
                let found = relaxed.verify(Some(&chain), unix(NOW));
                let is_right = found.as_ref().is_ok_and(|peer| {
                    let is_reported = match position {
                        None => *peer.eku() == EkuOutcome::Enforced,
                        Some(position) => reports_its_path(peer, position),
                    };
                    is_reported && peer.path()[1].der() == &sub.der()
                });
                let id = format_args!("{id}, {decoy_id}, {order}");
                rows.holds(id, is_right, format_args!("{found:?}"));
                // Stock's error, which is the decoy's; and yet the EKU is the only obstacle.
                let strict = strict.verify(Some(&chain), unix(NOW)).map(drop);
                let class = strict.as_ref().err().map(Refusal::class);
                let error = strict.map_err(|refusal| refusal.error().clone());
                let eku_alone = position.map(|_| RefusalClass::Eku);
                rows.same(id, (error, class), (stock_verdict(&root, &chain), eku_alone));
            }
        }
    }
}

#[test]
fn a_decoy_with_a_wrong_eku_makes_no_other_defect_an_eku_defect() {
    let (root, other) = (Ca::root_named("root"), Ca::root_named("other"));
    let late = root.sub(CaSpec::new("sub").expired());
    let leaf = late.leaf(LeafSpec::new("edge").dns("edge.example").eku(Eku::both()));
    let decoy = other.cross_sign(&late, CaSpec::new("sub").eku(Eku::code_signing()));
    let not_after = unix(NOW - Duration::days(1));
    let expired =
        rustls::Error::from(CertificateError::ExpiredContext { time: unix(NOW), not_after });
    for (order, chain) in orders(&leaf, &late.der(), &[decoy.der()]) {
        assert_eq!(stock_verdict(&root, &chain), Err(expired.clone()), "{order}");
        for policy in POLICIES {
            let (id, refusal) = (format!("{order}, {policy}"), refusal(&root, policy, &chain));
            assert_eq!(*refusal.error(), expired, "{id}");
            assert_eq!(refusal.class(), RefusalClass::Validity, "{id}");
            assert_eq!(refusal.violation(), None, "{id}");
        }
    }
}

/// Whether the violation is the first wrong EKU of the path that is reported with it.
fn reports_its_path(peer: &VerifiedPeer, position: usize) -> bool {
    let is_wrong = |purposes: &[Purpose]| !purposes.contains(&Purpose::CLIENT_AUTH);
    let first =
        peer.path().iter().position(|certificate| certificate.purposes().is_some_and(is_wrong));
    match peer.eku() {
        EkuOutcome::Relaxed(violation) => {
            first == Some(position)
                && violation.position == position
                && violation.needed == Purpose::CLIENT_AUTH
                && violation.found.as_deref() == peer.path()[position].purposes()
                && violation.certificate == peer.path()[position].subject()
        }
        _ => false,
    }
}

/// Whether every EKU on the path has the purpose.
fn is_good(peer: &VerifiedPeer, purpose: Purpose) -> bool {
    let mut purposes = peer.path().iter().filter_map(|certificate| certificate.purposes());
    purposes.all(|purposes| purposes.contains(&purpose))
}

const POLICIES: [EkuPolicy; 4] = [
    EkuPolicy::rfc5280(),
    EkuPolicy::strict(),
    EkuPolicy::ignore(),
    EkuPolicy::accept_server_auth(),
];

/// Relaxed for the peer of these tests, where the policy is relaxed at all.
fn for_edge(root: &Ca, policy: EkuPolicy) -> PeerVerifierBuilder<ClientPeerVerifier> {
    clients(&roots([root])).eku_policy(policy).relax_for(edge())
}

/// The same within a handshake, observed or not, and outside of one.
fn refusal(root: &Ca, policy: EkuPolicy, chain: &[CertificateDer<'static>]) -> Refusal {
    let told = Arc::new(Heard::default());
    let plain = for_edge(root, policy).build().unwrap();
    let observed = for_edge(root, policy).observer(told.clone()).build().unwrap();
    let refusal = plain.verify(Some(chain), unix(NOW)).unwrap_err();
    for verifier in [plain, observed] {
        let error = verifier.verify_client_cert(&chain[0], &chain[1..], unix(NOW)).unwrap_err();
        assert_eq!(format!("{error:?}"), format!("{:?}", refusal.error()), "{policy}");
    }
    assert_eq!(told.lines(), [format!("refused client {:?}", refusal.class())], "{policy}");
    refusal
}

fn stock_verdict(root: &Ca, chain: &[CertificateDer<'static>]) -> Result<(), rustls::Error> {
    let stock = stock_client_verifier(&provider(), &[root.der()]);
    stock.verify_client_cert(&chain[0], &chain[1..], unix(NOW)).map(drop)
}

fn edge() -> PeerRule {
    rule("dns:edge.example")
}
