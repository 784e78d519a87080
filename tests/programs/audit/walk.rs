//! Folders: everything once, in order, whatever links there are.

use std::fs;

use super::run::{audit, places};
use super::world::World;

#[test]
fn many_files_are_reported_in_the_order_of_their_names() {
    let world = World::new();
    let pem = world.edge.cert_pem();
    for folder in ["a", "b"] {
        for file in 0..700 {
            world.write(&format!("{folder}/{file:03}.pem"), &pem);
        }
    }
    let line = audit(&world, "--format json .").line("CN=edge.example.com");
    let files = ["a", "b"]
        .into_iter()
        .flat_map(|folder| (0..700).map(move |file| format!("./{folder}/{file:03}.pem:1")));
    assert_eq!(places(&line), files.collect::<Vec<_>>());
}

#[test]
fn links_to_folders_are_followed_once_and_links_to_files_are_files() {
    let world = World::new();
    let pem = world.edge.cert_pem();
    world.write("audited/real/edge.pem", &pem);
    world.write("elsewhere/other.pem", &pem);
    for (to, name) in [
        ("..", "real/loop"),
        ("real", "again"),
        ("real/edge.pem", "live.pem"),
        ("../elsewhere", "one"),
        ("../elsewhere", "two"),
        ("one", "three"),
    ] {
        world.folder.link(to, &format!("audited/{name}"));
    }
    let output = audit(&world, "--format json audited");
    let sources = ["audited/live.pem:1", "audited/real/edge.pem:1", "audited/one/other.pem:1"];
    // Each once, and the folder's own name before that of a link to it.
    assert_eq!(places(&output.line("CN=edge.example.com")), sources, "{output:?}");
    // The link `loop` led to the folder itself, where nothing is new.
    assert_eq!(output.lines().len(), 1, "{output:?}");
}

/// Every folder has two links to the next: 2^30 paths, 30 folders.
#[test]
fn a_pyramid_of_links_ends() {
    let world = World::new();
    for level in 0..30 {
        world.write(&format!("{level}/no-certificate"), "");
        for side in ["left", "right"] {
            world.folder.link(&format!("../{}", level + 1), &format!("{level}/{side}"));
        }
    }
    world.write("30/edge.pem", world.edge.cert_pem());
    let line = audit(&world, "--format json 0").line("CN=edge.example.com");
    assert_eq!(line["source"].as_array().map(Vec::len), Some(1), "{line}");
}

#[test]
fn a_link_to_nothing_is_no_error_and_a_pipe_is_not_waited_for() {
    let world = World::new();
    world.write("edge.pem", world.edge.cert_pem());
    // One is a link to itself, one has a file where a folder should be.
    for (to, link) in [("nowhere", "live"), ("loop.pem", "loop"), ("edge.pem/1.pem", "below")] {
        world.folder.link(to, &format!("{link}.pem"));
    }
    let pipe = world.folder.join("pipe.pem");
    let made = std::process::Command::new("mkfifo").arg(pipe).status();
    assert!(made.unwrap().success());
    let output = audit(&world, "--format json .");
    assert_eq!(output.code, 1, "{output:?}");
    assert!(!output.stdout.contains("unreadable"), "{output:?}");
}

#[test]
fn a_file_over_64_mib_is_a_finding() {
    let world = World::new();
    let file = fs::File::create(world.folder.join("big.pem")).unwrap();
    file.set_len((64 << 20) + 1).unwrap();
    let output = audit(&world, "big.pem");
    assert_eq!(output.code, 2, "{output:?}");
    assert!(output.stdout.contains("big.pem: larger than 64 MiB"), "{output:?}");
}
