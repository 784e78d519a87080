//! `--against`: whether a renewed certificate can take the old one's place.

use super::run::{audit, exits};
use super::world::{World, leaf};
use crate::common::agreed::agreed;
use crate::common::pki::Eku;
use crate::hex_sha256;

/// Every row: what is given, the exit code.
#[test]
fn the_guard_refuses_a_renewal_that_lost_a_purpose_that_is_needed() {
    let world = World::full();
    let again = leaf("edge.example.com", 30).eku(Eku::both()).web_pki();
    world.write("again.pem", world.combined.leaf(again).cert_pem());
    let lost = leaf("edge.example.com", 31).eku(Eku::server()).web_pki();
    world.write("lost.pem", world.combined.leaf(lost).cert_pem());
    let broken = "-----BEGIN CERTIFICATE-----\n";
    world.write("broken.pem", broken);
    #[rustfmt::skip]
    exits(&world, &[
        ("--against edge.pem again.pem", 0),
        ("--against edge.pem edge.pem", 2),
        ("--against edge.pem lost.pem", 1),
        ("--against edge.pem --role client lost.pem", 1),
        ("--against edge.pem --role server lost.pem", 0),
        ("--against edge.pem xmpp.pem issuers.pem", 1),
        ("--against edge.pem again.pem lost.pem", 1),
        ("--against lost.pem again.pem", 0),
        ("--against nowhere.pem again.pem", 2),
        ("--against broken.pem again.pem", 2),
        ("--against edge.pem issuers.pem", 2),
        ("--against edge.pem broken.pem", 2),
        ("--against edge.pem --format html again.pem", 2),
    ]);
}

/// Each row: the arguments; the answer is agreed.
#[test]
fn the_guard_says_what_was_lost_and_what_could_not_be_read() {
    let world = World::full();
    let lost = leaf("edge.example.com", 31).eku(Eku::server()).web_pki();
    let lost = world.combined.leaf(lost);
    world.write("lost.pem", lost.cert_pem());
    let mut found = String::new();
    for arguments in [
        "--against edge.pem lost.pem",
        "--format json --against edge.pem lost.pem",
        "--format json --against lost.pem edge.pem",
        "--against nowhere.pem edge.pem",
    ] {
        let output = audit(&world, arguments);
        let (stdout, stderr) = (output.stdout, output.stderr);
        found += &format!("$ audit {arguments}\n{stdout}{stderr}exit code {}\n\n", output.code);
    }
    let found = found.replace(&hex_sha256(&world.edge.der()), "<SHA-256 of edge>");
    let found = found.replace(&hex_sha256(&lost.der()), "<SHA-256 of lost>");
    agreed("programs/audit/guard.txt", &found);
}
