//! What operators see: counters, health, status; and that nobody else does.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use crate::common::pki::{DistinguishedName, DnType, Eku, LeafSpec};
use crate::running::{Proxy, backend, take, terminating};
use crate::world::{PATIENCE, World, unfit, valid};
use serde_json::Value;

fn ask_as(address: SocketAddr, method: &str, path: &str, host: &str) -> (u16, String, String) {
    let mut tcp = TcpStream::connect(address).unwrap();
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(tcp, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), head.to_lowercase(), body.to_owned())
}

fn get(address: SocketAddr, path: &str) -> (u16, String, String) {
    ask_as(address, "GET", path, &address.to_string())
}

/// A tunnel that lets one peer pass whose EKU is wrong, and the address of its admin.
fn watched(world: &World, at: SocketAddr) -> (Proxy, SocketAddr) {
    let relaxed =
        "eku = \"ignore until 2099-01-01\"\nrelax_for = [\"dns:edge.example.com\"]\nclient_roots";
    let toml = terminating(at, "").replace("client_roots", relaxed);
    let mut proxy = Proxy::start(world, &format!("admin = \"127.0.0.1:0\"\n{toml}"));
    let line = proxy.seen.iter().find(|line| line["message"] == "admin").unwrap();
    let admin = line["listening"].as_str().unwrap().parse().unwrap();
    proxy.address("in");
    (proxy, admin)
}

/// One that is relaxed, one that is enforced, one without a certificate, one that speaks no TLS.
fn visits(world: &World, proxy: &mut Proxy, listener: &std::net::TcpListener) {
    let address = proxy.address("in");
    for leaf in [world.unfit(), world.client()] {
        let mut client = world.connect(address, Some(&leaf));
        client.write_all(b"hello").unwrap();
        let mut behind = take(listener);
        behind.read_exact(&mut [0; 5]).unwrap();
        drop((client, behind));
        proxy.connection();
    }
    let _ = world.connect(address, None).write_all(b"hello");
    proxy.connection();
    TcpStream::connect(address).unwrap().write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    proxy.connection();
}

#[test]
fn every_handshake_is_counted_by_verdict_and_reason_and_every_end_by_how() {
    let world = World::new();
    let (listener, at) = backend();
    let (mut proxy, admin) = watched(&world, at);
    visits(&world, &mut proxy, &listener);
    let (code, head, text) = get(admin, "/metrics");
    assert_eq!(code, 200);
    assert!(head.contains("openmetrics-text"), "{head}");
    for line in [
        "mtls_proxy_connections_total{tunnel=\"in\"} 4",
        "mtls_proxy_open_connections{tunnel=\"in\"} 0",
        "mtls_proxy_bytes_total{tunnel=\"in\",direction=\"up\"} 10",
        "mtls_proxy_handshakes_total{tunnel=\"in\",side=\"client\",verdict=\"relaxed\",class=\"eku\"} 1",
        "mtls_proxy_handshakes_total{tunnel=\"in\",side=\"client\",verdict=\"accepted\",class=\"\"} 1",
        "mtls_proxy_handshakes_total{tunnel=\"in\",side=\"client\",verdict=\"refused\",class=\"no-certificate\"} 1",
        "mtls_proxy_handshakes_total{tunnel=\"in\",side=\"client\",verdict=\"failed\",class=\"tls\"} 1",
        "mtls_proxy_eku_total{tunnel=\"in\",side=\"client\",outcome=\"enforced\",rule=\"\"} 1",
        "mtls_proxy_eku_total{tunnel=\"in\",side=\"client\",outcome=\"relaxed\",rule=\"dns:edge.example.com\"} 1",
        "mtls_proxy_reloads_total{tunnel=\"in\",result=\"published\"} 1",
        "mtls_proxy_generation{tunnel=\"in\",side=\"accept\"} 1",
        "mtls_proxy_expires_timestamp_seconds{tunnel=\"in\",role=\"client\",what=\"eku-policy\",name=\"ignore until 2099-01-01T00:00:00Z\"} 4070908800",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.contains("what=\"certificate\",name=\"CN=core.example.com\""), "{text}");
}

