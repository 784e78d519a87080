//! What operators see: counters, health, status; and that nobody else does.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use crate::common::agreed::agreed;
use crate::common::pki::{Eku, LeafSpec};
use crate::common::process::is_installed;
use crate::common::programs::run;
use crate::running::{PAIR, several, terminating};
use crate::tunnel::Tunnel;
use crate::world::{PATIENCE, World, named, valid};
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

/// What is said of the tunnel.
fn status(admin: SocketAddr) -> Value {
    let (code, head, text) = get(admin, "/status.json");
    assert_eq!(code, 200);
    assert!(head.contains("content-security-policy: default-src 'none'"), "{head}");
    serde_json::from_str::<Value>(&text).unwrap()["tunnels"][0].take()
}

/// A tunnel that lets one peer pass whose EKU is wrong, and the address of its admin.
fn watched() -> (Tunnel, SocketAddr) {
    let relaxed = "accept.eku = \"ignore until 2099-01-01\"\n\
                   accept.relax_for = [\"dns:edge.example.com\"]";
    watched_as(World::new(), |toml| toml + relaxed)
}

fn watched_as(world: World, change: impl FnOnce(String) -> String) -> (Tunnel, SocketAddr) {
    let toml = |at| change(format!("admin = \"127.0.0.1:0\"\n{}", terminating(at, "")));
    let tunnel = Tunnel::of(world, toml);
    let admin = tunnel.proxy.admin();
    (tunnel, admin)
}

/// By one that is relaxed, one that is enforced, one without a certificate, a stranger whose EKU is
/// wrong, one that speaks no TLS.
fn visited() -> (Tunnel, SocketAddr) {
    let (mut tunnel, admin) = watched();
    for leaf in [tunnel.world.unfit(), tunnel.world.client()] {
        drop(tunnel.carry_of(&leaf));
        tunnel.proxy.connection();
    }
    tunnel.refuse(None);
    let stranger = named("x.example").eku(Eku::server());
    tunnel.refuse(Some(&tunnel.world.clients.leaf(stranger)));
    speak_no_tls(&mut tunnel);
    (tunnel, admin)
}

fn speak_no_tls(tunnel: &mut Tunnel) {
    TcpStream::connect(tunnel.address).unwrap().write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    tunnel.proxy.connection();
}

#[test]
fn every_handshake_is_counted_by_verdict_and_reason_and_every_end_by_how() {
    let (_tunnel, admin) = visited();
    let (code, head, text) = get(admin, "/metrics");
    assert_eq!(code, 200);
    assert!(head.contains("openmetrics-text"), "{head}");
    // Times and the order of labels differ from run to run; the end of the policy does not.
    let timeless = text.lines().map(|line| match line.rsplit_once(' ') {
        Some((gauge, _)) if gauge.contains("_seconds{") && !gauge.contains("eku-policy") => {
            format!("{gauge} …\n")
        }
        _ => format!("{line}\n"),
    });
    let mut timeless: Vec<_> = timeless.collect();
    timeless.sort_unstable();
    agreed("proxy/metrics.txt", &timeless.concat());
}

#[test]
fn of_two_certificates_of_one_name_the_one_that_ends_first_is_counted() {
    let now = time::OffsetDateTime::now_utc();
    for certificates in [["server", "soon"], ["soon", "server"]] {
        let world = World::new();
        let spec = named("core.example.com").eku(Eku::server());
        let soon = spec.valid(now - time::Duration::days(1), now + time::Duration::days(5));
        world.write("soon", &world.servers.leaf(soon), &world.servers);
        let (_tunnel, admin) = watched_as(world, |toml| toml.replace(PAIR, &several(certificates)));
        let (_, _, text) = get(admin, "/metrics");
        let ends = text.lines().find(|line| line.contains("what=\"certificate\"")).unwrap();
        let (_, ends) = ends.rsplit_once(' ').unwrap();
        let in_a_week = (now + time::Duration::days(7)).unix_timestamp();
        assert!(ends.parse::<i64>().unwrap() < in_a_week, "{text}");
    }
}

