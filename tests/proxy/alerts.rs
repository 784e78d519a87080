//! Whoever is refused learns why: the alert arrives, however much was written already, and the other
//! side's alert is in our log.

use std::io::{Read, Write};

use crate::common::alerts::{Client, JAVA, PYTHON, sees_every_alert};
use crate::running::{Proxy, backend, terminating};
use crate::world::World;

#[test]
fn a_client_in_python_sees_the_alert_every_time() {
    is_refused_audibly(PYTHON);
}

#[test]
fn a_client_in_java_sees_the_alert_every_time() {
    is_refused_audibly(JAVA);
}

fn is_refused_audibly(client: Client) {
    let world = World::new();
    let (_listener, at) = backend();
    let mut proxy = Proxy::start(&world, &terminating(at, ""));
    sees_every_alert(client, proxy.address("in"), &world.unfit());
}

#[test]
fn a_client_without_a_certificate_sees_the_alert_and_is_counted() {
    let world = World::new();
    let (_listener, at) = backend();
    let mut proxy = Proxy::start(&world, &terminating(at, ""));
    let mut client = world.connect(proxy.address("in"), None);
    let asked = client.write_all(&[0; 200_000]).and_then(|()| client.read(&mut [0]));
    assert!(asked.unwrap_err().to_string().contains("CertificateRequired"));
    let line = proxy.connection();
    assert_eq!((&line["end"], &line["class"]), (&"refused".into(), &"no-certificate".into()));
}

#[test]
fn a_backend_that_refuses_our_certificate_is_heard_in_the_line_of_the_connection() {
    let world = World::new();
    let (_listener, at) = backend();
    world.write("client", &world.unfit(), &world.clients);
    let mut serving = Proxy::start(&world, &terminating(at, ""));
    let calling = calling(serving.address("in"), "present_eku = \"ignore\"");
    let mut calling = Proxy::start(&world, &calling);
    let mut client = std::net::TcpStream::connect(calling.address("out")).unwrap();
    client.write_all(b"hello").unwrap();
    // It never looked as if the backend had said nothing.
    assert!(client.read(&mut [0]).is_err());
    let line = calling.connection();
    assert!(line["error"].as_str().unwrap().contains("UnsupportedCertificate"), "{line}");
    assert_eq!(line["class"], "alert-received", "{line}");
    assert_eq!(serving.connection()["class"], "eku");
}

#[test]
fn a_backend_that_we_refuse_is_told_and_the_line_has_the_honest_class() {
    let world = World::new();
    let (_listener, at) = backend();
    let mut serving = Proxy::start(&world, &terminating(at, ""));
    // Another name than its certificate has.
    let toml = calling(serving.address("in"), "").replace("core.", "other.");
    let mut calling = Proxy::start(&world, &toml);
    let mut client = std::net::TcpStream::connect(calling.address("out")).unwrap();
    assert!(client.read(&mut [0]).is_err());
    let line = calling.connection();
    assert_eq!((&line["end"], &line["class"]), (&"no backend".into(), &"name".into()), "{line}");
    let line = serving.connection();
    assert_eq!(line["class"], "alert-received", "{line}");
}

/// A tunnel that originates TLS to `connect`, with more keys of its own.
pub fn calling(connect: std::net::SocketAddr, more: &str) -> String {
    format!(
        r#"
        [[tunnel]]
        name = "out"
        listen = "127.0.0.1:0"
        connect = "{connect}"
        [tunnel.originate]
        server_name = "core.example.com"
        server_roots = "server-ca.pem"
        chain = "client.pem"
        key = "client.key"
        {more}
        "#
    )
}
