//! The table of `quickstart`; that `embed` and `axum_mtls` end well.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::common::files::TempDir;
use crate::common::programs::run;
use crate::program;

/// Every row of the table, by how its cells begin; result and alert are whole.
#[rustfmt::skip]
const PROMISED: [[&str; 5]; 14] = [
    ["Yesterday", "serverAuth + clientAuth, from Public CA", "rfc5280", "accepted", "–"],
    ["Today", "serverAuth, from Public CA", "rfc5280", "REFUSED", WRONG_EKU],
    ["The same; the EKU is ignored", "serverAuth, from", "ignore for spki-sha256:", "accepted, reported", "–"],
    ["The same; this one peer", "serverAuth, from", "accept-server-auth for dns:", "accepted, reported", "–"],
    ["A stranger with", "serverAuth, from Public CA", "ignore for spki-sha256:", "REFUSED", WRONG_EKU],
    ["A stranger again", "serverAuth, from Public CA", "ignore for any peer", "REFUSED", WRONG_EKU],
    ["Two slots: the edge calls", "clientAuth, from Private CA", "rfc5280", "accepted", "–"],
    ["Two slots: the edge is called", "serverAuth, from Public CA", "rfc5280", "accepted", "–"],
    ["A client certificate below", "clientAuth, from Issuing CA (serverAuth)", "rfc5280", "REFUSED", WRONG_EKU],
    ["The same; ignoring the EKU", "clientAuth, from Issuing CA (serverAuth)", "ignore for", "accepted, reported", "–"],
    ["A renewal that lost", "serverAuth, from Public CA", "rfc5280 (the slot's default)", "REFUSED", "–"],
    ["That slot still presents", "serverAuth + clientAuth, from Public CA", "rfc5280", "accepted", "–"],
    ["An end date: one second before", "serverAuth, from", "ignore until 2027-03-15T00:00:00Z", "accepted, reported", "–"],
    ["The end date has come", "serverAuth, from", "ignore until 2027-03-15T00:00:00Z", "REFUSED", WRONG_EKU],
];

const WRONG_EKU: &str = "unsupported_certificate";

#[test]
fn quickstart_exits_with_0_and_its_table_holds_the_promised_verdicts_in_120_columns() {
    let output = run(Command::new(program("quickstart")), b"");
    assert_eq!(output.code, 0, "{output:?}");
    let rows = table(&output.stdout);
    assert_eq!(rows.len(), PROMISED.len(), "{}", output.stdout);
    for (row, [scenario, presented, policy, result, alert]) in rows.iter().zip(PROMISED) {
        assert!(row[0].starts_with(scenario), "{row:?}: {scenario}");
        assert!(row[1].starts_with(presented), "{row:?}: {presented}");
        assert!(row[2].starts_with(policy), "{row:?}: {policy}");
        assert_eq!([&row[3], &row[5]], [result, alert], "{row:?}");
    }
    let widest = output.stdout.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(120), "{widest:?}\n{}", output.stdout);
    let last = output.stdout.lines().last().unwrap();
    assert!(last.starts_with("Next: "), "{last}");
    assert!(last.contains("--example verify"), "{last}");
}

/// What the adapters' README begins with.
#[test]
fn embed_serves_from_a_folder_that_it_makes() {
    let folder = TempDir::new();
    let mut embed = Command::new(program("embed"));
    embed.arg(folder.join("new")).stdout(Stdio::piped());
    let mut server = embed.spawn().unwrap();
    let mut address = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut address).unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    assert!(folder.join("new/server-roots.pem").exists());
}

#[test]
fn embed_swaps_the_client_certificate_while_running_and_ends_by_itself() {
    let output = run(Command::new(program("embed")), b"");
    assert_eq!(output.code, 0, "{output:?}");
    let lines: Vec<_> = output.stdout.lines().collect();
    let [first, swapped, second] = lines[..] else { panic!("{lines:?}") };
    let you = "the server says: you are dns:edge.example.com, serial ";
    let serial = |line: &str| {
        let rest = line.strip_prefix(you).unwrap();
        rest.split(',').next().unwrap().to_owned()
    };
    assert!(swapped.ends_with(&serial(first)), "{lines:?}");
    assert_ne!(serial(first), serial(second));
}

#[test]
fn axum_mtls_answers_over_http_2_with_the_peers_name_and_ends_by_itself() {
    let output = run(Command::new(program("axum_mtls")), b"");
    assert_eq!(output.code, 0, "{output:?}");
    let answer = "the handler says: dns:edge.example.com over HTTP/2.0\n\
                  the echo says:    dns:edge.example.com, you said: hello\n";
    assert_eq!(output.stdout, answer);
}

/// The rows of the table, each with the text of its cells; the heading is left out.
fn table(text: &str) -> Vec<[String; 6]> {
    let mut rows: Vec<[String; 6]> = vec![];
    for line in text.lines() {
        if line.contains('┼') {
            rows.push(Default::default());
        }
        let parts: Vec<_> = line.split('│').map(str::trim).collect();
        let Some(row) = rows.last_mut().filter(|_| parts.len() == 6) else {
            continue;
        };
        for (cell, part) in row.iter_mut().zip(parts) {
            // Long alert names are broken behind their `_`.
            if !cell.is_empty() && !cell.ends_with('_') && !part.is_empty() {
                cell.push(' ');
            }
            cell.push_str(part);
        }
    }
    rows
}
