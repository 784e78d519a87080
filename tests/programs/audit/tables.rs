//! For programs and spreadsheets: the list, CSV, metrics, and what a line of JSON says of itself.

use serde_json::json;

use super::run::audit;
use super::world::{World, leaf};
use crate::common::pki::Eku;

#[test]
fn the_list_has_the_public_certificates_with_client_auth_one_a_line() {
    let world = World::full();
    let output = audit(&world, "--list client-auth .");
    let lines: Vec<Vec<_>> = output.stdout.lines().map(|line| line.split('\t').collect()).collect();
    let expected = [
        ["2026-09-01", "old.example.com", "O=DigiCert Inc, CN=Combined CA", "./old.pem:1"],
        ["2027-03-18", "xmpp.example.com", "O=Let's Encrypt, CN=YR1", "./xmpp.pem:1"],
        ["2027-03-18", "edge.example.com", "O=DigiCert Inc, CN=Combined CA", "./edge.pem:1"],
    ];
    assert_eq!(lines, expected, "{output:?}");
    assert_eq!(output.code, 1);
    world.write("broken.pem", "-----BEGIN CERTIFICATE-----\n");
    let output = audit(&world, "--list client-auth .");
    assert_eq!((output.code, output.stdout.lines().count()), (2, 3));
    assert!(output.stderr.contains("broken.pem"), "{output:?}");
    let output = audit(&world, "--list client-auth --format json .");
    assert_eq!(output.lines().len(), 4, "{output:?}");
}

#[test]
fn csv_has_a_heading_and_a_line_for_each_and_no_formula() {
    let world = World::full();
    let evil = leaf("=cmd|' /C calc'!A0", 30).eku(Eku::both());
    world.write("evil,\"x.pem", world.private.leaf(evil).cert_pem());
    world.write("broken.pem", "-----BEGIN CERTIFICATE-----\n");
    let output = audit(&world, "--format csv .");
    let mut lines = output.stdout.split("\r\n");
    let heading = lines.next().unwrap();
    assert!(heading.starts_with("verdict,due,works_until,kind,name,"), "{heading}");
    let columns = heading.split(',').count();
    let rows: Vec<_> = lines.filter(|line| !line.is_empty()).map(cells).collect();
    assert!(rows.iter().all(|row| row.len() == columns), "{rows:#?}");
    let evil = rows.iter().find(|row| row[4].contains("cmd")).unwrap();
    assert_eq!(evil[4], "'=cmd|' /C calc'!A0");
    assert_eq!(evil.last().unwrap(), "./evil,\"x.pem:1");
    let unreadable = rows.last().unwrap();
    assert_eq!(unreadable[0], "unreadable");
    assert!(unreadable.last().unwrap().starts_with("./broken.pem"), "{unreadable:?}");
    assert_eq!(output.code, 2);
}

fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut is_quoted) = (vec![String::new()], false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cells.last_mut().unwrap().push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

/// The text form: a name, labels whose values are quoted, a number.
#[test]
fn metrics_are_in_the_text_form_and_a_name_stays_inside_its_label() {
    let world = World::full();
    let evil = leaf("x\"} 1\nmtls_audit_unreadable 7 \\", 30).eku(Eku::both());
    world.write("evil.pem", world.private.leaf(evil).cert_pem());
    let output = audit(&world, "--format prometheus .");
    for line in output.stdout.lines().filter(|line| !line.starts_with("# ")) {
        assert!(line.starts_with("mtls_audit_"), "{line}");
        let (head, number) = line.rsplit_once(' ').unwrap();
        assert!(number.parse::<i64>().is_ok(), "{line}");
        let labels = head.split_once('{').map_or("", |(_, labels)| labels);
        let quotes = labels.replace("\\\\", "").replace("\\\"", "").matches('"').count();
        assert_eq!(quotes % 2, 0, "{line}");
    }
    for needed in [
        "# TYPE mtls_audit_certificates gauge\n",
        "mtls_audit_certificates{verdict=\"breaks_at_renewal\"} 1\n",
        "mtls_audit_unreadable 0\n",
        "name=\"edge.example.com\",place=\"./edge.pem:1\",verdict=\"breaks_at_renewal\"",
    ] {
        assert!(output.stdout.contains(needed), "{needed} {}", output.stdout);
    }
    // 2027-03-18.
    let due = output
        .stdout
        .lines()
        .find(|line| line.starts_with("mtls_audit_due") && line.contains("edge.pem"));
    assert!(due.unwrap().ends_with(" 1805328000"), "{due:?}");
}

#[test]
fn a_line_says_where_it_was_found_what_stands_above_it_and_how_that_is_known() {
    let world = World::full();
    world.write(
        "plain.pem",
        world.private.leaf(leaf("plain.example.com", 40).eku(Eku::Absent)).cert_pem(),
    );
    let output = audit(&world, "--format json --role client:mesh.pem .");
    let edge = output.line("CN=edge.example.com");
    assert_eq!((&edge["schema_version"], &edge["record"]), (&json!(2), &json!("certificate")));
    let source = json!({
        "kind": "file", "text": "./edge.pem:1", "path": "./edge.pem", "host": null, "port": null,
        "place": null, "line": 1,
    });
    assert_eq!(edge["source"], json!([source]));
    let subjects = edge["chain"].as_array().unwrap().iter().map(|it| it["subject"].clone());
    let subjects: Vec<_> = subjects.collect();
    assert_eq!(
        subjects,
        ["O=DigiCert Inc, CN=Combined CA", "O=DigiCert Inc, CN=DigiCert Global Root G2"]
    );
    assert_eq!((&edge["chain_complete"], &edge["due"]), (&json!(true), &json!("2027-03-18")));
    let command = edge["advice"].as_array().unwrap().iter().find(|it| it["id"] == "two_slots");
    let command = command.unwrap()["command"].as_str().unwrap();
    assert!(
        command
            .ends_with("extendedKeyUsage=clientAuth -addext subjectAltName=DNS:edge.example.com")
    );
    let rows = [
        ("CN=edge.example.com", "marks", "eku"),
        ("CN=plain.example.com", "own_root", "no_eku"),
        ("CN=orders.mesh.internal", "own_root", "told"),
        ("CN=orphan.example.com", "no_root", "eku"),
        ("O=Example Ltd, CN=Mesh Root", "own_root", "ca"),
    ];
    for (subject, reason, by) in rows {
        let line = output.line(subject);
        let found = (&line["hierarchy_reason"], &line["serves_by"]);
        assert_eq!(found, (&json!(reason), &json!(by)), "{subject}");
    }
    let text = audit(&world, ".").stdout;
    assert!(text.contains("server+client (no EKU)"), "{text}");
}

/// The commands for ACME clients are there if somebody is to use two certificates, and not else.
#[test]
fn the_commands_for_acme_clients_are_there_if_they_help() {
    let world = World::full();
    for (arguments, is_there) in [(".", true), ("www.pem mesh.pem issuers.pem roots.pem", false)] {
        let text = audit(&world, arguments).stdout;
        assert_eq!(text.contains("WITH AN ACME CLIENT"), is_there, "{arguments}");
        assert_eq!(text.contains("--preferred-profile tlsserver"), is_there, "{arguments}");
    }
}
