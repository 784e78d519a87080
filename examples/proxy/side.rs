//! [`Side`]: one end of a tunnel's connection, in plain text or under TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

/// A socket, or TLS on a socket. Reading yields an error, and never an end, where the peer was cut off:
/// a FIN without close_notify, or an RST.
pub enum Side {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Side {
    pub fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0,
        }
    }

    /// From now on whoever drops this resets the connection: a task that is stopped, a process that is
    /// killed. Otherwise the system would end it as cleanly as its peer could.
    pub fn hold(&self) {
        let _ = SockRef::from(self.tcp()).set_linger(Some(Duration::ZERO));
    }

    /// Both sides said goodbye: what is on its way arrives.
    pub fn close(self) {
        let _ = SockRef::from(self.tcp()).set_linger(None);
    }

    /// Ends the connection with an RST, once the peer's machine has what was written, or the time is
    /// over. A reset that comes earlier destroys what is still on its way.
    pub async fn reset(self, at_most: Duration) {
        // Whatever fails here, the connection is closed all the same.
        let _ = tokio::time::timeout(at_most, delivered(self.tcp())).await;
        self.hold();
    }
}

/// Waits until hardly anything is unacknowledged.
///
/// That is what "writable" means to Linux once the send buffer is as small as can be and nothing may
/// stand in it unsent. The reactor tells of changes only: registered anew, the socket is looked at.
async fn delivered(tcp: &TcpStream) -> io::Result<()> {
    let socket = SockRef::from(tcp);
    socket.set_send_buffer_size(0)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(1)?;
    let socket = std::net::TcpStream::from(socket.try_clone()?);
    TcpStream::from_std(socket)?.writable().await
}

impl AsyncRead for Side {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Side {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
