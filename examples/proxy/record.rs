//! [`Record`]: one connection's line in the log, and its place in the counters.

use std::net::SocketAddr;

use base16ct::lower::encode_string as hex;
use mtls_roles::{EkuOutcome, PeerRule, Refusal, SubjectAltName, VerifiedPeer};
use tokio::time::Instant;

use crate::accept::NotAccepted;
use crate::client::Client;
use crate::common::printable;
use crate::config::Text;
use crate::metrics::Toward;
use crate::originate::{self, is_alert};
use crate::relay::{End, Passed};
use crate::tunnel::Tunnel;

/// What is known of a connection so far.
pub struct Record<'a> {
    tunnel: &'a Tunnel,
    since: Instant,
    from: SocketAddr,
    id: Option<String>,
    client: Option<Peer>,
    server: Option<Peer>,
    /// Who was refused, as it was read and not verified.
    presented: Option<String>,
}

/// A peer in words.
struct Peer {
    names: String,
    sha256: String,
    eku: String,
}

impl<'a> Record<'a> {
    pub fn new(tunnel: &'a Tunnel, from: SocketAddr) -> Self {
        let (id, client, server, presented) = (None, None, None, None);
        Self { tunnel, since: Instant::now(), from, id, client, server, presented }
    }

    /// Told once a handshake is done: who is counted has proved that it holds its key.
    pub fn accepted(&mut self, client: &Client) {
        self.from = client.addresses.from;
        self.id = Some(client.id.clone());
        let Some(tls) = &client.tls else { return };
        self.client = self.count(Toward::Client, tls.peer.as_ref());
    }

    pub fn originated(&mut self, peer: Option<&VerifiedPeer>) {
        if peer.is_some() {
            self.server = self.count(Toward::Backend, peer);
        }
    }

    pub fn not_accepted(mut self, failure: &NotAccepted) {
        self.from = failure.addresses.from;
        let verdict = if failure.why.is_refusal() { "refused" } else { "failed" };
        let (class, why) = (failure.why.class(), printable(&failure.why.to_string()));
        self.presented = failure.why.refusal().and_then(presented);
        self.count_failure(Toward::Client, verdict, class, &why);
        self.write(verdict, Some(class), Some(why), None);
    }

    pub fn no_backend(mut self, failure: &originate::Failure) {
        let verdict = if failure.refusal().is_some() { "refused" } else { "failed" };
        let (class, why) = (failure.class(), printable(&failure.to_string()));
        self.presented = failure.refusal().and_then(presented);
        self.count_failure(Toward::Backend, verdict, class, &why);
        self.tunnel.meters.ended("no-backend");
        self.write("no backend", Some(class), Some(why), None);
    }

    pub fn ended(&self, passed: &Passed) {
        self.tunnel.meters.ended(passed.end.name());
        let error = passed.error.as_ref().map(|error| printable(&error.to_string()));
        // In TLS 1.3 a peer refuses our certificate when its handshake is done for us.
        let class = passed.error.as_ref().filter(|it| is_alert(it)).map(|_| "alert-received");
        if let (Some(class), Some(why)) = (class, &error) {
            self.tunnel.seen.refused(class, self.from, &format!("{}: {why}", passed.end), None);
        }
        self.write(&passed.end.to_string(), class, error, Some(passed));
    }

    pub fn stopped(&self) {
        self.tunnel.meters.ended(End::Stopped.name());
        self.write(&End::Stopped.to_string(), None, None, None);
    }
}

