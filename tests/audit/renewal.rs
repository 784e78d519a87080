//! The renewal guard: a renewed certificate that lost a purpose is found out, by the decision that
//! a slot makes.

use crate::common::ours::{client_slot, credentials, server_slot};
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec};
use crate::world::{file, findings};
use mtls_roles::Role;
use mtls_roles::audit::{Roles, Serving, renewal};

/// A chain of a leaf with this EKU, whose issuer has a certificate with each of these.
fn chain(leaf: &Eku, issuers: &[&Eku]) -> (Leaf, Vec<Ca>) {
    let root = Ca::root_named("root");
    let issuer = root.sub(CaSpec::new("issuer"));
    let spec = LeafSpec::new("leaf").dns("edge.example.com").eku(leaf.clone());
    let issuers =
        issuers.iter().map(|&eku| root.cross_sign(&issuer, CaSpec::new("").eku(eku.clone())));
    (issuer.leaf(spec), issuers.collect())
}

/// The roles that are lost.
fn lost(old: &(Leaf, Vec<Ca>), renewed: &(Leaf, Vec<Ca>), needed: Serving) -> Vec<Role> {
    let [old, renewed] = [old, renewed].map(|(leaf, issuers)| {
        let issuers = issuers.iter().map(Ca::pem);
        file(leaf.cert_pem() + &issuers.collect::<String>())
    });
    let renewal =
        findings(&old, |old| findings(&renewed, |renewed| renewal(&old[0], &renewed[0], needed)));
    assert_eq!(renewal.is_fit(), renewal.lost.is_empty());
    renewal.lost.into_iter().map(|(role, _)| role).collect()
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
        let chain = |eku| chain(&eku, &[&Eku::Absent]);
        assert_eq!(lost(&chain(old), &chain(renewed), needed), expected, "{id}");
    }
}

/// On any level, and by a path for each role if there is none for both.
#[test]
fn the_guard_and_the_slot_decide_alike() {
    let shapes = [Eku::Absent, Eku::server(), Eku::client(), Eku::both(), Eku::code_signing()];
    let old = chain(&Eku::both(), &[&Eku::Absent]);
    let issuers = shapes.iter().map(|issuer| vec![issuer]).chain([vec![&shapes[1], &shapes[2]]]);
    let pairs = issuers.flat_map(|issuers| shapes.each_ref().map(|leaf| (leaf, issuers.clone())));
    for (leaf, issuers) in pairs {
        let renewed = chain(leaf, &issuers);
        let credentials = credentials(&renewed.0, &renewed.1.iter().collect::<Vec<_>>());
        let lost = lost(&old, &renewed, Serving::In(Roles::BOTH));
        for (role, is_refused) in [
            (Role::Server, server_slot().build_with(credentials.clone()).is_err()),
            (Role::Client, client_slot().build_with(credentials).is_err()),
        ] {
            assert_eq!(lost.contains(&role), is_refused, "{leaf:?} under {issuers:?}, {role}");
        }
    }
}
