//! The PROXY header: what is written is what others read, and nobody's word is taken unasked.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::pki::LeafSpec;
use crate::common::programs::run;
use crate::running::take;
use crate::tunnel::Tunnel;
use crate::world::{Tls, valid};
use base16ct::lower::encode_string as hex;
use serde_json::Value;

const ALL: &str = "proxy_protocol = \"v2\"\nproxy_tlvs = [\"ssl\", \"alpn\", \"unique-id\", \"eku\", \"certificate\"]";

/// What an independent parser reads of the header that the backend got from this client. Behind it is
/// a byte of the client's.
fn received(tunnel: &Tunnel, client: &mut Tls) -> Option<Value> {
    client.write_all(b"!").unwrap();
    let mut tcp = take(&tunnel.backend);
    let mut header = vec![0; 16];
    tcp.read_exact(&mut header).unwrap();
    let length = u16::from_be_bytes([header[14], header[15]]);
    header.resize(16 + usize::from(length), 0);
    tcp.read_exact(&mut header[16..]).unwrap();
    let mut byte = [0];
    tcp.read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"!");
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: not installed: python3");
        return None;
    }
    let mut python = Command::new("python3");
    python.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proxy/header.py"));
    let run = run(python, &header);
    assert_eq!(run.code, 0, "{run:?}");
    Some(serde_json::from_str(&run.stdout).unwrap())
}

#[test]
fn every_tlv_that_is_asked_for_is_read_by_an_independent_parser() {
    let relaxed = "accept.eku = \"ignore\"\naccept.relax_for = [\"dns:edge.example.com\"]";
    let mut tunnel = Tunnel::new(&format!("{ALL}\naccept.alpn = [\"sip/2\"]\n{relaxed}"));
    for (leaf, eku, version) in [
        (tunnel.world.client(), "enforced", &rustls::version::TLS13),
        (
            tunnel.world.unfit(),
            "relaxed: leaf `CN=edge.example.com` has extended key usage serverAuth, needed clientAuth",
            &rustls::version::TLS12,
        ),
    ] {
        let (world, address) = (&tunnel.world, tunnel.address);
        let mut client = world.connect_with(address, Some(&leaf), &[version], &[b"sip/2"]);
        let from = client.sock.local_addr().unwrap();
        let Some(read) = received(&tunnel, &mut client) else { return };
        assert_eq!(read["from"], from.to_string(), "{read}");
        assert_eq!(read["to"], address.to_string(), "{read}");
        let tlvs = &read["tlvs"];
        assert_eq!(tlvs["0x01"], hex(b"sip/2"), "{read}");
        assert_eq!(tlvs["0xe0"], hex(eku.as_bytes()), "{read}");
        let ssl = &read["ssl"];
        assert_eq!((&ssl["client"], &ssl["verify"]), (&7.into(), &0.into()), "{read}");
        let version = if *version == rustls::version::TLS13 { "TLSv1.3" } else { "TLSv1.2" };
        assert_eq!(ssl["tlvs"]["0x21"], hex(version.as_bytes()), "{read}");
        assert_eq!(ssl["tlvs"]["0x22"], hex(b"edge.example.com"), "{read}");
        assert_eq!(ssl["tlvs"]["0x28"], hex(&leaf.der()), "{read}");
        drop(client);
        // Cut off, for the test's purpose: the id of the log is the id of the header.
        let line = tunnel.proxy.connection();
        assert_eq!(tlvs["0x05"], hex(line["id"].as_str().unwrap().as_bytes()), "{line}");
    }
}

#[test]
fn without_a_client_certificate_ssl_says_that_none_was_verified() {
    let tunnel = Tunnel::new(&format!("{ALL}\naccept.client_auth = \"optional\""));
    let mut client = tunnel.world.connect(tunnel.address, None);
    let Some(read) = received(&tunnel, &mut client) else { return };
    assert_eq!((&read["ssl"]["client"], &read["ssl"]["verify"]), (&1.into(), &1.into()), "{read}");
    assert!(read["tlvs"]["0xe0"].is_null() && read["ssl"]["tlvs"]["0x22"].is_null(), "{read}");
}

#[test]
fn a_long_name_is_cut_and_the_header_stays_whole() {
    let tunnel = Tunnel::new(ALL);
    let leaf = tunnel.world.clients.leaf(valid(LeafSpec::new(&"ü".repeat(5000))));
    let mut client = tunnel.world.connect(tunnel.address, Some(&leaf));
    let Some(read) = received(&tunnel, &mut client) else { return };
    assert_eq!(read["ssl"]["tlvs"]["0x22"], hex("ü".repeat(127).as_bytes()), "{read}");
}

/// A tunnel that reads PROXY headers from these addresses, and writes its own.
fn behind_a_balancer(from: &str, timeout: &str) -> Tunnel {
    Tunnel::new(&format!(
        "accept_proxy_protocol = [\"{from}\"]\nhandshake_timeout = \"{timeout}\"\n{ALL}"
    ))
}

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

