//! What a file may say, and what is said of what it may not: one line, with its place and its tunnel.

use std::net::{SocketAddr, TcpListener};

use crate::common::agreed::agreed;
use crate::common::pki::{CrlSpec, Eku};
use crate::common::programs::{Run, run_unread};
use crate::running::{PAIR, calling, check, once, program, several, terminating, write};
use crate::world::{World, named};
use std::process::Command;

/// As an operator writes it, below the line of the log's format.
const GOOD: &str = "\
[[tunnel]]
name = \"in\"
listen = \"127.0.0.1:0\"
connect = \"127.0.0.1:9\"

[tunnel.accept]
chain = \"server.pem\"
key = \"server.key\"
client_roots = \"client-ca.pem\"
";

fn nowhere() -> SocketAddr {
    ([127, 0, 0, 1], 9).into()
}

/// What is said of two ends that meet.
fn check_with(world: &World, calling: &str, serving: &str) -> Run {
    let other = world.folder.write("serving.toml", serving);
    once(["--check".as_ref(), &*write(world, calling), "--with".as_ref(), &*other])
}

/// What is to be done is said in the words of the file, and not of the crate.
#[test]
fn every_mistake_is_one_line_with_its_place_its_tunnel_and_what_is_needed() {
    let world = World::new();
    world.folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    world.folder.write("encrypted.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
    // What is changed in a good file, and to what.
    #[rustfmt::skip]
    let mistakes = [
        ("name = \"in\"", "name = \"in\"\nidle = \"1h\""),
        ("name = \"in\"", "name = \"in\"\nidle_timeout = \"1 hour\""),
        ("127.0.0.1:0", "localhost"),
        ("\"127.0.0.1:0\"", "5061"),
        ("name = \"in\"", "name = \"in\"\nidle_timeout = 10"),
        ("name = \"in\"", "name = \"in\"\nmax_connections = -1"),
        ("name = \"in\"", "name = \"in\"\naccept_proxy_protocol = [\"10.0.0.1\"]"),
        ("127.0.0.1:9", "::1:9"),
        ("client_roots", "allow = \"dns:edge.example.com\"\nclient_roots"),
        ("client_roots", "alpn = [\"sip/2\", \"\"]\nclient_roots"),
        ("client_roots", "relax_for = [\"dns:edge.example.com\"]\nclient_roots"),
        ("server.key", "missing.key"),
        ("client_roots", "password_file = \"server.pem\"\nclient_roots"),
        ("key = \"server.key\"", "password_file = \"server.key\""),
        ("[[tunnel]]", "[tunnel]"),
        ("127.0.0.1:9", "backend"),
        ("[tunnel.accept]", "[tunnel.acept]"),
        ("key = \"server.key\"", ""),
        ("server.pem", "missing.pem"),
        ("server.pem", "broken.pem"),
        ("\"server.pem\"\nkey = \"server.key\"", "\"client.pem\"\nkey = \"client.key\""),
        ("server.pem", "client.pem"),
        ("client_roots = \"client-ca.pem\"", ""),
        ("client_roots", "client_auth = \"none\"\nclient_roots"),
        ("client_roots", "eku = \"ignore\"\nclient_roots"),
        ("client_roots", "eku = \"ignore until soon\"\nclient_roots"),
        ("client_roots", "allow = [\"edge\"]\nclient_roots"),
        ("client_roots", "crls = \"crls\"\nclient_roots"),
        ("name = \"in\"", "name = \"in\"\nproxy_tlvs = [\"ssl\"]"),
        ("[[tunnel]]", "admin = \"0.0.0.0:9090\"\n[[tunnel]]"),
        ("[[tunnel]]", "colour = \"red\"\n[[tunnel]]"),
        ("[[tunnel]]", "[[tunnel]"),
        ("server.key", "encrypted.key"),
    ];
    let said = mistakes.map(|(right, wrong)| {
        assert!(GOOD.contains(right), "{right}");
        let run = check(&world, &GOOD.replacen(right, wrong, 1));
        assert_eq!((run.code, run.stderr.lines().count()), (2, 1), "{wrong}: {run:?}");
        assert!(!run.stderr.contains("recipe"), "{wrong}: {run:?}");
        format!("{wrong}\n{}\n", run.stderr)
    });
    let folder = world.folder.join("").display().to_string();
    agreed("proxy/mistakes.txt", &said.concat().replace(&folder, ""));
    assert!(check(&world, "").stderr.contains("there is no [[tunnel]]"));
}

/// Each row: what is changed in a good file, and what is said of it: every certificate, its end, the
/// audit; what is superfluous in a chain. No port is opened.
#[test]
fn a_check_reports_what_there_is_to_know_of_a_file_that_can_be_used() {
    let world = World::new();
    let chain = std::fs::read_to_string(world.folder.join("server.pem")).unwrap();
    world.folder.write("twice.pem", chain.clone() + &chain);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let ended =
        "eku = \"ignore until 2020-01-01\"\nrelax_for = [\"dns:edge.example.com\"]\nclient_roots";
    let known = "tunnel in|CN=core.example.com|dns:core.example.com|audit |ends |Client CA";
    for (right, other, said) in [
        ("127.0.0.1:0", &*listen, known),
        ("client_roots", ended, "ENDED     the EKU policy for clients"),
        ("server.pem", "twice.pem", "note |is the same as certificate 1; remove it"),
    ] {
        let run = check(&world, &GOOD.replace(right, other));
        assert_eq!((run.code, &*run.stderr), (0, ""), "{other}: {run:?}");
        for words in said.split('|') {
            assert!(run.stdout.contains(words), "{words}: {run:?}");
        }
    }
}

#[test]
fn of_several_certificates_each_is_shown_and_a_caller_meets_the_one_for_its_name() {
    let world = World::new();
    let other = named("other.example.com").eku(Eku::server());
    world.write("other", &world.servers.leaf(other), &world.servers);
    let serving = terminating(nowhere(), "").replace(PAIR, &several(["server", "other"]));
    let run = check(&world, &serving);
    for words in ["presents  CN=core.example.com", "presents  CN=other.example.com"] {
        assert!(run.stdout.contains(words), "{words}: {run:?}");
    }
    for (name, code) in
        [("core.example.com", 0), ("other.example.com", 0), ("third.example.com", 1)]
    {
        let calling = calling(nowhere(), "").replace("core.example.com", name);
        let run = check_with(&world, &calling, &serving);
        assert_eq!(run.code, code, "{name}: {run:?}");
        // Once both have expired, the dates behind it change nothing.
        assert_eq!(run.stdout.matches("REFUSED: the server refuses").count(), 1, "{name}: {run:?}");
    }
}

#[test]
fn whoever_has_read_enough_of_a_check_is_no_error() {
    let world = World::new();
    let mut check = Command::new(program());
    check.arg("--check").arg(write(&world, GOOD));
    assert_eq!(run_unread(check), (Some(0), String::new()));
}

#[test]
fn where_one_port_is_in_use_nothing_starts_and_no_connection_is_accepted() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap();
    let second = GOOD.replace("\"in\"", "\"second\"").replace("127.0.0.1:0", &at.to_string());
    let run = once([&*write(&world, &format!("{GOOD}{second}"))]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains(&format!("tunnel \"second\": cannot listen on {at}")), "{run:?}");
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    assert!(!run.stdout.contains("ready"), "{run:?}");
}

