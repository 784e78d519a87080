//! What a tunnel can be told, and what it then does.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::common::pki::CrlSpec;
use crate::running::{PAIR, Proxy, ROOTS, backend, calling, check, several, take, terminating};
use crate::tunnel::{Tunnel, greeted, passes};
use crate::world::{World, named};
use time::OffsetDateTime;

#[test]
fn plain_text_goes_in_and_comes_out_with_mutual_tls_between() {
    let mut serving = Tunnel::new("");
    let mut calls = serving.caller("");
    let client = TcpStream::connect(calls.address("out")).unwrap();
    let (mut client, mut behind) = greeted(client, &serving.backend);
    behind.write_all(b"welcome").unwrap();
    drop(behind);
    let mut said = String::new();
    client.read_to_string(&mut said).unwrap();
    drop(client);
    assert_eq!(said, "welcome");
    let (there, here) = (serving.proxy.connection(), calls.connection());
    assert_eq!(there["client"], "dns:edge.example.com", "{there}");
    assert_eq!(here["server"], "dns:core.example.com", "{here}");
    assert_eq!((&here["end"], &there["end"]), (&"clean".into(), &"clean".into()));
}

#[test]
fn one_tunnel_has_tls_on_both_sides() {
    let inner = Tunnel::new("");
    let both = format!("{}{PAIR}\n{ROOTS}\n", calling(inner.address, ""));
    let mut both = Proxy::start(&inner.world, &both);
    let client = inner.world.connect(both.address("out"), Some(&inner.world.client()));
    assert!(passes(client, &inner.backend));
    let line = both.connection();
    assert_eq!(line["client"], "dns:edge.example.com", "{line}");
    assert_eq!(line["server"], "dns:core.example.com", "{line}");
}

/// Each row: what is asked for, whether a client passes without a certificate, and whether one with a
/// certificate is known.
#[test]
fn client_certificates_are_required_optional_or_not_asked_for() {
    for (auth, without, is_known) in
        [("required", false, true), ("optional", true, true), ("none", true, false)]
    {
        let more = format!("accept.client_auth = \"{auth}\"");
        let mut tunnel = Tunnel::of(World::new(), |at| match auth {
            "none" => terminating(at, &more).replace(ROOTS, ""),
            _ => terminating(at, &more),
        });
        assert_eq!(tunnel.lets_in(None), without, "{auth}");
        tunnel.proxy.connection();
        assert!(tunnel.lets_in(Some(&tunnel.world.client())), "{auth}");
        let line = tunnel.proxy.connection();
        assert_eq!(line["client"].is_string(), is_known, "{auth}: {line}");
    }
}

#[test]
fn only_those_whom_a_rule_names_may_connect() {
    let mut tunnel = Tunnel::new("accept.allow = [\"dns:other.example.com\"]");
    assert!(tunnel.lets_in(Some(&tunnel.world.clients.leaf(named("other.example.com")))));
    tunnel.proxy.connection();
    assert!(!tunnel.lets_in(Some(&tunnel.world.client())));
    assert_eq!(tunnel.proxy.connection()["class"], "peer-rule");
}

#[test]
fn a_list_that_revokes_a_client_is_followed_without_a_signal() {
    let (world, now) = (World::new(), OffsetDateTime::now_utc());
    let (since, until) = (now - time::Duration::hours(1), now + time::Duration::days(7));
    let list = |number| CrlSpec::new(number).current(since, until);
    world.folder.write("client.crl", world.clients.crl_pem(list(1)));
    let crls = "accept.crls = \"client.crl\"";
    let toml = |at| format!("reload = \"100ms\"\n{}", terminating(at, crls));
    let mut tunnel = Tunnel::of(world, toml);
    let client = tunnel.world.client();
    assert!(tunnel.lets_in(Some(&client)));
    let revoking = tunnel.world.clients.crl_pem(list(2).revoke(&client.serial));
    tunnel.world.folder.write("client.crl", revoking);
    tunnel.proxy.find(|line| line["message"] == "reload" && line["generation"] == 2);
    while tunnel.lets_in(Some(&client)) {}
    tunnel.proxy.find(|line| line["class"] == "revoked");
}

