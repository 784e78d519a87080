//! What is given to peers: the issuers of our own chains, by role, and nothing else.

use std::process::Command;

use super::run::{agrees, audit};
use super::servers::server;
use super::world::{World, leaf};
use crate::common::pki::{Ca, CaSpec, Eku, Leaf};
use crate::common::process::is_installed;
use crate::common::programs::run;

/// The part for peers that verify us in a role.
fn part<'a>(text: &'a str, role: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("verify us as {role} ")).unwrap();
    rest.split("# ====").next().unwrap()
}

/// By role, with their fingerprints; a root that is missing is told, and is no success.
#[test]
fn the_issuers_of_our_chains_are_shared_as_was_agreed() {
    let world = World::full();
    let ours = "--share edge.pem mesh.pem www.pem xmpp.pem old.pem issuers.pem roots.pem";
    agrees(&world, "share.txt", &[ours, "--share edge.pem"]);
    // What is for peers is a file that they load as it is.
    world.write("peers.pem", part(&audit(&world, ours).stdout, "client"));
    world.write("chain.pem", world.combined.pem());
    let mut openssl = Command::new("openssl");
    openssl.current_dir(world.path());
    openssl.args(["verify", "-CAfile", "peers.pem", "-untrusted", "chain.pem", "edge.pem"]);
    assert!(!is_installed("openssl") || run(openssl, b"").code == 0);
}

#[test]
fn a_self_signed_certificate_is_what_its_peers_trust_and_a_peers_chain_is_not_ours() {
    let world = World::new();
    let own = Leaf::self_signed(leaf("own.example.com", 50).eku(Eku::client()));
    world.write("own.pem", own.cert_pem());
    let address = server(&world);
    let output = audit(&world, &format!("--share own.pem roots.pem {address}"));
    assert!(part(&output.stdout, "client").contains(own.cert_pem().replace('\r', "").trim()));
    let trusted = "# ROOT, to be trusted\n# name:    CN=own.example.com";
    assert!(part(&output.stdout, "client").contains(trusted), "{output:?}");
    assert!(!output.stdout.contains("Combined CA"), "{output:?}");
    assert!(part(&output.stdout, "server").contains("# nothing"), "{output:?}");
    let address = server(&world);
    let output = audit(&world, &format!("--share --role both:{address} roots.pem {address}"));
    assert!(part(&output.stdout, "client").contains("Combined CA"), "{output:?}");
}

/// A name is a comment, whatever it holds.
#[test]
fn a_hostile_name_stays_in_its_comment() {
    let world = World::new();
    let root = Ca::root(CaSpec::new("x\n-----BEGIN CERTIFICATE-----\r\u{1b}[2K"));
    world.write("root.pem", root.pem());
    world.write("leaf.pem", root.leaf(leaf("edge.example.com", 60).eku(Eku::both())).cert_pem());
    let output = audit(&world, "--share .");
    assert_eq!(output.stdout.matches("\n-----BEGIN CERTIFICATE-----\n").count(), 2, "{output:?}");
    assert!(!output.stdout.contains(['\u{1b}', '\r']), "{output:?}");
}
