//! The EKU matrix: role × EKU of the leaf × EKU of the intermediates × policy, as DESIGN.md, section 3 has it.
//!
//! Every row goes through `verify()` and through the trait that rustls calls: verdict, exact error, honest class, and the
//! certificate, the needed and the found purposes that are reported.

use std::sync::Arc;

use crate::chains::{Chain, Chains, NAME};
use crate::common::clock::{NOW, unix};
use crate::common::errors::{Exact, assert_no_row_is_wrong};
use crate::common::ours::{Event, Heard, ROLES, Setup, Verifier};
use crate::common::pki::{Ca, CaSpec, Eku, LeafSpec};
use crate::common::tls::{provider, providers};
use crate::oracle::{Policy, Verdict, expect};
use mtls_roles::{EkuPolicy, Error, Role, Roots, ServerSlot};
use rustls::CertificateError;
use rustls::crypto::CryptoProvider;

#[test]
fn verify_says_about_every_row_what_the_design_says() {
    for_every_row(&providers()[..1], |row, chain| {
        let said = match row.verifier.verify(&chain.ders, NAME, unix(NOW)) {
            Err(refusal) => Verdict::Refused {
                class: refusal.class(),
                violation: refusal.violation().map(Into::into),
                error: Exact(refusal.error().clone()),
            },
            Ok(peer) => {
                let path: Vec<_> = peer.path().iter().map(|cert| cert.der().clone()).collect();
                assert_eq!(path, chain.ders, "{}", chain.id);
                assert_eq!((peer.role(), peer.anchor()), (row.role, "CN=root"), "{}", chain.id);
                peer.eku().into()
            }
        };
        assert!(row.heard.take().is_empty(), "verify() is not observed");
        said
    });
}

#[test]
fn the_traits_that_rustls_calls_say_the_same_and_tell_it_to_the_observer() {
    for_every_row(&providers(), |row, chain| {
        let decided = row.verifier.decide(&chain.ders, NAME, unix(NOW));
        let heard = <[Event; 1]>::try_from(row.heard.take()).expect("one event for one decision");
        match (decided, &heard[0]) {
            (Ok(()), Event::Accepted(role)) if *role == row.role => Verdict::Enforced,
            (Ok(()), Event::Relaxed(peer)) if peer.role() == row.role => peer.eku().into(),
            (Err(error), Event::Refused(role, class, violation)) if *role == row.role => {
                Verdict::Refused {
                    class: *class,
                    violation: violation.as_ref().map(Into::into),
                    error: Exact(error),
                }
            }
            (decided, event) => panic!("{}: {decided:?}, but told {event:?}", chain.id),
        }
    });
}

#[test]
fn an_unobserved_verifier_decides_as_an_observed_one() {
    for_every_row(&providers()[..1], |row, chain| {
        let expected = expect(row.role, row.policy, &chain.path);
        let decided = row.unobserved.decide(&chain.ders, NAME, unix(NOW));
        let error = decided.err().map(Exact);
        assert_eq!(error.as_ref(), expected.error(), "{}/{:?}/{}", row.role, row.policy, chain.id);
        expected
    });
}

/// What is the same for all chains of a row.
struct Row {
    role: Role,
    policy: Policy,
    verifier: Verifier,
    heard: Arc<Heard>,
    unobserved: Verifier,
}

