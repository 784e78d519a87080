//! Reading is bounded and waits for nobody; text and paths are taken as elsewhere.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::common::tls::provider;
use crate::world::{World, both, recipe, sees, two_polls};

#[test]
fn a_file_without_end_a_pipe_and_a_folder_of_too_many_entries_are_errors_and_what_was_good_stays() {
    let world = World::new();
    let tls = world.start();
    for (name, wreck, words) in [
        ("client-ca.crt", "/dev/zero", "it is neither a file nor a folder"),
        ("eku", "pipe", "it is neither a file nor a folder"),
        ("server-ca.crt", "large", "found more than 16777216 bytes"),
        ("crls", "many", "it has more than 10000 entries"),
        ("tls.crt", "folder", "it is a folder, needed is a file"),
    ] {
        let (place, wrecked) = (world.dir.join(name), world.dir.join(wreck));
        let away = world.dir.join("away");
        fs::rename(&place, &away).unwrap();
        match wreck {
            "pipe" => assert!(Command::new("mkfifo").arg(&wrecked).status().unwrap().success()),
            "large" => fs::File::create(&wrecked).unwrap().set_len(1 << 40).unwrap(),
            "folder" => fs::create_dir(&wrecked).unwrap(),
            "many" => {
                fs::create_dir(&wrecked).unwrap();
                (0..=10_000)
                    .for_each(|n| drop(fs::File::create(wrecked.join(n.to_string())).unwrap()));
            }
            _ => {}
        }
        symlink(Path::new(&wrecked), &place).unwrap();
        let report = two_polls(&tls);
        assert_eq!((report.published, report.refused.len()), (None, 1), "{name}: {report}");
        assert!(report.to_string().contains(words), "{name}: {report}");
        assert_eq!(sees(&tls), both("server", "client"), "{name}");
        fs::remove_file(&place).unwrap();
        fs::rename(&away, &place).unwrap();
        assert!(two_polls(&tls).is_clean(), "{name}");
    }
}

#[test]
fn windows_line_ends_are_taken_in_every_kind_of_file() {
    let world = World::new();
    for name in ["tls.crt", "tls.key", "client.pem", "client-ca.crt", "crls/root.crl", "eku"] {
        let text = fs::read_to_string(world.dir.join(name)).unwrap();
        world.dir.write(name, text.replace('\n', "\r\n"));
    }
    assert_eq!(sees(&world.start()), both("server", "client"));
}

#[test]
fn paths_that_are_not_utf_8_and_relative_ones_are_followed() {
    let world = World::new();
    let odd = world.dir.path().join(OsStr::from_bytes(b"od\xffd"));
    symlink(".", &odd).unwrap();
    // From the working directory to the root and down again.
    let up = "../".repeat(std::env::current_dir().unwrap().components().count());
    let relative = Path::new(&up).join(odd.strip_prefix("/").unwrap());
    for dir in [odd, relative] {
        world.server_pair(&world.server("server"));
        let tls = world.builder().build(recipe(&dir, provider(), |it| it)).unwrap();
        world.server_pair(&world.server("renewed"));
        assert_eq!(two_polls(&tls).published, Some(2), "{}", dir.display());
        assert_eq!(sees(&tls), both("renewed", "client"));
        world.dir.write("tls.key", "");
        let report = two_polls(&tls).to_string();
        assert!(report.contains("od\u{fffd}d"), "{report}");
    }
}
