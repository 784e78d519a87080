//! STARTTLS: each protocol with a server that follows a script, and what a refusal says.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::ServerConnection;

use super::run::{audit, places};
use super::servers::{config, once};
use super::world::World;
use crate::common::tls::versions;

/// What the server says, and what it hears next; the last is what it says before TLS.
type Script = &'static [(&'static [u8], &'static [u8])];

const EHLO: &[u8] = b"EHLO audit.invalid\r\n";
const LDAP: &[u8] = b"0\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037";
const STREAM: &[u8] = b"<?xml version='1.0'?><stream:stream to='127.0.0.1' version='1.0' \
    xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const STREAM_OF_SERVERS: &[u8] = b"<?xml version='1.0'?><stream:stream to='127.0.0.1' \
    version='1.0' xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>";
const STARTTLS: &[u8] = b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const FEATURES: &[u8] = b"<?xml version='1.0'?><stream:stream id='1' \
    xmlns:stream='http://etherx.jabber.org/streams'><stream:features><starttls \
    xmlns='urn:ietf:params:xml:ns:xmpp-tls'/></stream:features>";
const PROCEED: &[u8] = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
/// Version 10 of MariaDB's greeting, as it is on the wire.
const MYSQL: &[u8] = b"\x29\0\0\0\x0a5.5.5-10.11\0\x01\0\0\0abcdefgh\0\xfe\xff\x21\x02\0\
    \xff\x81\x15\0\0\0\0\0\0\0";
const SSL_REQUEST: &[u8] =
    b"\x20\0\0\x01\x01\x8a\0\0\0\0\0\x01\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \0\0\0\0\0\0\0";

