//! What a file may say, and what is said of what it may not: one line, with its place and its tunnel.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::common::pki::{CrlSpec, Eku, LeafSpec};
use crate::common::programs::Run;
use crate::running::{Proxy, backend, once, program, terminating, write};
use crate::world::{World, unfit, valid};

fn judge(world: &World, toml: &str) -> Run {
    once(["--check".as_ref(), &*write(world, toml)])
}

fn good() -> String {
    terminating(([127, 0, 0, 1], 9).into(), "")
}

#[test]
fn every_mistake_is_one_line_with_its_place_its_tunnel_and_what_is_needed() {
    let world = World::new();
    world.write("unfit", &world.servers.leaf(valid(unfit())), &world.servers);
    world.folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    // What is changed in a good file; the line and column, if it has one; what is said.
    #[rustfmt::skip]
    let mistakes = [
        ("name = \"in\"", "name = \"in\"\nidle = \"1h\"", ":4:1: tunnel \"in\":", "unknown field `idle`"),
        ("name = \"in\"", "name = \"in\"\nidle_timeout = \"1 hour\"", ":4:16: tunnel \"in\":", "no length of time"),
        ("127.0.0.1:0", "localhost", ":4:10: tunnel \"in\":", "needed is an IP address and a port"),
        ("\"127.0.0.1:0\"", "5061", ":4:10: tunnel \"in\":", "needed is an IP address and a port"),
        ("name = \"in\"", "name = \"in\"\nidle_timeout = 10", ":4:16: tunnel \"in\":", "in quotation marks"),
        ("name = \"in\"", "name = \"in\"\nmax_connections = -1", ":4:19: tunnel \"in\":", "not negative"),
        ("name = \"in\"", "name = \"in\"\naccept_proxy_protocol = [\"10.0.0.1\"]", ":4:26: tunnel \"in\":", "10.0.0.7/32"),
        ("127.0.0.1:9", "::1:9", ":5:11: tunnel \"in\":", "[2001:db8::7]:5060"),
        ("client_roots", "allow = \"dns:edge.example.com\"\nclient_roots", ":10:9: tunnel \"in\":", "needed is a list"),
        ("client_roots", "alpn = [\"sip/2\", \"\"]\nclient_roots", ":10:18: tunnel \"in\":", "1 to 255 bytes"),
        ("client_roots", "relax_for = [\"dns:edge.example.com\"]\nclient_roots", ":7:1: tunnel \"in\":", "needed is eku"),
        ("server.key", "missing.key", ":9:7: tunnel \"in\":", "missing.key"),
        ("client_roots", "password_file = \"server.pem\"\nclient_roots", ":10:17: tunnel \"in\":", "server.key: found no `BEGIN ENCRYPTED"),
        ("key = \"server.key\"", "password_file = \"server.key\"", ":9:17: tunnel \"in\":", "server.pem: this is no PKCS#12"),
        ("[[tunnel]]", "[tunnel]", ":2:1:", "begins with [[tunnel]]"),
        ("127.0.0.1:9", "backend", ":5:11: tunnel \"in\":", "no host and port"),
        ("[tunnel.accept]", "[tunnel.acept]", ":7:9: tunnel \"in\":", "unknown field `acept`"),
        ("key = \"server.key\"", "", ":7:1: tunnel \"in\":", "a chain needs its key"),
        ("server.pem", "missing.pem", ":8:9: tunnel \"in\":", "missing.pem"),
        ("server.pem", "broken.pem", ":8:9: tunnel \"in\":", "broken.pem"),
        ("server.pem", "client.pem", ":8:9: tunnel \"in\":", "is not the key"),
        ("client_roots = \"client-ca.pem\"", "", ":7:1: tunnel \"in\":", "needs client_roots"),
        ("client_roots", "client_auth = \"none\"\nclient_roots", ":7:1: tunnel \"in\":", "asks for no client certificate"),
        ("client_roots", "eku = \"ignore\"\nclient_roots", ":10:7: tunnel \"in\":", "nobody to relax it for"),
        ("client_roots", "eku = \"ignore until soon\"\nclient_roots", ":10:7: tunnel \"in\":", "2027-03-15"),
        ("client_roots", "allow = [\"edge\"]\nclient_roots", ":10:10: tunnel \"in\":", "dns:"),
        ("client_roots", "crls = \"crls\"\nclient_roots", ":10:8: tunnel \"in\":", "crls"),
        ("name = \"in\"", "name = \"in\"\nproxy_tlvs = [\"ssl\"]", ":3:8: tunnel \"in\":", "proxy_protocol"),
        ("[[tunnel]]", "admin = \"0.0.0.0:9090\"\n[[tunnel]]", ":2:9:", "unsafe_admin"),
        ("[[tunnel]]", "colour = \"red\"\n[[tunnel]]", ":2:1:", "unknown field `colour`"),
        ("[[tunnel]]", "[[tunnel]", ":2:1", ""),
    ];
    for (right, wrong, place, words) in mistakes {
        let toml: String = good().lines().map(|line| line.trim_start().to_owned() + "\n").collect();
        let toml = toml.trim_start();
        assert!(toml.contains(right), "{right}");
        let run = judge(&world, &toml.replacen(right, wrong, 1));
        let said = run.stderr.trim_end();
        assert_eq!((run.code, said.lines().count()), (2, 1), "{wrong}: {run:?}");
        assert!(said.contains(&format!("proxy.toml{place}")), "{wrong}: {said}");
        assert!(said.contains(words), "{wrong}: {said}");
    }
}

