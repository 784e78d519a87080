//! One real TLS connection over loopback TCP, seen from both ends.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, ServerConfig, ServerConnection, SideData,
    Stream,
};

/// What the other end presented, or the error that this end finished with.
pub type End = Result<Vec<CertificateDer<'static>>, rustls::Error>;

/// Both ends say one byte and hear one. Hands back what the server saw, and what the client saw.
pub fn connect(
    accept: Arc<ServerConfig>,
    connect: ClientConfig,
    name: ServerName<'static>,
) -> io::Result<(End, End)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let caller = TcpStream::connect(listener.local_addr()?)?;
    let (called, _) = listener.accept()?;
    let mut server = ServerConnection::new(accept).map_err(io::Error::other)?;
    let mut client = ClientConnection::new(connect.into(), name).map_err(io::Error::other)?;
    thread::scope(|scope| {
        let server = scope.spawn(|| talk(&mut server, called));
        let client = talk(&mut client, caller)?;
        let server = server.join().map_err(|_| io::Error::other("panic"))??;
        Ok((server, client))
    })
}

fn talk<S: SideData>(mut tls: &mut ConnectionCommon<S>, mut tcp: TcpStream) -> io::Result<End> {
    tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut stream = Stream::new(&mut tls, &mut tcp);
    // In TLS 1.3 a client hears of its refusal with the first byte that it reads, not before.
    let talked = stream.write_all(b"!").and_then(|()| stream.read_exact(&mut [0]));
    hang_up(tls, &mut tcp)?;
    match talked {
        Ok(()) => Ok(Ok(tls.peer_certificates().unwrap_or_default().to_vec())),
        Err(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
            Some(refused) => Ok(Err(rustls::Error::clone(refused))),
            None => Err(error),
        },
    }
}

/// Sends what is left (an alert, above all) and reads to the end: closing a socket with unread
/// bytes in it would reset the connection, and the reset would eat the alert.
fn hang_up<S: SideData>(tls: &mut ConnectionCommon<S>, tcp: &mut TcpStream) -> io::Result<()> {
    tls.send_close_notify();
    while tls.wants_write() {
        tls.write_tls(tcp)?;
    }
    // The other end may be gone already; then there is nothing left to hear.
    let _ = tcp.shutdown(Shutdown::Write);
    let _ = io::copy(tcp, &mut io::sink());
    Ok(())
}
