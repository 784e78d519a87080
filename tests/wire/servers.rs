//! Real servers that want a client certificate: each answers one thing said to it.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::certificates::End;
use super::clients::{gnutls_as, haproxy_tcp, nginx_stream, openssl_as, stunnel_service};
use crate::common::ports::free_address;
use crate::common::process::{Process, is_installed};

type Server = (&'static str, &'static str, fn(&End<'_>, SocketAddr) -> Command);

/// Those that are installed: name, and how it is started.
pub fn installed() -> Vec<Server> {
    let all: [Server; 8] = [
        ("OpenSSL", "openssl", openssl),
        ("GnuTLS", "gnutls-serv", gnutls),
        ("nginx", "nginx", nginx),
        ("HAProxy", "haproxy", haproxy),
        ("stunnel", "stunnel4", stunnel),
        ("Java", "javac", java),
        ("Go", "go", go),
        ("mosquitto", "mosquitto", mosquitto),
    ];
    all.into_iter().filter(|(_, program, _)| is_installed(program)).collect()
}

/// A server that listens.
pub struct Running {
    pub address: SocketAddr,
    pub process: Process,
}

pub fn start(end: &End<'_>, command: fn(&End<'_>, SocketAddr) -> Command) -> Running {
    let address = free_address();
    let process = Process::listening(command(end, address), address);
    Running { address, process }
}

fn openssl(end: &End<'_>, address: SocketAddr) -> Command {
    openssl_as(&["s_server", "-rev", "-Verify", "3", "-accept", &address.to_string()], end)
}

fn gnutls(end: &End<'_>, address: SocketAddr) -> Command {
    let mut command = gnutls_as("gnutls-serv", end, address);
    command.args(["--echo", "--require-client-cert", "--verify-client-cert"]);
    command
}

fn nginx(end: &End<'_>, address: SocketAddr) -> Command {
    let tls = format!(
        "ssl_protocols TLSv{}; ssl_verify_client on; ssl_verify_depth 3; ssl_client_certificate {}; ssl_certificate {}; ssl_certificate_key {};",
        end.version,
        end.certificates.root.display(),
        end.own.chain.display(),
        end.own.key.display(),
    );
    let listen = format!("listen {address} ssl;");
    nginx_stream(end, address, &listen, &tls)
}

fn haproxy(end: &End<'_>, address: SocketAddr) -> Command {
    let bind = format!(
        "bind {address} ssl crt {} ca-file {} verify required force-tlsv{}",
        end.own.both.display(),
        end.certificates.root.display(),
        end.version.replace('.', ""),
    );
    haproxy_tcp(end, address, &bind, &end.to.to_string())
}

fn stunnel(end: &End<'_>, address: SocketAddr) -> Command {
    let more = format!("connect = {}\nrequireCert = yes\n", end.to);
    stunnel_service(end, address, &more)
}

fn java(end: &End<'_>, address: SocketAddr) -> Command {
    told(java_peer(), "server", end, address)
}

fn go(end: &End<'_>, address: SocketAddr) -> Command {
    told(go_peer(), "server", end, address)
}

fn mosquitto(end: &End<'_>, address: SocketAddr) -> Command {
    let text = format!(
        "user root\nlistener {} 127.0.0.1\nallow_anonymous true\nrequire_certificate true\ntls_version tlsv{}\n\
         cafile {}\ncertfile {}\nkeyfile {}\nlog_dest stdout\n",
        address.port(),
        end.version,
        end.certificates.root.display(),
        end.own.chain.display(),
        end.own.key.display(),
    );
    let file = end.certificates.folder.write(&format!("mosquitto-{}.conf", address.port()), text);
    let mut command = Command::new("mosquitto");
    command.arg("-c").arg(file);
    command
}

/// `Peer.java`, compiled once.
pub fn java_peer() -> Command {
    static CLASSES: OnceLock<PathBuf> = OnceLock::new();
    let classes = CLASSES.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("wire-java");
        fs::create_dir_all(&folder).unwrap();
        built(Command::new("javac").arg("-d").arg(&folder).arg(source("Peer.java")));
        folder
    });
    let mut command = Command::new("java");
    command.args(["-XX:TieredStopAtLevel=1", "-cp"]).arg(classes).arg("Peer");
    command
}

/// `peer.go`, compiled once.
pub fn go_peer() -> Command {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    Command::new(PROGRAM.get_or_init(|| {
        let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("wire-go");
        built(Command::new("go").arg("build").arg("-o").arg(&program).arg(source("peer.go")));
        program
    }))
}

/// What both of them are told.
pub fn told(mut peer: Command, role: &str, end: &End<'_>, address: SocketAddr) -> Command {
    peer.args([role, &address.port().to_string(), end.version]);
    peer.arg(&end.certificates.root).arg(&end.own.chain).arg(&end.own.key);
    peer
}

fn source(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(name)
}

fn built(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
