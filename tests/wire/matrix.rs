//! Each real peer as client and as server, with each kind of certificate, under each policy.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;

use super::certificates::{Certificates, End, Kind};
use super::clients::{self, Outcome};
use super::proxy::{self, Policy, accepting, originating};
use super::servers;
use super::service::{self, ANSWER, MQTT_ACCEPTED, MQTT_CONNECT};
use crate::common::errors::Rows;

const VERSIONS: [&str; 2] = ["1.2", "1.3"];

/// What came of one connection, and where.
struct Row {
    id: String,
    outcome: Outcome,
    /// Whether data had to pass.
    expected: bool,
}

fn judge(rows: &[Row]) {
    let mut judged = Rows::default();
    for Row { id, outcome: Outcome { passed, words }, expected } in rows {
        judged.holds(id, passed == expected, format_args!("passed {passed}\n{words}"));
    }
}

#[test]
fn real_clients_pass_with_the_right_purpose_or_under_a_relaxation_that_names_them() {
    let certificates = Certificates::make();
    let service = service::start();
    let tunnels = Policy::ALL.map(|policy| accepting(&certificates, policy, service));
    let _proxy = proxy::start(&certificates, &[&tunnels[0], &tunnels[1]]);
    let mut rows = vec![];
    for (name, _, client) in clients::installed() {
        for version in VERSIONS {
            for kind in Kind::ALL {
                for (policy, tunnel) in Policy::ALL.into_iter().zip(&tunnels) {
                    let (own, to) = (certificates.theirs(kind), tunnel.address);
                    let end = End { certificates: &certificates, own, version, to };
                    rows.push(Row {
                        id: format!("{name}, TLS {version}, {}, {policy:?}", kind.name()),
                        outcome: client(&end),
                        expected: policy == Policy::Relaxed || kind != Kind::ServerAuth,
                    });
                }
            }
        }
    }
    judge(&rows);
    table("clients", "A client that presents serverAuth alone, refused, says", &rows, "serverAuth");
}

#[test]
fn real_servers_are_called_with_the_right_purpose_or_under_a_relaxation_that_names_them() {
    let certificates = Certificates::make();
    let service = service::start();
    let mut rows = vec![];
    for (name, _, server) in servers::installed() {
        for version in VERSIONS {
            for kind in Kind::ALL {
                let own = certificates.theirs(kind);
                let end = End { certificates: &certificates, own, version, to: service };
                let running = servers::start(&end, server);
                rows.extend(called(&certificates, name, version, kind, &running));
            }
        }
    }
    judge(&rows);
    table(
        "servers",
        "A server that is presented serverAuth alone says",
        &rows,
        "we have serverAuth",
    );
}

/// Their certificate and our policy vary; and ours, where theirs is fine.
fn called(
    certificates: &Certificates,
    name: &str,
    version: &str,
    kind: Kind,
    running: &servers::Running,
) -> Vec<Row> {
    let to = running.address;
    let of_theirs = Policy::ALL.map(|it| originating(certificates, Kind::ClientAuth, it, to));
    let of_ours = Kind::ALL.map(|own| originating(certificates, own, Policy::Default, to));
    let all: Vec<_> = of_theirs.iter().chain(&of_ours).collect();
    let _proxy = proxy::start(certificates, &all);
    let ask = |address| {
        let answer = ask(address, name == "mosquitto");
        let passed = is_answer(answer.as_deref().unwrap_or_default(), name == "mosquitto");
        Outcome { passed, words: format!("{}answered was {answer:?}", running.process.said()) }
    };
    let theirs = Policy::ALL.into_iter().zip(&of_theirs).map(|(policy, tunnel)| Row {
        id: format!("{name}, TLS {version}, it has {}, {policy:?}", kind.name()),
        outcome: ask(tunnel.address),
        expected: policy == Policy::Relaxed || kind != Kind::ClientAuth,
    });
    let ours = Kind::ALL.into_iter().zip(&of_ours).map(|(own, tunnel)| Row {
        id: format!("{name}, TLS {version}, we have {}", own.name()),
        outcome: ask(tunnel.address),
        // gnutls-serv gives its library no purpose.
        expected: own != Kind::ServerAuth || name == "GnuTLS",
    });
    match kind {
        Kind::ServerAuth => theirs.chain(ours).collect(),
        _ => theirs.collect(),
    }
}

/// What a server behind the tunnel answers.
fn ask(address: SocketAddr, is_mqtt: bool) -> io::Result<Vec<u8>> {
    service::ask(address, if is_mqtt { MQTT_CONNECT } else { b"ping\n" })
}

fn is_answer(answer: &[u8], is_mqtt: bool) -> bool {
    match is_mqtt {
        true => answer == MQTT_ACCEPTED,
        // As it was said, by the service, turned around by OpenSSL, or echoed by GnuTLS.
        false => [ANSWER, "gnip", "ping"].iter().any(|it| answer.starts_with(it.as_bytes())),
    }
}

/// The manual's table of the peers' own words, of the rows that were refused with this certificate.
fn table(name: &str, title: &str, rows: &[Row], certificate: &str) {
    let mut words: BTreeMap<&str, [String; 2]> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.expected && row.id.contains(certificate)) {
        let (peer, rest) = row.id.split_once(", TLS ").unwrap();
        let column = usize::from(rest.starts_with("1.3"));
        words.entry(peer).or_default()[column] = essence(&row.outcome.words);
    }
    let mut text = format!("| {title} | TLS 1.2 | TLS 1.3 |\n| --- | --- | --- |\n");
    for (peer, [old, new]) in words {
        writeln!(text, "| {peer} | {old} | {new} |").unwrap();
    }
    if std::env::var_os("MTLS_ROLES_AGREE").is_some() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/manual");
        std::fs::write(format!("{folder}/peers_{name}.md"), &text).unwrap();
    }
}

/// What says what is wrong, without times, places and numbers.
fn essence(words: &str) -> String {
    const SIGNS: [&str; 11] = [
        "alert unsupported certificate",
        "remote error: tls: ",
        "Received fatal alert",
        "A TLS fatal alert has been received",
        "Extended key usage does not",
        "x509: certificate specifies an incompatible key usage",
        "unsuitable certificate purpose",
        "SSL client certificate not trusted",
        "SSL fatal error",
        " SC ",
        " SD ",
    ];
    const TAILS: [&str; 5] = [":", ", errno", ") while", " /", "\n"];
    let Some(found) = SIGNS.iter().find_map(|sign| words.find(sign)) else {
        return "nothing".to_owned();
    };
    let said = &words[found..];
    // The first colons belong to what is said.
    let from = ["x509: ", "remote error: tls: ", "Received fatal alert: "];
    let from = from.iter().find(|start| said.starts_with(**start)).map_or(0, |start| start.len());
    let end = TAILS.iter().filter_map(|tail| said[from..].find(tail)).min();
    let said = said[..end.map_or(said.len(), |end| from + end)].trim();
    match said.split_once(' ') {
        Some((state @ ("SC" | "SD"), _)) => format!("nothing but `{state}`"),
        _ => format!("`{said}`"),
    }
}