/// Who was refused is told in the log, too.
#[test]
fn the_status_says_what_is_presented_what_ends_when_who_is_still_relaxed_and_who_was_refused() {
    let (tunnel, admin) = visited();
    let status = status(admin);
    assert_eq!(status["name"], "in", "{status}");
    let accept = &status["accept"];
    assert_eq!(accept["presents"][0]["names"][0], "dns:core.example.com", "{status}");
    assert_eq!(accept["presents"][0]["verdict"], "unaffected", "{status}");
    assert_eq!(accept["eku"], "ignore until 2099-01-01T00:00:00Z", "{status}");
    assert_eq!(accept["expiries"].as_array().unwrap().len(), 3, "{status}");
    let relaxed: Vec<_> = status["relaxed"].as_object().unwrap().values().collect();
    let [relaxed] = relaxed[..] else { panic!("{status}") };
    let said = ["names", "rule", "times"].map(|field| relaxed[field].clone());
    let edge = Value::from("dns:edge.example.com");
    assert_eq!(said, [edge.clone(), edge, 1.into()], "{status}");
    let refused = &status["refused"];
    assert_eq!(refused["no-certificate"]["times"], 1, "{status}");
    assert_eq!(refused["tls"]["newest"].as_array().unwrap().len(), 1, "{status}");
    let logged = tunnel.proxy.seen.iter().find(|line| line["class"] == "eku").unwrap();
    for presented in [&logged["presented"], &refused["eku"]["newest"][0]["presented"]] {
        let presented = presented.as_str().unwrap();
        for words in ["unverified leaf", "dns:x.example", "cert-sha256:"] {
            assert!(presented.contains(words), "{words}: {logged} {status}");
        }
    }
}

/// Each of them has one name only, so that one rule only is about it.
#[test]
fn who_is_relaxed_is_listed_with_the_rule_that_lets_it_pass_whatever_its_form() {
    let edge = || LeafSpec::new("edge").eku(Eku::server());
    let rows = [
        ("dns:*.example.com", edge().dns("edge.example.com")),
        ("email:Edge@example.com", edge().email("Edge@EXAMPLE.com")),
        ("spiffe-trust-domain:example.net", edge().uri("spiffe://example.net/ns/edge")),
        ("uri:spiffe://example.org/NS/Edge", edge().uri("spiffe://example.org/NS/Edge")),
    ];
    let rules = rows.each_ref().map(|row| row.0);
    let relaxed = format!("accept.eku = \"ignore\"\naccept.relax_for = {rules:?}");
    let (mut tunnel, admin) = watched_as(World::new(), |toml| toml + &relaxed);
    for (_, spec) in rows {
        drop(tunnel.carry_of(&tunnel.world.clients.leaf(valid(spec))));
        tunnel.proxy.connection();
    }
    let status = status(admin);
    let relaxed = status["relaxed"].as_object().unwrap().values();
    let mut found: Vec<_> = relaxed.map(|peer| peer["rule"].as_str().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, rules, "{status}");
}

#[test]
fn nobody_but_who_asks_this_host_by_get_is_answered() {
    let (_tunnel, admin) = watched();
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
    let (mut tunnel, admin) = watched();
    let _open = tunnel.carry();
    tunnel.proxy.signal("TERM");
    tunnel.proxy.wait("draining");
    assert_eq!((get(admin, "/healthz").0, get(admin, "/readyz").0), (200, 503));
}

#[test]
fn what_strangers_feed_is_bounded() {
    let (mut tunnel, admin) = watched();
    (0..40).for_each(|_| speak_no_tls(&mut tunnel));
    let refused = &status(admin)["refused"]["tls"];
    assert_eq!(refused["times"], 40, "{refused}");
    assert_eq!(refused["newest"].as_array().unwrap().len(), 5, "{refused}");
}

#[test]
fn the_page_shows_both_slots_and_who_is_still_relaxed_and_escapes_every_name() {
    let (mut tunnel, admin) = watched();
    // Both names are whatever a CA of the operator's issues; the first is shown before it is judged.
    let evil = "<script>alert(1)</script>\u{202e}";
    let spec = valid(LeafSpec::new(evil).dns("edge.example.com").eku(Eku::server()));
    drop(tunnel.carry_of(&tunnel.world.clients.leaf(spec.clone())));
    tunnel.proxy.connection();
    tunnel.refuse(Some(&tunnel.world.servers.leaf(spec)));
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
    // A browser makes of it one article for each side, and runs nothing.
    let mut browser = Command::new("chromium");
    let profile = format!("--user-data-dir={}", tunnel.world.folder.join("profile").display());
    browser.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=400,1400"]);
    browser.args([&profile, "--dump-dom", &format!("http://{admin}/")]);
    if is_installed("chromium") {
        let dom = run(browser, b"").stdout;
        let counts =
            ["<article>", "<table>", "<details>", "<script"].map(|tag| dom.matches(tag).count());
        assert_eq!(counts, [1, 1, 1, 0], "{dom}");
        assert!(dom.contains("dns:edge.example.com"), "{dom}");
    }
}
