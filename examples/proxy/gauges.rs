//! [`Gauges`]: what is looked up when somebody asks: ends, ages, the memo.

use std::sync::Mutex;
use std::sync::PoisonError;

use mtls_roles::{Expiring, Expiry, Health, SignatureMemo};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Metric, Registry};
use time::OffsetDateTime;

use crate::tunnel::Tunnel;

/// Seconds since 1970 wherever an instant is meant.
pub struct Gauges {
    memo: SignatureMemo,
    /// One scrape at a time: it empties them first.
    asking: Mutex<()>,
    expires: Family<Ends, Gauge>,
    generation: Family<Side, Gauge>,
    since: Family<Side, Gauge>,
    age: Family<Side, Gauge>,
    failing: Family<Side, Gauge>,
    memo_hits: Gauge,
    memo_misses: Gauge,
}

impl Gauges {
    pub fn new(registry: &mut Registry, memo: SignatureMemo) -> Self {
        Self {
            memo,
            asking: Mutex::default(),
            expires: register(
                registry,
                "expires_timestamp_seconds",
                "When it ends: our certificates, issuers, roots, lists, policies",
            ),
            generation: register(registry, "generation", "Number of the set of files in use"),
            since: register(
                registry,
                "generation_timestamp_seconds",
                "When that set was published",
            ),
            age: register(registry, "generation_age_seconds", "For how long it has been in use"),
            failing: register(
                registry,
                "reload_failing_timestamp_seconds",
                "Since when looks at the files are refused; absent if all is well",
            ),
            memo_hits: register(registry, "memo_hits", "Signatures of chains that were remembered"),
            memo_misses: register(
                registry,
                "memo_misses",
                "Signatures of chains that were checked",
            ),
        }
    }

    /// Sets all of them, then lets `read` read.
    pub fn ask<'a, T>(
        &self,
        tunnels: impl Iterator<Item = &'a Tunnel>,
        read: impl FnOnce() -> T,
    ) -> T {
        let _asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        self.expires.clear();
        self.generation.clear();
        self.since.clear();
        self.age.clear();
        self.failing.clear();
        for tunnel in tunnels {
            if let Some(reloader) = tunnel.tls.serving() {
                self.set(tunnel, "accept", reloader.health(), &reloader.current().expiries());
            }
            if let Some(reloader) = tunnel.tls.calling() {
                self.set(tunnel, "originate", reloader.health(), &reloader.current().expiries());
            }
        }
        let counted = self.memo.counters();
        self.memo_hits.set(counted.hits as i64);
        self.memo_misses.set(counted.misses as i64);
        read()
    }

    fn set(&self, tunnel: &Tunnel, side: &'static str, health: Health, expiries: &[Expiry]) {
        let label = Side { tunnel: tunnel.name().to_owned(), side };
        let age = (OffsetDateTime::now_utc() - health.since).whole_seconds();
        self.generation.get_or_create(&label).set(health.generation as i64);
        self.since.get_or_create(&label).set(health.since.unix_timestamp());
        self.age.get_or_create(&label).set(age);
        if let Some(since) = health.failing_since {
            self.failing.get_or_create(&label).set(since.unix_timestamp());
        }
        // The first end last: an RSA and an ECDSA certificate have one name, as a root and its successor.
        for expiry in expiries.iter().rev() {
            let ends = Ends {
                tunnel: tunnel.name().to_owned(),
                role: expiry.role.to_string(),
                what: what(expiry.what),
                name: expiry.name.clone(),
            };
            self.expires.get_or_create(&ends).set(expiry.until.unix_timestamp());
        }
    }
}

/// A metric of this name, which the registry shows, too.
pub fn register<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

fn what(what: Expiring) -> &'static str {
    match what {
        Expiring::Leaf => "certificate",
        Expiring::Issuer => "issuer",
        Expiring::Root => "root",
        Expiring::Crl => "crl",
        Expiring::EkuPolicy => "eku-policy",
        _ => "other",
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Ends {
    tunnel: String,
    role: String,
    what: &'static str,
    name: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Side {
    tunnel: String,
    side: &'static str,
}
