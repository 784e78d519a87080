//! What the reports say, where they go, and hostile names.

use serde_json::json;

use super::run::{agrees, audit, audit_in, places};
use super::world::{World, leaf, milestone, nameless};
use crate::common::pki::{Eku, der};
use crate::common::programs::run_unread;

const FORMATS: [&str; 5] = ["text", "json", "csv", "prometheus", "html"];

/// In every format: what was found where, what stands above it, what it serves as and how that is
/// known, what becomes of it and why, what to do; what could not be read and what was left out. A name
/// of strangers' is no formula in CSV, and stays inside its label among the metrics. The commands for
/// ACME clients are there if they help. Where no terminal is, nothing is coloured, wrapped or cut.
#[test]
fn every_report_is_as_it_was_agreed() {
    let world = World::full();
    let folder = "b".repeat(200);
    let long = "a-rather-long-label.".repeat(6) + "example.com";
    for (file, name, serial, eku) in [
        ("evil,\"x\\.pem", "=cmd|' /C calc'!A0", 30, Eku::both()),
        ("evil.pem", "x\"} 1\nmtls_audit_unreadable 7 \\", 31, Eku::both()),
        (&format!("{folder}/long.pem"), &long, 32, Eku::both()),
        ("plain.pem", "plain.example.com", 40, Eku::Absent),
    ] {
        world.write(file, world.private.leaf(leaf(name, serial).eku(eku)).cert_pem());
    }
    std::fs::copy(world.folder.join(&format!("{folder}/long.pem")), world.folder.join("long.pem"))
        .unwrap();
    world.write("broken.pem", "-----BEGIN CERTIFICATE-----\n");
    agrees(
        &world,
        "report.txt",
        &[
            ".",
            "www.pem mesh.pem issuers.pem roots.pem",
            "--ignore-expired --exclude ./[!w]*.pem --exclude bbb* . old.pem",
        ],
    );
    agrees(&world, "report.json", &["--format json --role client:mesh.pem ."]);
    agrees(&world, "report.csv", &["--format csv ."]);
    agrees(&world, "report.prom", &["--format prometheus ."]);
    agrees(&world, "list.txt", &["--list client-auth .", "--list client-auth --format csv ."]);
}

#[test]
fn the_help_has_examples_and_the_exit_codes() {
    let output = audit(&World::new(), "--help");
    for needed in ["Examples", "Exit codes", "HOST:PORT", "AUDIT_PKCS12_PASSWORD"] {
        assert!(output.stdout.contains(needed), "{needed}: {output:?}");
    }
}

#[test]
fn standard_input_is_read_like_a_file() {
    let world = World::full();
    let pem = world.edge.cert_pem();
    for (id, bytes) in [("pem", pem.as_bytes()), ("der", &*world.edge.der())] {
        let arguments = "--format json issuers.pem roots.pem -";
        let line = audit_in(world.path(), arguments, bytes, &[]).line("CN=edge.example.com");
        assert_eq!(line["verdict"], "breaks_at_renewal", "{id} {line}");
        assert!(places(&line)[0].starts_with("standard input"), "{id} {line}");
        assert_eq!(line["source"][0]["kind"], "stdin", "{id}");
    }
}

#[test]
fn the_report_goes_where_it_is_told_to_and_nowhere_else() {
    let world = World::full();
    world.write("report", "what was there before");
    for format in FORMATS {
        let to_stdout = audit(&world, &format!("--format {format} edge.pem"));
        let to_file = audit(&world, &format!("--format {format} -o report edge.pem"));
        assert_eq!((to_file.code, to_file.stdout.as_str()), (to_stdout.code, ""));
        let file = std::fs::read_to_string(world.folder.join("report")).unwrap();
        assert_eq!(file, to_stdout.stdout, "{format}");
    }
    // Nothing beside it is left.
    let names = std::fs::read_dir(world.path()).unwrap().map(|it| it.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().starts_with("report")).count(), 1);
    let output = audit(&world, "-o /dev/stdout edge.pem");
    assert!(output.stdout.contains("edge.example.com"), "{output:?}");
    let output = audit(&world, "-o /dev/full edge.pem");
    assert_eq!((output.code, output.stdout.as_str()), (2, ""));
    assert!(output.stderr.contains("error: /dev/full: No space left"), "{output:?}");
}

#[test]
fn every_report_says_when_the_timeline_was_read_and_warns_after_90_days() {
    let world = World::full();
    for (day, warns) in [("2027-02-19", false), ("2027-02-20", true)] {
        for format in ["text", "json", "html"] {
            let output = audit(&world, &format!("--as-of {day} --format {format} ."));
            let (says, where_warned) = match format {
                "json" => ("\"timeline_read_on\":\"2026-11-21\"", &output.stderr),
                _ => ("last read on 2026-11-21", &output.stdout),
            };
            assert!(output.stdout.contains(says), "{day} {format}: {output:?}");
            let warning = "WARNING: the timeline was last read on 2026-11-21";
            assert_eq!(where_warned.contains(warning), warns, "{day} {format}");
        }
    }
}

/// A name cannot move the cursor, forge a line or reorder what is read: of a certificate, of a file, of
/// what could not be read, of a milestone.
#[test]
fn hostile_names_are_escaped() {
    let world = World::new();
    let hostile = "x\u{1b}[1A\nALREADY UNFIT (0)\r\u{202e}\u{9b}1A";
    let names = der::sequence(&[der::general_name(2, b"x\x1b[2K\nALREADY UNFIT (0)\x7f")]);
    let leaf = nameless(hostile, 100).eku(Eku::both()).raw_san(names);
    world.write(&format!("{hostile}.pem"), world.private.leaf(leaf).cert_pem());
    world.write(&format!("{hostile}.crt"), "-----BEGIN CERTIFICATE-----\n");
    // One that `edge` is judged by.
    let citation = json!({ "document": hostile, "section": hostile });
    world.write("timeline.json", milestone("digicert-end", "2027-03-01", hostile, citation));
    world.write("edge.pem", world.edge.cert_pem() + &world.combined.pem());
    for format in ["text", "json", "csv", "html"] {
        let output = audit(&world, &format!("--format {format} --timeline timeline.json ."));
        let said = output.stdout.replace("\r\n", "\n");
        let is_raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!said.contains(is_raw) && !said.contains("\nALREADY UNFIT (0)"), "{format} {said}");
        // What a reader of JSON prints must be harmless, too.
        assert!(!said.contains("\\n") && !said.contains("\\u001b"), "{format} {said}");
        assert!(said.contains("2027-03-01") && said.contains("\\u{1b}[1A"), "{format} {said}");
        assert_eq!(output.code, 2, "{format} {output:?}");
    }
}

#[test]
fn whoever_has_read_enough_of_a_report_is_no_error() {
    let estate = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/inventory");
    for format in FORMATS {
        let mut audit = std::process::Command::new(crate::program("audit"));
        audit.args(["--as-of", "2026-11-21", "--format", format, estate]);
        assert_eq!(run_unread(audit), (Some(1), String::new()), "{format}");
    }
}
