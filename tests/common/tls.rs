//! Real handshakes over loopback TCP, and stock rustls for the end that is not under test.

mod memory;
mod stock;

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::ops::DerefMut;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

pub use memory::{MemoryOutcome, connections, handshake_in_memory, receive, send};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, ConnectionCommon, Error, HandshakeKind,
    ProtocolVersion, ServerConfig, ServerConnection, SideData, Stream, SupportedProtocolVersion,
};
pub use stock::{
    client_without_resumption, root_store, server_without_resumption, stock_client,
    stock_client_verifier, stock_server, stock_server_verifier, with_schemes,
};

use super::pki::subject_of;

/// One crypto provider and one TLS version: what a handshake test must hold for, whatever it is about.
#[derive(Clone, Debug)]
pub struct Stack {
    /// For the message of a failing assertion.
    pub name: String,
    pub provider: Arc<CryptoProvider>,
    pub version: &'static SupportedProtocolVersion,
}

/// Every provider with every version.
pub fn stacks() -> Vec<Stack> {
    let mut all = vec![];
    for (name, provider) in providers() {
        for version in versions() {
            let (name, provider) = (format!("{name} {:?}", version.version), provider.clone());
            all.push(Stack { name, provider, version });
        }
    }
    all
}

/// The crypto providers to test with, by name; the variable `MTLS_ROLES_PROVIDER` picks one of them.
pub fn providers() -> Vec<(&'static str, Arc<CryptoProvider>)> {
    use rustls::crypto::{aws_lc_rs, ring};
    let mut all = vec![
        ("aws-lc-rs", Arc::new(aws_lc_rs::default_provider())),
        ("ring", Arc::new(ring::default_provider())),
    ];
    if let Ok(only) = std::env::var("MTLS_ROLES_PROVIDER") {
        all.retain(|(name, _)| *name == only);
        assert!(!all.is_empty(), "MTLS_ROLES_PROVIDER={only}: aws-lc-rs and ring are known");
    }
    all
}

/// The provider for a test that is not about providers.
pub fn provider() -> Arc<CryptoProvider> {
    providers().remove(0).1
}

/// TLS 1.2 and TLS 1.3.
pub fn versions() -> [&'static SupportedProtocolVersion; 2] {
    [&rustls::version::TLS12, &rustls::version::TLS13]
}

/// How a handshake ended, for each end on its own: in TLS 1.3 they may well differ for a while.
#[derive(Debug)]
pub struct Outcome {
    pub server: Result<Side, Error>,
    pub client: Result<Side, Error>,
}

/// What one end saw of a handshake that went well, and of the byte that went there and back.
#[derive(Debug)]
pub struct Side {
    pub peer_certificates: Option<Vec<CertificateDer<'static>>>,
    pub handshake_kind: HandshakeKind,
    pub protocol_version: ProtocolVersion,
    /// Always true in an `Ok`: without the echo a TLS 1.3 client does not know yet that it was accepted.
    pub echoed: bool,
}

impl Side {
    /// The subject of the certificate that the other end presented.
    pub fn peer(&self) -> String {
        subject_of(&self.peer_certificates.as_ref().expect("it presented a certificate")[0])
    }
}

/// One connection over 127.0.0.1: handshake, one byte from the client, the same byte back.
///
/// A failure below TLS is reported as `Error::General`, so that every refusal by TLS keeps its exact value.
pub fn handshake(
    server: impl Into<Arc<ServerConfig>>,
    client: impl Into<Arc<ClientConfig>>,
    name: &str,
) -> Outcome {
    let (server, client, name) = (server.into(), client.into(), server_name(name));
    let (server_end, client_end) = tcp_pair().expect("loopback TCP works");
    thread::scope(|scope| {
        let server = scope.spawn(|| serve(ServerConnection::new(server)?, server_end));
        let client = scope.spawn(|| call(ClientConnection::new(client, name)?, client_end));
        Outcome {
            server: server.join().expect("the server does not panic"),
            client: client.join().expect("the client does not panic"),
        }
    })
}

pub fn server_name(name: &str) -> ServerName<'static> {
    ServerName::try_from(name.to_owned()).expect("a DNS name or an IP address")
}

/// The alert that the other end sent, if this is how we learned of its refusal.
pub fn alert(error: &Error) -> Option<AlertDescription> {
    match error {
        Error::AlertReceived(description) => Some(*description),
        _ => None,
    }
}

/// Connected before anybody waits: a listener's backlog takes the connection, so nothing can hang here.
fn tcp_pair() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    for end in [&server, &client] {
        end.set_nodelay(true)?;
        end.set_read_timeout(Some(TIMEOUT))?;
        end.set_write_timeout(Some(TIMEOUT))?;
    }
    Ok((server, client))
}

fn serve(connection: ServerConnection, tcp: TcpStream) -> Result<Side, Error> {
    converse(connection, tcp, |tls| {
        let mut byte = [0];
        tls.read_exact(&mut byte)?;
        tls.write_all(&byte)?;
        tls.flush()
    })
}

fn call(connection: ClientConnection, tcp: TcpStream) -> Result<Side, Error> {
    converse(connection, tcp, |tls| {
        tls.write_all(b"?")?;
        tls.flush()?;
        let mut byte = [0];
        tls.read_exact(&mut byte)?;
        assert_eq!(&byte, b"?", "the echo is another byte");
        Ok(())
    })
}

fn converse<C, S>(
    mut connection: C,
    mut tcp: TcpStream,
    talk: impl FnOnce(&mut Stream<'_, C, TcpStream>) -> io::Result<()>,
) -> Result<Side, Error>
where
    C: DerefMut<Target = ConnectionCommon<S>>,
    S: SideData,
{
    let talked = complete_handshake(&mut connection, &mut tcp)
        .and_then(|()| talk(&mut Stream::new(&mut connection, &mut tcp)))
        .map_err(tls_error);
    hang_up(&mut connection, &mut tcp);
    talked.map(|()| Side {
        peer_certificates: connection.peer_certificates().map(|chain| chain.to_vec()),
        handshake_kind: connection.handshake_kind().expect("the handshake is done"),
        protocol_version: connection.protocol_version().expect("the handshake is done"),
        echoed: true,
    })
}

fn complete_handshake<S: SideData>(
    connection: &mut ConnectionCommon<S>,
    tcp: &mut TcpStream,
) -> io::Result<()> {
    while connection.is_handshaking() {
        connection.complete_io(tcp)?;
    }
    Ok(())
}

/// Sends what is left (an alert, above all), then reads until the other end has closed, too.
///
/// Closing a socket with unread bytes in it sends a RST, and a RST eats the alert at the other end.
fn hang_up<S: SideData>(connection: &mut ConnectionCommon<S>, tcp: &mut TcpStream) {
    connection.send_close_notify();
    while connection.wants_write() && connection.write_tls(tcp).is_ok() {}
    // The other end may be gone already: then there is nobody left to be polite to.
    let _ = tcp.shutdown(Shutdown::Write);
    let _ = io::copy(tcp, &mut io::sink());
}

/// rustls hands its errors out inside an `io::Error`; the tests compare the value itself.
fn tls_error(error: io::Error) -> Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    inner.cloned().unwrap_or_else(|| Error::General(format!("below TLS: {error}")))
}

/// Longer than any handshake here takes, short enough that a lost message fails a test instead of hanging it.
const TIMEOUT: Duration = Duration::from_secs(10);