/// Holds what is said against the oracle, for every role, policy and chain.
fn for_every_row(providers: &[(&str, Arc<CryptoProvider>)], say: impl Fn(&Row, &Chain) -> Verdict) {
    let chains = Chains::new();
    let roots = Roots::from_der([chains.root.der()]).unwrap();
    let (mut wrong, mut rows) = (vec![], 0);
    for (provider_name, provider) in providers {
        for (role, policy) in columns() {
            let heard = Arc::new(Heard::default());
            let build = |observer| {
                Setup { observer, ..policy.setup() }.build(role, &roots, provider).unwrap()
            };
            let (verifier, unobserved) = (build(Some(heard.clone())), build(None));
            let row = Row { role, policy, verifier, heard, unobserved };
            for chain in &chains.all {
                rows += 1;
                let (said, expected) = (say(&row, chain), expect(role, policy, &chain.path));
                if said != expected {
                    let id = format!("{role}/{}/{policy:?}/{provider_name}", chain.id);
                    wrong.push(format!("{id}\n  expected {expected:?}\n  found    {said:?}"));
                }
            }
        }
    }
    assert_no_row_is_wrong(rows, &wrong);
    // 11 leaves under nothing, 7 single intermediates and 7 × 6 pairs; 11 policies for clients and 7 for servers.
    assert_eq!(rows, 11 * (1 + 7 + 42) * (11 + 7) * providers.len(), "a row is missing");
}

fn columns() -> impl Iterator<Item = (Role, Policy)> {
    let all = |role| Policy::ALL.map(|policy| (role, policy));
    ROLES.into_iter().flat_map(all).filter(|(role, policy)| policy.is_for(*role))
}

#[test]
fn accept_server_auth_builds_for_clients_and_does_not_build_for_servers() {
    let roots = Roots::from_der([Ca::root_named("root").der()]).unwrap();
    let setup = Policy::AcceptServerAuth.setup();
    assert!(setup.clients(&roots, &provider()).is_ok());
    let error = setup.servers(&roots, &provider()).unwrap_err();
    assert!(matches!(error, Error::AcceptServerAuthForServers), "{error}");
    let slot = ServerSlot::builder().eku_policy(EkuPolicy::accept_server_auth());
    let error = slot.build().unwrap_err();
    assert!(matches!(error, Error::AcceptServerAuthForServers), "{error}");
}

#[test]
fn the_roots_own_eku_is_looked_at_under_no_policy() {
    for role in ROLES {
        for eku in [Eku::server(), Eku::client(), Eku::code_signing(), Eku::Empty] {
            let root = Ca::root(CaSpec::new("root").eku(eku.clone()));
            let leaf = root.leaf(LeafSpec::new("leaf").dns(NAME).eku(Eku::both()));
            let roots = Roots::from_der([root.der()]).unwrap();
            for policy in Policy::PRESETS.into_iter().filter(|policy| policy.is_for(role)) {
                let verifier = policy.setup().build(role, &roots, &provider()).unwrap();
                // With the root in the presented list, too, where webpki may come across it.
                for chain in [leaf.chain(&[]), leaf.chain(&[&root])] {
                    let peer = verifier.verify(&chain, NAME, unix(NOW));
                    let eku = peer.map(|peer| Verdict::from(peer.eku())).map_err(|_| ());
                    assert_eq!(eku, Ok(Verdict::Enforced), "{role}/{policy:?}");
                }
            }
        }
    }
}

#[test]
fn an_eku_that_is_malformed_is_refused_under_every_policy() {
    let root = Ca::root_named("root");
    let roots = Roots::from_der([root.der()]).unwrap();
    // An INTEGER in the place of a purpose.
    let malformed = Eku::Raw(vec![0x30, 0x03, 0x02, 0x01, 0x00]);
    let sub = root.sub(CaSpec::new("sub").eku(malformed.clone()));
    let leaf = LeafSpec::new("leaf").dns(NAME);
    let (direct, below) = (root.leaf(leaf.clone().eku(malformed)), sub.leaf(leaf.eku(Eku::both())));
    let (mut wrong, mut rows) = (vec![], 0);
    for (role, policy) in columns() {
        let verifier = policy.setup().build(role, &roots, &provider()).unwrap();
        for chain in [direct.chain(&[]), below.chain(&[&sub])] {
            let error = verifier.decide(&chain, NAME, unix(NOW)).map_err(Exact);
            rows += 1;
            if error != Err(Exact(CertificateError::BadEncoding.into())) {
                wrong.push(format!("{role}/{policy:?}/{}: {error:?}", chain.len()));
            }
        }
    }
    assert_no_row_is_wrong(rows, &wrong);
}
