//! Clients of other makes, and our `tunnel.accept`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::thread;

use super::{CERTIFICATES, Row, VERSIONS, certificate, is_installed, words};
use crate::common::programs::run;
use crate::running::{Proxy, backend, terminating};
use crate::world::World;

const REQUEST: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

pub fn rows() -> Vec<Row> {
    let world = World::new();
    let (listener, at) = backend();
    thread::spawn(move || greet(&listener));
    let relaxed = "eku = \"ignore\"\nrelax_for = [\"dns:edge.example.com\"]\nclient_roots";
    let one = terminating(at, "");
    let two = one.replace("\"in\"", "\"relaxed\"").replace("client_roots", relaxed);
    let mut proxy = Proxy::start(&world, &(one + &two));
    let tunnels = [("rfc5280", proxy.address("in")), ("ignore", proxy.address("relaxed"))];
    for (kind, _) in CERTIFICATES {
        let leaf = certificate(&world, kind);
        world.write(kind, &leaf, &world.clients);
    }
    let mut rows = vec![];
    for (peer, command) in CLIENTS {
        if !is_installed(peer) {
            continue;
        }
        for version in VERSIONS {
            for (kind, is_fit) in CERTIFICATES {
                for (policy, address) in tunnels {
                    let mut client = command(address, version, kind);
                    client.current_dir(world.folder.path());
                    let run = run(client, REQUEST);
                    let passes = run.stdout.contains("welcome");
                    let case = format!("{peer} {version} {kind} {policy}");
                    assert_eq!(passes, is_fit || policy == "ignore", "{case}: {run:?}");
                    let line = proxy.connection();
                    let class = if passes { "" } else { "eku" };
                    assert_eq!(line["class"].as_str().unwrap_or_default(), class, "{case}: {line}");
                    let said =
                        if passes { String::new() } else { words(&(run.stderr + &run.stdout)) };
                    let role = "client";
                    rows.push(Row {
                        peer,
                        role,
                        version,
                        certificate: kind,
                        policy,
                        passes,
                        words: said,
                    });
                }
            }
        }
    }
    rows
}

/// A backend that says one sentence in HTTP.
pub fn greet(listener: &TcpListener) {
    for tcp in listener.incoming() {
        let mut tcp = tcp.unwrap();
        thread::spawn(move || {
            // Whatever it asks for, and however long it is.
            let _ = tcp.read(&mut [0; 1000]);
            let _ = tcp.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\nwelcome");
        });
    }
}

type Client = fn(SocketAddr, &str, &str) -> Command;

const CLIENTS: [(&str, Client); 4] =
    [("openssl", openssl), ("gnutls-cli", gnutls), ("curl", curl), ("python3", python)];

fn openssl(address: SocketAddr, version: &str, certificate: &str) -> Command {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-quiet", "-verify_return_error", "-CAfile", "server-ca.pem"]);
    command.args(["-servername", "core.example.com", "-verify_hostname", "core.example.com"]);
    command.args(["-connect", &address.to_string(), &format!("-tls{}", version.replace('.', "_"))]);
    command.args(["-cert", &format!("{certificate}.pem"), "-key", &format!("{certificate}.key")]);
    command
}

fn gnutls(address: SocketAddr, version: &str, certificate: &str) -> Command {
    let mut command = Command::new("gnutls-cli");
    command.args(["--x509cafile", "server-ca.pem", "--sni-hostname", "core.example.com"]);
    command.args(["--verify-hostname", "core.example.com", "--port", &address.port().to_string()]);
    command.args(["--priority", &format!("NORMAL:-VERS-ALL:+VERS-TLS{version}")]);
    command.args(["--x509certfile", &format!("{certificate}.pem")]);
    command.args(["--x509keyfile", &format!("{certificate}.key"), &address.ip().to_string()]);
    command
}

fn curl(address: SocketAddr, version: &str, certificate: &str) -> Command {
    let (name, port) = ("core.example.com", address.port());
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "30", "--cacert", "server-ca.pem"]);
    command.args(["--resolve", &format!("{name}:{port}:{}", address.ip())]);
    command.args([&format!("--tlsv{version}"), "--tls-max", version]);
    command.args(["--cert", &format!("{certificate}.pem"), "--key", &format!("{certificate}.key")]);
    command.arg(format!("https://{name}:{port}/"));
    command
}

fn python(address: SocketAddr, version: &str, certificate: &str) -> Command {
    let script = r#"
import socket, ssl, sys
port, version, certificate = sys.argv[1:]
context = ssl.create_default_context(cafile="server-ca.pem")
context.minimum_version = context.maximum_version = ssl.TLSVersion["TLSv" + version.replace(".", "_")]
context.load_cert_chain(certificate + ".pem", certificate + ".key")
with socket.create_connection(("127.0.0.1", int(port)), timeout=30) as tcp:
    with context.wrap_socket(tcp, server_hostname="core.example.com") as tls:
        tls.sendall(sys.stdin.buffer.read())
        while data := tls.recv(1000):
            sys.stdout.buffer.write(data)
"#;
    let mut command = Command::new("python3");
    command.args(["-c", script, &address.port().to_string(), version, certificate]);
    command
}