#[test]
fn of_two_certificates_of_one_name_the_one_that_ends_first_is_counted() {
    let world = World::new();
    let (_listener, at) = backend();
    let now = time::OffsetDateTime::now_utc();
    let spec = LeafSpec::new("core.example.com").dns("core.example.com").eku(Eku::server());
    let soon = spec.valid(now - time::Duration::days(1), now + time::Duration::days(5));
    world.write("soon", &world.servers.leaf(soon), &world.servers);
    for certificates in [["server", "soon"], ["soon", "server"]] {
        let certificates =
            certificates.map(|it| format!("{{ chain = \"{it}.pem\", key = \"{it}.key\" }}"));
        let certificates = format!("certificates = [{}]", certificates.join(", "));
        let pair = "chain = \"server.pem\"\n        key = \"server.key\"";
        let toml = terminating(at, "").replace(pair, &certificates);
        let proxy = Proxy::start(&world, &format!("admin = \"127.0.0.1:0\"\n{toml}"));
        let line = proxy.seen.iter().find(|line| line["message"] == "admin").unwrap();
        let (_, _, text) = get(line["listening"].as_str().unwrap().parse().unwrap(), "/metrics");
        let ends = text.lines().find(|line| line.contains("what=\"certificate\"")).unwrap();
        let (_, ends) = ends.rsplit_once(' ').unwrap();
        let in_a_week = (now + time::Duration::days(7)).unix_timestamp();
        assert!(ends.parse::<i64>().unwrap() < in_a_week, "{text}");
    }
}

#[test]
fn the_status_says_what_is_presented_what_ends_when_and_who_is_still_relaxed() {
    let world = World::new();
    let (listener, at) = backend();
    let (mut proxy, admin) = watched(&world, at);
    visits(&world, &mut proxy, &listener);
    let (code, head, text) = get(admin, "/status.json");
    assert_eq!(code, 200);
    assert!(head.contains("content-security-policy: default-src 'none'"), "{head}");
    let status: Value = serde_json::from_str(&text).unwrap();
    let tunnel = &status["tunnels"][0];
    assert_eq!(tunnel["name"], "in", "{status}");
    let accept = &tunnel["accept"];
    assert_eq!(accept["presents"][0]["names"][0], "dns:core.example.com", "{status}");
    assert_eq!(accept["presents"][0]["verdict"], "unaffected", "{status}");
    assert_eq!(accept["eku"], "ignore until 2099-01-01T00:00:00Z", "{status}");
    assert_eq!(accept["expiries"].as_array().unwrap().len(), 3, "{status}");
    let relaxed: Vec<_> = tunnel["relaxed"].as_object().unwrap().values().collect();
    assert_eq!(relaxed.len(), 1, "{status}");
    assert_eq!(relaxed[0]["names"], "dns:edge.example.com", "{status}");
    assert_eq!(
        (&relaxed[0]["times"], &relaxed[0]["rule"]),
        (&1.into(), &"dns:edge.example.com".into())
    );
    assert_eq!(tunnel["refused"]["no-certificate"]["times"], 1, "{status}");
    assert_eq!(tunnel["refused"]["tls"]["newest"].as_array().unwrap().len(), 1, "{status}");
}

#[test]
fn who_is_relaxed_is_listed_with_the_rule_that_lets_it_pass_whatever_its_form() {
    let world = World::new();
    let (listener, at) = backend();
    let relaxed = |rule: &str| {
        format!("eku = \"ignore\"\nrelax_for = [\"dns:none.example\", \"{rule}\"]\nclient_roots")
    };
    for rule in [
        "dns:*.example.com",
        "uri:spiffe://example.org/NS/Edge",
        "spiffe-trust-domain:example.org",
        "email:Edge@example.com",
    ] {
        let toml = terminating(at, "").replace("client_roots", &relaxed(rule));
        let mut proxy = Proxy::start(&world, &format!("admin = \"127.0.0.1:0\"\n{toml}"));
        let line = proxy.seen.iter().find(|line| line["message"] == "admin").unwrap();
        let admin = line["listening"].as_str().unwrap().parse().unwrap();
        let names = unfit().uri("spiffe://example.org/NS/Edge").email("Edge@EXAMPLE.com");
        let leaf = world.clients.leaf(valid(names));
        let mut client = world.connect(proxy.address("in"), Some(&leaf));
        client.write_all(b"hello").unwrap();
        drop((take(&listener), client));
        proxy.connection();
        let status: Value = serde_json::from_str(&get(admin, "/status.json").2).unwrap();
        let relaxed = status["tunnels"][0]["relaxed"].as_object().unwrap();
        assert_eq!(relaxed.values().next().unwrap()["rule"], rule, "{status}");
    }
}

#[test]
fn who_was_refused_is_told_in_the_log_and_in_the_status() {
    let world = World::new();
    let (_listener, at) = backend();
    let (mut proxy, admin) = watched(&world, at);
    let stranger =
        world.clients.leaf(valid(LeafSpec::new("x").dns("x.example").eku(Eku::server())));
    let _ = world.connect(proxy.address("in"), Some(&stranger)).write_all(b"hello");
    let line = proxy.connection();
    let status: Value = serde_json::from_str(&get(admin, "/status.json").2).unwrap();
    let example = &status["tunnels"][0]["refused"]["eku"]["newest"][0];
    for presented in [&line["presented"], &example["presented"]] {
        let presented = presented.as_str().unwrap();
        for words in ["unverified leaf", "dns:x.example", "cert-sha256:"] {
            assert!(presented.contains(words), "{words}: {line} {status}");
        }
    }
}

