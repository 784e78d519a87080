//! With `stock_revocation()` every choice gives the verdict and the error of stock rustls; by default
//! an expired list is an error, and a path check that is turned off takes no revocation with it.

use mtls_roles::{ClientPeerVerifier, Roots, ServerPeerVerifier};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::ServerName;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use crate::common::clock::{NOW, unix};
use crate::common::errors::{Exact, assert_no_row_is_wrong};
use crate::common::pki::{Ca, CaSpec, CrlSpec, Eku, KeyUsagePurpose, LeafSpec};
use crate::common::tls::{provider, root_store};
use crate::world::{List, World, builder, client, crls, orders, verdict};

/// The methods that our builders and those of rustls share.
macro_rules! choose {
    ($builder:expr, $bits:expr) => {{
        let mut builder = $builder;
        if $bits & 1 != 0 {
            builder = builder.only_check_end_entity_revocation();
        }
        if $bits & 2 != 0 {
            builder = builder.allow_unknown_revocation_status();
        }
        builder
    }};
}

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

#[test]
fn with_stock_revocation_every_choice_gives_the_verdict_and_the_error_of_stock_rustls() {
    let mut w = World::new();
    w.leaf = w.sub.leaf(LeafSpec::new("leaf").dns("leaf.example").eku(Eku::both()));
    let chain = w.chain();
    let name = ServerName::try_from("leaf.example").unwrap();
    let roots = || Roots::from_der([w.root.der()]).unwrap();
    let stock_roots = || root_store(&[w.root.der()]);
    let as_client = |verifier: &dyn ClientCertVerifier| {
        let said = verifier.verify_client_cert(&chain[0], &chain[1..], unix(NOW));
        said.map(drop).map_err(Exact)
    };
    let as_server = |verifier: &dyn ServerCertVerifier| {
        let said = verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], unix(NOW));
        said.map(drop).map_err(Exact)
    };
    let (mut wrong, mut rows) = (vec![], 0);
    for (id, lists) in situations(&w) {
        for (order, bits) in orders(&lists)
            .into_iter()
            .flat_map(|order| [0, 1, 2, 3].map(|bits| (order.clone(), bits)))
        {
            rows += 1;
            let ours = ClientPeerVerifier::builder(roots(), &provider())
                .crls(crls(&order))
                .stock_revocation();
            let ours = as_client(&choose!(ours, bits).build().unwrap());
            let stock = WebPkiClientVerifier::builder_with_provider(stock_roots(), provider())
                .with_crls(order.clone());
            let stock = as_client(&*choose!(stock, bits).build().unwrap());
            if ours != stock {
                wrong.push(format!("{id}, client, {bits}: {ours:?}, stock {stock:?}"));
            }
            let ours = ServerPeerVerifier::builder(roots(), &provider())
                .crls(crls(&order))
                .stock_revocation();
            let ours = as_server(&choose!(ours, bits).build().unwrap());
            let stock = WebPkiServerVerifier::builder_with_provider(stock_roots(), provider())
                .with_crls(order);
            let stock = as_server(&*choose!(stock, bits).build().unwrap());
            if ours != stock {
                wrong.push(format!("{id}, server, {bits}: {ours:?}, stock {stock:?}"));
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
    let servers = |allow: bool| {
        let roots = Roots::from_der([w.root.der()]).unwrap();
        let servers = ServerPeerVerifier::builder(roots, &provider()).crls(crls(&lists));
        let servers = if allow { servers.allow_expired_crls() } else { servers };
        let leaf = w.sub.leaf(LeafSpec::new("s").dns("s.example").eku(Eku::server()));
        let name = ServerName::try_from("s.example").unwrap();
        servers.build().unwrap().verify(Some(&leaf.chain(&[&w.sub])), &name, unix(NOW)).is_ok()
    };
    assert_eq!([true, false].map(servers), [true, false]);
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

/// One list a key, none expired, all for everything: nothing for ours to be stricter about.
#[test]
fn where_lists_are_single_ours_says_what_stock_says() {
    let w = World::new();
    let sub = w.root.sub(CaSpec::new("other"));
    let (mut wrong, mut rows) = (vec![], 0);
    for (id, lists) in situations(&w) {
        if id.contains("expired") || id == "at a point" || id == "older in front" {
            continue;
        }
        for chain in [w.chain(), sub.leaf(client()).chain(&[&sub])] {
            rows += 1;
            let ours = verdict(&w.builder(&lists).build().unwrap(), &chain);
            let stock = verdict(&w.builder(&lists).stock_revocation().build().unwrap(), &chain);
            if ours != stock {
                wrong.push(format!("{id}: {ours}, stock {stock}"));
            }
        }
    }
    assert_no_row_is_wrong(rows, &wrong);
}
