//! HAProxy and nginx read our PROXY header: the client's address arrives, and what each knows beside.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::ports::free_address;
use crate::running::{Proxy, terminating};
use crate::world::{PATIENCE, World};

/// A server of another make, in a folder of the world.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// `None`, and a line that says so, where it is not installed.
    fn start(
        world: &World,
        program: &str,
        arguments: &[&str],
        config: impl Fn(SocketAddr) -> String,
    ) -> Option<Self> {
        let address = free_address();
        let file = world.folder.write("server.conf", config(address));
        let log = File::create(world.folder.join("server.log")).unwrap();
        let mut command = Command::new(program);
        command.args(arguments).arg(file).current_dir(world.folder.path()).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let Ok(child) = command.spawn() else {
            eprintln!("SKIPPED: not installed: {program}");
            return None;
        };
        let mut server = Self { child, address };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            let log = || std::fs::read_to_string(world.folder.join("server.log")).unwrap();
            assert!(server.child.try_wait().unwrap().is_none(), "{program} ended: {}", log());
            assert!(began.elapsed() < PATIENCE, "{program}: {}", log());
            sleep(Duration::from_millis(20));
        }
        Some(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the server says to a client that comes through the tunnel; the client's address; its line.
fn asked(world: &World, server: &Server, tlvs: &str) -> (String, SocketAddr, serde_json::Value) {
    let more = format!("proxy_protocol = \"v2\"\nproxy_tlvs = {tlvs}");
    let mut proxy = Proxy::start(world, &terminating(server.address, &more));
    let mut client = world.connect(proxy.address("in"), Some(&world.client()));
    client.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    let from = client.sock.local_addr().unwrap();
    drop(client);
    let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}"));
    (body.trim().to_owned(), from, proxy.connection())
}

#[test]
fn haproxy_reads_the_address_and_the_unique_id_with_every_tlv_there_is() {
    let world = World::new();
    let config = |at| {
        format!(
            "defaults\n mode http\n timeout client 30s\n timeout server 30s\n timeout connect 5s\n\
             frontend f\n bind {at} accept-proxy\n http-request return status 200 content-type \
             text/plain lf-string \"%[src]:%[src_port] %[fc_pp_unique_id]\"\n"
        )
    };
    let Some(server) = Server::start(&world, "haproxy", &["-db", "-f"], config) else { return };
    let all = r#"["ssl", "alpn", "unique-id", "eku", "certificate"]"#;
    let (said, from, line) = asked(&world, &server, all);
    assert_eq!(said, format!("{from} {}", line["id"].as_str().unwrap()));
}

#[test]
fn nginx_reads_the_address_with_every_tlv_but_the_certificate() {
    let world = World::new();
    let folder = world.folder.path().display().to_string();
    let config = |at| {
        format!(
            "daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log stderr;\nevents {{}}\n\
             http {{ access_log off;\n client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;\n\
             fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n\
             server {{ listen {at} proxy_protocol;\n\
             return 200 \"$proxy_protocol_addr:$proxy_protocol_port\"; }} }}\n"
        )
    };
    let Some(server) = Server::start(&world, "nginx", &["-e", "stderr", "-c"], config) else {
        return;
    };
    let (said, from, _) = asked(&world, &server, r#"["ssl", "alpn", "unique-id", "eku"]"#);
    assert_eq!(said, from.to_string());
}
