//! Back to what was good: a roll-back, and the last good pairs after a restart.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::common::pki::{CrlSpec, LeafSpec};
use crate::common::tls::provider;
use crate::world::{World, both, days, recipe, sees, two_polls};
use mtls_roles::{Error, Reloader};

#[test]
fn roll_back_holds_until_the_files_change_and_is_not_judged_again() {
    let world = World::new();
    let brief = LeafSpec::new("brief").dns("node.example").valid(days(-10), days(1));
    world.server_pair(&world.ca.leaf(brief));
    let tls = world.start();
    assert!(matches!(*tls.roll_back().unwrap_err(), Error::NoGenerationBefore));
    world.server_pair(&world.server("renewed"));
    two_polls(&tls);
    assert_eq!(sees(&tls), both("renewed", "client"));
    // It has expired since it was published, and serves all the same: that is what it is for.
    world.clock.set(days(2));
    let report = tls.roll_back().unwrap();
    assert_eq!((report.published, report.is_clean()), (Some(3), true));
    let served = || tls.current().server_slot().credentials().unwrap().leaf().subject().to_owned();
    assert_eq!(served(), "CN=brief");
    for _ in 0..3 {
        assert_eq!(tls.poll().unwrap().published, None);
        assert_eq!(tls.reload().unwrap().published, None);
    }
    assert_eq!(served(), "CN=brief");
    // A second roll-back undoes the first.
    tls.roll_back().unwrap();
    assert_eq!(served(), "CN=renewed");
    tls.roll_back().unwrap();
    world.server_pair(&world.server("renewed again"));
    assert_eq!(two_polls(&tls).published, Some(6));
    assert_eq!(served(), "CN=renewed again");
}

#[test]
fn a_roll_back_takes_no_revocation_back() {
    let world = World::new();
    let tls = world.start();
    let client = world.client("client");
    world.client_pair(&client);
    two_polls(&tls);
    assert_eq!(sees(&tls), both("server", "client"));
    world.write_crl(CrlSpec::new(2).revoke(&client.serial));
    two_polls(&tls);
    assert!(sees(&tls).unwrap_err().contains("Revoked"));
    tls.roll_back().unwrap();
    assert!(sees(&tls).unwrap_err().contains("Revoked"));
}

#[test]
fn after_a_roll_back_what_only_the_generation_before_asked_for_is_followed() {
    let world = World::new();
    world.write("which", "first");
    for name in ["first", "second"] {
        world.write(name, "ignore");
    }
    let dir = world.dir.path().to_owned();
    let mut inner = recipe(&dir, provider(), |it| it);
    let tls = world.builder().build(move |files| {
        let which = files.text(dir.join("which"))?;
        files.text(dir.join(which.trim()))?;
        inner(files)
    });
    let tls = tls.unwrap();
    world.write("which", "second");
    assert_eq!(two_polls(&tls).published, Some(2));
    assert_eq!(tls.roll_back().unwrap().published, Some(3));
    assert_eq!(two_polls(&tls).published, None);
    world.write("first", "rfc5280");
    assert!(two_polls(&tls).published.is_some(), "the files have changed");
}

#[test]
fn a_pair_under_a_label_of_old_is_kept_whole() {
    for label in ["X509 CERTIFICATE", "X.509 CERTIFICATE"] {
        let (world, folder) = world_with_folder();
        let chain = fs::read_to_string(world.dir.join("tls.crt")).unwrap();
        world.write("tls.crt", chain.replace("CERTIFICATE", label));
        drop(start(&world, &folder).unwrap());
        world.remove("tls.key");
        let tls = start(&world, &folder);
        assert_eq!(sees(&tls.unwrap()), both("server", "client"), "{label}");
    }
}

