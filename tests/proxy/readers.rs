//! HAProxy and nginx read our PROXY header: the client's address arrives, and what each knows beside.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::Command;

use crate::common::ports::free_address;
use crate::common::process::{Process, is_installed};
use crate::running::{Proxy, terminating};
use crate::world::World;

/// A server of another make, and where it listens; none where it is not installed.
fn server(
    world: &World,
    (program, arguments): (&str, &[&str]),
    config: impl Fn(SocketAddr) -> String,
) -> Option<(Process, SocketAddr)> {
    if !is_installed(program) {
        return None;
    }
    let address = free_address();
    let mut server = Command::new(program);
    server.args(arguments).arg(world.folder.write("server.conf", config(address)));
    server.current_dir(world.folder.path());
    Some((Process::listening(server, address), address))
}

/// What the server says to a client that comes through the tunnel; the client's address; its line.
fn asked(world: &World, server: SocketAddr, tlvs: &str) -> (String, SocketAddr, serde_json::Value) {
    let more = format!("proxy_protocol = \"v2\"\nproxy_tlvs = {tlvs}");
    let mut proxy = Proxy::start(world, &terminating(server, &more));
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
    let Some((_server, address)) = server(&world, ("haproxy", &["-db", "-f"]), config) else {
        return;
    };
    let all = r#"["ssl", "alpn", "unique-id", "eku", "certificate"]"#;
    let (said, from, line) = asked(&world, address, all);
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
    let nginx = server(&world, ("nginx", &["-e", "stderr", "-c"]), config);
    let Some((_server, address)) = nginx else { return };
    let (said, from, _) = asked(&world, address, r#"["ssl", "alpn", "unique-id", "eku"]"#);
    assert_eq!(said, from.to_string());
}
