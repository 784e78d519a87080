//! Live servers: what they present, whether they ask, and that nothing trusts them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustls::server::WebPkiClientVerifier;
use rustls::{ServerConfig, ServerConnection};
use serde_json::{Value, json};

use super::run::{audit, places};
use super::world::World;
use crate::common::pki::{Ca, CaSpec};
use crate::common::tls::{provider, root_store, stock_server, versions};

/// Every row: an id, whether it asks, the hints that are needed in the report.
#[test]
fn a_server_shows_its_chain_and_whom_it_asks_in_tls_1_2_and_1_3() {
    let world = World::new();
    let mesh = json!(["O=Example Ltd, CN=Mesh Root"]);
    #[rustfmt::skip]
    let rows = [
        ("asks-nobody", None, json!(false), Value::Null),
        ("with-hints",  Some(true), json!(true), mesh),
        ("no-hints",    Some(false), json!(true), json!([])),
    ];
    for version in versions() {
        for (id, hints, asks, expected) in &rows {
            let id = format!("{id} {:?}", version.version);
            let (address, server) = serve(config(&world, version, *hints));
            let output = audit(&world, &format!("--format json roots.pem {address}"));
            let edge = output.line("CN=edge.example.com");
            assert_eq!(places(&edge), [&*address], "{id}");
            assert_eq!(edge["verdict"], "breaks_at_renewal", "{id}");
            let said = (&edge["asks_for_client_certificate"], &edge["ca_hints"]);
            assert_eq!(said, (asks, expected), "{id}");
            let issuer = output.line("O=DigiCert Inc, CN=Combined CA");
            let said = (&places(&issuer)[..], &issuer["asks_for_client_certificate"]);
            assert_eq!(said, (&[address][..], &Value::Null), "{id}");
            assert!(server.join().unwrap().is_err(), "{id}: a handshake that ends well trusts");
        }
    }
}

#[test]
fn the_text_report_names_the_servers_and_whom_they_ask() {
    let world = World::new();
    let (asking, _) = serve(config(&world, versions()[1], Some(true)));
    let silent = server(&world);
    let text = audit(&world, &format!("{asking} {silent}")).stdout;
    let asks = format!("{asking} ASKS for a client certificate of O=Example Ltd, CN=Mesh Root");
    let asks_not = format!("{silent} asks for no client certificate");
    for needed in [asks, asks_not] {
        assert!(text.contains(&needed), "{needed}: {text}");
    }
}

#[test]
fn a_hostile_ca_hint_is_escaped() {
    let mut world = World::new();
    world.private = Ca::root(CaSpec::new("x\u{1b}[2K\n\u{202e}"));
    for format in ["text", "json", "html"] {
        let (address, _) = serve(config(&world, versions()[1], Some(true)));
        let said = audit(&world, &format!("--format {format} {address}")).stdout;
        let is_raw = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!said.contains(is_raw), "{format} {said:?}");
        assert!(said.contains("u{1b}[2K"), "{format} {said:?}");
    }
}

#[test]
fn a_server_that_does_not_answer_is_a_finding_and_the_next_one_is_asked() {
    let world = World::new();
    // One that was free a moment ago; one accepted by the system, and never answered; one that
    // says something that is no TLS.
    let (_, closed) = listen();
    let (_mute, mute) = listen();
    let (plain, _) = once(|mut stream| {
        let _ = stream.write_all(b"220 mail.example.com ESMTP\r\n");
        let _ = stream.read(&mut [0; 1024]);
    });
    let good = server(&world);
    let arguments = format!("--format json --timeout 1 {closed} {mute} {plain} {good}");
    let output = audit(&world, &arguments);
    let reasons = output.unreadable();
    assert_eq!(output.code, 2, "{output:?}");
    assert!(reasons[&closed].contains("refused"), "{output:?}");
    assert!(reasons[&mute].contains("no answer within 1 second"), "{output:?}");
    assert!(reasons[&plain].contains("what answers is no TLS"), "{output:?}");
    assert_eq!(places(&output.line("CN=edge.example.com")), [good]);
}

/// With the chain of `edge`; asking for certificates of the mesh, if at all, with or without hints.
pub fn config(
    world: &World,
    version: &'static rustls::SupportedProtocolVersion,
    hints: Option<bool>,
) -> ServerConfig {
    let asks = hints.map(|hints| {
        let roots = root_store(&[world.private.der()]);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
        let verifier = if hints { verifier } else { verifier.clear_root_hint_subjects() };
        verifier.build().unwrap()
    });
    stock_server(&provider(), &[version], world.edge.credentials(&[&world.combined]), asks)
}

/// The address of one that speaks TLS 1.3 and asks nobody.
pub fn server(world: &World) -> String {
    serve(config(world, versions()[1], None)).0
}

/// Serves one connection; its result is how the handshake ended.
pub fn serve(config: ServerConfig) -> (String, JoinHandle<std::io::Result<(usize, usize)>>) {
    once(move |mut stream| {
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        connection.complete_io(&mut stream)
    })
}

/// Lets this answer one connection.
pub fn once<T: Send + 'static>(
    answer: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (String, JoinHandle<T>) {
    let (listener, address) = listen();
    (address, thread::spawn(move || answer(listener.accept().unwrap().0)))
}

pub fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}
