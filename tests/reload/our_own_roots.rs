//! Our own chain by our own roots, if that was asked for.

use crate::common::pki::Ca;
use crate::world::{World, both, only_refused, sees, two_polls};

#[test]
fn our_own_chain_is_verified_by_our_own_roots_only_if_asked_and_what_breaks_it_stays_as_it_was() {
    let world = World::new();
    let other = Ca::root_named("other");
    let (below_other, _) = world.pairs_below(&other, "below other");
    // Off: it is published, and refused by the peers.
    let tls = world.start();
    world.server_pair(&below_other);
    assert!(two_polls(&tls).is_clean());
    assert!(sees(&tls).unwrap_err().contains("UnknownCA"));

    let world = World::new();
    let checked = world.builder().check_own_chains();
    let tls = world.build(checked).unwrap();
    world.server_pair(&below_other);
    let new_client = world.client("renewed");
    world.client_pair(&new_client);
    let report = two_polls(&tls);
    let refused = only_refused(&report);
    assert_eq!(refused.files, [world.dir.join("tls.crt"), world.dir.join("tls.key")]);
    assert!(refused.to_string().contains("publish the new root before"), "{refused}");
    assert_eq!(sees(&tls), both("server", "renewed"));
    // The root comes, and the pair that waited with it.
    world.write("server-ca.crt", world.ca.pem() + &other.pem());
    assert!(two_polls(&tls).is_clean());
    assert_eq!(sees(&tls), both("server below other", "renewed"));
    // The root of what we present may not go.
    world.write("server-ca.crt", world.ca.pem());
    let report = two_polls(&tls);
    let refused = only_refused(&report);
    assert_eq!(refused.files, [world.dir.join("server-ca.crt")]);
    assert_eq!(sees(&tls), both("server below other", "renewed"));
}
