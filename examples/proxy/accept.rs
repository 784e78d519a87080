//! [`accept`]: from a TCP connection to a client that is known.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use mtls_roles::Refusal;
use rustls::{CipherSuite, ProtocolVersion};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsStream;

use crate::client::{Addresses, Client, ClientTls};
use crate::listener::{self, Connection, handshake};
use crate::proxy_header;
use crate::refused;
use crate::side::Side;
use crate::tunnel::Tunnel;

/// Why a client was not let in.
pub struct NotAccepted {
    /// Where it is, if the PROXY header said so.
    pub addresses: Addresses,
    pub why: Why,
}

pub enum Why {
    /// The PROXY header did not come in time, or is none.
    Header(io::Error),
    /// The handshake failed; if a verifier refused the client's chain, with its honest reason.
    Handshake(listener::Failure, Option<Refusal>),
}

/// Reads the PROXY header, if one is due, and does the handshake, if there is one. Each within the
/// handshake's time limit; an alert has arrived when this returns.
pub async fn accept(
    tunnel: &Tunnel,
    mut tcp: TcpStream,
    from: SocketAddr,
) -> Result<(Side, Client), NotAccepted> {
    let own = Addresses::new(from, tcp.local_addr().unwrap_or(from));
    let addresses = match tunnel.needs_header_from(own.from.ip()) {
        false => own,
        true => match header(tunnel, &mut tcp).await {
            Ok(said) => said.unwrap_or(own),
            Err(error) => return Err(NotAccepted { addresses: own, why: Why::Header(error) }),
        },
    };
    let id = tunnel.next_id();
    let Some(tls) = tunnel.tls.accepting() else {
        return Ok((Side::Plain(tcp), Client { id, addresses, tls: None }));
    };
    let limit = tunnel.config.handshake_timeout.0;
    let (done, refusal) = refused::heard(handshake(tcp, tls.config, &tls.clients, limit)).await;
    let Connection { tls, peer } =
        done.map_err(|failure| NotAccepted { addresses, why: Why::Handshake(failure, refusal) })?;
    let (_, connection) = tls.get_ref();
    let cipher = connection.negotiated_cipher_suite().map(|suite| suite.suite());
    let agreed = ClientTls {
        version: connection.protocol_version().unwrap_or(ProtocolVersion::TLSv1_3),
        cipher: cipher.unwrap_or(CipherSuite::TLS_NULL_WITH_NULL_NULL),
        alpn: connection.alpn_protocol().map(<[u8]>::to_vec),
        peer,
    };
    let side = Side::Tls(Box::new(TlsStream::Server(tls)));
    Ok((side, Client { id, addresses, tls: Some(agreed) }))
}

async fn header(tunnel: &Tunnel, tcp: &mut TcpStream) -> io::Result<Option<Addresses>> {
    let limit = tunnel.config.handshake_timeout.0;
    match timeout(limit, proxy_header::read(tcp)).await {
        Ok(read) => read,
        Err(_) => {
            let why = format!("the PROXY header was not there within {limit:?}");
            Err(io::Error::new(io::ErrorKind::TimedOut, why))
        }
    }
}

impl Why {
    /// What stood in the way, in lower case, for metrics.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Header(_) => "proxy-header",
            Self::Handshake(_, Some(refusal)) => refusal.class().name(),
            Self::Handshake(failure, None) => class(failure),
        }
    }

    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Handshake(_, Some(refusal)) => Some(refusal),
            Self::Handshake(listener::Failure::Refused(refusal), _) => Some(refusal),
            _ => None,
        }
    }

    /// Whether a certificate was judged and refused, or missing; not that TLS failed otherwise.
    pub fn is_refusal(&self) -> bool {
        use listener::Failure::{NoCertificate, Refused};
        matches!(self, Self::Handshake(_, Some(_)) | Self::Handshake(NoCertificate | Refused(_), _))
    }
}

fn class(failure: &listener::Failure) -> &'static str {
    use listener::Failure;
    match failure {
        Failure::Accept(_) => "accept",
        Failure::TimeLimit(_) => "time-limit",
        Failure::CrowdedOut => "crowded-out",
        Failure::HungUp => "hung-up",
        Failure::NoCertificate => "no-certificate",
        Failure::Tls(rustls::Error::AlertReceived(_)) => "alert-received",
        Failure::Tls(_) => "tls",
        Failure::Refused(refusal) => refusal.class().name(),
        Failure::Io(_) => "io",
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(error) => error.fmt(f),
            Self::Handshake(_, Some(refusal)) => refusal.fmt(f),
            Self::Handshake(failure, None) => failure.fmt(f),
        }
    }
}
