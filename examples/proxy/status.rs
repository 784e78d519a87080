//! [`Status`]: what there is to see of a tunnel: for `--check`, for `/status.json` and for a page.

use std::net::SocketAddr;

use base16ct::lower::encode_string as hex;
use mtls_roles::audit::{Assessment, Inventory, Roles, Serving, Timeline};
use mtls_roles::{Certificate, Credentials, Expiry, Fitness, Role};
use serde::Serialize;
use time::OffsetDateTime;

use crate::config::{ClientAuth, Text};
use crate::seen::Lists;
use crate::tunnel::Tunnel;

/// All tunnels, at one instant.
#[derive(Serialize)]
pub struct Status {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub tunnels: Vec<TunnelStatus>,
}

#[derive(Serialize)]
pub struct TunnelStatus {
    pub name: String,
    pub listening: SocketAddr,
    pub connect: String,
    pub open_connections: i64,
    /// TLS towards those who connect.
    pub accept: Option<SideStatus>,
    /// TLS towards the backend.
    pub originate: Option<SideStatus>,
    #[serde(flatten)]
    pub seen: Lists,
}

/// One side: what we present, and what we accept of the peer.
#[derive(Serialize)]
pub struct SideStatus {
    pub generation: u64,
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// Since when each look at the files refused or failed to read something.
    #[serde(with = "time::serde::rfc3339::option")]
    pub failing_since: Option<OffsetDateTime>,
    /// What we present: of several the first where nothing tells which; none: nothing.
    pub presents: Vec<Presented>,
    /// What an operator should know of it.
    pub notes: Vec<String>,
    /// Whether the peer has to present something: `required`, `optional` or `none`.
    pub peer_certificate: &'static str,
    /// How the peer's EKU is judged, and until when.
    pub eku: String,
    pub relax_for: Vec<String>,
    /// Who may connect, or which server is expected in place of its name; empty: all below the roots.
    pub rules: Vec<String>,
    /// What ends when, in that order; the roots are among it.
    pub expiries: Vec<Ends>,
}

/// Our certificate, and what the audit says of it.
#[derive(Serialize)]
pub struct Presented {
    pub subject: String,
    pub names: Vec<String>,
    pub serial: String,
    pub sha256: String,
    #[serde(with = "time::serde::rfc3339")]
    pub not_after: OffsetDateTime,
    pub purposes: Option<Vec<String>>,
    /// Fit for both roles: the combined certificate of old.
    pub is_combined: bool,
    /// `unaffected`, `breaks at renewal (works until …)`, …
    pub verdict: String,
    /// `unaffected`, `breaks_at_renewal`, …
    pub verdict_id: &'static str,
    pub causes: Vec<String>,
    pub advice: Vec<String>,
}

/// Something that ends.
#[derive(Serialize)]
pub struct Ends {
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    /// Whole days; negative once it has ended.
    pub days_left: i64,
    pub what: String,
}

impl TunnelStatus {
    pub fn of(tunnel: &Tunnel, listening: SocketAddr) -> Self {
        Self {
            name: tunnel.name().to_owned(),
            listening,
            connect: tunnel.config.connect.to_string(),
            open_connections: tunnel.meters.open_connections(),
            accept: accept(tunnel),
            originate: originate(tunnel),
            seen: tunnel.seen.lists(),
        }
    }
}

fn accept(tunnel: &Tunnel) -> Option<SideStatus> {
    let (config, reloader) = (tunnel.config.accept.as_ref()?.get_ref(), tunnel.tls.serving()?);
    let (generation, health) = (reloader.current(), reloader.health());
    Some(SideStatus {
        generation: health.generation,
        since: health.since,
        failing_since: health.failing_since,
        presents: presented(generation.server_slot().credentials(), Role::Server),
        notes: notes(generation.server_slot().credentials(), |it| {
            generation.server_slot().judge(it)
        }),
        peer_certificate: match config.client_auth {
            ClientAuth::Required => "required",
            ClientAuth::Optional => "optional",
            ClientAuth::None => "none",
        },
        eku: config.eku.as_ref().map(|eku| eku.get_ref().0).unwrap_or_default().to_string(),
        relax_for: texts(&config.relax_for),
        rules: texts(&config.allow),
        expiries: generation.expiries().iter().map(Ends::of).collect(),
    })
}

fn originate(tunnel: &Tunnel) -> Option<SideStatus> {
    let (config, reloader) = (tunnel.config.originate.as_ref()?.get_ref(), tunnel.tls.calling()?);
    let (generation, health) = (reloader.current(), reloader.health());
    Some(SideStatus {
        generation: health.generation,
        since: health.since,
        failing_since: health.failing_since,
        presents: presented(generation.client_slot().credentials(), Role::Client),
        notes: notes(generation.client_slot().credentials(), |it| {
            generation.client_slot().judge(it)
        }),
        peer_certificate: "required",
        eku: config.eku.as_ref().map(|eku| eku.get_ref().0).unwrap_or_default().to_string(),
        relax_for: texts(&config.relax_for),
        rules: texts(&config.expect),
        expiries: generation.expiries().iter().map(Ends::of).collect(),
    })
}

fn presented(credentials: Option<Credentials>, role: Role) -> Vec<Presented> {
    let each = credentials.iter().flat_map(Credentials::each);
    each.map(|credentials| one_presented(&credentials, role)).collect()
}

/// Once expired they are judged unfit, which the expiries say.
fn notes(
    credentials: Option<Credentials>,
    judge: impl Fn(&Credentials) -> Result<Fitness, mtls_roles::Error>,
) -> Vec<String> {
    let fitness = credentials.and_then(|credentials| judge(&credentials).ok());
    fitness.iter().flat_map(|fitness| &fitness.notes).map(ToString::to_string).collect()
}

fn one_presented(credentials: &Credentials, role: Role) -> Presented {
    let leaf = credentials.leaf();
    let mut inventory = Inventory::new();
    for certificate in credentials.chain() {
        inventory.add_der("the chain", certificate.der());
    }
    let (timeline, today) = (Timeline::builtin(), OffsetDateTime::now_utc().date());
    let serving = Serving::In(Roles::from_iter([role]));
    let assessment = Assessment::new(&inventory, &timeline, today, serving);
    let mut findings = assessment.findings().iter();
    let finding = findings.find(|finding| finding.entry.sha256() == leaf.sha256());
    Presented {
        subject: leaf.subject(),
        names: names(leaf),
        serial: leaf.serial(),
        sha256: hex(&leaf.sha256()),
        not_after: credentials.valid_until(),
        purposes: leaf.purposes().map(|all| all.iter().map(ToString::to_string).collect()),
        is_combined: credentials.is_combined(),
        verdict_id: finding.map(|it| it.verdict.id()).unwrap_or_default(),
        verdict: finding.map(|it| it.verdict.to_string()).unwrap_or_default(),
        causes: finding.iter().flat_map(|it| &it.causes).map(ToString::to_string).collect(),
        advice: finding.iter().flat_map(|it| &*it.advice).map(ToString::to_string).collect(),
    }
}

impl Ends {
    fn of(expiry: &Expiry) -> Self {
        let days_left =
            (expiry.until - OffsetDateTime::now_utc()).whole_seconds().div_euclid(86_400);
        Self { until: expiry.until, days_left, what: expiry.to_string() }
    }
}

pub fn names(leaf: &Certificate) -> Vec<String> {
    leaf.alt_names().iter().map(ToString::to_string).collect()
}

fn texts<T: ToString>(all: &[Text<T>]) -> Vec<String> {
    all.iter().map(|text| text.0.to_string()).collect()
}
