//! Other makes of TLS at either end of a tunnel: in both versions, with every kind of certificate,
//! under both policies; that data passes, or what the peer says when it does not.
//!
//! `docs/proxy-peers.md`, which the manual shows, is this test's table: written anew with
//! `MTLS_ROLES_AGREE` where all of these programs are installed.

mod clients;
mod servers;

use std::process::Command;

use crate::common::pki::{Eku, Leaf, LeafSpec};
use crate::world::{World, valid};

/// One connection between a peer of another make and us.
struct Row {
    peer: &'static str,
    /// What the peer is.
    role: &'static str,
    version: &'static str,
    /// What the client presents.
    certificate: &'static str,
    /// How the server's side judges its EKU.
    policy: &'static str,
    passes: bool,
    /// The peer's own.
    words: String,
}

const VERSIONS: [&str; 2] = ["1.2", "1.3"];

/// What clients present, and whether it has the purpose.
const CERTIFICATES: [(&str, bool); 3] =
    [("combined", true), ("clientAuth", true), ("serverAuth", false)];

fn certificate(world: &World, kind: &str) -> Leaf {
    let eku = match kind {
        "combined" => Eku::both(),
        "clientAuth" => Eku::client(),
        _ => Eku::server(),
    };
    let spec = LeafSpec::new("edge.example.com").dns("edge.example.com").eku(eku);
    world.clients.leaf(valid(spec))
}

fn is_installed(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    let is_there = found.is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("SKIPPED: not installed: {program}");
    }
    is_there
}

/// The first line that says why, without what differs from run to run.
fn words(said: &str) -> String {
    let marks = ["upported", "alert", "reset", "closed", "EOF"];
    let line = marks.iter().find_map(|mark| said.lines().find(|line| line.contains(mark)));
    let line = line.unwrap_or_default().trim();
    // OpenSSL: thread, "error", number, library, function, reason, file, line, more.
    let fields: Vec<_> = line.split(':').collect();
    match fields[..] {
        [_, "error", _, _, _, reason, ..] => reason.trim().to_owned(),
        _ => line.trim_start_matches("*** ").split(" (_ssl").next().unwrap_or_default().to_owned(),
    }
}

#[test]
fn every_peer_passes_with_the_purpose_and_without_it_only_where_it_is_let_pass() {
    let rows: Vec<Row> = [clients::rows(), servers::rows()].into_iter().flatten().collect();
    let table = table(&rows);
    println!("{table}");
    if std::env::var_os("MTLS_ROLES_AGREE").is_some() {
        assert_eq!(rows.len(), 4 * 12 + 5 * 6, "a peer is not installed");
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/proxy-peers.md");
        std::fs::write(file, table).unwrap();
    }
}

/// A line for each peer and version.
fn table(rows: &[Row]) -> String {
    let mut table = String::from(
        "| peer | TLS | combined | clientAuth | serverAuth | serverAuth, let pass | its words |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let of_one = |a: &Row, b: &Row| (a.peer, a.version) == (b.peer, b.version);
    for rows in rows.chunk_by(of_one) {
        let Row { peer, role, version, .. } = rows[0];
        let cell = |certificate, is_let_pass| {
            let is_it = |row: &&Row| {
                row.certificate == certificate && (row.policy == "ignore") == is_let_pass
            };
            match rows.iter().find(is_it) {
                None => "–",
                Some(row) if row.passes => "passes",
                Some(_) => "refused",
            }
        };
        let cells = [
            cell("combined", false),
            cell("clientAuth", false),
            cell("serverAuth", false),
            cell("serverAuth", true),
        ];
        let words = rows.iter().map(|row| &*row.words).find(|words| !words.is_empty());
        let words = words.map(|words| format!("`{words}`")).unwrap_or_default();
        table += &format!("| {peer}, {role} | {version} | {} | {words} |\n", cells.join(" | "));
    }
    table
}
