//! Which servers are asked: how they are written, lists and ranges of them, and how long it takes.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde_json::json;

use super::run::{Run, audit, audit_in, places};
use super::servers::{config, listen, once, serve, server};
use super::world::World;
use crate::common::tls::versions;

/// What is said of a list of servers.
fn listed(world: &World, more: &str, list: &str) -> Run {
    audit_in(world.path(), &format!("--format json {more} --hosts -"), list.as_bytes(), &[])
}

/// Every row: how it is written (`PORT` stands for the server's), and how the report names it.
#[test]
fn a_server_is_known_by_every_form_of_its_address() {
    let world = World::new();
    #[rustfmt::skip]
    let rows = [
        ("127.0.0.1:PORT",                          "127.0.0.1:PORT"),
        ("localhost:PORT",                          "localhost:PORT"),
        ("tls://127.0.0.1:PORT",                    "127.0.0.1:PORT"),
        ("https://127.0.0.1:PORT/path?x=1#y",       "127.0.0.1:PORT"),
        ("HTTPS://localhost:PORT",                  "localhost:PORT"),
        ("edge.example.com@127.0.0.1:PORT",         "edge.example.com@127.0.0.1:PORT"),
        ("https://edge.example.com@127.0.0.1:PORT", "edge.example.com@127.0.0.1:PORT"),
        ("127.0.0.1/32:PORT",                       "127.0.0.1:PORT"),
    ];
    for (written, shown) in rows {
        for is_listed in [false, true] {
            let address = server(&world);
            let port = address.rsplit(':').next().unwrap();
            let written = written.replace("PORT", port);
            let output = match is_listed {
                false => audit(&world, &format!("--format json {written}")),
                true => listed(&world, "", &written),
            };
            let source = places(&output.line("CN=edge.example.com"));
            assert_eq!(source, [shown.replace("PORT", port)], "{written} {is_listed}");
        }
    }
}

/// The server answers once.
#[test]
fn a_server_that_is_listed_in_several_ways_is_asked_once() {
    let world = World::new();
    let address = server(&world);
    let port = address.rsplit(':').next().unwrap();
    let list = format!("127.0.0.1/32:{port}\n{address}\nhttps://{address}/\n{address} both\n");
    let output = listed(&world, "", &list);
    assert!(output.unreadable().is_empty(), "{output:?}");
    let line = output.line("CN=edge.example.com");
    assert_eq!(line["source"].as_array().map(Vec::len), Some(1), "{line}");
    assert_eq!(line["serves_by"], "told");
}

#[test]
fn the_name_that_is_asked_for_is_the_one_before_the_address() {
    let world = World::new();
    let (address, server) = once(|stream| {
        let mut acceptor = rustls::server::Acceptor::default();
        let mut stream = stream;
        loop {
            acceptor.read_tls(&mut stream).unwrap();
            if let Some(accepted) = acceptor.accept().unwrap_or_else(|_| panic!("a hello")) {
                return accepted.client_hello().server_name().map(str::to_owned);
            }
        }
    });
    audit(&world, &format!("--timeout 2 edge.example.com@{address}"));
    assert_eq!(server.join().unwrap().as_deref(), Some("edge.example.com"));
}

/// Every row: what is no server, and what is said about it.
#[test]
fn what_is_no_server_is_a_finding_that_says_why() {
    let world = World::new();
    #[rustfmt::skip]
    let rows = [
        ("gopher://x.example",        "`gopher` is none of https, tls"),
        ("127.0.0.1:0",               "`0` is no port"),
        ("127.0.0.1:99999",           "`99999` is no port"),
        ("b\u{fc}cher.example:443",   "write its A-label"),
        ("10.0.0.0/8",                "more than 4096 addresses"),
        ("2001:db8::/64",             "more than 4096 addresses"),
        ("10.0.0.0/40",               "longer than an address"),
        ("x.example:443 nobody",      "found `nobody`, needed client, server or both"),
        ("x.example:443 both now",    "`now` follows the host"),
        // A heading is one in the first line only.
        ("host nobody",               "found `nobody`, needed client, server or both"),
    ];
    for (line, needed) in rows {
        let list = format!("# a list\n\n{line}\n");
        let output = listed(&world, "", &list);
        let found = &output.unreadable()["-:3"];
        assert!(output.code == 2 && found.contains(needed), "{line}: {found}");
    }
    let output = audit(&world, "--format json gopher://x.example missing.pem nowhere");
    let reasons = output.unreadable();
    assert_eq!(output.code, 2);
    assert!(reasons["gopher://x.example"].contains("`gopher` is none of"), "{reasons:?}");
    assert!(reasons["missing.pem"].contains("No such file"), "{reasons:?}");
    assert!(
        reasons["nowhere"].contains("No such file"),
        "no name is looked up for it: {reasons:?}"
    );
}

