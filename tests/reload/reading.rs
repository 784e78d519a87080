//! Text and paths are taken as elsewhere.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::common::tls::provider;
use crate::world::{World, both, recipe, sees, two_polls};

#[test]
fn windows_line_ends_are_taken_in_every_kind_of_file() {
    let world = World::new();
    for name in ["tls.crt", "tls.key", "client.pem", "client-ca.crt", "crls/root.crl", "eku"] {
        let text = fs::read_to_string(world.dir.join(name)).unwrap();
        world.write(name, text.replace('\n', "\r\n"));
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
        world.write("tls.key", "");
        let report = two_polls(&tls).to_string();
        assert!(report.contains("od\u{fffd}d"), "{report}");
    }
}