#[test]
fn of_several_certificates_the_one_that_was_asked_for_is_presented() {
    let world = World::new();
    world.write("other", &world.servers.leaf(named("other.example.com")), &world.servers);
    let toml = |at| terminating(at, "").replace(PAIR, &several(["other", "server"]));
    // The client asks for core.example.com and checks that name.
    Tunnel::of(world, toml).carry();
}

#[test]
fn a_host_name_is_looked_up_and_its_addresses_are_tried_in_turn() {
    let toml = |at: std::net::SocketAddr| {
        terminating(at, "").replace(&at.to_string(), &format!("localhost:{}", at.port()))
    };
    Tunnel::of(World::new(), toml).carry();
}

#[test]
fn beyond_the_most_connections_others_wait_until_one_has_ended() {
    let (mut tunnel, first, _behind) = Tunnel::carrying("max_connections = 1");
    let mut second = tunnel.world.connect(tunnel.address, Some(&tunnel.world.client()));
    let waiting = thread::spawn(move || {
        second.write_all(b"!").unwrap();
        second
    });
    // What else is changed meanwhile makes no place.
    tunnel.reload(&format!("{}connect_timeout = \"9s\"", tunnel.toml));
    tunnel.proxy.wait("reloaded");
    thread::sleep(Duration::from_millis(500));
    tunnel.backend.set_nonblocking(true).unwrap();
    assert!(tunnel.backend.accept().is_err(), "the second was let in");
    tunnel.backend.set_nonblocking(false).unwrap();
    drop(first);
    take(&tunnel.backend).read_exact(&mut [0]).unwrap();
    drop(waiting.join().unwrap());
}

#[test]
fn as_many_connections_as_can_be_written_down_are_allowed() {
    Tunnel::carrying(&format!("max_connections = {}", i64::MAX));
}

#[test]
fn a_proxy_that_is_killed_ends_no_message() {
    let (mut tunnel, _client, mut behind) = Tunnel::carrying("");
    tunnel.proxy.process.child.kill().unwrap();
    let error = behind.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
}

#[test]
fn two_tunnels_in_one_process_keep_their_rules_apart() {
    let relaxed = "accept.eku = \"ignore\"\naccept.relax_for = [\"dns:edge.example.com\"]";
    let tunnel = Tunnel::of(World::new(), |at| {
        terminating(at, "") + &terminating(at, relaxed).replace("\"in\"", "\"relaxed\"")
    });
    let unfit = tunnel.world.unfit();
    assert!(!tunnel.lets_in(Some(&unfit)));
    let relaxed = tunnel.world.connect(tunnel.proxy.address("relaxed"), Some(&unfit));
    assert!(passes(relaxed, &tunnel.backend));
}

#[test]
fn encrypted_keys_and_archives_are_opened_by_a_password_in_a_file() {
    let world = World::new();
    world.folder.write("password", "correct horse\n");
    world.folder.write("marked", "\u{feff}correct horse\r\n");
    world.folder.write("wrong", "battery staple\n");
    for arguments in [
        "pkcs8 -topk8 -in server.key -out encrypted.key",
        "pkcs12 -export -in server.pem -inkey server.key -certfile client-ca.pem -out server.p12",
    ] {
        let mut openssl = Command::new("openssl");
        openssl.args(arguments.split(' ')).args(["-passout", "file:password"]);
        openssl.current_dir(world.folder.path());
        if !openssl.output().is_ok_and(|output| output.status.success()) {
            return eprintln!("SKIPPED: openssl does not {arguments}");
        }
    }
    let (backend, at) = backend();
    for own in [
        "accept.chain = \"server.pem\"\naccept.key = \"encrypted.key\"\naccept.password_file = \"password\"",
        "accept.chain = \"server.p12\"\naccept.password_file = \"marked\"",
        "accept.certificates = [{ chain = \"server.p12\", password_file = \"password\" }]",
    ] {
        let toml = terminating(at, "").replace(PAIR, own);
        let proxy = Proxy::start(&world, &toml);
        greeted(world.connect(proxy.address("in"), Some(&world.client())), &backend);
        let wrong = toml.replace("\"password\"", "\"wrong\"").replace("\"marked\"", "\"wrong\"");
        let run = check(&world, &wrong);
        assert_eq!(run.code, 2, "{own}: {run:?}");
        assert!(run.stderr.contains("the password does not open it"), "{own}: {run:?}");
        assert!(!run.stderr.contains("staple"), "{run:?}");
    }
}
