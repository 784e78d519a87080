//! The example `proxy`, as an operator runs it: from a file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use crate::common::ports::free_address;
use crate::common::process::Process;
use crate::common::programs::example;

use super::certificates::{Certificates, Kind, PEER, Pair};

/// What a tunnel lets pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    Default,
    /// The EKU of the named peer is ignored until a day that does not come.
    Relaxed,
}

impl Policy {
    pub const ALL: [Self; 2] = [Self::Default, Self::Relaxed];

    fn toml(self) -> String {
        match self {
            Self::Default => String::new(),
            Self::Relaxed => {
                format!("eku = \"ignore until 2045-01-01\"\nrelax_for = [\"dns:{PEER}\"]\n")
            }
        }
    }
}

/// A tunnel and where it listens.
pub struct Tunnel {
    pub address: SocketAddr,
    toml: String,
}

/// TLS in, the service behind it.
pub fn accepting(certificates: &Certificates, policy: Policy, service: SocketAddr) -> Tunnel {
    let own = certificates.ours(Kind::ServerAuth);
    let tls = format!(
        "[tunnel.accept]\n{}client_auth = \"required\"\nclient_roots = {:?}\n{}",
        pair(&own),
        certificates.root,
        policy.toml()
    );
    tunnel(service, &tls)
}

/// Plain text in, a TLS server behind it.
pub fn originating(
    certificates: &Certificates,
    own: Kind,
    policy: Policy,
    server: SocketAddr,
) -> Tunnel {
    let present = match own {
        Kind::ServerAuth => "present_eku = \"ignore\"\n",
        _ => "",
    };
    let tls = format!(
        "[tunnel.originate]\nserver_name = {PEER:?}\nserver_roots = {:?}\n{}{present}{}",
        certificates.root,
        pair(&certificates.ours(own)),
        policy.toml()
    );
    tunnel(server, &tls)
}

fn tunnel(connect: SocketAddr, tls: &str) -> Tunnel {
    let address = free_address();
    let port = address.port();
    let toml = format!(
        "[[tunnel]]\nname = \"t{port}\"\nlisten = \"{address}\"\nconnect = \"{connect}\"\n{tls}\n"
    );
    Tunnel { address, toml }
}

fn pair(own: &Pair) -> String {
    format!("chain = {:?}\nkey = {:?}\n", own.chain, own.key)
}

/// All of them in one process.
pub fn start(certificates: &Certificates, tunnels: &[&Tunnel]) -> Process {
    let first = tunnels[0].address;
    let file = certificates.folder.join(&format!("proxy-{}.toml", first.port()));
    let text: String = tunnels.iter().map(|tunnel| tunnel.toml.as_str()).collect();
    std::fs::write(&file, format!("[log]\nformat = \"json\"\n\n{text}")).unwrap();
    let mut command = Command::new(program());
    command.arg(file);
    Process::listening(command, first)
}

pub fn program() -> PathBuf {
    example(&["proxy"], "proxy")
}
