//! Text and JSON: golden files, exit codes, hostile names.

use serde_json::{Value, json};

use crate::common::pki::{Eku, der};
use crate::run::{Run, audit, audit_with};
use crate::world::{World, leaf};

#[test]
fn the_text_report_is_as_it_was_agreed() {
    let output = audit(World::full().path(), ".");
    agreed("report.txt", &output.stdout);
    assert_eq!((output.code, output.stderr.as_str()), (1, ""));
}

/// Keys are fresh in every run; what depends on them is replaced.
#[test]
fn the_json_report_is_as_it_was_agreed() {
    let output = audit(World::full().path(), "--format json .");
    let mut lines = output.lines();
    for line in &mut lines {
        for field in ["sha256", "spki_sha256"] {
            let hash = line[field].take();
            let is_hash = hash.as_str().is_some_and(|hash| hash.len() == 64);
            line[field] = json!(if is_hash { "HASH" } else { "NO HASH" });
        }
    }
    let lines: String = lines.iter().map(|line| format!("{line:#}\n")).collect();
    agreed("report.json", &lines);
    assert_eq!((output.code, output.stderr.as_str()), (1, ""));
}

/// Set `AUDIT_PROGRAM_AGREE` to write the file anew, and read the difference before it is committed.
fn agreed(name: &str, found: &str) {
    let path = format!("{}/tests/audit_program/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("AUDIT_PROGRAM_AGREE").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let agreed = std::fs::read_to_string(&path).unwrap();
    assert_eq!(found, agreed, "{name}");
}

#[test]
fn a_report_says_when_its_dates_were_read_more_than_ninety_days_before() {
    let world = World::full();
    for (day, is_stale) in [("2027-02-19", false), ("2027-02-20", true)] {
        for format in ["text", "json", "html"] {
            let output = audit(world.path(), &format!("--as-of {day} --format {format} ."));
            let warned = match format {
                "json" => &output.stderr,
                _ => &output.stdout,
            };
            let is_warned = warned.contains("WARNING: the timeline was last read on 2026-11-21");
            assert_eq!(is_warned, is_stale, "{day} {format}");
        }
    }
}

#[test]
fn every_json_line_has_the_same_fields_and_a_leaf_has_its_forecast() {
    let output = audit(World::full().path(), "--format json .");
    for line in output.lines() {
        for field in [
            "source",
            "subject",
            "issuer",
            "serial",
            "sha256",
            "not_before",
            "not_after",
            "eku",
            "roles",
            "hierarchy",
            "verdict",
            "works_until",
            "because",
            "advice",
        ] {
            assert!(line.get(field).is_some(), "{field}: {line}");
        }
        assert_eq!(line["kind"] == "leaf", line.get("forecast").is_some(), "{line}");
    }
    let forecast = &output.line("CN=xmpp.example.com")["forecast"];
    let (only_server, both) =
        (json!({ "server": true, "client": false }), json!({ "server": true, "client": true }));
    let expected = json!({
        "rustls": only_server, "openssl": only_server, "go": only_server, "java": both,
        "gnutls": only_server,
    });
    assert_eq!(forecast, &expected);
}

/// Every row: an id, the arguments, the exit code.
#[test]
fn the_exit_code_says_what_there_is_to_do() {
    let world = World::full();
    world.write("broken.pem", "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----\n");
    world.write("timeline.json", "{");
    let issuers = "issuers.pem roots.pem";
    #[rustfmt::skip]
    let rows = [
        ("nothing",          format!("www.pem mesh.pem {issuers}"), 0),
        ("at-renewal",       format!("edge.pem {issuers}"), 1),
        ("at-renewal-json",  format!("--format json edge.pem {issuers}"), 1),
        ("at-renewal-html",  format!("--format html edge.pem {issuers}"), 1),
        ("not-as-server",    format!("--role server edge.pem {issuers}"), 0),
        ("as-client",        format!("--role client edge.pem {issuers}"), 1),
        ("server-as-client", format!("--role client www.pem {issuers}"), 1),
        ("server-as-both",   format!("--role both www.pem {issuers}"), 1),
        ("unfit",            format!("xmpp.pem {issuers}"), 1),
        ("expired",          format!("old.pem {issuers}"), 1),
        ("unknown",          "orphan.pem".into(), 0),
        ("unreadable",       "broken.pem".into(), 2),
        ("unreadable-too",   format!("edge.pem broken.pem {issuers}"), 2),
        ("not-there",        "nowhere.pem".into(), 2),
        ("nothing-in-it",    "notes.txt".into(), 2),
        ("no-source",        "".into(), 2),
        ("no-such-format",   "--format xml www.pem".into(), 2),
        ("no-day",           "--as-of yesterday www.pem".into(), 2),
        ("bad-timeline",     "--timeline timeline.json www.pem".into(), 2),
        ("no-timeline",      "--timeline nowhere.json www.pem".into(), 2),
        ("no-passwords",     "--password-file nowhere www.pem".into(), 2),
        ("no-output",        "-o no/such/folder www.pem".into(), 2),
        ("help",             "--help".into(), 0),
    ];
    let failures: Vec<_> = rows
        .iter()
        .filter_map(|(id, arguments, code)| {
            let output = audit(world.path(), arguments);
            (output.code != *code).then(|| format!("{id}: needed {code}: {output:?}"))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_help_has_examples_and_the_exit_codes() {
    let output = audit(World::new().path(), "--help");
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
        let line = audit_with(world.path(), arguments, bytes, &[]).line("CN=edge.example.com");
        assert_eq!(line["verdict"], "breaks_at_renewal", "{id} {line}");
        let source = line["source"][0].as_str().unwrap();
        assert!(source.starts_with("standard input"), "{id} {line}");
    }
}

#[test]
fn the_report_goes_where_it_is_told_to_and_nowhere_else() {
    let world = World::full();
    for format in ["text", "json", "html"] {
        let to_stdout = audit(world.path(), &format!("--format {format} edge.pem"));
        let to_file = audit(world.path(), &format!("--format {format} -o report edge.pem"));
        assert_eq!((to_file.code, to_file.stdout.as_str()), (to_stdout.code, ""));
        let file = std::fs::read_to_string(world.folder.join("report")).unwrap();
        assert_eq!(file, to_stdout.stdout, "{format}");
    }
}

#[test]
fn without_a_terminal_there_is_no_colour_and_no_line_is_longer_than_100() {
    let world = World::full();
    let name = "a-rather-long-label.".repeat(6) + "example.com";
    let long = leaf(&name, 20).eku(Eku::both());
    world.write("long.pem", world.private.leaf(long).cert_pem());
    let output = audit(world.path(), ".");
    assert!(!output.stdout.contains('\u{1b}'), "{output:?}");
    // An address is never broken.
    let lines = output.stdout.lines().filter(|line| !line.contains("https://"));
    let widest = lines.max_by_key(|line| line.chars().count()).unwrap();
    assert!(widest.chars().count() <= 100, "{widest}");
    assert!(output.stdout.contains('…'), "{output:?}");
}

#[test]
fn every_report_says_when_the_timeline_was_read_and_warns_after_90_days() {
    let world = World::full();
    let said = |format: &str, day: &str| {
        let arguments = format!("--format {format} --as-of {day} www.pem");
        audit(world.path(), &arguments).stdout
    };
    let read_on =
        audit(world.path(), "--format json www.pem").lines()[0]["timeline_read_on"].clone();
    assert_eq!(read_on, "2026-11-21");
    for format in ["text", "html"] {
        for (day, warns) in [("2027-02-19", false), ("2027-02-20", true)] {
            let report = said(format, day);
            assert!(report.contains("last read on 2026-11-21"), "{format} {day}: {report}");
            assert_eq!(report.contains("WARNING"), warns, "{format} {day}: {report}");
        }
    }
}

#[test]
fn a_timeline_of_the_users_replaces_a_milestone_of_the_same_id() {
    let world = World::full();
    let moved = json!({
        "read_on": "2026-11-21",
        "milestones": [{
            "id": "chrome-leaf", "date": "2031-01-01", "who": "Chrome", "change": "moved again",
            "compared": "issued_on_or_after", "effect": "client_auth_ends",
            "citation": { "document": "a rumour" }, "confidence": "secondary",
        }],
    });
    world.write("moved.json", moved.to_string());
    let output = audit(world.path(), "--format json --timeline moved.json .");
    let line = output.line("CN=edge.example.com");
    let because = line["because"].as_array().unwrap();
    let dates: Vec<_> = because
        .iter()
        .filter(|cause| cause["milestone"] == "chrome-leaf")
        .map(|cause| &cause["date"])
        .collect();
    assert!(dates.is_empty() || dates == [&json!("2031-01-01")], "{line}");
    assert_ne!(
        because,
        audit(world.path(), "--format json .").line("CN=edge.example.com")["because"]
            .as_array()
            .unwrap()
    );
}

/// A name cannot move the cursor, forge a line or reorder what is read, in text or in JSON.
#[test]
fn hostile_names_are_escaped() {
    let world = World::new();
    for (index, name) in HOSTILE.iter().enumerate() {
        let spec = leaf(name, 100 + index as u64).eku(Eku::both());
        let file = format!("{index}.pem");
        world.write(&file, world.private.leaf(spec).cert_pem());
    }
    let name = der::general_name(2, b"dns\x1b[2K\nALREADY UNFIT (0)\x7f");
    let san = leaf("fixed\u{1b}", 200).eku(Eku::both());
    let san = san.raw_san(der::sequence(&[name]));
    world.write("san.pem", world.private.leaf(san).cert_pem());
    world.write("timeline.json", hostile_timeline());
    world.write("edge.pem", world.edge.cert_pem() + &world.combined.pem());
    world.write("line\nfeed\u{202e}\u{1b}[2K.pem", world.edge.cert_pem());
    world.write("broken\u{1b}[2K.pem", "-----BEGIN CERTIFICATE-----\n");
    for format in ["text", "json", "html"] {
        let arguments = format!("--format {format} --timeline timeline.json .");
        let output = audit(world.path(), &arguments);
        let is_raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!output.stdout.contains(is_raw), "{format} {output:?}");
        assert_eq!(output.code, 2, "{format} {output:?}");
        assert!(
            output.stdout.contains("\\u{1b}[1A"),
            "the timeline's milestone is in it: {format}"
        );
    }
    let output = audit(world.path(), "--format json .");
    assert!(!output.stdout.contains("\\n") && !output.stdout.contains("\\u001b"), "{output:?}");
    assert_eq!(output.lines().len(), HOSTILE.len() + 6, "{output:?}");
}

/// One that `edge` is judged by, and that writes over the line before.
fn hostile_timeline() -> String {
    let hostile = "\u{1b}[1A\u{202e}x";
    let timeline = json!({
        "read_on": "2026-11-21",
        "milestones": [{
            "id": "digicert-end", "date": "2027-03-01", "who": hostile, "change": hostile,
            "issuers": ["DigiCert Inc"], "compared": "issued_on_or_after",
            "effect": "client_auth_ends", "citation": { "document": hostile, "section": hostile },
            "confidence": "primary", "disagreements": [{ "says": hostile, "source": hostile }],
        }],
    });
    timeline.to_string()
}

pub const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</style></script></svg><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% include 'x' %}",
    "&lt;b&gt;",
    "x\u{1b}[2K\nALREADY UNFIT (0)\r\u{202e}\u{9b}1A",
    "שלום",
    "javascript:alert(1)",
];

#[test]
fn private_keys_are_noticed_and_never_printed() {
    let world = World::full();
    let secret: String = world.edge.key_pem().lines().nth(1).unwrap().chars().take(24).collect();
    for format in ["text", "json", "html"] {
        let output = audit(world.path(), &format!("--format {format} ."));
        assert!(!output.stdout.contains(&secret), "{format}");
    }
    let output: Run = audit(world.path(), "--format json .");
    let keys = |subject| output.line(subject)["private_keys"].clone();
    assert_eq!(keys("CN=edge.example.com"), json!(["./edge.key:1"]));
    assert_eq!(keys("CN=www.example.com"), Value::Array(vec![]));
}
