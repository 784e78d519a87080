//! Several verifiers may be built with lists that were read once: each has a set of its own.

use crate::common::clock::{NOW, unix};
use crate::common::pki::{Ca, CrlSpec};
use crate::common::tls::provider;
use crate::world::{World, both, sees, two_polls};
use mtls_roles::{
    ClientPeerVerifier, Generation, PeerVerifierBuilder, RefusalClass, Reloader, ServerPeerVerifier,
};

type Clients = PeerVerifierBuilder<ClientPeerVerifier>;

/// Clients below one CA, servers below another, one folder of lists for both; for clients only if they are looked up.
fn start(world: &World, adjust: fn(Clients) -> Clients) -> Reloader {
    world.write("looks-up", "yes");
    let (p, dir) = (provider(), world.dir.path().to_owned());
    let reloader = world.builder().build(move |files| {
        let at = |name: &str| dir.join(name);
        let serving = files.server_slot(at("tls.crt"), at("tls.key"), &p)?;
        let calling = files.client_slot(at("client.pem"), at("client.pem"), &p)?;
        let crls = files.crls(at("crls"))?;
        let mut clients = ClientPeerVerifier::builder(files.roots(at("client-ca.crt"))?, &p);
        if files.text(at("looks-up"))? == "yes" {
            clients = adjust(clients.crls(crls.clone()));
        }
        let clients = clients.build()?;
        let servers = ServerPeerVerifier::builder(files.roots(at("server-ca.crt"))?, &p);
        let servers = servers.crls(crls).build()?;
        Generation::new(&p).serve(serving, clients).call(calling, servers).build()
    });
    reloader.unwrap()
}

#[test]
fn a_lost_list_stays_for_each_verifier_whose_roots_signed_it() {
    let world = World::new();
    let other = Ca::root_named("other");
    let (server, _) = world.pairs_below(&other, "other");
    world.server_pair(&server);
    world.write("server-ca.crt", other.pem());
    world.write("crls/other.crl", other.crl_pem(CrlSpec::new(1).revoke(&server.serial)));
    let client = world.client("revoked");
    world.write_crl(CrlSpec::new(1).revoke(&client.serial));
    world.write("crls/third.crl", Ca::root_named("third").crl_pem(CrlSpec::new(1)));
    // Nobody has met either yet, so nobody knows who signed their lists.
    let tls = start(&world, |clients| clients);
    world.remove("crls/other.crl");
    world.remove("crls/root.crl");
    // Nor is a list lost in the generation after.
    for name in ["client", "renewed"] {
        world.client_pair(&world.client(name));
        assert!(two_polls(&tls).published.is_some());
        assert!(sees(&tls).unwrap_err().contains("Revoked"), "{name}");
        let refused = tls.current().clients().verify(Some(&client.chain(&[])), unix(NOW));
        assert_eq!(refused.unwrap_err().class(), RefusalClass::Revoked, "{name}");
    }
    world.write("crls/other.crl", other.crl_pem(CrlSpec::new(2)));
    two_polls(&tls);
    assert_eq!(sees(&tls), both("server other", "renewed"));
}

/// webpki asks the first list that it is given, and here that is the older one.
#[test]
fn one_verifier_that_leaves_revocation_to_webpki_decides_for_no_other() {
    let world = World::new();
    let server = world.server("revoked");
    world.server_pair(&server);
    world.remove("crls/root.crl");
    world.write("crls/1.crl", world.ca.crl_pem(CrlSpec::new(1)));
    let newer = CrlSpec::new(2).revoke(&server.serial);
    world.write("crls/2.crl", world.ca.crl_pem(newer));
    let tls = start(&world, Clients::stock_revocation);
    assert!(sees(&tls).unwrap_err().contains("Revoked"));
}

#[test]
fn a_list_that_no_verifier_was_given_for_a_while_is_not_forgotten() {
    let world = World::new();
    let revoked = world.client("revoked");
    world.client_pair(&revoked);
    world.write_crl(CrlSpec::new(2).revoke(&revoked.serial));
    world.write("crls/other.crl", Ca::root_named("other").crl_pem(CrlSpec::new(1)));
    let tls = start(&world, |clients| clients);
    assert!(sees(&tls).unwrap_err().contains("Revoked"));
    world.write("looks-up", "no");
    assert!(two_polls(&tls).published.is_some());
    assert_eq!(sees(&tls), both("server", "revoked"));
    world.write("looks-up", "yes");
    world.remove("crls/root.crl");
    assert!(two_polls(&tls).published.is_some());
    assert!(sees(&tls).unwrap_err().contains("Revoked"));
}
