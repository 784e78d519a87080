//! Real clients: each says one thing to a TLS server on loopback and prints what comes back.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::certificates::End;
use super::servers::{go_peer, java_peer, told};
use super::service::{self, ANSWER};
use crate::common::ports::free_address;
use crate::common::process::{Process, is_installed};

/// What came of it: whether data passed, and what the client said.
pub struct Outcome {
    pub passed: bool,
    pub words: String,
}

type Client = (&'static str, &'static str, fn(&End<'_>) -> Outcome);

/// Those that are installed: name, and how it calls.
pub fn installed() -> Vec<Client> {
    let all: [Client; 9] = [
        ("OpenSSL", "openssl", openssl),
        ("GnuTLS", "gnutls-cli", gnutls),
        ("curl", "curl", curl),
        ("nginx", "nginx", |end| relay(end, nginx)),
        ("HAProxy", "haproxy", |end| relay(end, haproxy)),
        ("stunnel", "stunnel4", |end| relay(end, stunnel)),
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
    let waiting = thread::spawn(move || child.wait_with_output().unwrap());
    let has_ended = || {
        let begun = Instant::now();
        while !waiting.is_finished() && begun.elapsed() < Duration::from_secs(3) {
            thread::sleep(Duration::from_millis(20));
        }
        waiting.is_finished()
    };
    // Some end at the answer, some at the end of what they are told, some never.
    has_ended();
    drop(stdin);
    if !has_ended() {
        let _ = Command::new("kill").arg(&id).status();
    }
    let output = waiting.join().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    Outcome { passed: stdout.contains(ANSWER), words: stderr + &stdout }
}

fn openssl(end: &End<'_>) -> Outcome {
    let to = end.to.to_string();
    let client = ["s_client", "-quiet", "-servername", "localhost", "-connect", &to];
    ask(openssl_as(&client, end))
}

/// Its client or its server.
pub fn openssl_as(which: &[&str], end: &End<'_>) -> Command {
    let mut command = Command::new("openssl");
    command.args(which).arg("-verify_return_error");
    command.arg(if end.version == "1.2" { "-tls1_2" } else { "-tls1_3" });
    command.arg("-CAfile").arg(&end.certificates.root);
    command.arg("-cert").arg(&end.own.chain).arg("-key").arg(&end.own.key);
    command.arg("-cert_chain").arg(&end.own.chain);
    command
}

fn gnutls(end: &End<'_>) -> Outcome {
    let mut command = gnutls_as("gnutls-cli", end, end.to);
    command.arg("localhost");
    ask(command)
}

/// Its client or its server.
pub fn gnutls_as(program: &str, end: &End<'_>, address: SocketAddr) -> Command {
    let mut command = Command::new(program);
    command.arg(format!("--priority=NORMAL:-VERS-ALL:+VERS-TLS{}", end.version));
    command.arg(format!("--port={}", address.port()));
    command.arg("--x509cafile").arg(&end.certificates.root);
    command.arg("--x509certfile").arg(&end.own.chain).arg("--x509keyfile").arg(&end.own.key);
    command
}

fn curl(end: &End<'_>) -> Outcome {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "5"]);
    command.args([&format!("--tlsv{}", end.version), "--tls-max", end.version]);
    command.arg("--cacert").arg(&end.certificates.root);
    command.arg("--cert").arg(&end.own.chain).arg("--key").arg(&end.own.key);
    command.arg(format!("https://localhost:{}/", end.to.port()));
    ask(command)
}

fn java(end: &End<'_>) -> Outcome {
    ask(told(java_peer(), "client", end, end.to))
}

fn go(end: &End<'_>) -> Outcome {
    ask(told(go_peer(), "client", end, end.to))
}

fn mosquitto(end: &End<'_>) -> Outcome {
    let mut command = Command::new("mosquitto_pub");
    command.args(["-h", "localhost", "-p", &end.to.port().to_string(), "-t", "t", "-m", "m"]);
    command.args(["--tls-version", &format!("tlsv{}", end.version), "-V", "mqttv311", "-d"]);
    command.arg("--cafile").arg(&end.certificates.root);
    command.arg("--cert").arg(&end.own.chain).arg("--key").arg(&end.own.key);
    let outcome = ask(command);
    // It says so only after CONNACK, which is the answer in its words.
    let passed = outcome.words.contains("received CONNACK (0)");
    Outcome { passed, ..outcome }
}

/// A proxy that takes plain text and calls the server: asked once.
fn relay(end: &End<'_>, configure: fn(&End<'_>, SocketAddr) -> Command) -> Outcome {
    let address = free_address();
    let process = Process::listening(configure(end, address), address);
    let asked = service::ask(address, b"ping\n");
    let passed = asked.as_ref().is_ok_and(|answer| answer.starts_with(ANSWER.as_bytes()));
    let words = process.said() + &asked.err().map(|it| it.to_string()).unwrap_or_default();
    Outcome { passed, words }
}

fn nginx(end: &End<'_>, address: SocketAddr) -> Command {
    let tls = format!(
        "proxy_ssl on; proxy_ssl_verify on; proxy_ssl_verify_depth 3; proxy_ssl_server_name on; proxy_ssl_name localhost; \
         proxy_ssl_protocols TLSv{}; proxy_ssl_trusted_certificate {}; proxy_ssl_certificate {}; proxy_ssl_certificate_key {};",
        end.version,
        end.certificates.root.display(),
        end.own.chain.display(),
        end.own.key.display(),
    );
    nginx_stream(end, address, &format!("listen {address};"), &tls)
}

/// nginx as a relay of streams, in the foreground.
pub fn nginx_stream(end: &End<'_>, address: SocketAddr, listen: &str, tls: &str) -> Command {
    let module = "/usr/lib/nginx/modules/ngx_stream_module.so";
    let load = Path::new(module).exists().then(|| format!("load_module {module};"));
    let (folder, to) = (&end.certificates.folder, end.to);
    let file = folder.join(&format!("nginx-{}.conf", address.port()));
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

fn haproxy(end: &End<'_>, address: SocketAddr) -> Command {
    let server = format!(
        "{} ssl sni str(localhost) verifyhost localhost verify required ca-file {} crt {} force-tlsv{}",
        end.to,
        end.certificates.root.display(),
        end.own.both.display(),
        end.version.replace('.', ""),
    );
    haproxy_tcp(end, address, &format!("bind {address}"), &server)
}

/// HAProxy as a relay of streams, in the foreground.
pub fn haproxy_tcp(end: &End<'_>, address: SocketAddr, bind: &str, server: &str) -> Command {
    let text = format!(
        "global\n  log stdout format raw local0\ndefaults\n  mode tcp\n  log global\n  option tcplog\n  retries 0\n\
         \x20 timeout connect 5s\n  timeout client 5s\n  timeout server 5s\n\
         listen it\n  {bind}\n  server s {server}\n"
    );
    let file = end.certificates.folder.write(&format!("haproxy-{}.cfg", address.port()), text);
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-f").arg(file);
    command
}

fn stunnel(end: &End<'_>, address: SocketAddr) -> Command {
    let tls = format!("client = yes\nconnect = {}\nsni = localhost\n", end.to);
    stunnel_service(end, address, &tls)
}

/// stunnel in the foreground.
pub fn stunnel_service(end: &End<'_>, address: SocketAddr, more: &str) -> Command {
    let text = format!(
        "foreground = yes\npid =\nsyslog = no\ndebug = 4\n[it]\naccept = {address}\n{more}cert = {}\nkey = {}\nCAfile = {}\n\
         verifyChain = yes\nsslVersion = TLSv{}\n",
        end.own.chain.display(),
        end.own.key.display(),
        end.certificates.root.display(),
        end.version,
    );
    let file = end.certificates.folder.write(&format!("stunnel-{}.conf", address.port()), text);
    let mut command = Command::new("stunnel4");
    command.arg(file);
    command
}