#[test]
fn a_list_says_what_its_servers_serve_as() {
    let world = World::new();
    world.write("issuers.pem", world.combined.pem());
    let first = server(&world);
    world.write("hosts.csv", format!("\u{feff}host,role\r\n{first},server\r\n"));
    let output = audit(&world, "--format json roots.pem --hosts hosts.csv");
    let edge = output.line("CN=edge.example.com");
    assert_eq!((&edge["serves"], &edge["verdict"]), (&json!(["server"]), &json!("unaffected")));
    assert!(output.unreadable().is_empty(), "{output:?}");
    let second = server(&world);
    world.write("hosts.txt", format!("{second}   client  # calls the bank\n"));
    let output = audit(&world, "--format json roots.pem --hosts hosts.txt");
    let edge = output.line("CN=edge.example.com");
    assert_eq!(edge["serves"], json!(["client"]));
    assert_eq!(edge["verdict"], "breaks_at_renewal");
}

#[test]
fn nobody_at_an_address_of_a_range_is_told_and_is_no_error() {
    let world = World::new();
    let address = server(&world);
    let port = address.rsplit(':').next().unwrap();
    let output = audit(&world, &format!("roots.pem 127.0.0.3/30:{port}"));
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stdout.contains("nobody at 3 addresses of ranges"), "{output:?}");
}

/// Two hundred that are silent are waited for at once, and not one batch after the other.
#[test]
fn silent_servers_hold_up_nobody_but_themselves() {
    let world = World::new();
    let (_mute, mute) = listen();
    // By names of their own, since each server is asked once.
    let list: String = (0..200).map(|n| format!("{n}.example.com@{mute}\n")).collect();
    let began = Instant::now();
    let output = listed(&world, "--timeout 3", &list);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_eq!((output.code, output.lines().len()), (2, 200));
}

#[test]
fn a_name_is_waited_for_no_longer_than_a_server() {
    let world = World::new();
    let began = Instant::now();
    let output = audit(&world, "--timeout 2 edge.invalid:443");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert_eq!(output.code, 2);
}

#[test]
fn a_server_of_old_tls_is_a_finding_with_the_line_that_asks_it() {
    let world = World::new();
    #[rustfmt::skip]
    let rows: [(&[u8], &str, &str); 4] = [
        (b"\x15\x03\x01\0\x02\x02\x46", "smtp://", " -starttls smtp "),
        (b"\x15\x03\x03\0\x02\x02\x28", "tls://", " -showcerts "),
        (b"\x15\x03\x03\0\x02\x02\x28", "edge.example.com@", " -servername edge.example.com "),
        // A ServerHello of TLS 1.0 with TLS_RSA_WITH_AES_128_CBC_SHA.
        (b"\x16\x03\x01\0\x2a\x02\0\0\x26\x03\x0101234567890123456789012345678901\0\0\x2f\0", "tls://", " -noservername "),
    ];
    for (answer, before, needed) in rows {
        let (address, _) = once(move |mut stream| {
            if before == "smtp://" {
                let _ = stream.write_all(b"220 x\r\n");
                let _ = stream.read(&mut [0; 100]);
                let _ = stream.write_all(b"250 x\r\n");
                let _ = stream.read(&mut [0; 100]);
                let _ = stream.write_all(b"220 x\r\n");
            }
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
            let _ = stream.read(&mut [0; 4096]);
        });
        let output = audit(&world, &format!("--format json {before}{address}"));
        let said = output.unreadable().into_values().collect::<String>();
        let line = format!("openssl s_client -connect {address}");
        assert!(said.contains(&line) && said.contains(needed), "{before}: {said}");
        assert_eq!(output.code, 2);
    }
}

/// What the line prints is what the audit reads.
#[test]
fn what_openssl_prints_of_a_server_is_read() {
    let world = World::new();
    let (address, _) = serve(config(&world, versions()[0], None));
    let mut openssl = std::process::Command::new("openssl");
    openssl.args(["s_client", "-connect", &address, "-showcerts"]);
    let Ok(output) = openssl.stdin(std::process::Stdio::null()).output() else {
        return eprintln!("SKIPPED: no openssl is here");
    };
    world.write("printed.txt", output.stdout);
    let output = audit(&world, "--format json roots.pem printed.txt");
    assert_eq!(output.line("CN=edge.example.com")["verdict"], "breaks_at_renewal", "{output:?}");
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_read_and_one_that_nobody_writes_to_is_not_waited_for() {
    let world = World::new();
    for pipe in ["written", "silent"] {
        let made = std::process::Command::new("mkfifo").arg(world.folder.join(pipe)).status();
        assert!(made.unwrap().success());
    }
    let (path, pem) = (world.folder.join("written"), world.edge.cert_pem());
    let writer = std::thread::spawn(move || std::fs::write(path, pem));
    let output = audit(&world, "--format json --timeout 2 written silent /dev/zero");
    let edge = output.line("CN=edge.example.com");
    assert_eq!(places(&edge), ["written:1"], "{output:?}");
    let reasons = output.unreadable();
    assert!(reasons["silent"].contains("a pipe that nobody wrote to its end within 2 seconds"));
    assert!(reasons["/dev/zero"].contains("a device or a socket"));
    assert_eq!(output.code, 2);
    writer.join().unwrap().unwrap();
}
