//! `--against`: whether a renewed certificate can take the old one's place.

use super::run::agrees;
use super::world::{World, leaf};
use crate::common::pki::Eku;

/// It is refused if it lost a purpose that is needed; what was lost, and what could not be read, is said.
#[test]
fn the_guard_answers_as_was_agreed() {
    let world = World::full();
    for (file, serial, eku) in [("again.pem", 30, Eku::both()), ("lost.pem", 31, Eku::server())] {
        let spec = leaf("edge.example.com", serial).eku(eku).web_pki();
        world.write(file, world.combined.leaf(spec).cert_pem());
    }
    world.write("broken.pem", "-----BEGIN CERTIFICATE-----\n");
    let each = [
        "--against edge.pem again.pem",
        "--against edge.pem edge.pem",
        "--against edge.pem lost.pem",
        "--against edge.pem --format json lost.pem",
        "--against edge.pem --role client lost.pem",
        "--against edge.pem --role server lost.pem",
        "--against edge.pem xmpp.pem issuers.pem",
        "--against edge.pem again.pem lost.pem",
        "--against lost.pem again.pem",
        "--against lost.pem --format json again.pem",
        "--against nowhere.pem again.pem",
        "--against broken.pem again.pem",
        "--against edge.pem issuers.pem",
        "--against edge.pem broken.pem",
        "--against edge.pem --format html again.pem",
    ];
    agrees(&world, "guard.txt", &each);
}
