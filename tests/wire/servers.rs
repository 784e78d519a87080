//! Real servers that want a client certificate: each answers one thing said to it.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::certificates::{Certificates, Pair};
use super::clients::{haproxy_tcp, nginx_stream, stunnel_service};
use super::process::{Process, is_installed};
use crate::common::ports::free_address;

/// What a server needs to know.
pub struct Serve<'a> {
    pub certificates: &'a Certificates,
    pub own: Pair,
    /// `1.2` or `1.3`.
    pub version: &'static str,
    /// The plain-text service, for those that are relays.
    pub service: SocketAddr,
}

type Server = (&'static str, &'static str, fn(&Serve<'_>, SocketAddr) -> Command);

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

pub fn start(serve: &Serve<'_>, command: fn(&Serve<'_>, SocketAddr) -> Command) -> Running {
    let address = free_address();
    let process = Process::listening(command(serve, address), serve.certificates.path(), address);
    Running { address, process }
}

fn openssl(serve: &Serve<'_>, address: SocketAddr) -> Command {
    let mut command = Command::new("openssl");
    command.args(["s_server", "-rev", "-Verify", "3", "-verify_return_error"]);
    command.arg(if serve.version == "1.2" { "-tls1_2" } else { "-tls1_3" });
    command.args(["-accept", &address.to_string(), "-CAfile"]).arg(&serve.certificates.root);
    command.arg("-cert").arg(&serve.own.chain).arg("-key").arg(&serve.own.key);
    command.arg("-cert_chain").arg(&serve.own.chain);
    command
}

fn gnutls(serve: &Serve<'_>, address: SocketAddr) -> Command {
    let mut command = Command::new("gnutls-serv");
    command.args(["--echo", "--require-client-cert", "--verify-client-cert"]);
    command.arg(format!("--priority=NORMAL:-VERS-ALL:+VERS-TLS{}", serve.version));
    command.arg(format!("--port={}", address.port()));
    command.arg("--x509cafile").arg(&serve.certificates.root);
    command.arg("--x509certfile").arg(&serve.own.chain).arg("--x509keyfile").arg(&serve.own.key);
    command
}

fn nginx(serve: &Serve<'_>, address: SocketAddr) -> Command {
    let tls = format!(
        "ssl_protocols TLSv{}; ssl_verify_client on; ssl_verify_depth 3; ssl_client_certificate {}; ssl_certificate {}; ssl_certificate_key {};",
        serve.version,
        serve.certificates.root.display(),
        serve.own.chain.display(),
        serve.own.key.display(),
    );
    let listen = format!("listen {address} ssl;");
    nginx_stream(serve.certificates.path(), address, &listen, serve.service, &tls)
}

fn haproxy(serve: &Serve<'_>, address: SocketAddr) -> Command {
    let bind = format!(
        "bind {address} ssl crt {} ca-file {} verify required force-tlsv{}",
        serve.own.both.display(),
        serve.certificates.root.display(),
        serve.version.replace('.', ""),
    );
    haproxy_tcp(serve.certificates.path(), address, &bind, &serve.service.to_string())
}

fn stunnel(serve: &Serve<'_>, address: SocketAddr) -> Command {
    let more = format!("connect = {}\nrequireCert = yes\n", serve.service);
    stunnel_service(serve.certificates, &serve.own, serve.version, address, &more)
}

fn java(serve: &Serve<'_>, address: SocketAddr) -> Command {
    told(java_peer(), "server", serve.certificates, &serve.own, serve.version, address)
}

fn go(serve: &Serve<'_>, address: SocketAddr) -> Command {
    told(go_peer(), "server", serve.certificates, &serve.own, serve.version, address)
}

fn mosquitto(serve: &Serve<'_>, address: SocketAddr) -> Command {
    let file = serve.certificates.path().join(format!("mosquitto-{}.conf", address.port()));
    let text = format!(
        "user root\nlistener {} 127.0.0.1\nallow_anonymous true\nrequire_certificate true\ntls_version tlsv{}\n\
         cafile {}\ncertfile {}\nkeyfile {}\nlog_dest stdout\n",
        address.port(),
        serve.version,
        serve.certificates.root.display(),
        serve.own.chain.display(),
        serve.own.key.display(),
    );
    fs::write(&file, text).unwrap();
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
pub fn told(
    mut peer: Command,
    role: &str,
    certificates: &Certificates,
    own: &Pair,
    version: &str,
    address: SocketAddr,
) -> Command {
    peer.args([role, &address.port().to_string(), version]);
    peer.arg(&certificates.root).arg(&own.chain).arg(&own.key);
    peer
}

fn source(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(name)
}

fn built(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