#[test]
fn nobody_but_who_asks_this_host_by_get_is_answered() {
    let world = World::new();
    let (_listener, at) = backend();
    let (_proxy, admin) = watched(&world, at);
    let own = admin.to_string();
    for path in ["/", "/healthz", "/readyz", "/metrics", "/status.json"] {
        assert_eq!(get(admin, path).0, 200, "{path}");
        for host in
            ["evil.example", "localhost", &format!("evil.example:{}", admin.port()), "127.0.0.1"]
        {
            let (code, _, said) = ask_as(admin, "GET", path, host);
            assert_eq!(code, 421, "{path} {host}");
            assert!(said.contains(&format!("http://{admin}/")), "{said}");
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            assert_eq!(ask_as(admin, method, path, &own).0, 405, "{method} {path}");
        }
    }
    assert_eq!(get(admin, "/etc/passwd").0, 404);
}

#[test]
fn while_it_drains_it_is_alive_and_not_ready() {
    let world = World::new();
    let (listener, at) = backend();
    let (mut proxy, admin) = watched(&world, at);
    let mut client = world.connect(proxy.address("in"), Some(&world.client()));
    client.write_all(b"hello").unwrap();
    let _behind = take(&listener);
    proxy.signal("TERM");
    proxy.wait("draining");
    assert_eq!((get(admin, "/healthz").0, get(admin, "/readyz").0), (200, 503));
}

#[test]
fn what_strangers_feed_is_bounded() {
    let world = World::new();
    let (_listener, at) = backend();
    let (mut proxy, admin) = watched(&world, at);
    let address = proxy.address("in");
    for _ in 0..40 {
        TcpStream::connect(address).unwrap().write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    }
    (0..40).for_each(|_| drop(proxy.connection()));
    let status: Value = serde_json::from_str(&get(admin, "/status.json").2).unwrap();
    let refused = &status["tunnels"][0]["refused"]["tls"];
    assert_eq!(refused["times"], 40, "{status}");
    assert_eq!(refused["newest"].as_array().unwrap().len(), 5, "{status}");
}

#[test]
fn the_page_shows_both_slots_and_who_is_still_relaxed_and_escapes_every_name() {
    let world = World::new();
    let (listener, at) = backend();
    let (mut proxy, admin) = watched(&world, at);
    let address = proxy.address("in");
    // Both names are whatever a CA of the operator's issues; the first is shown before it is judged.
    let evil = "<script>alert(1)</script>\u{202e}";
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, evil);
    let leaf = world.clients.leaf(valid(unfit().subject(subject)));
    let mut client = world.connect(address, Some(&leaf));
    client.write_all(b"hello").unwrap();
    drop((take(&listener), client));
    proxy.connection();
    let refused = world.servers.leaf(valid(LeafSpec::new(evil).dns("edge.example.com")));
    let _ = world.connect(address, Some(&refused)).write_all(b"hello");
    proxy.connection();
    let (code, head, page) = get(admin, "/");
    assert_eq!(code, 200);
    assert!(head.contains("default-src 'none'; style-src 'sha256-"), "{head}");
    assert!(!page.to_lowercase().contains("<script"), "{page}");
    assert!(!page.contains('\u{202e}') && page.contains("&lt;script"), "{page}");
    for words in
        ["CN=core.example.com", "Still relaxed: 1", "unknown-issuer", "http-equiv=\"refresh\""]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
}

#[test]
fn a_browser_makes_of_it_one_article_for_each_side_and_runs_nothing() {
    let world = World::new();
    let (listener, at) = backend();
    let (mut proxy, admin) = watched(&world, at);
    visits(&world, &mut proxy, &listener);
    let mut browser = Command::new("chromium");
    let profile = format!("--user-data-dir={}", world.folder.join("profile").display());
    browser.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=400,1400"]);
    browser.args([&profile, "--dump-dom", &format!("http://{admin}/")]);
    let Ok(output) = browser.output() else {
        return eprintln!("SKIPPED: not installed: chromium");
    };
    let dom = String::from_utf8(output.stdout).unwrap();
    let count = |tag: &str| dom.matches(tag).count();
    assert_eq!((count("<article>"), count("<table>"), count("<script")), (1, 1, 0), "{dom}");
    assert_eq!(count("<details>"), 2, "{dom}");
    assert!(dom.contains("dns:edge.example.com"), "{dom}");
}
