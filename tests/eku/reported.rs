//! A relaxation is reported if and only if the EKU was the only obstacle, and observers hear the
//! honest reason of every refusal, whatever error the peer gets.

mod bounded;
mod chains;
mod honest_class;

use std::sync::Arc;

use crate::common::clock::{NOW, unix};
use crate::common::ours::Heard;
use crate::common::ours::{clients, rule, servers};
use crate::common::pki::{Ca, CaSpec, Eku, Kp, LeafSpec};
use crate::common::tls::{provider, stock_client_verifier};
use chains::{cross_signed, decoys, orders};
use mtls_roles::{
    ClientPeerVerifier, Counters, EkuOutcome, EkuPolicy, Observer, PeerRule, PeerVerifier,
    PeerVerifierBuilder, Purpose, Refusal, RefusalClass, Role, Roots, VerifiedPeer,
};
use rustls::CertificateError;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName};
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
    let mut wrong = vec![];
    for (id, leaf, first, second, expected) in rows {
        for (policy, is_server_auth) in
            [(EkuPolicy::ignore(), false), (EkuPolicy::accept_server_auth(), true)]
        {
            for (order, chain, roots) in cross_signed(&leaf, &first, &second) {
                let verifier = any(roots, policy).build().unwrap();
                let found = verifier.verify(Some(&chain), unix(NOW));
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
                if !is_as_expected {
                    wrong.push(format!("{id}, {order}, {policy}: {found:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn expired_and_badly_signed_decoys_change_neither_the_verdict_nor_the_report() {
    let mut wrong = vec![];
    for (id, eku, position) in [
        ("right", Eku::client(), None),
        ("wrong issuer", Eku::server(), Some(1)),
        ("none", Eku::Absent, None),
    ] {
        let root = Ca::root_named("root");
        let sub = root.sub(CaSpec::new("sub").eku(eku));
        let leaf = sub.leaf(LeafSpec::new("edge").dns("edge.example").eku(Eku::both()));
        let roots = || Roots::from_der([root.der()]).unwrap();
        for (decoy_id, decoys) in decoys(&root, &sub) {
            for (order, chain) in orders(&leaf, &sub.der(), &decoys) {
                let row = format!("{id}, {decoy_id}, {order}");
                match relaxed_for_edge(roots()).build().unwrap().verify(Some(&chain), unix(NOW)) {
                    Ok(peer) if peer.path()[1].der() != &sub.der() => {
                        wrong.push(format!("{row}: another path"))
                    }
                    Ok(peer) if position.is_none() && *peer.eku() == EkuOutcome::Enforced => {}
                    Ok(peer)
                        if position.is_some_and(|position| reports_its_path(&peer, position)) => {}
                    other => wrong.push(format!("{row}: {other:?}")),
                }
                // Stock's error, which is the decoy's; and yet the EKU is the only obstacle.
                let strict = clients(&roots()).build().unwrap().verify(Some(&chain), unix(NOW));
                let stock = stock_verdict(&root, &chain);
                let verdict = strict.as_ref().map(drop).map_err(|refusal| refusal.error().clone());
                let class = strict.as_ref().err().map(Refusal::class);
                if verdict != stock || class != position.map(|_| RefusalClass::Eku) {
                    wrong.push(format!("{row}, rfc5280: {strict:?}, stock {stock:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
        for builder in every_policy(&root) {
            let (id, refusal) = (format!("{order}, {builder:?}"), refusal(&builder, &chain));
            assert_eq!(*refusal.error(), expired, "{id}");
            assert_eq!(refusal.class(), RefusalClass::Validity, "{id}");
            assert_eq!(refusal.violation(), None, "{id}");
        }
    }
}

#[test]
fn every_decision_in_a_handshake_is_told_and_counted_once_and_in_its_role() {
    let root = Ca::root_named("root");
    let (roots, spec) =
        (Roots::from_der([root.der()]).unwrap(), || LeafSpec::new("edge").dns("edge.example"));
    let stranger = Ca::root_named("stranger").leaf(spec()).chain(&[]);
    let other =
        root.leaf(LeafSpec::new("other").dns("other.example").eku(Eku::code_signing())).chain(&[]);
    let chain = |eku| root.leaf(spec().eku(eku)).chain(&[]);
    let (counters, told) = (Arc::new(Counters::default()), Arc::new(Heard::default()));
    fn heard<V: PeerVerifier>(
        builder: PeerVerifierBuilder<V>,
        [one, other]: [Arc<dyn Observer>; 2],
    ) -> V {
        let builder = builder.eku_policy(EkuPolicy::ignore()).relax_for(edge());
        builder.observer(one).observer(other).build().unwrap()
    }
    let clients = heard(clients(&roots), [counters.clone(), told.clone()]);
    let servers = heard(servers(&roots), [counters.clone(), told.clone()]);
    #[rustfmt::skip] // One row, one line.
    let rows = [
        (chain(Eku::both()), "accepted ROLE", [1, 0, 0, 0]),
        (chain(Eku::Absent), "accepted ROLE", [1, 0, 0, 0]),
        (chain(Eku::code_signing()), "relaxed ROLE dns:edge.example: leaf `CN=edge` has extended key usage codeSigning, needed ROLEAuth", [0, 1, 0, 0]),
        (other, "refused ROLE Eku", [0, 0, 1, 0]),
        (stranger, "refused ROLE UnknownIssuer", [0, 0, 0, 1]),
        (chain(Eku::Empty), "refused ROLE Other", [0, 0, 0, 1]),
        (vec![b"rubbish".to_vec().into()], "refused ROLE Other", [0, 0, 0, 1]),
    ];
    for role in [Role::Client, Role::Server] {
        for (chain, expected, counted) in &rows {
            let (leaf, intermediates) = (&chain[0], &chain[1..]);
            let name = match *expected {
                "refused ROLE Eku" => "other.example",
                _ => "edge.example",
            };
            let name = ServerName::try_from(name).unwrap();
            let before = [counts(&counters, Role::Client), counts(&counters, Role::Server)];
            let is_ok = match role {
                Role::Client => {
                    let _ = clients.verify(Some(chain), unix(NOW)); // Not observed.
                    clients.verify_client_cert(leaf, intermediates, unix(NOW)).is_ok()
                }
                Role::Server => {
                    let _ = servers.verify(Some(chain), &name, unix(NOW)); // Not observed.
                    servers.verify_server_cert(leaf, intermediates, &name, &[], unix(NOW)).is_ok()
                }
            };
            assert_eq!(told.lines(), [expected.replace("ROLE", &role.to_string())]);
            assert_eq!(is_ok, counted[0] + counted[1] == 1, "{role}, {expected}");
            let after = [counts(&counters, Role::Client), counts(&counters, Role::Server)];
            let grown = [0, 1]
                .map(|role| [0, 1, 2, 3].map(|index| after[role][index] - before[role][index]));
            let expected_growth = match role {
                Role::Client => [*counted, [0; 4]],
                Role::Server => [[0; 4], *counted],
            };
            assert_eq!(grown, expected_growth, "{role}, {expected}");
        }
    }
}

fn counts(counters: &Counters, role: Role) -> [u64; 4] {
    let verified = counters.verdicts(role);
    [verified.enforced, verified.relaxed, verified.refused_by_eku, verified.refused_otherwise]
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

/// A verifier under each policy, relaxed for the peer of these tests where it is relaxed at all.
#[derive(Debug)]
struct Under {
    policy: EkuPolicy,
    root: CertificateDer<'static>,
}

impl Under {
    fn policy_builder(&self) -> PeerVerifierBuilder<ClientPeerVerifier> {
        let roots = Roots::from_der([self.root.clone()]).unwrap();
        clients(&roots).eku_policy(self.policy).relax_for(edge())
    }
}

fn every_policy(root: &Ca) -> [Under; 4] {
    [
        EkuPolicy::rfc5280(),
        EkuPolicy::strict(),
        EkuPolicy::ignore(),
        EkuPolicy::accept_server_auth(),
    ]
    .map(|policy| Under { policy, root: root.der() })
}

/// The same within a handshake, observed or not, and outside of one.
fn refusal(under: &Under, chain: &[CertificateDer<'static>]) -> Refusal {
    let told = Arc::new(Heard::default());
    let plain = under.policy_builder().build().unwrap();
    let observed = under.policy_builder().observer(told.clone()).build().unwrap();
    let refusal = plain.verify(Some(chain), unix(NOW)).unwrap_err();
    for verifier in [plain, observed] {
        let error = verifier.verify_client_cert(&chain[0], &chain[1..], unix(NOW)).unwrap_err();
        assert_eq!(format!("{error:?}"), format!("{:?}", refusal.error()), "{under:?}");
    }
    assert_eq!(told.lines(), [format!("refused client {:?}", refusal.class())], "{under:?}");
    refusal
}

fn stock_verdict(root: &Ca, chain: &[CertificateDer<'static>]) -> Result<(), rustls::Error> {
    let stock = stock_client_verifier(&provider(), &[root.der()], []);
    stock.verify_client_cert(&chain[0], &chain[1..], unix(NOW)).map(drop)
}

fn relaxed_for_edge(roots: Roots) -> PeerVerifierBuilder<ClientPeerVerifier> {
    clients(&roots).eku_policy(EkuPolicy::ignore()).relax_for(edge())
}

fn any(roots: Roots, policy: EkuPolicy) -> PeerVerifierBuilder<ClientPeerVerifier> {
    clients(&roots).eku_policy(policy).relax_for_any_peer_of_these_private_roots()
}

fn edge() -> PeerRule {
    rule("dns:edge.example")
}