#[test]
fn what_the_crate_says_to_do_is_said_in_the_words_of_the_file() {
    let world = World::new();
    world.folder.write("encrypted.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
    for (right, wrong, words) in [
        ("client_roots", "eku = \"ignore\"\nclient_roots", "relax_for = ["),
        ("server.key", "encrypted.key", "file of the proxy: password_file"),
    ] {
        let run = judge(&world, &good().replacen(right, wrong, 1));
        assert_eq!(run.code, 2, "{wrong}: {run:?}");
        assert!(run.stderr.contains(words), "{wrong}: {run:?}");
        assert!(!run.stderr.contains("recipe"), "{wrong}: {run:?}");
    }
    assert!(judge(&world, "").stderr.contains("there is no [[tunnel]]"));
}

#[test]
fn a_policy_that_has_ended_is_said_to_have_ended() {
    let world = World::new();
    let ended = "eku = \"ignore until 2020-01-01\"\nrelax_for = [\"dns:edge.example.com\"]";
    let run = judge(&world, &good().replace("client_roots", &format!("{ended}\nclient_roots")));
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("ENDED     the EKU policy for clients"), "{run:?}");
}

#[test]
fn what_is_superfluous_in_a_chain_is_noted() {
    let world = World::new();
    let chain = std::fs::read_to_string(world.folder.join("server.pem")).unwrap();
    world.folder.write("server.pem", chain.clone() + &chain);
    let run = judge(&world, &good());
    assert_eq!(run.code, 0, "{run:?}");
    let note = run.stdout.lines().find(|line| line.trim_start().starts_with("note "));
    assert!(
        note.is_some_and(|note| note.contains("is the same as certificate 1; remove it")),
        "{run:?}"
    );
}

#[test]
fn of_several_certificates_each_is_shown_and_a_caller_meets_the_one_for_its_name() {
    let world = World::new();
    let other = LeafSpec::new("other").dns("other.example.com").eku(Eku::server());
    world.write("other", &world.servers.leaf(valid(other)), &world.servers);
    let several = "certificates = [{ chain = \"server.pem\", key = \"server.key\" }, \
        { chain = \"other.pem\", key = \"other.key\" }]";
    let pair = "chain = \"server.pem\"\n        key = \"server.key\"";
    let serving = good().replace(pair, several);
    let run = judge(&world, &serving);
    for words in ["presents  CN=core.example.com", "presents  CN=other"] {
        assert!(run.stdout.contains(words), "{words}: {run:?}");
    }
    for (name, code) in
        [("core.example.com", 0), ("other.example.com", 0), ("third.example.com", 1)]
    {
        let calling = format!(
            "[[tunnel]]\nname = \"out\"\nlisten = \"127.0.0.1:0\"\nconnect = \"127.0.0.1:9\"\n\
             [tunnel.originate]\nserver_name = \"{name}\"\nserver_roots = \"server-ca.pem\"\n\
             chain = \"client.pem\"\nkey = \"client.key\"\n"
        );
        let calling = world.folder.write("calling.toml", calling);
        let serving = write(&world, &serving);
        let run = once(["--check".as_ref(), &*calling, "--with".as_ref(), &*serving]);
        assert_eq!(run.code, code, "{name}: {run:?}");
        // Once both have expired, the dates behind it change nothing.
        assert_eq!(run.stdout.matches("REFUSED: the server refuses").count(), 1, "{name}: {run:?}");
    }
}