impl Record<'_> {
    fn count(&self, toward: Toward, peer: Option<&VerifiedPeer>) -> Option<Peer> {
        let meters = &self.tunnel.meters;
        let Some(peer) = peer else {
            meters.handshake(toward, "accepted", "no-certificate");
            return None;
        };
        let words = Peer::of(peer);
        match peer.eku() {
            EkuOutcome::Enforced => {
                meters.handshake(toward, "accepted", "");
                meters.eku(toward, "enforced", String::new());
            }
            EkuOutcome::Relaxed(violation) => {
                let rule = self.rule(toward, peer);
                self.tunnel.seen.relaxed(&words.sha256, &words.names, &rule, violation);
                meters.handshake(toward, "relaxed", "eku");
                meters.eku(toward, "relaxed", rule);
            }
            _ => {}
        }
        Some(words)
    }

    fn count_failure(&self, toward: Toward, verdict: &'static str, class: &'static str, why: &str) {
        self.tunnel.meters.handshake(toward, verdict, class);
        self.tunnel.seen.refused(class, self.from, why, self.presented.as_deref());
        if class == "eku" {
            self.tunnel.meters.eku(toward, "refused", String::new());
        }
    }

    /// Which rule names this peer, as far as its text tells.
    fn rule(&self, toward: Toward, peer: &VerifiedPeer) -> String {
        let config = &self.tunnel.config;
        let rules: &[Text<PeerRule>] = match toward {
            Toward::Client => config.accept.as_ref().map_or(&[], |it| &it.get_ref().relax_for),
            Toward::Backend => config.originate.as_ref().map_or(&[], |it| &it.get_ref().relax_for),
        };
        let (leaf, names) = (peer.leaf(), peer.alt_names());
        let names = names.iter().map(as_in_rules);
        let spki = format!("spki-sha256:{}", hex(&leaf.spki_sha256()));
        let names: Vec<_> =
            names.chain([spki, format!("cert-sha256:{}", hex(&leaf.sha256()))]).collect();
        let mut rules = rules.iter().map(|rule| rule.to_string());
        let rule = rules.find(|rule| names.iter().any(|name| is_meant(rule, name)));
        rule.unwrap_or_else(|| "unknown".into())
    }

    /// The line. Fields that are not known are left out.
    fn write(
        &self,
        end: &str,
        class: Option<&str>,
        error: Option<String>,
        passed: Option<&Passed>,
    ) {
        let (client, server) = (self.client.as_ref(), self.server.as_ref());
        tracing::info!(
            tunnel = self.tunnel.name(),
            id = self.id,
            from = %self.from,
            client = client.map(|peer| &*peer.names),
            client_sha256 = client.map(|peer| &*peer.sha256),
            client_eku = client.map(|peer| &*peer.eku),
            server = server.map(|peer| &*peer.names),
            server_sha256 = server.map(|peer| &*peer.sha256),
            server_eku = server.map(|peer| &*peer.eku),
            end,
            class,
            error,
            presented = self.presented,
            up = passed.map(|passed| passed.up),
            down = passed.map(|passed| passed.down),
            seconds = self.since.elapsed().as_secs_f64(),
            "connection"
        );
    }
}

fn presented(refusal: &Refusal) -> Option<String> {
    refusal.presented().map(ToString::to_string)
}

/// A name with those parts in lower case whose case means nothing.
fn as_in_rules(name: &SubjectAltName) -> String {
    let text = name.to_string();
    match (name, text.rsplit_once('@')) {
        (SubjectAltName::Dns(_), _) => text.to_ascii_lowercase(),
        (SubjectAltName::Email(_), Some((local, domain))) => {
            format!("{local}@{}", domain.to_ascii_lowercase())
        }
        _ => text,
    }
}

fn is_meant(rule: &str, name: &str) -> bool {
    let rule = rule.split(" under ").next().unwrap_or_default();
    let below = |rule: &str| {
        name.split_once('.').is_some_and(|(label, host)| host == rule && label.starts_with("dns:"))
    };
    if let Some(host) = rule.strip_prefix("dns:*.") {
        return below(host);
    }
    let id = rule
        .strip_prefix("spiffe-trust-domain:")
        .and_then(|domain| name.strip_prefix("uri:spiffe://")?.strip_prefix(domain));
    name == rule || id.is_some_and(|path| path.is_empty() || path.starts_with('/'))
}

impl Peer {
    fn of(peer: &VerifiedPeer) -> Self {
        let names: Vec<_> = peer.alt_names().iter().map(ToString::to_string).collect();
        let names = match names.is_empty() {
            true => peer.leaf().subject(),
            false => names.join(" "),
        };
        Self { names, sha256: hex(&peer.leaf().sha256()), eku: peer.eku().to_string() }
    }
}
