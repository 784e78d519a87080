//! [`originate`]: from a client to its backend.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use mtls_roles::{Refusal, VerifiedPeer};
use rustls::pki_types::UnixTime;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{sleep, timeout};
use tokio_rustls::{TlsConnector, TlsStream};

use crate::client::Client;
use crate::listener::hang_up;
use crate::proxy_header;
use crate::refused;
use crate::side::Side;
use crate::tunnel::Tunnel;

/// Why there is no backend.
pub enum Failure {
    /// Its name could not be looked up.
    Lookup(io::Error),
    /// None of its addresses could be connected to; the error is the last one's.
    Connect(io::Error),
    /// It took no PROXY header.
    Header(io::Error),
    /// The handshake failed; if our verifier refused the server's chain, with its honest reason.
    Handshake(io::Error, Option<Refusal>),
    /// Accepted in the handshake, and refused right after it: something ended between the two.
    Refused(Refusal),
}

/// A backend that is ready for the first byte: connected, told who comes, its certificate verified.
pub struct Backend {
    pub side: Side,
    /// `None` without [tunnel.originate].
    pub peer: Option<VerifiedPeer>,
}

/// Connects to the backend in the name of this client.
pub async fn originate(tunnel: &Tunnel, client: &Client) -> Result<Backend, Failure> {
    let mut tcp = connect(tunnel).await?;
    // Small answers leave at once.
    let _ = tcp.set_nodelay(true);
    if tunnel.config.proxy_protocol.is_some() {
        let header = proxy_header::write(client, &tunnel.config.proxy_tlvs);
        tcp.write_all(&header).await.map_err(Failure::Header)?;
    }
    let Some(tls) = tunnel.tls.originating() else {
        return Ok(Backend { side: Side::Plain(tcp), peer: None });
    };
    let connecting = TlsConnector::from(tls.config).connect(tls.name.clone(), tcp).into_fallible();
    let limit = tunnel.config.handshake_timeout.0;
    let (done, refusal) = refused::heard(timeout(limit, connecting)).await;
    let mut stream = match done {
        Ok(Ok(stream)) => stream,
        Ok(Err((error, mut tcp))) => {
            hang_up(&mut tcp).await;
            return Err(Failure::Handshake(error, refusal));
        }
        Err(_) => return Err(Failure::Handshake(ErrorKind::TimedOut.into(), None)),
    };
    match tls.servers.identify(stream.get_ref().1, &tls.name, UnixTime::now()) {
        Ok(peer) => {
            let side = Side::Tls(Box::new(TlsStream::Client(stream)));
            Ok(Backend { side, peer: Some(peer) })
        }
        Err(refusal) => {
            hang_up(&mut stream).await;
            Err(Failure::Refused(refusal))
        }
    }
}

async fn connect(tunnel: &Tunnel) -> Result<TcpStream, Failure> {
    let (host, limit) = (&tunnel.config.connect, tunnel.config.connect_timeout.0);
    let looked_up = timeout(limit, lookup_host((host.name.as_str(), host.port))).await;
    let addresses = looked_up.unwrap_or_else(timed_out).map_err(Failure::Lookup)?;
    let mut last = ErrorKind::AddrNotAvailable.into();
    for address in addresses {
        let connecting: Result<_, _> = timeout(limit, patiently(address)).await;
        match connecting.unwrap_or_else(timed_out) {
            Ok(tcp) => return Ok(tcp),
            Err(error) => last = at(address, error),
        }
    }
    Err(Failure::Connect(last))
}

/// Connects; where descriptors are short, once one is free. The client has had its handshake by now,
/// and others give their descriptors back all the time.
async fn patiently(address: SocketAddr) -> io::Result<TcpStream> {
    let mut pause = SHORTEST_PAUSE;
    loop {
        match TcpStream::connect(address).await {
            Err(error) if error.raw_os_error().is_some_and(|code| SHORT.contains(&code)) => {
                sleep(pause).await;
                pause = LONGEST_PAUSE.min(2 * pause);
            }
            connected => return connected,
        }
    }
}

/// ENFILE and EMFILE, of the machine and of the process; the same numbers on every Unix.
const SHORT: [i32; 2] = [23, 24];
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

fn timed_out<T>(_: tokio::time::error::Elapsed) -> io::Result<T> {
    Err(ErrorKind::TimedOut.into())
}

fn at(address: SocketAddr, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{address}: {error}"))
}

/// The peer refused us, and said why.
pub fn is_alert(error: &io::Error) -> bool {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(tls, Some(rustls::Error::AlertReceived(_)))
}

impl Failure {
    /// What stood in the way, in lower case, for metrics.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Lookup(_) => "lookup",
            Self::Connect(_) => "connect",
            Self::Header(_) => "proxy-header",
            Self::Handshake(_, Some(refusal)) | Self::Refused(refusal) => refusal.class().name(),
            Self::Handshake(error, None) if error.kind() == ErrorKind::TimedOut => "time-limit",
            Self::Handshake(error, None) if is_alert(error) => "alert-received",
            Self::Handshake(..) => "tls",
        }
    }

    /// Whether the server's certificate was judged and refused, and why.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Handshake(_, Some(refusal)) | Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lookup(error) => write!(f, "the backend's name cannot be looked up: {error}"),
            Self::Connect(error) => write!(f, "the backend cannot be reached: {error}"),
            Self::Header(error) => write!(f, "the backend took no PROXY header: {error}"),
            Self::Handshake(_, Some(refusal)) | Self::Refused(refusal) => refusal.fmt(f),
            Self::Handshake(error, None) => {
                write!(f, "the handshake with the backend failed: {error}")
            }
        }
    }
}