#[test]
fn a_process_that_starts_beside_a_refused_renewal_serves_with_the_last_good_pair_and_says_so() {
    let (world, folder) = world_with_folder();
    let start = || start(&world, &folder);
    drop(start().unwrap());
    let kept = ["server-1.pem", "client-1.pem"].map(|name| folder.join(name));
    for file in &kept {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    world.client_pair(&world.lost());
    let tls = start().unwrap();
    assert_eq!(sees(&tls), both("server", "client"));
    let told = world.heard.lines().concat();
    let serves = "the last good pair that was kept on disk serves in its place";
    assert!(told.contains(serves), "{told}");
    assert!(tls.health().failing_since.is_some());
    let mended = world.client("mended");
    world.client_pair(&mended);
    assert!(two_polls(&tls).is_clean());
    assert_eq!(sees(&tls), both("server", "mended"));
    assert!(fs::read_to_string(&kept[1]).unwrap().starts_with(&mended.cert_pem()));
    // Without the folder such a start is an error.
    world.server_pair(&world.ca.leaf(LeafSpec::new("late").dns("node.example").expired()));
    assert!(matches!(world.build(world.builder()).unwrap_err(), Error::Expired { .. }));
    assert_eq!(sees(&start().unwrap()), both("server", "mended"));
    // What was kept is judged like any other at a start.
    world.clock.set(days(100));
    assert!(matches!(start().unwrap_err(), Error::Expired { .. }));
}

#[test]
fn beside_a_kept_pair_that_is_damaged_a_start_says_what_is_wrong_with_the_files() {
    let (world, folder) = world_with_folder();
    drop(start(&world, &folder).unwrap());
    fs::write(folder.join("client-1.pem"), "damaged").unwrap();
    world.client_pair(&world.lost());
    let error = start(&world, &folder).unwrap_err();
    assert!(matches!(error, Error::Unfit { .. }), "{error}");
    let told = world.heard.lines().concat();
    assert!(told.contains("found no certificate in") && told.contains("client-1.pem"), "{told}");
}

#[test]
fn the_rights_of_the_folder_and_of_what_is_in_it_are_checked() {
    let world = World::new();
    for mode in [0o755, 0o710, 0o704, 0o770] {
        let folder = private_folder(&world, mode);
        let error = start(&world, &folder).unwrap_err();
        let Error::OpenToOthers { mode: found, .. } = error else { panic!("{error}") };
        assert_eq!(found, mode);
    }
    let folder = private_folder(&world, 0o700);
    drop(start(&world, &folder).unwrap());
    fs::set_permissions(folder.join("server-1.pem"), fs::Permissions::from_mode(0o640)).unwrap();
    world.write("tls.key", "");
    let error = start(&world, &folder).unwrap_err();
    assert!(matches!(error, Error::OpenToOthers { mode: 0o640, .. }), "{error}");
}

#[test]
fn a_pair_that_cannot_be_kept_serves_and_no_word_says_that_it_was_refused() {
    for is_open in [true, false] {
        let (world, folder) = world_with_folder();
        let tls = start(&world, &folder).unwrap();
        if is_open {
            private_folder(&world, 0o755);
        } else {
            fs::remove_file(folder.join("server-1.pem")).unwrap();
            fs::create_dir(folder.join("server-1.pem")).unwrap();
        }
        world.server_pair(&world.server("renewed"));
        let told = two_polls(&tls).to_string();
        assert_eq!(sees(&tls), both("renewed", "client"));
        assert!(told.contains("tls.key: cannot keep the last good pair in "), "{told}");
        assert!(!told.contains("refused, "), "{told}");
        assert!(tls.health().failing_since.is_some());
        // Mended, it is kept at the next look.
        let _ = fs::remove_dir(folder.join("server-1.pem"));
        private_folder(&world, 0o700);
        assert!(tls.poll().unwrap().is_clean());
        let kept = fs::read_to_string(folder.join("server-1.pem")).unwrap();
        assert!(kept.starts_with(&fs::read_to_string(world.dir.join("tls.crt")).unwrap()));
    }
}

fn world_with_folder() -> (World, PathBuf) {
    let world = World::new();
    let folder = private_folder(&world, 0o700);
    (world, folder)
}

fn private_folder(world: &World, mode: u32) -> PathBuf {
    let folder = world.dir.join("last-good");
    let _ = fs::create_dir(&folder);
    fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    folder
}

fn start(world: &World, folder: &Path) -> Result<Reloader, Error> {
    world.build(world.builder().keep_last_good(folder))
}