#[test]
fn two_ends_are_judged_as_one_today_and_at_every_date_to_come() {
    let world = World::new();
    world.write("client", &world.unfit(), &world.clients);
    let calling = calling(nowhere(), "originate.present_eku = \"ignore\"");
    let judge = |more: &str| check_with(&world, &calling, &terminating(nowhere(), more));
    let run = judge("");
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("REFUSED: the server refuses the caller"), "{run:?}");
    assert!(run.stdout.contains("the caller accepts the server"), "{run:?}");

    let in_40_days = (time::OffsetDateTime::now_utc() + time::Duration::days(40)).date();
    let run = judge(&format!(
        "accept.eku = \"ignore until {in_40_days}\"\naccept.relax_for = [\"dns:edge.example.com\"]"
    ));
    assert_eq!(run.code, 0, "{run:?}");
    let told = ["accepts the caller, relaxed", &format!("\n  {in_40_days}"), "refuses the caller"];
    let told =
        told.map(|words| run.stdout.find(words).unwrap_or_else(|| panic!("{words}: {run:?}")));
    assert!(told.is_sorted(), "{}", run.stdout);
}

#[test]
fn the_file_in_the_manual_is_one_that_starts() {
    let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/src/manual/proxy.rs");
    let manual = std::fs::read_to_string(manual).unwrap();
    let (_, toml) = manual.split_once("```toml\n").unwrap();
    let (toml, _) = toml.split_once("//! ```").unwrap();
    let toml: String =
        toml.lines().map(|line| line.trim_start_matches("//!").to_owned() + "\n").collect();
    let world = World::new();
    let now = time::OffsetDateTime::now_utc();
    let list = CrlSpec::new(1).current(now - time::Duration::HOUR, now + time::Duration::WEEK);
    world.folder.write("crls/clients.pem", world.clients.crl_pem(list));
    let run = once(["--check".as_ref(), &*world.folder.write("manual.toml", toml)]);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{run:?}");
}
