//! The EKU matrix: role × EKU of the leaf × EKU of the intermediates × policy, as DESIGN.md, section 3 has it.
//!
//! Every row goes through `verify()` and through the trait that rustls calls: verdict, exact error, honest class, and the
//! certificate, the needed and the found purposes that are reported.

use std::sync::Arc;

use crate::chains::{Chain, Chains, NAME};
use crate::common::clock::{NOW, unix};
use crate::common::errors::{Exact, Rows};
use crate::common::ours::{Event, Heard, ROLES, Setup, Verifier, roots};
use crate::common::pki::{Ca, CaSpec, Eku, LeafSpec};
use crate::common::tls::provider;
use crate::oracle::{Policy, Verdict, expect, policies, told};
use mtls_roles::{EkuPolicy, Error, Role};
use rustls::CertificateError;

#[test]
fn about_every_row_verify_and_the_traits_that_rustls_calls_say_what_the_design_says() {
    let chains = Chains::new();
    let roots = roots([&chains.root]);
    let mut rows = Rows::default();
    for (role, policy) in columns() {
        let heard = Arc::new(Heard::default());
        let build = |observer| {
            Setup { observer, ..policy.setup() }.build(role, &roots, &provider()).unwrap()
        };
        let (observed, unobserved) = (build(Some(heard.clone())), build(None));
        for chain in &chains.all {
            let expected = expect(role, policy, &chain.path);
            let verified = verified(&observed, role, chain, &heard);
            let decided = decided(&observed, role, chain, &heard);
            let error = unobserved.decide(&chain.ders, NAME, unix(NOW)).err().map(Exact);
            let id = format_args!("{role}/{}/{policy:?}", chain.id);
            let found = (&verified, &decided, error.as_ref());
            rows.same(id, found, (&expected, &expected, expected.error()));
        }
    }
    // 11 leaves under nothing, 7 single intermediates and 7 × 6 pairs; 12 policies for clients and 8 for servers.
    assert_eq!(rows.count, 11 * (1 + 7 + 42) * (12 + 8), "a row is missing");
}

/// Outside a handshake, where nobody is told.
fn verified(verifier: &Verifier, role: Role, chain: &Chain, heard: &Heard) -> Verdict {
    let said = match verifier.verify(&chain.ders, NAME, unix(NOW)) {
        Err(refusal) => Verdict::Refused {
            class: refusal.class(),
            violation: refusal.violation().map(told),
            error: Exact(refusal.error().clone()),
        },
        Ok(peer) => {
            let path: Vec<_> = peer.path().iter().map(|cert| cert.der().clone()).collect();
            assert_eq!(path, chain.ders, "{}", chain.id);
            assert_eq!((peer.role(), peer.anchor()), (role, "CN=root"), "{}", chain.id);
            peer.eku().into()
        }
    };
    assert!(heard.take().is_empty(), "verify() is not observed");
    said
}

/// As rustls asks, and what the observer is told of it: one event for one decision.
fn decided(verifier: &Verifier, role: Role, chain: &Chain, heard: &Heard) -> Verdict {
    let decided = verifier.decide(&chain.ders, NAME, unix(NOW));
    match (decided, &heard.take()[..]) {
        (Ok(()), [Event::Accepted(of)]) if *of == role => Verdict::Enforced,
        (Ok(()), [Event::Relaxed(peer)]) if peer.role() == role => peer.eku().into(),
        (Err(error), [Event::Refused(of, class, violation)]) if *of == role => Verdict::Refused {
            class: *class,
            violation: violation.as_ref().map(told),
            error: Exact(error),
        },
        (decided, events) => panic!("{}: {decided:?}, but told {events:?}", chain.id),
    }
}

fn columns() -> impl Iterator<Item = (Role, Policy)> {
    let all = |role| policies().map(|policy| (role, policy));
    ROLES.into_iter().flat_map(all).filter(|(role, policy)| policy.is_for(*role))
}

#[test]
fn accept_server_auth_builds_for_clients_and_does_not_build_for_servers() {
    let roots = roots([&Ca::root_named("root")]);
    let setup = Setup { policy: EkuPolicy::accept_server_auth(), ..policies()[0].setup() };
    assert!(setup.clients(&roots, &provider()).is_ok());
    let error = setup.servers(&roots, &provider()).unwrap_err();
    assert!(matches!(error, Error::AcceptServerAuthForServers), "{error}");
}

#[test]
fn the_roots_own_eku_is_looked_at_under_no_policy() {
    for role in ROLES {
        for eku in [Eku::server(), Eku::client(), Eku::code_signing(), Eku::Empty] {
            let root = Ca::root(CaSpec::new("root").eku(eku.clone()));
            let leaf = root.leaf(LeafSpec::new("leaf").dns(NAME).eku(Eku::both()));
            let roots = roots([&root]);
            for policy in policies()[..4].iter().filter(|policy| policy.is_for(role)) {
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
    let roots = roots([&root]);
    // An INTEGER in the place of a purpose.
    let malformed = Eku::Raw(vec![0x30, 0x03, 0x02, 0x01, 0x00]);
    let sub = root.sub(CaSpec::new("sub").eku(malformed.clone()));
    let leaf = LeafSpec::new("leaf").dns(NAME);
    let (direct, below) = (root.leaf(leaf.clone().eku(malformed)), sub.leaf(leaf.eku(Eku::both())));
    let mut rows = Rows::default();
    for (role, policy) in columns() {
        let verifier = policy.setup().build(role, &roots, &provider()).unwrap();
        for chain in [direct.chain(&[]), below.chain(&[&sub])] {
            let found = verifier.decide(&chain, NAME, unix(NOW)).map_err(Exact);
            let malformed = Err(Exact(CertificateError::BadEncoding.into()));
            rows.same(format_args!("{role}/{policy:?}/{}", chain.len()), found, malformed);
        }
    }
}
