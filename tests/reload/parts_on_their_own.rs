//! What is refused stays as it was, on its own; everything else takes effect, and each is told once.

use crate::common::pki::{Ca, CrlSpec, Eku, LeafSpec};
use crate::common::tls::provider;
use crate::world::{World, both, days, only_refused, sees, two_polls};
use mtls_roles::{ClientPeerVerifier, Generation, Role};

#[test]
fn a_renewal_without_its_purpose_is_refused_and_all_else_takes_effect_within_two_polls() {
    let world = World::new();
    let tls = world.start();
    let spec = LeafSpec::new("lost").dns("edge.example.com").eku(Eku::server());
    world.client_pair(&world.ca.leaf(spec));
    let new_root = Ca::root_named("new root");
    world.dir.write("client-ca.crt", world.ca.pem() + &new_root.pem());
    let report = two_polls(&tls);
    assert_eq!(report.published, Some(2));
    let refused = only_refused(&report);
    assert_eq!(refused.files, [world.dir.join("client.pem")]);
    let words = refused.to_string();
    assert!(
        words.contains("client.pem was refused") && words.contains("needed clientAuth"),
        "{words}"
    );
    assert!(words.contains("get a certificate with clientAuth for this slot"), "{words}");
    assert_eq!(report.roots_added, [(Role::Client, "root `CN=new root`".to_owned())]);
    assert_eq!(sees(&tls), both("server", "client"));

    // A revocation, beside the refused renewal.
    let crl = CrlSpec::new(2).revoke(&served(&tls));
    world.dir.write("crls/root.crl", world.ca.crl_pem(crl));
    assert_eq!(two_polls(&tls).published, Some(3));
    assert!(sees(&tls).unwrap_err().contains("Revoked"));
    assert_eq!(
        world.heard.lines().iter().filter(|told| told.starts_with("refused as client")).count(),
        1
    );
}

/// The serial number of what we present as a client.
fn served(tls: &mtls_roles::Reloader) -> crate::common::pki::SerialNumber {
    let serial = tls.current().client_slot().credentials().unwrap().leaf().serial().to_owned();
    let bytes =
        (0..serial.len()).step_by(2).map(|at| u8::from_str_radix(&serial[at..at + 2], 16).unwrap());
    bytes.collect::<Vec<_>>().into()
}

#[test]
fn a_policy_that_cannot_be_read_stays_as_it_was_and_the_file_is_named() {
    let world = World::new();
    let tls = world.start();
    world.dir.write("eku", "ignore, please");
    world.server_pair(&world.server("renewed"));
    let report = two_polls(&tls);
    let refused = only_refused(&report);
    assert_eq!(refused.files, [world.dir.join("eku")]);
    assert!(
        refused.to_string().contains("the EKU policy `ignore, please` cannot be read"),
        "{refused}"
    );
    assert_eq!(sees(&tls), both("renewed", "client"));
    // The old policy is in force: a serverAuth-only client is let pass.
    let spec = LeafSpec::new("edge").dns("edge.example.com").eku(Eku::server());
    let edge = world.ca.leaf(spec);
    let now = crate::common::clock::unix(days(0));
    tls.current().clients().verify(Some(&edge.chain(&[])), now).unwrap();
    // A policy's end needs no file.
    world.clock.set(days(200));
    let late = crate::common::clock::unix(days(200));
    tls.current().clients().verify(Some(&edge.chain(&[])), late).unwrap_err();
}

#[test]
fn of_two_parts_that_fail_together_only_the_one_to_blame_stays() {
    let world = World::new();
    let tls = world.start();
    // Roots that are public are refused by the builder, not by the reader; the list is fine.
    let web = Ca::root(crate::common::pki::CaSpec::new("public").extension(
        &[2, 5, 29, 32],
        false,
        web_policy(),
    ));
    world.dir.write("client-ca.crt", world.ca.pem() + &web.pem());
    let crl = CrlSpec::new(2).revoke(&served(&tls));
    world.dir.write("crls/root.crl", world.ca.crl_pem(crl));
    let report = two_polls(&tls);
    let refused = only_refused(&report);
    assert_eq!(refused.files, [world.dir.join("client-ca.crt")], "{report}");
    assert_eq!(report.published, Some(2));
    assert!(sees(&tls).unwrap_err().contains("Revoked"));
}

/// A CA/Browser Forum policy: 2.23.140.1.2.1.
fn web_policy() -> Vec<u8> {
    use crate::common::pki::der;
    der::sequence(&[der::sequence(&[der::oid(&[2, 23, 140, 1, 2, 1])])])
}

