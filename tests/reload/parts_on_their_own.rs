//! What is refused stays as it was, on its own; everything else takes effect, and each is told once.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::common::agreed::agreed;
use crate::common::clock::{NOW, unix};
use crate::common::pki::{Ca, CaSpec, CrlSpec, Eku, Leaf, LeafSpec, der};
use crate::world::{World, both, days, only_refused, sees, two_polls};
use mtls_roles::Role;
use time::Duration;

#[test]
fn a_renewal_without_its_purpose_is_refused_and_all_else_takes_effect_within_two_polls() {
    let world = World::new();
    let client = world.client("client");
    world.client_pair(&client);
    let tls = world.start();
    let lost = world.lost();
    world.client_pair(&lost);
    let new_root = Ca::root_named("new root");
    world.write("client-ca.crt", world.ca.pem() + &new_root.pem());
    let report = two_polls(&tls);
    assert_eq!(report.published, Some(2));
    assert_eq!(only_refused(&report).files, [world.dir.join("client.pem")]);
    assert_eq!(report.roots_added, [(Role::Client, "root `CN=new root`".to_owned())]);
    assert_eq!(sees(&tls), both("server", "client"));

    // A policy and a revocation, beside the refused renewal.
    let let_in = || tls.current().clients().verify(Some(&lost.chain(&[])), unix(NOW)).is_ok();
    assert!(let_in());
    world.write("eku", "rfc5280");
    assert_eq!(two_polls(&tls).published, Some(3));
    assert!(!let_in());
    world.write_crl(CrlSpec::new(2).revoke(&client.serial));
    assert_eq!(two_polls(&tls).published, Some(4));
    assert!(sees(&tls).unwrap_err().contains("Revoked"));
    let told = world.heard.lines().into_iter();
    assert_eq!(told.filter(|told| told.starts_with("refused as client")).count(), 1);
}

/// A place, what is there, and how it gets there while what was there is away.
type Row = (&'static str, &'static str, fn(&Path, &Path));

#[test]
fn what_cannot_be_used_stays_as_it_was_is_told_with_its_files_and_the_reason_and_heals() {
    let rows: [Row; 13] = [
        ("eku", "no policy", |it, _| fs::write(it, "ignore, please").unwrap()),
        ("eku", "a pipe", |it, _| {
            assert!(Command::new("mkfifo").arg(it).status().unwrap().success());
        }),
        ("client-ca.crt", "a device", |it, _| symlink("/dev/zero", it).unwrap()),
        ("server-ca.crt", "16 MiB and more", |it, _| {
            fs::File::create(it).unwrap().set_len(1 << 40).unwrap();
        }),
        ("tls.crt", "a folder", |it, _| fs::create_dir(it).unwrap()),
        ("tls.crt", "of another key", |it, _| {
            let other = Leaf::self_signed(LeafSpec::new("other"));
            fs::write(it, other.cert_pem()).unwrap();
        }),
        ("client.pem", "without its purpose", |it, _| {
            let lost = Leaf::self_signed(LeafSpec::new("lost").eku(Eku::server()));
            fs::write(it, lost.cert_pem() + &lost.key_pem()).unwrap();
        }),
        ("client.pem", "cut", cut),
        ("client.pem", "gone", |_, _| {}),
        ("crls/root.crl", "cut", cut),
        ("crls", "gone", |_, _| {}),
        ("crls", "an empty folder", |it, _| fs::create_dir(it).unwrap()),
        ("crls", "10,001 entries", |it, _| {
            fs::create_dir(it).unwrap();
            for n in 0..=10_000 {
                fs::File::create(it.join(n.to_string())).unwrap();
            }
        }),
    ];
    let world = World::new();
    let tls = world.start();
    let lost = world.lost();
    let mut told = String::new();
    for (name, id, wreck) in rows {
        let (place, away) = (world.dir.join(name), world.dir.join("away"));
        fs::rename(&place, &away).unwrap();
        wreck(&place, &away);
        let report = two_polls(&tls);
        assert_eq!((report.published, report.refused.len()), (None, 1), "{name} {id}: {report}");
        assert_eq!(sees(&tls), both("server", "client"), "{name} {id}");
        // The policy too is as it was.
        tls.current().clients().verify(Some(&lost.chain(&[])), unix(NOW)).unwrap();
        told += &format!("* {name}, {id}:\n{report}");
        let _ = fs::remove_file(&place).or_else(|_| fs::remove_dir_all(&place));
        fs::rename(&away, &place).unwrap();
        assert!(two_polls(&tls).is_clean(), "{name} {id}");
    }
    agreed("reload/refused.txt", &told.replace(&world.dir.path().display().to_string(), "DIR"));
}

fn cut(place: &Path, whole: &Path) {
    let whole = fs::read(whole).unwrap();
    fs::write(place, &whole[..whole.len() / 2]).unwrap();
}

#[test]
fn of_two_parts_that_fail_together_only_the_one_to_blame_stays() {
    let world = World::new();
    let client = world.client("client");
    world.client_pair(&client);
    let tls = world.start();
    // Roots that are public are refused by the builder, not by the reader; the list is fine.
    let policy = der::sequence(&[der::sequence(&[der::oid(&[2, 23, 140, 1, 2, 1])])]);
    let web = Ca::root(CaSpec::new("public").extension(&[2, 5, 29, 32], false, policy));
    world.write("client-ca.crt", world.ca.pem() + &web.pem());
    world.write_crl(CrlSpec::new(2).revoke(&client.serial));
    let report = two_polls(&tls);
    assert_eq!(only_refused(&report).files, [world.dir.join("client-ca.crt")], "{report}");
    assert_eq!(report.published, Some(2));
    assert!(sees(&tls).unwrap_err().contains("Revoked"));
}

#[test]
fn of_a_folder_a_file_that_cannot_be_read_keeps_its_lists_and_the_others_change() {
    let world = World::new();
    let other = Ca::root_named("other");
    world.write("crls/other.crl", other.crl_pem(CrlSpec::new(1)));
    world.write("crls/.root.crl.swp", "an editor's copy");
    let tls = world.start();
    world.write("crls/root.crl", "rubbish");
    world.write("crls/other.crl", other.crl_pem(CrlSpec::new(2)));
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
    let expired = LeafSpec::new("late").dns("node.example").expired();
    let early = LeafSpec::new("early").dns("node.example").valid(days(1), days(90));
    for (spec, reason) in [(expired, "expired at"), (early, "is not valid before")] {
        world.server_pair(&world.ca.leaf(spec));
        for _ in 0..5 {
            tls.poll().unwrap();
            world.clock.advance(Duration::minutes(1));
        }
        let told = world.heard.lines();
        assert_eq!(told.len(), 2, "the slot's, and the report: {told:?}");
        assert!(told[0].starts_with("refused as server: ") && told[0].contains(reason), "{told:?}");
        assert_eq!(tls.health().failing_since, Some(NOW + Duration::minutes(1)), "the second look");
        assert_eq!(sees(&tls), both("server", "client"));
    }
    world.clock.set(days(1));
    assert_eq!(tls.poll().unwrap().published, Some(2));
    assert_eq!(sees(&tls), both("early", "client"));
    assert_eq!((tls.health().failing_since, tls.health().since), (None, days(1)));
    assert_eq!((world.counters.reloads(), world.counters.reloads_refused()), (2, 2));
}
