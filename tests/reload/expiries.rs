//! What ends is listed in order, and told ahead of time, once for each generation.

use crate::common::pki::{CaSpec, CrlSpec, LeafSpec};
use crate::world::{World, days, two_polls};
use mtls_roles::{Expiring, Role};
use time::Duration;

#[test]
fn expiries_lists_everything_that_ends_in_order() {
    let world = World::new();
    let sub = world.ca.sub(CaSpec::new("sub").valid(days(-5), days(60)));
    let client =
        sub.leaf(LeafSpec::new("client").dns("edge.example.com").valid(days(-5), days(90)));
    world.dir.write("client.pem", client.chain_pem(&[&sub, &world.ca]) + &client.key_pem());
    world.dir.write("eku", "ignore until 2027-01-01");
    let crls = world.ca.crl_pem(CrlSpec::new(1))
        + &sub.crl_pem(CrlSpec::new(1).current(days(-1), days(3)));
    world.dir.write("crls/root.crl", crls);
    let tls = world.start();
    let listed: Vec<_> =
        tls.current().expiries().into_iter().map(|it| (it.role, it.what, it.name)).collect();
    let row = |role, what, name: &str| (role, what, name.to_owned());
    use Expiring::*;
    use Role::*;
    assert_eq!(
        listed,
        [
            row(Client, Crl, "revocation list of `CN=sub`"),
            row(Client, Crl, "revocation list of `CN=root`"),
            row(Client, EkuPolicy, "ignore until 2027-01-01T00:00:00Z"),
            row(Client, Issuer, "CN=sub"),
            row(Server, Leaf, "CN=server"),
            row(Client, Leaf, "CN=client"),
            row(Client, Root, "root `CN=root`"),
            row(Server, Root, "root `CN=root`"),
        ]
    );
}

#[test]
fn an_observer_hears_it_thirty_days_or_a_third_of_the_lifetime_ahead_once_for_each_generation() {
    let world = World::new();
    let told = || {
        let told = world.heard.lines().into_iter();
        told.filter(|told| told.starts_with("expiring our server")).count()
    };
    // 90 days in all: a third is 30. And of 9 days, three.
    for (turn, (leaf, notice)) in [
        (LeafSpec::new("long").valid(days(-10), days(80)), days(50)),
        (LeafSpec::new("brief").valid(days(-1), days(8)), days(5)),
        (LeafSpec::new("very long").valid(days(-100), days(300)), days(270)),
    ]
    .into_iter()
    .enumerate()
    {
        world.clock.set(days(0));
        world.server_pair(&world.ca.leaf(leaf.dns("node.example")));
        let tls = world.start();
        world.clock.set(notice - Duration::seconds(1));
        tls.poll().unwrap();
        assert_eq!(told(), 0, "{notice}");
        world.clock.set(notice);
        for _ in 0..3 {
            tls.poll().unwrap();
        }
        assert_eq!(told(), 1, "{notice}");
        world.dir.write("eku", format!("ignore{}", " ".repeat(turn)));
        let _ = two_polls(&tls);
        assert_eq!(told(), 1, "a generation after it: {notice}");
    }
}

#[test]
fn what_is_told_says_what_to_do() {
    let world = World::new();
    let tls = world.start();
    world.clock.set(days(79));
    tls.poll().unwrap();
    let told = world.heard.lines();
    let expected =
        "expiring our server certificate `CN=server` ends at 2027-02-09T12:00:00Z; renew it";
    assert!(told.contains(&expected.to_owned()), "{told:?}");
}
