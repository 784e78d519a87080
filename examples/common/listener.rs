//! A TLS listener for tokio that goes on whatever its peers do. Copy this file.
//!
//! [`Listener::accept`] yields connections with the verified peer at their other end, and says why
//! others did not come about. [`handshake`] alone is for those who have a TCP connection already.
//!
//! What is easily got wrong, and is taken care of here:
//!
//! * an error of `accept` (descriptors exhausted, for one) ends nothing and spins nothing;
//! * handshakes run side by side, each within a time limit, however slowly its bytes drip;
//! * there are only so many at once, and then the slowest make room;
//! * the configuration is asked for at each connection, so that certificates may change;
//! * the alert arrives: a socket that is closed with unread bytes in it sends a RST, and a RST makes
//!   the peer forget what it had received.
//!
//! What is left to the caller: how long a connection may live, and how many of them.

// Each program uses its part of it.
#![allow(dead_code)]

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use mtls_roles::{ClientPeerVerifier, Refusal, VerifiedPeer};
use rustls::{Error, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A connection whose handshake is done, to be read from and written to.
pub struct Connection<IO = TcpStream> {
    pub tls: TlsStream<IO>,
    /// Nobody, if the client presented no certificate and need not.
    pub peer: Option<VerifiedPeer>,
}

/// Why a connection did not come about. One variant, one thing to count.
#[derive(Debug)]
pub enum Failure {
    /// The system gave no connection; the next attempt waits a little.
    Accept(io::Error),
    /// The handshake was not done in time.
    TimeLimit(Duration),
    /// It was among the slowest when others needed its place.
    CrowdedOut,
    /// The peer hung up: a port scan, a health check, or a client that refused *us* without a word.
    HungUp,
    /// The client presented no certificate, and had to.
    NoCertificate,
    /// TLS failed. A refused certificate is an `InvalidCertificate` here, an alert that the client
    /// sent (it refused us) an `AlertReceived`.
    Tls(Error),
    /// Accepted in the handshake, and refused right after it: something ended between the two.
    Refused(Refusal),
    /// The connection broke.
    Io(io::Error),
}

/// What [`Listener::accept`] says of a connection that did not come about.
#[derive(Debug)]
pub struct Failed {
    /// Unknown if the system gave no connection.
    pub from: Option<SocketAddr>,
    pub why: Failure,
}

/// How much a listener bears.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For one handshake, from the first byte to the last. Default: 10 seconds.
    pub handshake: Duration,
    /// Handshakes at once. Default: 1,024. One holds a descriptor and some 30 kB.
    pub at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { handshake: Duration::from_secs(10), at_once: 1024 }
    }
}

/// Accepts TLS connections.
pub struct Listener {
    tcp: TcpListener,
    tls: Box<dyn FnMut() -> (Arc<ServerConfig>, ClientPeerVerifier) + Send>,
    limits: Limits,
    handshakes: JoinSet<(SocketAddr, Result<Connection, Failure>)>,
    /// Those under way and some that are done, the oldest first; whoever is dropped here gives up.
    places: VecDeque<Place>,
    /// After an error of `accept`: how long to wait, and until when.
    pause: Duration,
    paused_until: Instant,
}

struct Place {
    since: Instant,
    kept: oneshot::Sender<()>,
}

impl Listener {
    /// Listens on `tcp`. At each connection `tls` gives the configuration, and the verifier that is in it:
    /// of one generation, if certificates follow files,
    /// `move || { let now = tls.current(); (now.server_config(), now.clients().clone()) }`.
    pub fn new(
        tcp: TcpListener,
        limits: Limits,
        tls: impl FnMut() -> (Arc<ServerConfig>, ClientPeerVerifier) + Send + 'static,
    ) -> Self {
        Self {
            tcp,
            tls: Box::new(tls),
            limits,
            handshakes: JoinSet::new(),
            places: VecDeque::new(),
            pause: SHORTEST_PAUSE,
            paused_until: Instant::now(),
        }
    }

    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// The next connection, or why one did not come about.
    ///
    /// Goes on after every failure, and may be dropped at any point. To be called again at once: spawn
    /// what serves the connection. Handshakes go on meanwhile; they end with the listener.
    pub async fn accept(&mut self) -> Result<(Connection, SocketAddr), Failed> {
        loop {
            let at = self.may_accept_at();
            tokio::select! {
                Some(done) = self.handshakes.join_next() => return match done {
                    Ok((from, Ok(connection))) => Ok((connection, from)),
                    Ok((from, Err(why))) => Err(Failed { from: Some(from), why }),
                    Err(panicked) => Err(Failed { from: None, why: Failure::Io(panicked.into()) }),
                },
                accepted = accept_at(at, &self.tcp) => match accepted {
                    Ok((tcp, from)) => self.begin(tcp, from),
                    Err(error) => {
                        self.pause();
                        return Err(Failed { from: None, why: Failure::Accept(error) });
                    }
                },
            }
        }
    }

