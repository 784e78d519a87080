//! What a tunnel can be told, and what it then does.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::alerts::calling;
use crate::common::pki::{CrlSpec, LeafSpec};
use crate::running::{Proxy, backend, take, terminating, write};
use crate::world::{Tls, World, valid};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Whether bytes come through.
fn passes(tls: &mut Tls, listener: &std::net::TcpListener) -> bool {
    if tls.write_all(b"!").is_err() {
        return false;
    }
    tls.sock.set_nonblocking(false).unwrap();
    listener.set_nonblocking(true).unwrap();
    for _ in 0..100 {
        match listener.accept() {
            Ok((mut tcp, _)) => {
                tcp.set_nonblocking(false).unwrap();
                tcp.read_exact(&mut [0]).unwrap();
                return true;
            }
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
    false
}

#[test]
fn plain_text_goes_in_and_comes_out_with_mutual_tls_between() {
    let world = World::new();
    let (listener, at) = backend();
    let mut serving = Proxy::start(&world, &terminating(at, ""));
    let mut calls = Proxy::start(&world, &calling(serving.address("in"), ""));
    let mut client = TcpStream::connect(calls.address("out")).unwrap();
    client.write_all(b"hello").unwrap();
    let mut behind = take(&listener);
    behind.read_exact(&mut [0; 5]).unwrap();
    behind.write_all(b"welcome").unwrap();
    drop(behind);
    let mut said = String::new();
    client.read_to_string(&mut said).unwrap();
    drop(client);
    assert_eq!(said, "welcome");
    let (there, here) = (serving.connection(), calls.connection());
    assert_eq!(there["client"], "dns:edge.example.com", "{there}");
    assert_eq!(here["server"], "dns:core.example.com", "{here}");
    assert_eq!((&here["end"], &there["end"]), (&"clean".into(), &"clean".into()));
}

#[test]
fn one_tunnel_has_tls_on_both_sides() {
    let world = World::new();
    let (listener, at) = backend();
    let mut inner = Proxy::start(&world, &terminating(at, ""));
    let both = calling(inner.address("in"), "")
        + "[tunnel.accept]\nchain = \"server.pem\"\nkey = \"server.key\"\nclient_roots = \"client-ca.pem\"\n";
    let mut both = Proxy::start(&world, &both);
    let mut client = world.connect(both.address("out"), Some(&world.client()));
    assert!(passes(&mut client, &listener));
    drop(client);
    let line = both.connection();
    assert_eq!(line["client"], "dns:edge.example.com", "{line}");
    assert_eq!(line["server"], "dns:core.example.com", "{line}");
}

#[test]
fn client_certificates_are_required_optional_or_not_asked_for() {
    let world = World::new();
    let (listener, at) = backend();
    let config = |auth: &str| {
        let roots = if auth == "none" { "" } else { "client_roots = \"client-ca.pem\"" };
        let toml = terminating(at, "").replace("client_roots = \"client-ca.pem\"", "");
        format!("{toml}\nclient_auth = \"{auth}\"\n{roots}")
    };
    for (auth, without, with) in
        [("required", false, "known"), ("optional", true, "known"), ("none", true, "nobody")]
    {
        let mut proxy = Proxy::start(&world, &config(auth));
        let address = proxy.address("in");
        let mut client = world.connect(address, None);
        assert_eq!(passes(&mut client, &listener), without, "{auth}");
        drop(client);
        proxy.connection();
        let mut client = world.connect(address, Some(&world.client()));
        assert!(passes(&mut client, &listener), "{auth}");
        drop(client);
        let line = proxy.connection();
        assert_eq!(line["client"].is_string(), with == "known", "{auth}: {line}");
    }
}

#[test]
fn a_policy_ends_at_its_instant_with_nobody_doing_anything() {
    let world = World::new();
    let (listener, at) = backend();
    let end = OffsetDateTime::now_utc() + time::Duration::seconds(6);
    let end = end.replace_nanosecond(0).unwrap().format(&Rfc3339).unwrap();
    let policy = format!(
        "eku = \"ignore until {end}\"\nrelax_for = [\"dns:edge.example.com\"]\nclient_roots"
    );
    let toml = terminating(at, "").replace("client_roots", &policy);
    let mut proxy = Proxy::start(&world, &toml);
    let (address, unfit) = (proxy.address("in"), world.unfit());
    let mut client = world.connect(address, Some(&unfit));
    assert!(passes(&mut client, &listener), "before its end");
    drop(client);
    let line = proxy.connection();
    assert!(line["client_eku"].as_str().unwrap().starts_with("relaxed: leaf"), "{line}");
    thread::sleep(Duration::from_secs(6));
    assert!(!passes(&mut world.connect(address, Some(&unfit)), &listener), "after its end");
    assert_eq!(proxy.connection()["class"], "eku");
}

#[test]
fn only_those_whom_a_rule_names_may_connect() {
    let world = World::new();
    let (listener, at) = backend();
    let allow = "allow = [\"dns:other.example.com\"]\nclient_roots";
    let mut proxy = Proxy::start(&world, &terminating(at, "").replace("client_roots", allow));
    let address = proxy.address("in");
    assert!(!passes(&mut world.connect(address, Some(&world.client())), &listener));
    assert_eq!(proxy.connection()["class"], "peer-rule");
    let spec = LeafSpec::new("other").dns("other.example.com");
    let other = world.clients.leaf(valid(spec));
    assert!(passes(&mut world.connect(address, Some(&other)), &listener));
}

#[test]
fn a_list_that_revokes_a_client_is_followed_without_a_signal() {
    let world = World::new();
    let (listener, at) = backend();
    let now = OffsetDateTime::now_utc();
    let (since, until) = (now - time::Duration::hours(1), now + time::Duration::days(7));
    let list = |number| CrlSpec::new(number).current(since, until);
    world.folder.write("client.crl", world.clients.crl_pem(list(1)));
    let crls = "crls = \"client.crl\"\nclient_roots";
    let toml =
        "reload = \"100ms\"\n".to_owned() + &terminating(at, "").replace("client_roots", crls);
    let mut proxy = Proxy::start(&world, &toml);
    let (address, client) = (proxy.address("in"), world.client());
    assert!(passes(&mut world.connect(address, Some(&client)), &listener));
    let revoking = list(2).revoke(&client.serial);
    world.folder.write("client.crl", world.clients.crl_pem(revoking));
    proxy.find_new(|line| line["message"] == "reload" && line["generation"] == 2);
    while passes(&mut world.connect(address, Some(&client)), &listener) {}
    proxy.find_new(|line| line["class"] == "revoked");
}

#[test]
fn of_several_certificates_the_one_that_was_asked_for_is_presented() {
    let world = World::new();
    let (listener, at) = backend();
    let other = world.servers.leaf(valid(LeafSpec::new("other").dns("other.example.com")));
    world.write("other", &other, &world.servers);
    let several = "certificates = [{ chain = \"other.pem\", key = \"other.key\" }, \
        { chain = \"server.pem\", key = \"server.key\" }]";
    let toml = terminating(at, "").replace("chain = \"server.pem\"", several);
    let mut proxy = Proxy::start(&world, &toml.replace("key = \"server.key\"\n", ""));
    // The client asks for core.example.com and checks that name.
    assert!(passes(&mut world.connect(proxy.address("in"), Some(&world.client())), &listener));
}

#[test]
fn a_host_name_is_looked_up_and_its_addresses_are_tried_in_turn() {
    let world = World::new();
    let (listener, at) = backend();
    let toml = terminating(at, "").replace(&at.to_string(), &format!("localhost:{}", at.port()));
    let mut proxy = Proxy::start(&world, &toml);
    assert!(passes(&mut world.connect(proxy.address("in"), Some(&world.client())), &listener));
}

#[test]
fn beyond_the_most_connections_others_wait_until_one_has_ended() {
    let world = World::new();
    let (listener, at) = backend();
    let mut proxy = Proxy::start(&world, &terminating(at, "max_connections = 1"));
    let address = proxy.address("in");
    let mut first = world.connect(address, Some(&world.client()));
    assert!(passes(&mut first, &listener));
    let waiting = thread::spawn(move || {
        let mut second = world.connect(address, Some(&world.client()));
        second.write_all(b"!").unwrap();
        second
    });
    thread::sleep(Duration::from_millis(500));
    assert!(!waiting.is_finished() || listener.accept().is_err(), "the second was let in");
    drop(first);
    listener.set_nonblocking(false).unwrap();
    take(&listener).read_exact(&mut [0]).unwrap();
    drop(waiting.join().unwrap());
}

#[test]
fn as_many_connections_as_can_be_written_down_are_allowed() {
    let world = World::new();
    let (listener, at) = backend();
    let most = format!("max_connections = {}", i64::MAX);
    let mut proxy = Proxy::start(&world, &terminating(at, &most));
    assert!(passes(&mut world.connect(proxy.address("in"), Some(&world.client())), &listener));
}

#[test]
fn a_proxy_that_is_killed_ends_no_message() {
    let world = World::new();
    let (listener, at) = backend();
    let mut proxy = Proxy::start(&world, &terminating(at, ""));
    let mut client = world.connect(proxy.address("in"), Some(&world.client()));
    client.write_all(b"half of a mess").unwrap();
    let mut behind = take(&listener);
    behind.read_exact(&mut [0; 14]).unwrap();
    proxy.child.kill().unwrap();
    let error = behind.read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
}

#[test]
fn two_tunnels_in_one_process_keep_their_rules_apart() {
    let world = World::new();
    let (listener, at) = backend();
    let relaxed = "eku = \"ignore\"\nrelax_for = [\"dns:edge.example.com\"]\nclient_roots";
    let one = terminating(at, "");
    let two = one.replace("\"in\"", "\"relaxed\"").replace("client_roots", relaxed);
    let mut proxy = Proxy::start(&world, &(one + &two));
    let (strict, relaxed) = (proxy.address("in"), proxy.address("relaxed"));
    let unfit = world.unfit();
    assert!(!passes(&mut world.connect(strict, Some(&unfit)), &listener));
    assert!(passes(&mut world.connect(relaxed, Some(&unfit)), &listener));
    let _ = write(&world, "");
}

#[test]
fn encrypted_keys_and_archives_are_opened_by_a_password_in_a_file() {
    let world = World::new();
    let (listener, at) = backend();
    world.folder.write("password", "correct horse\n");
    world.folder.write("marked", "\u{feff}correct horse\r\n");
    world.folder.write("wrong", "battery staple\n");
    let openssl = |arguments: &str| {
        let mut openssl = std::process::Command::new("openssl");
        openssl.args(arguments.split(' ')).args(["-passout", "file:password"]);
        openssl
            .current_dir(world.folder.path())
            .output()
            .is_ok_and(|output| output.status.success())
    };
    let made = openssl("pkcs8 -topk8 -in server.key -out encrypted.key")
        && openssl(
            "pkcs12 -export -in server.pem -inkey server.key -certfile client-ca.pem -out server.p12",
        );
    if !made {
        return eprintln!("SKIPPED: not installed: openssl");
    }
    let pair = "chain = \"server.pem\"\n        key = \"server.key\"";
    let toml = terminating(at, "");
    for own in [
        "chain = \"server.pem\"\nkey = \"encrypted.key\"\npassword_file = \"password\"",
        "chain = \"server.p12\"\npassword_file = \"marked\"",
        "certificates = [{ chain = \"server.p12\", password_file = \"password\" }]",
    ] {
        let toml = toml.replace(pair, own);
        assert!(toml.contains(own));
        let mut proxy = Proxy::start(&world, &toml);
        let mut client = world.connect(proxy.address("in"), Some(&world.client()));
        assert!(passes(&mut client, &listener), "{own}");

        let wrong = toml.replace("\"password\"", "\"wrong\"").replace("\"marked\"", "\"wrong\"");
        let file = write(&world, &wrong);
        let run = crate::running::once(["--check".as_ref(), &*file]);
        assert_eq!(run.code, 2, "{own}: {run:?}");
        assert!(run.stderr.contains("the password does not open it"), "{own}: {run:?}");
        assert!(!run.stderr.contains("staple"), "{run:?}");
    }
}
