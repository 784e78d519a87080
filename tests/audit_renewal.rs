//! The renewal guard: a renewed certificate that lost a purpose is found out, by the decision that
//! a slot makes.

#![cfg(feature = "audit")]

mod common;

use common::clock::{Clock, NOW};
use common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec};
use common::tls::provider;
use mtls_roles::audit::{Assessment, Inventory, Roles, Serving, Timeline, renewal};
use mtls_roles::{ClientSlot, Credentials, Role, ServerSlot};

/// The chain of a leaf with one EKU under an issuer with another.
fn chain(leaf: &Eku, issuer: &Eku) -> (Leaf, Ca) {
    let issuer = Ca::root_named("root").sub(CaSpec::new("issuer").eku(issuer.clone()));
    let leaf = issuer.leaf(LeafSpec::new("leaf").dns("edge.example.com").eku(leaf.clone()));
    (leaf, issuer)
}

fn inventory((leaf, issuer): &(Leaf, Ca)) -> Inventory {
    let mut inventory = Inventory::new();
    inventory.add("chain.pem", leaf.chain_pem(&[issuer]).as_bytes());
    inventory
}

/// The roles that are lost, and the first reason.
fn lost(old: &(Leaf, Ca), renewed: &(Leaf, Ca), needed: Serving) -> (Vec<Role>, String) {
    let timeline = Timeline::builtin();
    let (old, renewed) = (inventory(old), inventory(renewed));
    let assess = |inventory| Assessment::new(inventory, &timeline, NOW.date(), Serving::Suggested);
    let (old, renewed) = (assess(&old), assess(&renewed));
    let renewal = renewal(&old.findings()[0], &renewed.findings()[0], needed);
    assert_eq!(renewal.is_fit(), renewal.lost.is_empty());
    let reason = renewal.lost.first().map(|(_, violation)| violation.to_string());
    let roles = renewal.lost.into_iter().map(|(role, _)| role).collect();
    (roles, reason.unwrap_or_default())
}

fn shapes() -> [(Eku, &'static str); 5] {
    [
        (Eku::Absent, "absent"),
        (Eku::server(), "server"),
        (Eku::client(), "client"),
        (Eku::both(), "both"),
        (Eku::code_signing(), "code signing"),
    ]
}

#[test]
fn what_is_lost_is_what_the_old_one_was_fit_for_and_the_renewed_one_is_not() {
    use Role::{Client, Server};
    let none = Eku::Absent;
    let rows: &[(&str, Eku, Eku, Serving, &[Role])] = &[
        ("kept", Eku::both(), Eku::both(), Serving::Suggested, &[]),
        ("lost clientAuth", Eku::both(), Eku::server(), Serving::Suggested, &[Client]),
        ("lost serverAuth", Eku::both(), Eku::client(), Serving::Suggested, &[Server]),
        ("lost both", Eku::Absent, Eku::code_signing(), Serving::Suggested, &[Server, Client]),
        ("never had it", Eku::server(), Eku::server(), Serving::Suggested, &[]),
        ("never fit", Eku::any(), Eku::server(), Serving::Suggested, &[]),
        ("gained it", Eku::server(), Eku::both(), Serving::Suggested, &[]),
        ("lost, not needed", Eku::both(), Eku::server(), Serving::In(Roles::SERVER), &[]),
        (
            "never had it, needed",
            Eku::server(),
            Eku::server(),
            Serving::In(Roles::CLIENT),
            &[Client],
        ),
    ];
    for (id, old, renewed, needed, expected) in rows {
        let found = lost(&chain(old, &none), &chain(renewed, &none), *needed).0;
        assert_eq!(found, *expected, "{id}");
    }
}

#[test]
fn a_purpose_is_lost_on_any_level() {
    let old = chain(&Eku::both(), &Eku::Absent);
    let renewed = chain(&Eku::both(), &Eku::server());
    let (roles, reason) = lost(&old, &renewed, Serving::Suggested);
    assert_eq!(roles, [Role::Client]);
    assert_eq!(reason, "issuer `CN=issuer` has extended key usage serverAuth, needed clientAuth");
}

#[test]
fn the_guard_and_the_slot_decide_alike() {
    let old = chain(&Eku::both(), &Eku::Absent);
    for (leaf, leaf_id) in shapes() {
        for (issuer, issuer_id) in shapes() {
            let renewed = chain(&leaf, &issuer);
            let (chain, key) = renewed.0.credentials(&[&renewed.1]);
            let credentials = Credentials::from_der(chain, key, &provider()).unwrap();
            let clock = std::sync::Arc::new(Clock::default());
            let server = ServerSlot::builder().time_provider(clock.clone());
            let client = ClientSlot::builder().time_provider(clock);
            let lost = lost(&old, &renewed, Serving::In(Roles::BOTH)).0;
            for (role, is_refused) in [
                (Role::Server, server.build_with(credentials.clone()).is_err()),
                (Role::Client, client.build_with(credentials.clone()).is_err()),
            ] {
                assert_eq!(lost.contains(&role), is_refused, "{leaf_id} under {issuer_id}, {role}");
            }
        }
    }
}
