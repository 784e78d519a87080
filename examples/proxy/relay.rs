//! [`relay`]: passes bytes between two sides, and tells each how the other ended.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep_until};

use crate::config::OnTruncation;
use crate::side::Side;

/// What a relay is told.
pub struct Rules<'a> {
    pub on_truncation: OnTruncation,
    pub idle_timeout: Duration,
    /// Bytes from client to backend, counted as they are read.
    pub up: &'a Counter,
    /// Bytes from backend to client.
    pub down: &'a Counter,
}

/// What passed, and how it ended.
#[derive(Debug)]
pub struct Passed {
    pub up: u64,
    pub down: u64,
    pub end: End,
    /// Of the side that did not end cleanly. In TLS 1.3 a peer refuses *our* certificate here.
    pub error: Option<io::Error>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Both sides said goodbye.
    Clean,
    /// This side was cut off: FIN without close_notify, or RST.
    Truncated(Which),
    /// This side took no more bytes.
    Refused(Which),
    /// Nothing moved for the idle timeout.
    Idle,
    /// The proxy ends.
    Stopped,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Client,
    Backend,
}

/// Passes bytes both ways until both sides have ended, a side is cut off, nothing moves any more, or
/// `stopped` is ready.
///
/// A side that ends cleanly (close_notify; FIN in plain text) ends cleanly on the other side, and the
/// other direction goes on. Every other end is a reset of both sides, after what came is delivered:
/// nobody takes for whole what is not. Idle connections hold no buffer.
pub async fn relay(
    mut client: Side,
    mut backend: Side,
    rules: Rules<'_>,
    stopped: impl Future<Output = ()>,
) -> Passed {
    client.hold();
    backend.hold();
    let mut up = Direction::new(Which::Client, rules.on_truncation);
    let mut down = Direction::new(Which::Backend, rules.on_truncation);
    let mut moved = Instant::now();
    let mut idle = pin!(sleep_until(moved + rules.idle_timeout));
    let mut stopped = pin!(stopped);
    let end = poll_fn(|cx| {
        let before = (up.bytes, down.bytes);
        let ended_up = up.poll(cx, &mut client, &mut backend, down.is_refused());
        let ended_down = down.poll(cx, &mut backend, &mut client, up.is_refused());
        rules.up.inc_by(up.bytes - before.0);
        rules.down.inc_by(down.bytes - before.1);
        match (ended_up, ended_down) {
            (Poll::Ready(end @ End::Truncated(_)), _)
            | (_, Poll::Ready(end @ End::Truncated(_))) => {
                return Poll::Ready(end);
            }
            (Poll::Ready(End::Clean), Poll::Ready(end)) | (Poll::Ready(end), Poll::Ready(_)) => {
                return Poll::Ready(end);
            }
            _ => {}
        }
        if stopped.as_mut().poll(cx).is_ready() {
            return Poll::Ready(End::Stopped);
        }
        if (up.bytes, down.bytes) != before {
            moved = Instant::now();
        }
        // Set again only when it rings: most of the time bytes move.
        while idle.as_mut().poll(cx).is_ready() {
            if moved.elapsed() >= rules.idle_timeout {
                return Poll::Ready(End::Idle);
            }
            idle.as_mut().reset(moved + rules.idle_timeout);
        }
        Poll::Pending
    })
    .await;
    let (up, down) = (up.finish(), down.finish());
    if end == End::Clean {
        client.close();
        backend.close();
    } else {
        let at_most = match end {
            End::Stopped | End::Idle => Duration::from_secs(1),
            _ => rules.idle_timeout,
        };
        tokio::join!(client.reset(at_most), backend.reset(at_most));
    }
    Passed { up: up.0, down: down.0, end, error: up.1.or(down.1) }
}

/// One way.
struct Direction {
    from: Which,
    on_truncation: OnTruncation,
    bytes: u64,
    /// What was read and the other side has not taken yet. Empty, and without memory, while idle.
    rest: Vec<u8>,
    /// How many of them it has taken.
    taken: usize,
    is_flushed: bool,
    /// How reading ended.
    last: Option<End>,
    /// How all of it ended.
    ended: Option<End>,
    /// Why it did not end cleanly.
    error: Option<io::Error>,
}

thread_local! {
    /// What a read fills, for all connections of a thread.
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
}

