//! With `stock_revocation()` every choice gives the verdict and the error of stock rustls; by default
//! an expired list is an error, and a path check that is turned off takes no revocation with it.

use mtls_roles::ClientPeerVerifier;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::ServerName;

use crate::common::clock::{NOW, unix};
use crate::common::errors::{Exact, assert_no_row_is_wrong};
use crate::common::ours::{roots, servers};
use crate::common::pki::{Ca, CrlSpec, Eku, KeyUsagePurpose, LeafSpec};
use crate::common::tls::{provider, root_store};
use crate::drawn::Choices;
use crate::world::{List, World, builder, choose, client, crls, orders, verdict};

fn situations(w: &World) -> Vec<(&'static str, Vec<List>)> {
    let forger = Ca::root_named("forger");
    let revoking = || w.revoking(1);
    vec![
        ("nothing revoked", vec![w.of_root(), w.good()]),
        ("leaf revoked", vec![w.of_root(), w.sub.crl(revoking())]),
        ("sub revoked", vec![w.root.crl(CrlSpec::new(1).revoke(&w.sub.serial)), w.good()]),
        ("no list for the leaf", vec![w.of_root()]),
        ("no list for the sub", vec![w.good()]),
        ("expired", vec![w.of_root(), w.sub.crl(CrlSpec::new(1).expired())]),
        ("expired and revoking", vec![w.of_root(), w.sub.crl(revoking().expired())]),
        ("forged", vec![w.of_root(), w.sub.crl(CrlSpec::new(1).signed_by(&forger.key))]),
        ("older in front", vec![w.of_root(), w.good(), w.sub.crl(w.revoking(2))]),
        ("at a point", vec![w.of_root(), w.sub.crl(CrlSpec::new(1).at("http://crl.example/a"))]),
    ]
}

/// Of clients `generated` shows it.
#[test]
fn with_stock_revocation_every_choice_gives_the_verdict_and_the_error_of_stock_rustls() {
    let mut w = World::new();
    w.leaf = w.sub.leaf(LeafSpec::new("leaf").dns("leaf.example").eku(Eku::both()));
    let chain = w.chain();
    let name = ServerName::try_from("leaf.example").unwrap();
    let said = |verifier: &dyn ServerCertVerifier| {
        let said = verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], unix(NOW));
        said.map(drop).map_err(Exact)
    };
    let (mut wrong, mut rows) = (vec![], 0);
    for (id, lists) in situations(&w) {
        let orders = orders(&lists).into_iter();
        for (lists, bits) in orders.flat_map(|lists| [0, 1, 2, 3].map(|bits| (lists.clone(), bits)))
        {
            rows += 1;
            let choices = Choices {
                only_end_entity: bits & 1 != 0,
                allow_unknown: bits & 2 != 0,
                allow_expired: false,
            };
            let ours = servers(&roots([&w.root])).crls(crls(&lists));
            let ours = said(&choose!(ours.stock_revocation(), choices).build().unwrap());
            let roots = root_store(&[w.root.der()]);
            let stock = WebPkiServerVerifier::builder_with_provider(roots, provider());
            let stock = said(&*choose!(stock.with_crls(lists), choices).build().unwrap());
            if ours != stock {
                wrong.push(format!("{id}, {choices:?}: {ours:?}, stock {stock:?}"));
            }
        }
    }
    assert_no_row_is_wrong(rows, &wrong);
}

#[test]
fn by_default_an_expired_list_is_an_error_and_the_calls_that_change_it_say_so() {
    let w = World::new();
    let lists = [w.of_root(), w.sub.crl(CrlSpec::new(1).expired())];
    let ours = || w.builder(&lists);
    let said = |builder: mtls_roles::PeerVerifierBuilder<ClientPeerVerifier>| {
        verdict(&builder.build().unwrap(), &w.chain())
    };
    assert_eq!(said(ours()), "list expired");
    assert_eq!(said(ours().allow_expired_crls()), "good");
    assert_eq!(said(ours().stock_revocation()), "good");
    assert_eq!(said(ours().stock_path_checks()), "list expired");
    let as_server = |allow: bool| {
        let servers = servers(&roots([&w.root])).crls(crls(&lists));
        let servers = if allow { servers.allow_expired_crls() } else { servers };
        let leaf = w.sub.leaf(LeafSpec::new("s").dns("s.example").eku(Eku::server()));
        let name = ServerName::try_from("s.example").unwrap();
        servers.build().unwrap().verify(Some(&leaf.chain(&[&w.sub])), &name, unix(NOW)).is_ok()
    };
    assert_eq!([true, false].map(as_server), [true, false]);
}

/// Who turns off the check of a leaf with keyCertSign must not lose revocation with it.
#[test]
fn stock_path_checks_turn_off_no_revocation_and_stock_revocation_no_path_check() {
    let root = Ca::root_named("root");
    let leaf = root.leaf(client().key_usages(&[KeyUsagePurpose::KeyCertSign]));
    let plain = root.leaf(client());
    let lists = [
        root.crl(CrlSpec::new(1)),
        root.crl(CrlSpec::new(2).revoke(&leaf.serial).revoke(&plain.serial)),
    ];
    let ours = || builder(&root, &lists);
    let (leaf, plain) = (leaf.chain(&[]), plain.chain(&[]));
    assert_eq!(verdict(&ours().stock_path_checks().build().unwrap(), &leaf), "revoked");
    assert_eq!(verdict(&ours().stock_revocation().build().unwrap(), &leaf), "path check");
    assert_eq!(verdict(&ours().stock_revocation().build().unwrap(), &plain), "good");
    let both = ours().stock_path_checks().stock_revocation().build().unwrap();
    assert_eq!(verdict(&both, &leaf), "good");
}
