//! A live server: the chain that it presents, and whether it asks for a client certificate.
//!
//! Nothing here trusts it. The verifier writes the chain down and refuses, which ends the handshake
//! in TLS 1.3 as in TLS 1.2 before a signature of the server is looked at; its question for a client
//! certificate stands before that in both, so a server that insists on one is no obstacle.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    ALL_VERSIONS, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
};

use super::starttls::{self, Refused};
use super::target::Target;

/// What a server showed of itself.
#[derive(Debug)]
pub struct Server {
    /// As presented, which should be leaf first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Present if it asks for a client certificate.
    pub asks: Option<Asks>,
}

/// A server's question for a client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asks {
    /// The subjects of the CAs that it accepts, DER of a Name, in its order; none: it does not say.
    pub hints: Vec<Vec<u8>>,
    /// How many more there were.
    pub more: usize,
}

/// Beyond this many, CA hints are counted and not kept.
const HINTS: usize = 100;

/// Why a server showed nothing.
pub struct Refusal {
    pub reason: String,
    /// Nobody is there: no connection came about.
    pub is_silence: bool,
}

/// Asks the server, and waits no longer than `patience` in all: for its name to be looked up, for
/// the connection, for what is said before TLS, and for the handshake.
pub fn ask(target: &Target, patience: Duration) -> Result<Server, Refusal> {
    let end = Instant::now() + patience;
    let silence = |error| Refusal { reason: plain(&error, patience), is_silence: true };
    let stream = connect(target, end).map_err(silence)?;
    shake(target, Until { stream, end }, patience)
        .map_err(|reason| Refusal { reason, is_silence: false })
}

fn shake(target: &Target, mut stream: Until, patience: Duration) -> Result<Server, String> {
    let started = starttls::start(target.protocol, target.host(), &mut stream);
    started.map_err(|refused| before_tls(target, &refused, patience))?;
    let recorder = Arc::new(Recorder::default());
    let config = config(&recorder).map_err(|error| error.to_string())?;
    let mut connection = ClientConnection::new(Arc::new(config), target.server_name()?)
        .map_err(|error| error.to_string())?;
    let ended = connection.complete_io(&mut stream);
    match recorder.chain.get() {
        Some(chain) => Ok(Server { chain: chain.clone(), asks: recorder.asks.get().cloned() }),
        None => Err(ended.map_or_else(
            |error| no_handshake(target, &error, patience),
            |_| "the server presented no certificate".to_owned(),
        )),
    }
}

fn before_tls(target: &Target, refused: &Refused, patience: Duration) -> String {
    let scheme = target.protocol.scheme;
    match refused {
        Refused::Io(error) => format!("{}, before STARTTLS ({scheme})", plain(error, patience)),
        Refused::Said(said) => format!(
            "the server does not begin TLS: asked in the way of {scheme} it said `{said}` (if TLS \
             begins at once, write tls://{})",
            target.place()
        ),
    }
}

/// What a handshake that ended early tells, and who can ask instead.
fn no_handshake(target: &Target, error: &io::Error, patience: Duration) -> String {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    match cause {
        Some(Error::PeerIncompatible(_) | Error::AlertReceived(_)) => format!(
            "the server speaks no TLS that this program speaks (1.2 with ECDHE and an AEAD, 1.3): \
             {error}. Let OpenSSL ask it, and audit what it prints: {}",
            openssl_line(target)
        ),
        Some(Error::InvalidMessage(_)) => format!(
            "{error}: what answers is no TLS; if its protocol begins in the clear, write it before \
             the name, as in smtp://{}",
            target.place()
        ),
        _ if error.kind() == io::ErrorKind::UnexpectedEof
            || error.kind() == io::ErrorKind::ConnectionReset =>
        {
            format!(
                "{} during the handshake. If it is an old server, let OpenSSL ask it: {}",
                plain(error, patience),
                openssl_line(target)
            )
        }
        _ => plain(error, patience),
    }
}

/// For servers of TLS 1.0 and 1.1, of RSA key exchange and CBC.
fn openssl_line(target: &Target) -> String {
    let starttls = match target.protocol.starttls {
        "" => String::new(),
        starttls => format!(" -starttls {starttls}"),
    };
    let name = match target.server_name() {
        Ok(ServerName::DnsName(name)) => format!(" -servername {}", name.as_ref()),
        _ => " -noservername".to_owned(),
    };
    let place = target.place();
    format!(
        "openssl s_client -connect {place}{name}{starttls} -showcerts -min_protocol TLSv1 -cipher \
         ALL:@SECLEVEL=0 -legacy_server_connect </dev/null | audit -"
    )
}

/// By the first address that answers; each gets its share of the time that is left.
fn connect(target: &Target, end: Instant) -> io::Result<TcpStream> {
    let addresses = lookup(target, end)?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for (address, remaining) in addresses.iter().zip((1..=addresses.len() as u32).rev()) {
        match TcpStream::connect_timeout(address, left(end)? / remaining) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The system has its own patience for names: it is left alone with them when ours is over.
fn lookup(target: &Target, end: Instant) -> io::Result<Vec<SocketAddr>> {
    let (host, port) = (target.address.clone(), target.port);
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![(address, port).into()]);
    }
    let (found, finding) = mpsc::channel();
    thread::spawn(move || {
        let addresses = (host, port).to_socket_addrs().map(Iterator::collect);
        // Nobody may be waiting any more.
        let _ = found.send(addresses);
    });
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "the name was not found");
    finding.recv_timeout(left(end)?).map_err(late)?
}

fn config(recorder: &Arc<Recorder>) -> Result<ClientConfig, Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(ALL_VERSIONS)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(recorder) as _)
        .with_client_cert_resolver(Arc::clone(recorder) as _);
    Ok(config)
}

fn plain(error: &io::Error, patience: Duration) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
            format!("no answer within {} seconds", patience.as_secs())
        }
        io::ErrorKind::UnexpectedEof => "the server closed the connection".into(),
        _ => error.to_string(),
    }
}

/// A stream that is over at an instant, however slowly its other end drips.
struct Until {
    stream: TcpStream,
    end: Instant,
}

impl Read for Until {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.end)?))?;
        self.stream.read(buffer)
    }
}

impl Write for Until {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(left(self.end)?))?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

fn left(end: Instant) -> io::Result<Duration> {
    match end.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
        left => Ok(left),
    }
}

/// Writes down what passes, and accepts nothing.
#[derive(Debug, Default)]
struct Recorder {
    chain: OnceLock<Vec<CertificateDer<'static>>>,
    asks: OnceLock<Asks>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = [end_entity].into_iter().chain(intermediates);
        let chain = chain.map(|certificate| certificate.clone().into_owned());
        // A second chain would belong to another handshake, and there is none.
        let _ = self.chain.set(chain.collect());
        Err(refused())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(refused())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(refused())
    }

    /// More than is verified anywhere, so that old servers show their chain, too.
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = default_provider().signature_verification_algorithms;
        let mut schemes = algorithms.supported_schemes();
        schemes.extend([SignatureScheme::RSA_PKCS1_SHA1, SignatureScheme::ECDSA_SHA1_Legacy]);
        schemes
    }
}

impl ResolvesClientCert for Recorder {
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        let hints = root_hint_subjects.iter().take(HINTS);
        let asks = Asks {
            hints: hints.map(|hint| hint.to_vec()).collect(),
            more: root_hint_subjects.len().saturating_sub(HINTS),
        };
        let _ = self.asks.set(asks);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

fn refused() -> Error {
    Error::General("an audit trusts nobody".into())
}
