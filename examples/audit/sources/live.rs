//! A live server: the chain that it presents, and whether it asks for a client certificate.
//!
//! Nothing here trusts it. The verifier writes the chain down and refuses, which ends the handshake
//! in TLS 1.3 as in TLS 1.2 before a signature of the server is looked at; its question for a client
//! certificate stands before that in both, so a server that insists on one is no obstacle.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    ALL_VERSIONS, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
};

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

/// Host and port, if this is what it looks like: `edge.example.com:443`, `[2001:db8::1]:443`.
pub fn address(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .or((!host.contains([':', '[', ']'])).then_some(host))?;
    let is_host = !host.is_empty() && !host.contains(['/', '\\']);
    Some((host, port.parse().ok()?)).filter(|_| is_host)
}

/// Asks the server, and waits no longer than `patience` in all; looking up its name is the
/// system's business, and has the system's patience.
pub fn ask(host: &str, port: u16, patience: Duration) -> Result<Server, String> {
    let end = Instant::now() + patience;
    let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
    let stream = connect(host, port, end).map_err(|error| plain(&error, patience))?;
    let recorder = Arc::new(Recorder::default());
    let config = config(&recorder).map_err(|error| error.to_string())?;
    let mut connection =
        ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
    let ended = connection.complete_io(&mut Until { stream, end });
    match recorder.chain.get() {
        Some(chain) => Ok(Server { chain: chain.clone(), asks: recorder.asks.get().cloned() }),
        None => Err(ended.map_or_else(
            |error| plain(&error, patience),
            |_| "the server presented no certificate".to_owned(),
        )),
    }
}

fn connect(host: &str, port: u16, end: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, left(end)?) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
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
