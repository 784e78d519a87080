//! Whoever is refused learns why: the alert arrives, however much was written already, and the other
//! side's alert is in our log.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

use crate::common::alerts::{Client, JAVA, PYTHON, sees_every_alert};
use crate::common::pki::{Leaf, LeafSpec};
use crate::common::tls::{provider, stock_client_verifier, stock_server};
use crate::running::{Proxy, backend, calling, take};
use crate::tunnel::Tunnel;
use crate::world::World;
use rustls::ServerConnection;

#[test]
fn a_client_in_python_sees_the_alert_every_time() {
    is_refused_audibly(PYTHON);
}

#[test]
fn a_client_in_java_sees_the_alert_every_time() {
    is_refused_audibly(JAVA);
}

fn is_refused_audibly(client: Client) {
    let tunnel = Tunnel::new("");
    sees_every_alert(client, tunnel.address, &tunnel.world.unfit());
}

/// Each row: who comes, what it is told, the class in the line.
#[test]
fn a_client_is_told_why_it_is_refused_and_the_line_has_the_honest_class() {
    let mut tunnel = Tunnel::new("");
    for (leaf, alert, class) in [
        (None, "CertificateRequired", "no-certificate"),
        (Some(tunnel.world.unfit()), "UnsupportedCertificate", "eku"),
        (Some(Leaf::self_signed(LeafSpec::new("x"))), "UnknownCA", "unknown-issuer"),
    ] {
        let (told, line) = tunnel.refuse(leaf.as_ref());
        assert!(told.contains(alert), "{alert}: {told}");
        assert_eq!((&line["end"], &line["class"]), (&"refused".into(), &class.into()), "{line}");
    }
}

#[test]
fn a_backend_that_refuses_our_certificate_is_heard_in_the_line_of_the_connection() {
    let mut serving = Tunnel::new("");
    let world = &serving.world;
    world.write("client", &world.unfit(), &world.clients);
    let mut calling = serving.caller("originate.present_eku = \"ignore\"");
    let mut client = TcpStream::connect(calling.address("out")).unwrap();
    client.write_all(b"hello").unwrap();
    // It never looked as if the backend had said nothing.
    assert!(client.read(&mut [0]).is_err());
    let line = calling.connection();
    assert!(line["error"].as_str().unwrap().contains("UnsupportedCertificate"), "{line}");
    assert_eq!(line["class"], "alert-received", "{line}");
    assert_eq!(serving.proxy.connection()["class"], "eku");
}

/// In TLS 1.2 before the handshake has ended.
#[test]
fn a_backend_that_refuses_us_in_the_handshake_is_heard_too() {
    let (world, (listener, at)) = (World::new(), backend());
    let strangers = stock_client_verifier(&provider(), &[world.servers.der()]);
    let own = world.server().credentials(&[]);
    let config = stock_server(&provider(), &[&rustls::version::TLS12], own, Some(strangers));
    let server = thread::spawn(move || {
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        connection.complete_io(&mut take(&listener))
    });
    let mut calling = Proxy::start(&world, &calling(at, ""));
    let mut client = TcpStream::connect(calling.address("out")).unwrap();
    assert!(client.read(&mut [0]).is_err());
    let line = calling.connection();
    assert_eq!((&line["end"], &line["class"]), (&"no backend".into(), &"alert-received".into()));
    assert!(server.join().unwrap().is_err());
}

#[test]
fn a_backend_that_we_refuse_is_told_and_the_line_has_the_honest_class() {
    let mut serving = Tunnel::new("");
    // Another name than its certificate has.
    let toml = calling(serving.address, "").replace("core.", "other.");
    let mut calling = Proxy::start(&serving.world, &toml);
    let mut client = TcpStream::connect(calling.address("out")).unwrap();
    assert!(client.read(&mut [0]).is_err());
    let line = calling.connection();
    assert_eq!((&line["end"], &line["class"]), (&"no backend".into(), &"name".into()), "{line}");
    let line = serving.proxy.connection();
    assert_eq!(line["class"], "alert-received", "{line}");
}
