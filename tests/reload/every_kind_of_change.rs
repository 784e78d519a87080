//! Every way in which files change is followed, and nothing is published where contents did not.

use std::fs;
use std::os::unix::fs::symlink;

use crate::common::pki::{CaSpec, CrlSpec, LeafSpec};
use crate::world::{World, both, sees, two_polls};

#[test]
fn certbots_live_links_are_followed() {
    let world = World::new();
    let archive = world.dir.join("archive");
    fs::create_dir(&archive).unwrap();
    let renew = |turn: usize| {
        let leaf = world.server(&format!("server {turn}"));
        for (name, pem) in [("crt", leaf.chain_pem(&[])), ("key", leaf.key_pem())] {
            let (file, link) =
                (format!("{name}{turn}.pem"), world.dir.join(&format!("tls.{name}")));
            fs::write(archive.join(&file), pem).unwrap();
            let _ = fs::remove_file(&link);
            symlink(format!("archive/{file}"), link).unwrap();
        }
    };
    renew(0);
    let tls = world.start();
    for turn in 1..5 {
        renew(turn);
        two_polls(&tls);
        assert_eq!(sees(&tls), both(&format!("server {turn}"), "client"));
    }
}

#[test]
fn writes_in_place_renames_and_files_that_vanish_and_return_are_followed() {
    let world = World::new();
    let tls = world.start();
    // In place.
    world.client_pair(&world.client("in place"));
    two_polls(&tls);
    assert_eq!(sees(&tls), both("server", "in place"));
    // As editors do.
    let renamed = world.client("renamed");
    world.write("client.pem.tmp", renamed.chain_pem(&[]) + &renamed.key_pem());
    fs::rename(world.dir.join("client.pem.tmp"), world.dir.join("client.pem")).unwrap();
    two_polls(&tls);
    assert_eq!(sees(&tls), both("server", "renamed"));
    // Gone: what was good stays, and it is told.
    world.remove("client.pem");
    let report = two_polls(&tls);
    assert_eq!(report.published, None);
    assert!(report.to_string().contains("client.pem was refused"), "{report}");
    assert_eq!(sees(&tls), both("server", "renamed"));
    world.client_pair(&world.client("returned"));
    let report = two_polls(&tls);
    assert!(report.is_clean(), "{report}");
    assert_eq!(sees(&tls), both("server", "returned"));
}

#[test]
fn a_folder_of_lists_that_gains_and_loses_files_is_followed() {
    let world = World::new();
    let sub = world.ca.sub(CaSpec::new("sub"));
    let client = sub.leaf(LeafSpec::new("below sub").dns("below.example"));
    world.write("client.pem", client.chain_pem(&[&sub]) + &client.key_pem());
    let tls = world.start();
    assert!(sees(&tls).unwrap_err().contains("UnknownRevocationStatus"));
    world.write("crls/sub.crl", sub.crl_pem(CrlSpec::new(1)));
    two_polls(&tls);
    assert_eq!(sees(&tls), both("server", "below sub"));
    // A file that goes takes no revocation with it: what was verified with it stays until it ends.
    world.remove("crls/sub.crl");
    let report = two_polls(&tls);
    let gone = [world.dir.join("crls/sub.crl")];
    assert_eq!((&report.changed[..], &report.shorter[..]), (&gone[..], &gone[..]), "{report}");
    assert_eq!(sees(&tls), both("server", "below sub"));
    let told = world.heard.lines();
    assert!(
        told.iter()
            .any(|told| told.starts_with("kept for clients: the revocation list of `CN=sub`")),
        "{told:?}"
    );
    // … and through further generations, told once.
    world.write("eku", "rfc5280");
    assert!(two_polls(&tls).published.is_some());
    assert_eq!(sees(&tls), both("server", "below sub"));
    let told = world.heard.lines();
    assert!(!told.iter().any(|told| told.starts_with("kept ")), "{told:?}");
}

#[test]
fn a_changed_intermediate_alone_is_a_change() {
    let world = World::new();
    let sub = world.ca.sub(CaSpec::new("sub"));
    let leaf = sub.leaf(LeafSpec::new("server").dns("node.example"));
    world.write("tls.key", leaf.key_pem());
    world.write("tls.crt", leaf.chain_pem(&[&sub]));
    let tls = world.start();
    let again = world.ca.cross_sign(&sub, CaSpec::new("sub"));
    world.write("tls.crt", leaf.chain_pem(&[&again]));
    assert_eq!(two_polls(&tls).published, Some(2));
    let served = tls.current().server_slot().credentials().unwrap();
    assert_eq!(*served.chain()[1].der(), again.der());
}

#[test]
fn unchanged_contents_publish_nothing_and_a_touch_is_no_change() {
    let world = World::new();
    let tls = world.start();
    let first = tls.current();
    for turn in 0..3 {
        for name in ["tls.crt", "client.pem", "client-ca.crt", "eku", "crls/root.crl"] {
            let contents = fs::read(world.dir.join(name)).unwrap();
            match turn {
                0 => drop(world.dir.write(name, contents)),
                _ => {
                    world.write("new", contents);
                    fs::rename(world.dir.join("new"), world.dir.join(name)).unwrap();
                }
            }
        }
        assert_eq!(two_polls(&tls).published, None);
        assert_eq!(tls.reload().unwrap().published, None);
    }
    assert!(std::sync::Arc::ptr_eq(&first, &tls.current()));
    assert_eq!(world.heard.lines(), [""; 0]);
    assert_eq!(tls.health().looks, 10);
}