    fn begin(&mut self, tcp: TcpStream, from: SocketAddr) {
        self.pause = SHORTEST_PAUSE;
        if self.places.len() >= self.limits.at_once {
            self.places.pop_front();
        }
        let (kept, dropped) = oneshot::channel();
        self.places.push_back(Place { since: Instant::now(), kept });
        // Small answers leave at once.
        let _ = tcp.set_nodelay(true);
        let ((config, clients), limit) = ((self.tls)(), self.limits.handshake);
        self.handshakes.spawn(async move {
            tokio::select! {
                done = handshake(tcp, config, &clients, limit) => (from, done),
                _ = dropped => (from, Err(Failure::CrowdedOut)),
            }
        });
    }

    /// With a place free, now; else when the oldest handshake has had its fair time.
    fn may_accept_at(&mut self) -> Instant {
        if self.places.len() >= self.limits.at_once {
            self.places.retain(|place| !place.kept.is_closed());
        }
        let is_full = self.places.len() >= self.limits.at_once;
        let oldest = self.places.front().filter(|_| is_full);
        oldest.map_or(self.paused_until, |it| self.paused_until.max(it.since + FAIR_TIME))
    }

    /// Before the next attempt. A handshake that has had its fair time gives its descriptor back.
    fn pause(&mut self) {
        self.paused_until = Instant::now() + self.pause;
        self.pause = LONGEST_PAUSE.min(self.pause * 2);
        self.places.retain(|place| !place.kept.is_closed());
        if self.places.front().is_some_and(|oldest| oldest.since.elapsed() >= FAIR_TIME) {
            self.places.pop_front();
        }
    }
}

async fn accept_at(at: Instant, tcp: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    sleep_until(at).await;
    tcp.accept().await
}

/// TLS on one connection: who is it, or why not. An alert has arrived, or the peer has had a second
/// for it, when this returns. `clients` is the verifier in `config`.
pub async fn handshake<IO>(
    io: IO,
    config: Arc<ServerConfig>,
    clients: &ClientPeerVerifier,
    limit: Duration,
) -> Result<Connection<IO>, Failure>
where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let clock = config.time_provider.clone();
    let accept = TlsAcceptor::from(config).accept(io).into_fallible();
    let mut tls = match timeout(limit, accept).await {
        Ok(Ok(tls)) => tls,
        Ok(Err((error, mut io))) => {
            hang_up(&mut io).await;
            return Err(failure(error));
        }
        Err(_) => return Err(Failure::TimeLimit(limit)),
    };
    let Some(now) = clock.current_time() else {
        return Err(Failure::Tls(Error::FailedToGetCurrentTime));
    };
    match clients.identify(tls.get_ref().1, now) {
        Ok(peer) => Ok(Connection { tls, peer }),
        Err(refusal) => {
            hang_up(&mut tls).await;
            Err(Failure::Refused(refusal))
        }
    }
}

/// Closes so that the last words arrive: says that nothing more will come, then reads on until the
/// peer has closed, too. Not for ever, and not without end.
pub async fn hang_up(io: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let last_words = async {
        io.shutdown().await?;
        tokio::io::copy(&mut io.take(MOST_TO_DRAIN), &mut tokio::io::sink()).await
    };
    // The peer may be gone already: then there is nobody left to be polite to.
    let _ = timeout(LONGEST_TO_DRAIN, last_words).await;
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for Connection<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_read(cx, buf)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Connection<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.tls.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_shutdown(cx)
    }
}

/// rustls hands its errors out inside an `io::Error`.
fn failure(error: io::Error) -> Failure {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match (tls, error.kind()) {
        (Some(Error::NoCertificatesPresented), _) => Failure::NoCertificate,
        (Some(tls), _) => Failure::Tls(tls.clone()),
        (None, io::ErrorKind::UnexpectedEof) => Failure::HungUp,
        (None, _) => Failure::Io(error),
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.from {
            Some(from) => write!(f, "{from}: {}", self.why),
            None => self.why.fmt(f),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept(error) => write!(f, "no connection from the system: {error}"),
            Self::TimeLimit(limit) => write!(f, "handshake not done within {limit:?}"),
            Self::CrowdedOut => f.write_str("handshake too slow while others were waiting"),
            Self::HungUp => f.write_str("hung up before the handshake was done"),
            Self::NoCertificate => f.write_str("presented no certificate"),
            Self::Tls(error) => write!(f, "handshake failed: {error}"),
            Self::Refused(refusal) => write!(f, "accepted, then refused: {refusal}"),
            Self::Io(error) => write!(f, "connection broke: {error}"),
        }
    }
}

/// As other servers do: 5 ms, twice as long each time, a second at most.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long a handshake keeps its place, however many wait for it: enough for a slow line, and a crowd of
/// honest clients is done sooner.
const FAIR_TIME: Duration = Duration::from_secs(1);

/// Measured: 0 of 160 alerts lost, with clients that had written 200 kB at once; 64 KiB were too few.
const MOST_TO_DRAIN: u64 = 4 * 1024 * 1024;
const LONGEST_TO_DRAIN: Duration = Duration::from_secs(1);
