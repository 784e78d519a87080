//! Servers of other makes that want a client certificate, and our `tunnel.originate`.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use super::clients::greet;
use super::{CERTIFICATES, Row, VERSIONS, certificate, is_installed};
use crate::alerts::calling;
use crate::running::{Proxy, backend};
use crate::world::{PATIENCE, World};

pub fn rows() -> Vec<Row> {
    let mut rows = vec![];
    for (peer, program, command) in SERVERS {
        if !is_installed(program) {
            continue;
        }
        for version in VERSIONS {
            let world = World::new();
            let server = Server::start(&world, command, version);
            for (kind, is_fit) in CERTIFICATES {
                world.write("client", &certificate(&world, kind), &world.clients);
                let toml = calling(server.address, "present_eku = \"ignore\"");
                let mut proxy = Proxy::start(&world, &toml);
                let (passes, said) = ask(proxy.address("out"));
                let line = proxy.connection();
                // It gives the verifier no purpose, and so accepts every EKU.
                let expected = is_fit || peer == "gnutls-serv";
                assert_eq!(
                    passes,
                    expected,
                    "{peer} {version} {kind}: {line}\n{said}\n{}",
                    server.log(&world)
                );
                assert!(!passes || line["server"] == "dns:core.example.com", "{peer}: {line}");
                let words = match passes {
                    true => String::new(),
                    false => line["error"].as_str().map(str::to_owned).unwrap_or(said),
                };
                let (role, policy) = ("server", "its own");
                rows.push(Row { peer, role, version, certificate: kind, policy, passes, words });
            }
        }
    }
    rows
}

/// Whether a page came, and else how it said no inside the protocol.
fn ask(address: SocketAddr) -> (bool, String) {
    let mut tcp = TcpStream::connect(address).unwrap();
    tcp.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut said = vec![];
    let asked = tcp.write_all(b"GET / HTTP/1.0\r\n\r\n");
    let _ = asked.and_then(|()| tcp.read_to_end(&mut said));
    let said = String::from_utf8_lossy(&said).into_owned();
    let first = said.lines().next().unwrap_or_default().trim().to_owned();
    (first.contains("200"), first)
}

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(world: &World, command: Make, version: &str) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        // HAProxy wants the pair in one file.
        let both = |name| std::fs::read_to_string(world.folder.join(name)).unwrap();
        world.folder.write("both.pem", both("server.pem") + &both("server.key"));
        let mut command = command(world, address, version);
        let log = File::create(world.folder.join("server.log")).unwrap();
        command.current_dir(world.folder.path()).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let mut server = Self { child: command.spawn().unwrap(), address };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(server.child.try_wait().unwrap().is_none(), "ended: {}", server.log(world));
            assert!(began.elapsed() < PATIENCE, "{}", server.log(world));
            sleep(Duration::from_millis(20));
        }
        server
    }

    fn log(&self, world: &World) -> String {
        std::fs::read_to_string(world.folder.join("server.log")).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

type Make = fn(&World, SocketAddr, &str) -> Command;

const SERVERS: [(&str, &str, Make); 5] = [
    ("openssl", "openssl", openssl),
    ("gnutls-serv", "gnutls-serv", gnutls),
    ("nginx", "nginx", nginx),
    ("haproxy", "haproxy", haproxy),
    ("stunnel", "stunnel4", stunnel),
];

fn openssl(_: &World, address: SocketAddr, version: &str) -> Command {
    let mut command = Command::new("openssl");
    command.args(["s_server", "-www", "-accept", &address.to_string(), "-cert", "server.pem"]);
    command.args(["-key", "server.key", "-CAfile", "client-ca.pem", "-Verify", "3"]);
    command.args(["-verify_return_error", &format!("-tls{}", version.replace('.', "_"))]);
    command
}

fn gnutls(_: &World, address: SocketAddr, version: &str) -> Command {
    let mut command = Command::new("gnutls-serv");
    command.args(["--http", "--port", &address.port().to_string(), "--x509certfile", "server.pem"]);
    command.args(["--x509keyfile", "server.key", "--x509cafile", "client-ca.pem"]);
    command.args(["--require-client-cert", "--verify-client-cert", "--priority"]);
    command.arg(format!("NORMAL:-VERS-ALL:+VERS-TLS{version}"));
    command
}

fn nginx(world: &World, address: SocketAddr, version: &str) -> Command {
    let folder = world.folder.path().display();
    world.folder.write("nginx.conf", format!(
        "daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log stderr;\nevents {{}}\n\
         http {{ access_log off;\n client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;\n\
         fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n\
         server {{ listen {address} ssl; ssl_protocols TLSv{version};\n\
         ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;\n\
         ssl_client_certificate {folder}/client-ca.pem; ssl_verify_client on;\n\
         return 200 welcome; }} }}\n"
    ));
    let mut command = Command::new("nginx");
    command.args(["-e", "stderr", "-c"]).arg(world.folder.join("nginx.conf"));
    command
}

fn haproxy(world: &World, address: SocketAddr, version: &str) -> Command {
    world.folder.write(
        "haproxy.conf",
        format!(
            "defaults\n mode http\n timeout client 30s\n timeout server 30s\n timeout connect 5s\n\
         frontend f\n bind {address} ssl crt both.pem ca-file client-ca.pem verify required \
         ssl-min-ver TLSv{version} ssl-max-ver TLSv{version}\n\
         http-request return status 200 content-type text/plain string welcome\n"
        ),
    );
    let mut command = Command::new("haproxy");
    command.args(["-db", "-f", "haproxy.conf"]);
    command
}

fn stunnel(world: &World, address: SocketAddr, version: &str) -> Command {
    let (listener, at) = backend();
    thread::spawn(move || greet(&listener));
    let config = format!(
        "foreground = yes\npid =\n[in]\naccept = {address}\nconnect = {at}\ncert = both.pem\n\
         CAfile = client-ca.pem\nverifyChain = yes\nrequireCert = yes\nsslVersion = TLSv{version}\n"
    );
    let mut command = Command::new("stunnel4");
    command.arg(world.folder.write("stunnel.conf", config));
    command
}