#[test]
fn a_certificate_that_is_unfit_for_its_slot_is_refused_and_can_be_presented_under_a_policy() {
    let world = World::new();
    world.write("client", &world.unfit(), &world.clients);
    let toml = |more: &str| {
        format!(
            "[[tunnel]]\nname = \"out\"\nlisten = \"127.0.0.1:0\"\nconnect = \"127.0.0.1:9\"\n\
             [tunnel.originate]\nserver_roots = \"server-ca.pem\"\nchain = \"client.pem\"\n\
             key = \"client.key\"\n{more}"
        )
    };
    let run = judge(&world, &toml(""));
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains(":8:9: tunnel \"out\":"), "{run:?}");
    assert!(run.stderr.contains("unfit for role client"), "{run:?}");
    let run = judge(&world, &toml("present_eku = \"ignore\"\n"));
    assert_eq!((run.code, &*run.stderr), (0, ""), "{run:?}");
}

#[test]
fn a_check_reports_every_certificate_its_end_and_the_audit_and_opens_no_port() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let run = judge(&world, &good().replace("127.0.0.1:0", &listen));
    assert_eq!((run.code, &*run.stderr), (0, ""), "{run:?}");
    for words in
        ["tunnel in", "CN=core.example.com", "dns:core.example.com", "audit ", "ends ", "Client CA"]
    {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
}

#[test]
fn whoever_has_read_enough_of_a_check_is_no_error() {
    let world = World::new();
    let file = write(&world, &good());
    let mut check = Command::new(program());
    let mut check = check.arg("--check").arg(file).stdout(Stdio::piped()).spawn().unwrap();
    drop(check.stdout.take());
    assert_eq!(check.wait().unwrap().code(), Some(0));
}

#[test]
fn where_one_port_is_in_use_nothing_starts_and_no_connection_is_accepted() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap();
    let second = good().replace("\"in\"", "\"second\"").replace("127.0.0.1:0", &at.to_string());
    let run = once([&*write(&world, &(good() + &second))]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.stderr.contains(&format!("tunnel \"second\": cannot listen on {at}")), "{run:?}");
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
    assert!(!run.stdout.contains("ready"), "{run:?}");
}

#[test]
fn paths_are_relative_to_the_file_and_not_to_where_the_program_runs() {
    let world = World::new();
    let (_listener, at) = backend();
    // It runs in the folder of the tests.
    let proxy = Proxy::start(&world, &terminating(at, ""));
    drop(proxy);
}

#[test]
fn two_ends_are_judged_as_one_today_and_at_every_date_to_come() {
    let world = World::new();
    world.write("client", &world.unfit(), &world.clients);
    let calling = "[[tunnel]]\nname = \"out\"\nlisten = \"127.0.0.1:0\"\nconnect = \"127.0.0.1:9\"\n\
        [tunnel.originate]\nserver_name = \"core.example.com\"\nserver_roots = \"server-ca.pem\"\n\
        chain = \"client.pem\"\nkey = \"client.key\"\npresent_eku = \"ignore\"\n";
    let calling = world.folder.write("calling.toml", calling);
    let judge = |more: &str| {
        let serving = good().replace("client_roots", &format!("{more}\nclient_roots"));
        let serving = write(&world, &serving);
        once(["--check".as_ref(), &*calling, "--with".as_ref(), &*serving])
    };
    let run = judge("");
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("REFUSED: the server refuses the caller"), "{run:?}");
    assert!(run.stdout.contains("the caller accepts the server"), "{run:?}");

    let in_40_days = (time::OffsetDateTime::now_utc() + time::Duration::days(40)).date();
    let relaxed =
        format!("eku = \"ignore until {in_40_days}\"\nrelax_for = [\"dns:edge.example.com\"]");
    let run = judge(&relaxed);
    assert_eq!(run.code, 0, "{run:?}");
    let lines: Vec<_> = run.stdout.lines().map(str::trim).collect();
    let accepted = lines.iter().position(|line| line.contains("accepts the caller, relaxed"));
    let ends = lines.iter().position(|line| line.starts_with(&in_40_days.to_string()));
    let refused = lines.iter().position(|line| line.contains("refuses the caller"));
    assert!(
        accepted.unwrap() < ends.unwrap() && ends.unwrap() < refused.unwrap(),
        "{}",
        run.stdout
    );
}

#[test]
fn without_a_file_it_shows_what_it_does_and_ends_by_itself() {
    let run = once([]);
    assert_eq!(run.code, 0, "{run:?}");
    for words in [
        "through both tunnels and back: hello again",
        "client_eku=\"enforced\"",
        "client_eku=\"relaxed: leaf",
    ] {
        assert!(run.stdout.contains(words), "{words}: {run:?}");
    }
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
    std::fs::create_dir(world.folder.join("crls")).unwrap();
    world.folder.write("crls/clients.pem", world.clients.crl_pem(list));
    let run = once(["--check".as_ref(), &*world.folder.write("manual.toml", toml)]);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{run:?}");
}
