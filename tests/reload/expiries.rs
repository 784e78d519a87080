//! What ends is listed in order, and told ahead of time, once for each generation.

use crate::common::agreed::agreed;
use crate::common::pki::{CaSpec, CrlSpec, LeafSpec};
use crate::world::{World, days, two_polls};
use time::Duration;

#[test]
fn expiries_lists_everything_that_ends_in_order_with_what_to_do() {
    let world = World::new();
    let sub = world.ca.sub(CaSpec::new("sub").valid(days(-5), days(60)));
    let client =
        sub.leaf(LeafSpec::new("client").dns("edge.example.com").valid(days(-5), days(90)));
    world.write("client.pem", client.chain_pem(&[&sub, &world.ca]) + &client.key_pem());
    world.write("eku", "ignore until 2027-01-01");
    let crls = world.ca.crl_pem(CrlSpec::new(1))
        + &sub.crl_pem(CrlSpec::new(1).current(days(-1), days(3)));
    world.write("crls/root.crl", crls);
    let tls = world.start();
    let told: String = tls.current().expiries().iter().map(|it| format!("{it}\n")).collect();
    agreed("reload/expiries.txt", &told);
}

#[test]
fn an_observer_hears_it_thirty_days_or_a_third_of_the_lifetime_ahead_once_for_each_generation() {
    let world = World::new();
    let told = || {
        let told = world.heard.lines().into_iter();
        told.filter(|told| told.starts_with("expiring our server")).count()
    };
    // 90 days in all: a third is 30. And of 9 days, three.
    for (begin, end, notice) in [(-10, 80, 50), (-1, 8, 5), (-100, 300, 270)] {
        world.clock.set(days(0));
        world.write("eku", "ignore");
        let leaf = LeafSpec::new("server").dns("node.example").valid(days(begin), days(end));
        world.server_pair(&world.ca.leaf(leaf));
        let tls = world.start();
        world.clock.set(days(notice) - Duration::seconds(1));
        tls.poll().unwrap();
        assert_eq!(told(), 0, "{notice}");
        world.clock.set(days(notice));
        for _ in 0..3 {
            tls.poll().unwrap();
        }
        assert_eq!(told(), 1, "{notice}");
        world.write("eku", "rfc5280");
        assert!(two_polls(&tls).published.is_some());
        assert_eq!(told(), 1, "a generation after it: {notice}");
    }
}
