//! Real clients: each says one thing to a TLS server on loopback and prints what comes back.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::certificates::{Certificates, Pair};
use super::process::{Process, is_installed};
use super::servers::{go_peer, java_peer, told};
use super::service::ANSWER;
use crate::common::ports::free_address;

/// What came of it: whether data passed, and what the client said.
pub struct Outcome {
    pub passed: bool,
    pub words: String,
}

/// What a client needs to know.
pub struct Call<'a> {
    pub certificates: &'a Certificates,
    pub own: Pair,
    /// `1.2` or `1.3`.
    pub version: &'static str,
    pub server: SocketAddr,
}

type Client = (&'static str, &'static str, fn(&Call<'_>) -> Outcome);

/// Those that are installed: name, and how it calls.
pub fn installed() -> Vec<Client> {
    let all: [Client; 9] = [
        ("OpenSSL", "openssl", openssl),
        ("GnuTLS", "gnutls-cli", gnutls),
        ("curl", "curl", curl),
        ("nginx", "nginx", |call| relay(call, nginx)),
        ("HAProxy", "haproxy", |call| relay(call, haproxy)),
        ("stunnel", "stunnel4", |call| relay(call, stunnel)),
        ("Java", "javac", java),
        ("Go", "go", go),
        ("mosquitto", "mosquitto_pub", mosquitto),
    ];
    all.into_iter().filter(|(_, program, _)| is_installed(program)).collect()
}

/// Runs it to its end, with a line on its standard input that stays open for a while.
fn ask(mut command: Command) -> Outcome {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let _ = stdin.write_all(b"ping\n");
    let id = child.id().to_string();
    let waiting = std::thread::spawn(move || child.wait_with_output().unwrap());
    for _ in 0..150 {
        if waiting.is_finished() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(stdin);
    for _ in 0..150 {
        if waiting.is_finished() {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    if !waiting.is_finished() {
        let _ = Command::new("kill").arg(&id).status();
    }
    let output = waiting.join().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    Outcome { passed: stdout.contains(ANSWER), words: stderr + &stdout }
}

fn openssl(call: &Call<'_>) -> Outcome {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-quiet", "-verify_return_error", "-servername", "localhost"]);
    command.arg(if call.version == "1.2" { "-tls1_2" } else { "-tls1_3" });
    command.args(["-connect", &call.server.to_string(), "-CAfile"]).arg(&call.certificates.root);
    command.arg("-cert").arg(&call.own.chain).arg("-key").arg(&call.own.key);
    command.arg("-cert_chain").arg(&call.own.chain);
    ask(command)
}

fn gnutls(call: &Call<'_>) -> Outcome {
    let mut command = Command::new("gnutls-cli");
    let version = call.version;
    command.arg(format!("--priority=NORMAL:-VERS-ALL:+VERS-TLS{version}"));
    command.arg(format!("--port={}", call.server.port())).arg("localhost");
    command.arg("--x509cafile").arg(&call.certificates.root);
    command.arg("--x509certfile").arg(&call.own.chain).arg("--x509keyfile").arg(&call.own.key);
    ask(command)
}

fn curl(call: &Call<'_>) -> Outcome {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "5"]);
    command.args([&format!("--tlsv{}", call.version), "--tls-max", call.version]);
    command.arg("--cacert").arg(&call.certificates.root);
    command.arg("--cert").arg(&call.own.chain).arg("--key").arg(&call.own.key);
    command.arg(format!("https://localhost:{}/", call.server.port()));
    ask(command)
}

fn java(call: &Call<'_>) -> Outcome {
    ask(told(java_peer(), "client", call.certificates, &call.own, call.version, call.server))
}

fn go(call: &Call<'_>) -> Outcome {
    ask(told(go_peer(), "client", call.certificates, &call.own, call.version, call.server))
}

fn mosquitto(call: &Call<'_>) -> Outcome {
    let mut command = Command::new("mosquitto_pub");
    command.args(["-h", "localhost", "-p", &call.server.port().to_string(), "-t", "t", "-m", "m"]);
    command.args(["--tls-version", &format!("tlsv{}", call.version), "-V", "mqttv311", "-d"]);
    command.arg("--cafile").arg(&call.certificates.root);
    command.arg("--cert").arg(&call.own.chain).arg("--key").arg(&call.own.key);
    let outcome = ask(command);
    // It says so only after CONNACK, which is the answer in its words.
    let passed = outcome.words.contains("received CONNACK (0)");
    Outcome { passed, ..outcome }
}

/// A proxy that takes plain text and calls the server: asked once.
fn relay(call: &Call<'_>, configure: fn(&Call<'_>, SocketAddr) -> Command) -> Outcome {
    let address = free_address();
    let process = Process::listening(configure(call, address), call.certificates.path(), address);
    let mut answer = vec![];
    let mut ask = || -> std::io::Result<()> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"ping\n")?;
        stream.read_to_end(&mut answer).map(drop)
    };
    let ended = ask();
    let passed = String::from_utf8_lossy(&answer).contains(ANSWER);
    let words = process.said() + &ended.err().map(|it| it.to_string()).unwrap_or_default();
    Outcome { passed, words }
}

fn nginx(call: &Call<'_>, address: SocketAddr) -> Command {
    let tls = format!(
        "proxy_ssl on; proxy_ssl_verify on; proxy_ssl_verify_depth 3; proxy_ssl_server_name on; proxy_ssl_name localhost; \
         proxy_ssl_protocols TLSv{}; proxy_ssl_trusted_certificate {}; proxy_ssl_certificate {}; proxy_ssl_certificate_key {};",
        call.version,
        call.certificates.root.display(),
        call.own.chain.display(),
        call.own.key.display(),
    );
    nginx_stream(
        call.certificates.path(),
        address,
        &format!("listen {address};"),
        call.server,
        &tls,
    )
}

/// nginx as a relay of streams, in the foreground.
pub fn nginx_stream(
    folder: &Path,
    address: SocketAddr,
    listen: &str,
    to: SocketAddr,
    tls: &str,
) -> Command {
    let module = "/usr/lib/nginx/modules/ngx_stream_module.so";
    let load = Path::new(module).exists().then(|| format!("load_module {module};"));
    let file = folder.join(format!("nginx-{}.conf", address.port()));
    let text = format!(
        "{}\nworker_processes 1;\nuser root;\ndaemon off;\nmaster_process off;\npid {file}.pid;\nerror_log stderr info;\n\
         events {{}}\nstream {{ server {{ {listen} proxy_pass {to}; {tls} }} }}\n",
        load.unwrap_or_default(),
        file = file.display(),
    );
    fs::write(&file, text).unwrap();
    let mut command = Command::new("nginx");
    command.args(["-e", "stderr", "-c"]).arg(file);
    command
}

fn haproxy(call: &Call<'_>, address: SocketAddr) -> Command {
    let server = format!(
        "{} ssl sni str(localhost) verifyhost localhost verify required ca-file {} crt {} force-tlsv{}",
        call.server,
        call.certificates.root.display(),
        call.own.both.display(),
        call.version.replace('.', ""),
    );
    haproxy_tcp(call.certificates.path(), address, &format!("bind {address}"), &server)
}

/// HAProxy as a relay of streams, in the foreground.
pub fn haproxy_tcp(folder: &Path, address: SocketAddr, bind: &str, server: &str) -> Command {
    let file = folder.join(format!("haproxy-{}.cfg", address.port()));
    let text = format!(
        "global\n  log stdout format raw local0\ndefaults\n  mode tcp\n  log global\n  option tcplog\n  retries 0\n\
         \x20 timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n\
         listen it\n  {bind}\n  server s {server}\n"
    );
    fs::write(&file, text).unwrap();
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-f").arg(file);
    command
}

fn stunnel(call: &Call<'_>, address: SocketAddr) -> Command {
    let tls = format!("client = yes\nconnect = {}\nsni = localhost\n", call.server);
    stunnel_service(call.certificates, &call.own, call.version, address, &tls)
}

/// stunnel in the foreground.
pub fn stunnel_service(
    certificates: &Certificates,
    own: &Pair,
    version: &str,
    address: SocketAddr,
    more: &str,
) -> Command {
    let file = certificates.path().join(format!("stunnel-{}.conf", address.port()));
    let text = format!(
        "foreground = yes\npid =\nsyslog = no\ndebug = 4\n[it]\naccept = {address}\n{more}cert = {}\nkey = {}\nCAfile = {}\n\
         verifyChain = yes\nsslVersion = TLSv{version}\n",
        own.chain.display(),
        own.key.display(),
        certificates.root.display(),
    );
    fs::write(&file, text).unwrap();
    let mut command = Command::new("stunnel4");
    command.arg(file);
    command
}