#[test]
fn an_unreadable_or_empty_folder_of_lists_keeps_its_lists() {
    let world = World::new();
    let crl = CrlSpec::new(2).revoke(&world.client("unused").serial);
    world.dir.write("crls/root.crl", world.ca.crl_pem(crl));
    let tls = world.start();
    for wreck in ["empty", "gone", "rubbish"] {
        let whole = std::fs::read(world.dir.join("crls/root.crl")).unwrap();
        match wreck {
            "empty" => world.remove("crls/root.crl"),
            "gone" => std::fs::rename(world.dir.join("crls"), world.dir.join("away")).unwrap(),
            _ => drop(world.dir.write("crls/root.crl", &whole[..whole.len() / 2])),
        }
        let report = two_polls(&tls);
        assert_eq!((report.published, report.refused.len()), (None, 1), "{wreck}: {report}");
        assert_eq!(sees(&tls), both("server", "client"), "{wreck}");
        match wreck {
            "gone" => std::fs::rename(world.dir.join("away"), world.dir.join("crls")).unwrap(),
            _ => drop(world.dir.write("crls/root.crl", whole)),
        }
        assert!(two_polls(&tls).is_clean(), "{wreck}");
    }
}

#[test]
fn of_a_folder_a_file_that_cannot_be_read_keeps_its_lists_and_the_others_change() {
    let world = World::new();
    let other = Ca::root_named("other");
    world.dir.write("crls/other.crl", other.crl_pem(CrlSpec::new(1)));
    world.dir.write("crls/.root.crl.swp", "an editor's copy");
    let tls = world.start();
    world.dir.write("crls/root.crl", "rubbish");
    world.dir.write("crls/other.crl", other.crl_pem(CrlSpec::new(2)));
    let report = two_polls(&tls);
    assert_eq!(only_refused(&report).files, [world.dir.join("crls/root.crl")]);
    assert_eq!(report.published, Some(2));
    assert_eq!(sees(&tls), both("server", "client"));
    let told = world.heard.lines();
    assert_eq!(told.len(), 1, "no list is lost, and so none is carried over: {told:?}");
}

#[test]
fn what_is_not_yet_valid_is_tried_again_without_a_change_and_each_reason_is_told_once() {
    let world = World::new();
    let tls = world.start();
    let spec = LeafSpec::new("early").dns("node.example").valid(days(1), days(90));
    world.server_pair(&world.ca.leaf(spec));
    for _ in 0..5 {
        let _ = tls.poll().unwrap();
        world.clock.advance(time::Duration::minutes(1));
    }
    let told = world.heard.lines();
    assert_eq!(told.len(), 2, "the slot's, and the report: {told:?}");
    assert!(
        told[0].starts_with("refused as server: ") && told[0].contains("is not valid before"),
        "{told:?}"
    );
    assert!(tls.health().failing_since.is_some());
    assert_eq!(sees(&tls), both("server", "client"));
    world.clock.set(days(1));
    assert_eq!(tls.poll().unwrap().published, Some(2));
    assert_eq!(sees(&tls), both("early", "client"));
    assert_eq!((tls.health().failing_since, tls.health().since), (None, days(1)));
    // A new reason.
    let spec = LeafSpec::new("late").dns("node.example").expired();
    world.server_pair(&world.ca.leaf(spec));
    let _ = (tls.poll().unwrap(), tls.poll().unwrap(), tls.poll().unwrap());
    let told = world.heard.lines();
    assert!(told.iter().filter(|told| told.contains("expired at")).count() == 2, "{told:?}");
    assert_eq!((world.counters.reloads(), world.counters.reloads_refused()), (2, 2));
}

#[test]
fn a_removed_peer_is_kept_out_within_two_polls_beside_a_refused_renewal() {
    let world = World::new();
    world.dir.write("peers", "dns:edge.example.com\ndns:other.example.com\n");
    let (dir, p) = (world.dir.path().to_owned(), provider());
    let tls = world.builder().build(move |files| {
        let slot = files.server_slot(dir.join("tls.crt"), dir.join("tls.key"), &p)?;
        let mut clients = ClientPeerVerifier::builder(files.roots(dir.join("client-ca.crt"))?, &p);
        for line in files.text(dir.join("peers"))?.lines() {
            clients = clients.allow(line.parse()?);
        }
        Generation::new(&p).serve(slot, clients.build()?).build()
    });
    let tls = tls.unwrap();
    let edge = world.client("edge");
    let now = crate::common::clock::unix(days(0));
    let verify = || tls.current().clients().verify(Some(&edge.chain(&[])), now).map(drop);
    verify().unwrap();
    world.server_pair(&world.ca.leaf(LeafSpec::new("late").dns("node.example").expired()));
    world.dir.write("peers", "dns:other.example.com\n");
    assert_eq!(tls.poll().unwrap().published, None);
    let report = tls.poll().unwrap();
    assert_eq!((report.published, report.refused.len()), (Some(2), 1), "{report}");
    assert_eq!(verify().unwrap_err().class(), mtls_roles::RefusalClass::PeerRule);
    // A line that is no rule keeps all of them.
    world.dir.write("peers", "dns:edge.example.com\nanybody\n");
    let report = tls.reload().unwrap();
    assert_eq!((report.published, report.refused.len()), (None, 2), "{report}");
    verify().unwrap_err();
}
