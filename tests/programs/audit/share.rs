//! What is given to peers: the issuers of our own chains, by role, and nothing else.

use super::run::{audit, openssl};
use super::servers::server;
use super::world::{World, leaf};
use crate::common::pki::{Ca, CaSpec, Eku, Leaf};
use crate::sha256;

/// The part for peers that verify us in a role.
fn part<'a>(text: &'a str, role: &str) -> &'a str {
    let (_, rest) = text.split_once(&format!("verify us as {role} ")).unwrap();
    rest.split("# ====").next().unwrap()
}

#[test]
fn the_issuers_of_our_chains_are_shared_by_role_with_their_fingerprints() {
    let world = World::full();
    let output =
        audit(&world, "--share edge.pem mesh.pem www.pem xmpp.pem old.pem issuers.pem roots.pem");
    assert_eq!(output.code, 0, "{output:?}");
    let (server, client) = (part(&output.stdout, "server"), part(&output.stdout, "client"));
    for (ca, is_for_clients) in
        [(&world.combined, true), (&world.private, true), (&world.server_only, false)]
    {
        let pem = ca.pem().replace('\r', "");
        assert!(server.contains(pem.trim()), "{server}");
        assert_eq!(client.contains(pem.trim()), is_for_clients, "{client}");
    }
    let spoken: Vec<_> = sha256(&world.private.der())
        .chunks(2)
        .map(|pair| format!("{:02X}{:02X}", pair[0], pair[1]))
        .collect();
    assert!(client.contains(&spoken[..8].join(" ")) && client.contains(&spoken[8..].join(" ")));
    for needed in [
        "# ROOT, to be trusted\n# name:    O=Example Ltd, CN=Mesh Root",
        "# INTERMEDIATE, needed where we do not present it\n# name:    O=DigiCert Inc, CN=Combined CA",
        "# for:     1 certificate: orders.mesh.internal",
        "# public:  peers have it",
    ] {
        assert!(client.contains(needed), "{needed}: {client}");
    }
    assert!(!output.stdout.contains("old.example.com"), "expired");
    // The file is one that peers load as it is.
    world.write("peers.pem", client);
    world.write("chain.pem", world.combined.pem());
    openssl(&world, "verify -CAfile peers.pem -untrusted chain.pem edge.pem");
}

#[test]
fn a_root_that_is_missing_is_told_and_is_no_success() {
    let world = World::full();
    let output = audit(&world, "--share edge.pem");
    let missing = "# MISSING: the root of edge.example.com: its chain ends below `O=DigiCert Inc, CN=Combined CA`";
    assert!(output.stdout.contains(missing), "{output:?}");
    assert!(!part(&output.stdout, "client").contains("# nothing"), "{output:?}");
    assert_eq!(output.code, 2);
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