impl Direction {
    fn new(from: Which, on_truncation: OnTruncation) -> Self {
        Self {
            from,
            on_truncation,
            bytes: 0,
            rest: vec![],
            taken: 0,
            is_flushed: true,
            last: None,
            ended: None,
            error: None,
        }
    }

    /// The other side took no more bytes.
    fn is_refused(&self) -> bool {
        matches!(self.ended, Some(End::Refused(_)))
    }

    fn finish(self) -> (u64, Option<io::Error>) {
        (self.bytes, self.error)
    }

    /// Reads and writes until one of them has to wait. Ready once everything that came is handed on,
    /// a clean end too.
    ///
    /// What is read from a side that `refused` bytes may be cut off without a sign: whoever wrote to
    /// it was told of its reset.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Side,
        to: &mut Side,
        refused: bool,
    ) -> Poll<End> {
        if let Some(end) = self.ended {
            return Poll::Ready(end);
        }
        let end = ready!(self.poll_copy(cx, from, to, refused)).unwrap_or_else(|error| {
            self.error = Some(error);
            self.rest = vec![];
            End::Refused(self.from.other())
        });
        self.ended = Some(end);
        Poll::Ready(end)
    }

    /// The error is one of writing.
    fn poll_copy(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Side,
        to: &mut Side,
        refused: bool,
    ) -> Poll<io::Result<End>> {
        while self.last.is_none() {
            ready!(self.poll_rest(cx, to))?;
            match self.poll_read_and_write(cx, from, to) {
                Poll::Ready(Ok(None)) => {}
                Poll::Ready(Ok(Some(end))) => self.last = Some(self.judge(end, refused)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    ready!(self.poll_flush(cx, to))?;
                    return Poll::Pending;
                }
            }
        }
        ready!(self.poll_flush(cx, to))?;
        match self.last {
            Some(End::Clean) => Pin::new(to).poll_shutdown(cx).map_ok(|()| End::Clean),
            _ => Poll::Ready(Ok(End::Truncated(self.from))),
        }
    }

    fn judge(&self, end: End, refused: bool) -> End {
        match self.on_truncation {
            OnTruncation::Close => End::Clean,
            OnTruncation::Reset if refused => End::Truncated(self.from),
            OnTruncation::Reset => end,
        }
    }

    fn poll_rest(&mut self, cx: &mut Context<'_>, to: &mut Side) -> Poll<io::Result<()>> {
        while self.taken < self.rest.len() {
            self.taken += ready!(Pin::new(&mut *to).poll_write(cx, &self.rest[self.taken..]))?;
        }
        (self.rest, self.taken) = (vec![], 0);
        Poll::Ready(Ok(()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>, to: &mut Side) -> Poll<io::Result<()>> {
        if !self.is_flushed {
            ready!(Pin::new(to).poll_flush(cx))?;
            self.is_flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// One read, and one write of what came. Ready with how reading ended, if it did.
    fn poll_read_and_write(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut Side,
        to: &mut Side,
    ) -> Poll<io::Result<Option<End>>> {
        READ.with_borrow_mut(|memory| {
            let mut read = ReadBuf::new(memory);
            if let Err(error) = ready!(Pin::new(from).poll_read(cx, &mut read)) {
                self.error = Some(error);
                return Poll::Ready(Ok(Some(End::Truncated(self.from))));
            }
            let came = read.filled();
            if came.is_empty() {
                return Poll::Ready(Ok(Some(End::Clean)));
            }
            self.bytes += came.len() as u64;
            self.is_flushed = false;
            let taken = match Pin::new(to).poll_write(cx, came) {
                Poll::Ready(taken) => taken?,
                Poll::Pending => 0,
            };
            self.rest = came[taken..].to_vec();
            Poll::Ready(Ok(None))
        })
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clean => f.write_str("clean"),
            Self::Truncated(which) => write!(f, "{which} was cut off"),
            Self::Refused(which) => write!(f, "{which} took no more"),
            Self::Idle => f.write_str("idle"),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

impl End {
    /// A stable name in lower case, for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Truncated(Which::Client) => "client-truncated",
            Self::Truncated(Which::Backend) => "backend-truncated",
            Self::Refused(Which::Client) => "client-refused",
            Self::Refused(Which::Backend) => "backend-refused",
            Self::Idle => "idle",
            Self::Stopped => "stopped",
        }
    }
}

impl Which {
    fn other(self) -> Self {
        match self {
            Self::Client => Self::Backend,
            Self::Backend => Self::Client,
        }
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Backend => "backend",
        })
    }
}
