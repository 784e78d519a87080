//! [`Tunnel`]: accepts connections and carries each to its backend.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::sleep;

use crate::accept::accept;
use crate::config;
use crate::drain::Drain;
use crate::metrics::Meters;
use crate::originate::originate;
use crate::record::Record;
use crate::relay::{Rules, relay};
use crate::seen::Seen;
use crate::tls::Tls;

/// What a tunnel is told, and what it needs for that. Never changes: a reload makes another one.
pub struct Tunnel {
    pub config: config::Tunnel,
    pub tls: Tls,
    pub meters: Meters,
    pub seen: Arc<Seen>,
    pub ids: Arc<Ids>,
}

impl Tunnel {
    pub fn name(&self) -> &str {
        self.config.name.get_ref()
    }

    pub fn needs_header_from(&self, ip: IpAddr) -> bool {
        self.config.accept_proxy_protocol.iter().any(|network| network.contains(&ip))
    }

    pub fn next_id(&self) -> String {
        self.ids.next()
    }
}

/// Numbers connections. The first half tells one start of the process from another.
pub struct Ids {
    start: u32,
    next: AtomicU64,
}

impl Ids {
    pub fn new(start: u32) -> Self {
        Self { start, next: AtomicU64::new(1) }
    }

    fn next(&self) -> String {
        format!("{:08x}-{:x}", self.start, self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// Accepts until `listening` closes. Each connection is carried by what is `current` when it comes.
///
/// An error of the system (descriptors exhausted, for one) ends nothing and spins nothing. When
/// `max_connections` are open, others wait in the listener's queue.
pub async fn serve(
    listener: TcpListener,
    mut current: watch::Receiver<Arc<Tunnel>>,
    listening: Drain,
    drain: Drain,
) {
    let mut tunnel = current.borrow_and_update().clone();
    let mut places = places_in(&tunnel);
    let mut pause = SHORTEST_PAUSE;
    loop {
        let place = places.clone();
        tokio::select! {
            () = listening.closing() => return,
            Ok(()) = current.changed() => {
                let most = tunnel.config.max_connections;
                tunnel = current.borrow_and_update().clone();
                if most != tunnel.config.max_connections {
                    places = places_in(&tunnel);
                }
            }
            (accepted, place) = accept_one(&listener, place) => match accepted {
                Ok((tcp, from)) => {
                    pause = SHORTEST_PAUSE;
                    // Not `tunnel`: a change and a connection may both be there, and this be seen first.
                    let (tunnel, over) = (current.borrow().clone(), drain.clone());
                    drain.run(async move {
                        carry(&tunnel, tcp, from, over).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tunnel.meters.accept_failed();
                    tracing::warn!(tunnel = tunnel.name(), %error, "the system gave no connection");
                    tokio::select! {
                        () = sleep(pause) => pause = LONGEST_PAUSE.min(pause * 2),
                        () = listening.closing() => return,
                    }
                }
            },
        }
    }
}

/// At most what a semaphore counts, which no machine has room for.
fn places_in(tunnel: &Tunnel) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(tunnel.config.max_connections.min(Semaphore::MAX_PERMITS)))
}

/// Once a place is free.
async fn accept_one(
    listener: &TcpListener,
    places: Arc<Semaphore>,
) -> (std::io::Result<(TcpStream, SocketAddr)>, Option<tokio::sync::OwnedSemaphorePermit>) {
    // It is never closed.
    let place = places.acquire_owned().await.ok();
    (listener.accept().await, place)
}

/// One connection, from its first byte to its last, and its line in the log.
async fn carry(tunnel: &Tunnel, tcp: TcpStream, from: SocketAddr, drain: Drain) {
    let _open = tunnel.meters.opened();
    // Small answers leave at once.
    let _ = tcp.set_nodelay(true);
    let mut record = Record::new(tunnel, from);
    let accepted = tokio::select! {
        accepted = accept(tunnel, tcp, from) => accepted,
        () = drain.over() => return record.stopped(),
    };
    let (side, client) = match accepted {
        Ok(accepted) => accepted,
        Err(failure) => return record.not_accepted(&failure),
    };
    record.accepted(&client);
    let originated = tokio::select! {
        originated = originate(tunnel, &client) => originated,
        () = drain.over() => {
            side.reset(Duration::ZERO).await;
            return record.stopped();
        }
    };
    let backend = match originated {
        Ok(backend) => backend,
        Err(failure) => {
            record.no_backend(&failure);
            return side.reset(Duration::ZERO).await;
        }
    };
    record.originated(backend.peer.as_ref());
    let rules = Rules {
        on_truncation: tunnel.config.on_truncation,
        idle_timeout: tunnel.config.idle_timeout.0,
        up: &tunnel.meters.up,
        down: &tunnel.meters.down,
    };
    // What the peers are called is in the record; the rest of them need not live as long.
    drop((client, backend.peer));
    let passed = relay(side, backend.side, rules, drain.over()).await;
    record.ended(&passed);
}

/// As other servers do: 5 ms, twice as long each time, a second at most.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