#[rustfmt::skip]
const SCRIPTS: [(&str, Script); 17] = [
    ("smtp",        &[(b"220-mail\r\n220 ESMTP\r\n", EHLO), (b"250-mail\r\n250-SIZE\r\n250 STARTTLS\r\n", b"STARTTLS\r\n"), (b"220 go\r\n", b"")]),
    ("submission",  &[(b"220\r\n", EHLO), (b"250 STARTTLS\r\n", b"STARTTLS\r\n"), (b"220 2.0.0 go\r\n", b"")]),
    ("lmtp",        &[(b"220 x\r\n", b"LHLO audit.invalid\r\n"), (b"250 STARTTLS\r\n", b"STARTTLS\r\n"), (b"220 go\r\n", b"")]),
    ("imap",        &[(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", b"a STARTTLS\r\n"), (b"* 1 EXISTS\r\na ok begin\r\n", b"")]),
    ("pop3",        &[(b"+OK ready\r\n", b"STLS\r\n"), (b"+OK begin\r\n", b"")]),
    ("sieve",       &[(b"\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK \"ready\"\r\n", b"STARTTLS\r\n"), (b"OK \"begin\"\r\n", b"")]),
    ("ftp",         &[(b"220-hello\r\n  225 files\r\n220 ready\r\n", b"AUTH TLS\r\n"), (b"234 begin\r\n", b"")]),
    ("xmpp",        &[(b"", STREAM), (FEATURES, STARTTLS), (PROCEED, b"")]),
    ("xmpp-client", &[(b"", STREAM), (FEATURES, STARTTLS), (PROCEED, b"")]),
    ("xmpp-server", &[(b"", STREAM_OF_SERVERS), (FEATURES, STARTTLS), (PROCEED, b"")]),
    ("ldap",        &[(b"", LDAP), (b"0\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0", b"")]),
    // As Active Directory writes it.
    ("ldap",        &[(b"", LDAP), (b"0\x84\0\0\0\x10\x02\x01\x01\x78\x84\0\0\0\x07\x0a\x01\0\x04\0\x04\0", b"")]),
    ("postgres",    &[(b"", b"\0\0\0\x08\x04\xd2\x16\x2f"), (b"S", b"")]),
    ("postgresql",  &[(b"", b"\0\0\0\x08\x04\xd2\x16\x2f"), (b"S", b"")]),
    ("mysql",       &[(MYSQL, SSL_REQUEST)]),
    ("mariadb",     &[(MYSQL, SSL_REQUEST)]),
    ("tls",         &[]),
];

#[test]
fn every_protocol_is_asked_for_tls_in_its_own_way() {
    let world = World::new();
    let config = Arc::new(config(&world, versions()[1], None));
    for (scheme, script) in SCRIPTS {
        // Whole, and a byte at a time.
        for piece in [usize::MAX, 1] {
            let config = Arc::clone(&config);
            let (address, server) = once(move |mut stream| {
                follow(script, piece, &mut stream);
                let mut connection = ServerConnection::new(config).unwrap();
                let _ = connection.complete_io(&mut stream);
            });
            let output = audit(&world, &format!("--format json roots.pem {scheme}://{address}"));
            server.join().unwrap_or_else(|_| panic!("{scheme}: {output:?}"));
            let edge = output.line("CN=edge.example.com");
            let source = match scheme {
                "tls" => address,
                _ => format!("{scheme}://{address}"),
            };
            assert_eq!(places(&edge), [source], "{scheme}");
        }
    }
}

#[test]
fn a_refusal_is_told_in_the_servers_words() {
    let world = World::new();
    #[rustfmt::skip]
    let rows: [(&str, Script, &str); 15] = [
        ("smtp",     &[(b"554 no\r\n", b"")], "`554 no`"),
        ("smtp",     &[(b"220 x\r\n", EHLO), (b"250 SIZE\r\n", b"STARTTLS\r\n"), (b"454 TLS not available\r\n", b"")], "`454 TLS not available`"),
        ("smtp",     &[(b"220 x\r\n", EHLO), (b"250 x\r\n", b"STARTTLS\r\n"), (b"502 \x1b[2K\r\n", b"")], "`502 \\u{1b}[2K`"),
        ("imap",     &[(b"* PREAUTH hello\r\n", b"")], "`* PREAUTH hello`"),
        ("imap",     &[(b"* OK x\r\n", b"a STARTTLS\r\n"), (b"a BAD what\r\n", b"")], "`a BAD what`"),
        ("pop3",     &[(b"+OK x\r\n", b"STLS\r\n"), (b"-ERR never\r\n", b"")], "`-ERR never`"),
        ("sieve",    &[(b"BYE \"busy\"\r\n", b"")], "`BYE \"busy\"`"),
        ("ftp",      &[(b"220 x\r\n", b"AUTH TLS\r\n"), (b"534 denied\r\n", b"")], "`534 denied`"),
        ("xmpp",     &[(b"", STREAM), (b"<stream:stream><stream:features/>", b"")], "features/>`"),
        ("xmpp",     &[(b"", STREAM), (FEATURES, STARTTLS), (b"<failure/></stream:stream>", b"")], "`<failure/>"),
        ("ldap",     &[(b"", LDAP), (b"0\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\0\x04\0", b"")], "in the way of ldap"),
        ("postgres", &[(b"", b"\0\0\0\x08\x04\xd2\x16\x2f"), (b"N", b"")], "`N`"),
        ("mysql",    &[(b"\x05\0\0\0\xff\x15\x04no", b"")], "in the way of mysql"),
        ("mysql",    &[(b"\x13\0\0\0\x0a8\0\x01\0\0\0abcdefgh\0\xff\xf7", b"")], "in the way of mysql"),
        ("smtp",     &[(b"", b"")], "closed the connection, before STARTTLS"),
    ];
    for (scheme, script, needed) in rows {
        let (address, server) = once(move |mut stream| follow(script, usize::MAX, &mut stream));
        let output = audit(&world, &format!("--format json {scheme}://{address}"));
        server.join().unwrap_or_else(|_| panic!("{scheme}: {output:?}"));
        let said = output.unreadable().into_values().collect::<String>();
        assert!(said.contains(needed), "{scheme} {needed}: {said}");
        assert_eq!(output.code, 2, "{scheme} {needed}");
    }
}

/// Neither the length nor the time of an answer is the server's to choose.
#[test]
fn an_answer_without_an_end_ends() {
    let world = World::new();
    let (endless, _) = once(|mut stream| while stream.write_all(b"220-and more\r\n").is_ok() {});
    let (dripping, _) = once(|mut stream| {
        while stream.write_all(b"2").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    });
    let arguments = format!("--format json --timeout 2 smtp://{endless} smtp://{dripping}");
    let output = audit(&world, &arguments);
    let reason = |address: &str| {
        let mut reasons = output.unreadable().into_iter();
        reasons.find(|(place, _)| place.ends_with(address)).unwrap().1
    };
    assert!(reason(&endless).contains("220-and more"), "{output:?}");
    assert!(reason(&dripping).contains("no answer within 2 seconds"), "{output:?}");
}

fn follow(script: Script, piece: usize, stream: &mut TcpStream) {
    stream.set_nodelay(true).unwrap();
    for (says, hears) in script {
        for some in says.chunks(piece) {
            stream.write_all(some).unwrap();
        }
        let mut heard = vec![0; hears.len()];
        stream.read_exact(&mut heard).unwrap();
        assert_eq!(String::from_utf8_lossy(&heard), String::from_utf8_lossy(hears));
    }
}
