//! [`Metrics`]: what is counted, in the form of Prometheus. No label comes from strangers.

use std::sync::Arc;

use mtls_roles::SignatureMemo;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::gauges::{Gauges, register};
use crate::tunnel::Tunnel;

/// Of the whole process.
pub struct Metrics {
    registry: Registry,
    gauges: Gauges,
    connections: Family<OfTunnel, Counter>,
    open: Family<OfTunnel, Gauge>,
    accept_errors: Family<OfTunnel, Counter>,
    bytes: Family<Bytes, Counter>,
    handshakes: Family<Handshake, Counter>,
    eku: Family<Eku, Counter>,
    ended: Family<Ended, Counter>,
    reloads: Family<Reload, Counter>,
}

/// Of one tunnel.
#[derive(Clone)]
pub struct Meters {
    all: Arc<Metrics>,
    tunnel: String,
    pub up: Counter,
    pub down: Counter,
    open: Gauge,
}

/// Counts a connection as open until it is dropped.
pub struct Open(Gauge);

/// Which of the two handshakes.
#[derive(Clone, Copy)]
pub enum Toward {
    Client,
    Backend,
}

impl Metrics {
    pub fn new(memo: SignatureMemo) -> Arc<Self> {
        let mut registry = Registry::with_prefix("mtls_proxy");
        Arc::new(Self {
            connections: register(&mut registry, "connections", "Connections that clients made"),
            open: register(&mut registry, "open_connections", "Connections that are open now"),
            accept_errors: register(
                &mut registry,
                "accept_errors",
                "Connections that the system did not give",
            ),
            bytes: register(&mut registry, "bytes", "Bytes passed on, without TLS"),
            handshakes: register(&mut registry, "handshakes", "Handshakes, by verdict and reason"),
            eku: register(
                &mut registry,
                "eku",
                "How the extended key usage of peers stood, and which rule let it pass",
            ),
            ended: register(&mut registry, "ended", "How connections ended"),
            reloads: register(
                &mut registry,
                "reloads",
                "Changes of files that were taken or refused",
            ),
            gauges: Gauges::new(&mut registry, memo),
            registry,
        })
    }

    /// The text that is scraped, with the gauges of these tunnels.
    pub fn text<'a>(&self, tunnels: impl Iterator<Item = &'a Tunnel>) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = self.gauges.ask(tunnels, || encode(&mut text, &self.registry));
        text
    }

    pub fn of(self: &Arc<Self>, tunnel: &str) -> Meters {
        let tunnel = tunnel.to_owned();
        let bytes = |direction| Bytes { tunnel: tunnel.clone(), direction };
        Meters {
            up: self.bytes.get_or_create_owned(&bytes("up")),
            down: self.bytes.get_or_create_owned(&bytes("down")),
            open: self.open.get_or_create_owned(&OfTunnel { tunnel: tunnel.clone() }),
            all: self.clone(),
            tunnel,
        }
    }
}

impl Meters {
    pub fn opened(&self) -> Open {
        self.all.connections.get_or_create(&self.label()).inc();
        self.open.inc();
        Open(self.open.clone())
    }

    pub fn open_connections(&self) -> i64 {
        self.open.get()
    }

    pub fn accept_failed(&self) {
        self.all.accept_errors.get_or_create(&self.label()).inc();
    }

    /// A handshake with this verdict: accepted, relaxed, refused (a certificate was judged) or failed.
    pub fn handshake(&self, toward: Toward, verdict: &'static str, class: &'static str) {
        let (tunnel, side) = (self.tunnel.clone(), toward.name());
        self.all.handshakes.get_or_create(&Handshake { tunnel, side, verdict, class }).inc();
    }

    /// `rule`: which one let it pass, if it was let pass.
    pub fn eku(&self, toward: Toward, outcome: &'static str, rule: String) {
        let (tunnel, side) = (self.tunnel.clone(), toward.name());
        self.all.eku.get_or_create(&Eku { tunnel, side, outcome, rule }).inc();
    }

    pub fn ended(&self, how: &'static str) {
        self.all.ended.get_or_create(&Ended { tunnel: self.tunnel.clone(), how }).inc();
    }

    pub fn reloaded(&self, result: &'static str) {
        self.all.reloads.get_or_create(&Reload { tunnel: self.tunnel.clone(), result }).inc();
    }

    fn label(&self) -> OfTunnel {
        OfTunnel { tunnel: self.tunnel.clone() }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Toward {
    fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Backend => "backend",
        }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfTunnel {
    tunnel: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Bytes {
    tunnel: String,
    direction: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Handshake {
    tunnel: String,
    side: &'static str,
    verdict: &'static str,
    class: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Eku {
    tunnel: String,
    side: &'static str,
    outcome: &'static str,
    rule: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Ended {
    tunnel: String,
    how: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Reload {
    tunnel: String,
    result: &'static str,
}
