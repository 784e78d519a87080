//! The renewal guard: a renewed certificate that lost a purpose is found out, by the decision that
//! a slot makes.

use crate::common::clock::Clock;
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec};
use crate::common::tls::provider;
use crate::world::{file, findings};
use mtls_roles::audit::{Roles, Serving, renewal};
use mtls_roles::{ClientSlot, Credentials, Role, ServerSlot};

/// The chain of a leaf with one EKU under an issuer with another.
fn chain(leaf: &Eku, issuer: &Eku) -> (Leaf, Ca) {
    let issuer = Ca::root_named("root").sub(CaSpec::new("issuer").eku(issuer.clone()));
    let leaf = LeafSpec::new("leaf").dns("edge.example.com").eku(leaf.clone());
    (issuer.leaf(leaf), issuer)
}

/// The roles that are lost, and the first reason.
fn lost(old: &(Leaf, Ca), renewed: &(Leaf, Ca), needed: Serving) -> (Vec<Role>, String) {
    let [old, renewed] = [old, renewed].map(|(leaf, issuer)| file(leaf.chain_pem(&[issuer])));
    let renewal =
        findings(&old, |old| findings(&renewed, |renewed| renewal(&old[0], &renewed[0], needed)));
    assert_eq!(renewal.is_fit(), renewal.lost.is_empty());
    let reason = renewal.lost.first().map(|(_, violation)| violation.to_string());
    let roles = renewal.lost.into_iter().map(|(role, _)| role).collect();
    (roles, reason.unwrap_or_default())
}

#[test]
fn what_is_lost_is_what_the_old_one_was_fit_for_and_the_renewed_one_is_not() {
    use Role::{Client, Server};
    use Serving::{In, Suggested};
    let (both, server, client) = (Eku::both, Eku::server, Eku::client);
    #[rustfmt::skip]
    let rows: [(&str, Eku, Eku, Serving, &[Role]); 9] = [
        ("kept",                 both(), both(), Suggested, &[]),
        ("lost clientAuth",      both(), server(), Suggested, &[Client]),
        ("lost serverAuth",      both(), client(), Suggested, &[Server]),
        ("lost both",            Eku::Absent, Eku::code_signing(), Suggested, &[Server, Client]),
        ("never had it",         server(), server(), Suggested, &[]),
        ("never fit",            Eku::any(), server(), Suggested, &[]),
        ("gained it",            server(), both(), Suggested, &[]),
        ("lost, not needed",     both(), server(), In(Roles::SERVER), &[]),
        ("never had it, needed", server(), server(), In(Roles::CLIENT), &[Client]),
    ];
    for (id, old, renewed, needed, expected) in rows {
        let chain = |eku| chain(&eku, &Eku::Absent);
        assert_eq!(lost(&chain(old), &chain(renewed), needed).0, expected, "{id}");
    }
}

#[test]
fn a_purpose_is_lost_on_any_level() {
    let (old, renewed) = (chain(&Eku::both(), &Eku::Absent), chain(&Eku::both(), &Eku::server()));
    let reason = "issuer `CN=issuer` has extended key usage serverAuth, needed clientAuth";
    assert_eq!(lost(&old, &renewed, Serving::Suggested), (vec![Role::Client], reason.into()));
}

#[test]
fn the_guard_and_the_slot_decide_alike() {
    let shapes = [Eku::Absent, Eku::server(), Eku::client(), Eku::both(), Eku::code_signing()];
    let old = chain(&Eku::both(), &Eku::Absent);
    for (leaf, issuer) in shapes.iter().flat_map(|leaf| shapes.each_ref().map(|it| (leaf, it))) {
        let renewed = chain(leaf, issuer);
        let (chain, key) = renewed.0.credentials(&[&renewed.1]);
        let credentials = Credentials::from_der(chain, key, &provider()).unwrap();
        let clock = std::sync::Arc::new(Clock::default());
        let server = ServerSlot::builder().time_provider(clock.clone());
        let client = ClientSlot::builder().time_provider(clock);
        let lost = lost(&old, &renewed, Serving::In(Roles::BOTH)).0;
        for (role, is_refused) in [
            (Role::Server, server.build_with(credentials.clone()).is_err()),
            (Role::Client, client.build_with(credentials).is_err()),
        ] {
            assert_eq!(lost.contains(&role), is_refused, "{leaf:?} under {issuer:?}, {role}");
        }
    }
}