#[test]
fn addresses_of_a_balancer_are_passed_on_and_nothing_else_that_it_says() {
    let mut tunnel = behind_a_balancer("127.0.0.0/8", "10s");
    // An ALPN, an EKU and an SSL of a stranger's making behind the addresses.
    let tlvs =
        [&[1, 0, 3][..], b"lie", &[0xe0, 0, 8], b"enforced", &[0x20, 0, 5, 7, 0, 0, 0, 0]].concat();
    let v4 = [&[203, 0, 113, 7, 192, 0, 2, 1, 0x30, 0x39, 0x01, 0xbb][..], &tlvs].concat();
    let mut v6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].to_vec();
    v6.push(1);
    v6.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x30, 0x39, 0x01, 0xbb]);
    let v2 = |command: u8, family: u8, body: &[u8]| {
        let length = (body.len() as u16).to_be_bytes();
        [SIGNATURE, &[0x20 | command, family][..], &length, body].concat()
    };
    let itself = "itself";
    for (said, from) in [
        (v2(1, 0x11, &v4), "203.0.113.7:12345"),
        (v2(1, 0x21, &v6), "[2001:db8::1]:12345"),
        (v2(0, 0, &[]), itself),
        (v2(1, 0, &tlvs), itself),
        (b"PROXY TCP4 203.0.113.8 192.0.2.1 4711 443\r\n".to_vec(), "203.0.113.8:4711"),
        (b"PROXY TCP6 2001:db8::9 2001:db8::2 4711 443\r\n".to_vec(), "[2001:db8::9]:4711"),
        (b"PROXY UNKNOWN\r\n".to_vec(), itself),
    ] {
        let mut client = tunnel.world.connect(tunnel.address, Some(&tunnel.world.client()));
        client.sock.write_all(&said).unwrap();
        let Some(read) = received(&tunnel, &mut client) else { return };
        let own = client.sock.local_addr().unwrap().to_string();
        let from = if from == itself { &own } else { from };
        assert_eq!(read["from"], from, "{read}");
        assert!(read["tlvs"]["0x01"].is_null(), "{read}");
        assert_eq!(read["tlvs"]["0xe0"], hex(b"enforced"), "{read}");
        assert_eq!(read["ssl"]["tlvs"]["0x22"], hex(b"edge.example.com"), "{read}");
        drop(client);
        assert_eq!(tunnel.proxy.connection()["from"], from);
    }
}

#[test]
fn a_balancer_that_sends_no_header_or_a_broken_one_is_refused() {
    let mut tunnel = behind_a_balancer("127.0.0.0/8", "1s");
    for said in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        b"PROXY TCP4 203.0.113.8 192.0.2.1 4711\r\n".to_vec(),
        b"PROXY TCP4 203.0.113.8 192.0.2.1 4711 70000\r\n".to_vec(),
        b"PROXY TCP4 203.0.113.8 192.0.2.1 +4711 443\r\n".to_vec(),
        b"PROXY TCP4 203.0.113.8 192.0.2.1 04711 443\r\n".to_vec(),
        b"PROXY TCP4 203.0.113.8 192.0.2.1 4711 443 \r\n".to_vec(),
        [b"PROXY ", &[b'x'; 200][..]].concat(),
        [SIGNATURE, &[0x22, 0x11, 0, 12][..], &[1; 12]].concat(),
        [SIGNATURE, &[0x21, 0x11, 0, 4, 1, 2, 3, 4][..]].concat(),
        [SIGNATURE, &[0x21, 0x12, 0, 0][..]].concat(),
        [SIGNATURE, &[0x11, 0x11, 0, 0][..]].concat(),
        // The rest never comes.
        [SIGNATURE, &[0x21, 0x11, 0, 200][..]].concat(),
    ] {
        let began = Instant::now();
        let mut tcp = TcpStream::connect(tunnel.address).unwrap();
        tcp.write_all(&said).unwrap();
        assert!(matches!(tcp.read(&mut [0]), Ok(0) | Err(_)));
        assert!(began.elapsed() < Duration::from_secs(5));
        assert_eq!(tunnel.proxy.connection()["class"], "proxy-header");
    }
}

#[test]
fn a_header_from_anybody_else_is_no_header() {
    let mut tunnel = behind_a_balancer("10.0.0.0/8", "10s");
    let mut tcp = TcpStream::connect(tunnel.address).unwrap();
    tcp.write_all(b"PROXY TCP4 203.0.113.8 192.0.2.1 4711 443\r\n").unwrap();
    assert!(matches!(tcp.read(&mut [0; 100]), Ok(_) | Err(_)));
    let line = tunnel.proxy.connection();
    assert_eq!(line["class"], "tls", "{line}");
    assert!(line["from"].as_str().unwrap().starts_with("127.0.0.1:"), "{line}");
}
