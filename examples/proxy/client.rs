//! [`Client`]: what is known of one who connects.

use std::net::{IpAddr, SocketAddr};

use mtls_roles::VerifiedPeer;
use rustls::{CipherSuite, ProtocolVersion};

/// One who connects, as far as the handshake has come.
#[derive(Clone, Debug)]
pub struct Client {
    /// Of this connection, among all of this machine's.
    pub id: String,
    pub addresses: Addresses,
    /// `None` without [tunnel.accept].
    pub tls: Option<ClientTls>,
}

/// From where to where; both of one family, and IPv4 wherever it can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    pub from: SocketAddr,
    pub to: SocketAddr,
}

/// What the handshake with a client agreed on, and who it is.
#[derive(Clone, Debug)]
pub struct ClientTls {
    pub version: ProtocolVersion,
    pub cipher: CipherSuite,
    pub alpn: Option<Vec<u8>>,
    /// `None`: no certificate, and none was needed.
    pub peer: Option<VerifiedPeer>,
}

impl Addresses {
    pub fn new(from: SocketAddr, to: SocketAddr) -> Self {
        let plain =
            |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        let (from, to) = (plain(from), plain(to));
        match from.is_ipv4() == to.is_ipv4() {
            true => Self { from, to },
            false => Self { from: mapped(from), to: mapped(to) },
        }
    }
}

fn mapped(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(v4) => (v4.to_ipv6_mapped(), address.port()).into(),
        IpAddr::V6(_) => address,
    }
}
