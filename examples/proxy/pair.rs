//! [`pair`]: would the two ends of a connection accept each other, and until when?

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use mtls_roles::audit::Timeline;
use mtls_roles::{Credentials, EkuOutcome, Refusal, RefusalClass, VerifiedPeer};
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use time::OffsetDateTime;

use crate::check::{read, say};
use crate::config::ClientAuth;
use crate::tunnel::Tunnel;

/// Reads both files and prints, for each tunnel of one that calls and each of the other that serves,
/// what each end would say of the other: today, on every date of the audit's timeline that is to
/// come, and when something ends. Where tunnels of the two are connected by their ports, those only.
///
/// It is what the ends themselves would say of what they present today: a certificate that is renewed
/// meanwhile is another one. *Not* foretold: what stands between the two.
///
/// Exit code 0: today all of them accept each other; 1: some do not; 2: a file cannot be used.
pub fn pair(own: &Path, other: &Path) -> ExitCode {
    let (own, other) = match (read(own), read(other)) {
        (Ok((_, own)), Ok((_, other))) => (own, other),
        (own, other) => {
            let failures = own.err().into_iter().chain(other.err()).flatten();
            failures.for_each(|failure| eprintln!("{failure}"));
            return ExitCode::from(2);
        }
    };
    let mut pairs = calls(&own, &other);
    pairs.extend(calls(&other, &own));
    if pairs.is_empty() {
        eprintln!("no tunnel of one file originates TLS to one that accepts it in the other");
        return ExitCode::from(2);
    }
    let now = OffsetDateTime::now_utc();
    let report: String = pairs.iter().map(|pair| pair.report(now)).collect();
    say(
        &report,
        match pairs.iter().all(|pair| pair.judge(now).is_good()) {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        },
    )
}

/// A tunnel that calls, and one that serves.
struct Pair<'a> {
    caller: &'a Tunnel,
    server: &'a Tunnel,
}

/// What each end says of the other; `None`: it is not asked who it is.
struct Verdict {
    of_server: Option<Result<VerifiedPeer, Refusal>>,
    of_caller: Option<Result<VerifiedPeer, Refusal>>,
    /// Both insist on protocols, and have none in common.
    is_speechless: bool,
}

fn calls<'a>(callers: &'a [Tunnel], servers: &'a [Tunnel]) -> Vec<Pair<'a>> {
    let callers = callers.iter().filter(|tunnel| tunnel.config.originate.is_some());
    let servers = servers.iter().filter(|tunnel| tunnel.config.accept.is_some());
    let all = callers.flat_map(|caller| servers.clone().map(move |server| Pair { caller, server }));
    let (connected, others): (Vec<_>, Vec<_>) = all.partition(|pair| {
        pair.caller.config.connect.port == pair.server.config.listen.get_ref().port()
    });
    if connected.is_empty() { others } else { connected }
}

impl Pair<'_> {
    fn report(&self, now: OffsetDateTime) -> String {
        let mut report = format!("{} calls {}\n", self.caller.name(), self.server.name());
        let mut before = None;
        for (at, why) in self.instants(now) {
            let verdict = self.judge(at);
            report += &format!("  {}  {why}\n", at.date());
            let kind = Some(verdict.kind());
            if kind != before {
                let text = verdict.to_string();
                text.lines().for_each(|line| report += &format!("              {line}\n"));
            }
            before = kind;
        }
        report
    }

    /// Today and what is to come, in order, each with its name.
    fn instants(&self, now: OffsetDateTime) -> BTreeSet<(OffsetDateTime, String)> {
        let mut all = BTreeSet::from([(now, "today".to_owned())]);
        for milestone in Timeline::builtin().milestones() {
            let name = format!("{}: {}", milestone.who, milestone.change);
            all.insert((milestone.date.midnight().assume_utc(), name));
        }
        let serving = self.server.tls.serving().map(|it| it.current().expiries());
        let calling = self.caller.tls.calling().map(|it| it.current().expiries());
        for expiry in serving.into_iter().chain(calling).flatten() {
            // A certificate's last second is still good.
            all.insert((expiry.until + time::Duration::SECOND, expiry.to_string()));
        }
        all.retain(|(at, _)| *at >= now);
        all
    }

    fn judge(&self, at: OffsetDateTime) -> Verdict {
        let at = UnixTime::since_unix_epoch(Duration::from_secs(
            u64::try_from(at.unix_timestamp()).unwrap_or_default(),
        ));
        let (caller, server) = (&self.caller.tls, &self.server.tls);
        let serving = server.serving().and_then(|it| it.current().server_slot().credentials());
        let of_server = caller.originating().map(|calling| {
            let presented = serving.and_then(|serving| asked_for(&serving, &calling.name));
            calling.servers.verify(chain(presented).as_deref(), &calling.name, at)
        });
        let presented = caller.calling().and_then(|it| it.current().client_slot().credentials());
        let accept = self.server.config.accept.as_ref().map(|accept| accept.get_ref());
        let asks = accept.map(|accept| accept.client_auth).unwrap_or_default();
        let is_asked = match asks {
            ClientAuth::Required => true,
            ClientAuth::Optional => presented.is_some(),
            ClientAuth::None => false,
        };
        let of_caller = server.accepting().filter(|_| is_asked);
        Verdict {
            of_server,
            of_caller: of_caller
                .map(|serving| serving.clients.verify(chain(presented).as_deref(), at)),
            is_speechless: self.is_speechless(),
        }
    }

    fn is_speechless(&self) -> bool {
        let offered = self.caller.config.originate.as_ref().map(|it| &it.get_ref().alpn[..]);
        let spoken = self.server.config.accept.as_ref().map(|it| &it.get_ref().alpn[..]);
        let (offered, spoken) = (offered.unwrap_or_default(), spoken.unwrap_or_default());
        let is_common = offered.iter().any(|protocol| spoken.contains(protocol));
        !offered.is_empty() && !spoken.is_empty() && !is_common
    }
}

/// Of several that are presented, the first for this name, or else the first; as the slot chooses.
fn asked_for(credentials: &Credentials, name: &ServerName<'_>) -> Option<Credentials> {
    let is_for = |one: &Credentials| {
        let leaf = ParsedCertificate::try_from(one.leaf().der());
        leaf.is_ok_and(|leaf| verify_server_name(&leaf, name).is_ok())
    };
    // Clients send no addresses as SNI.
    let is_sent = matches!(name, ServerName::DnsName(_));
    let meant = credentials.each().find(|one| is_sent && is_for(one));
    meant.or_else(|| credentials.each().next())
}

fn chain(credentials: Option<Credentials>) -> Option<Vec<CertificateDer<'static>>> {
    let credentials = credentials?;
    Some(credentials.chain().iter().map(|certificate| certificate.der().clone()).collect())
}

impl Verdict {
    /// Equal where nothing changes but the time of which it is told.
    fn kind(&self) -> [Option<(Option<RefusalClass>, bool)>; 2] {
        let kind = |verdict: &Result<VerifiedPeer, Refusal>| match verdict {
            Ok(peer) => (None, peer.eku() == &EkuOutcome::Enforced),
            Err(refusal) => (Some(refusal.class()), false),
        };
        [self.of_server.as_ref().map(kind), self.of_caller.as_ref().map(kind)]
    }

    fn is_good(&self) -> bool {
        let judged = [&self.of_server, &self.of_caller];
        judged.into_iter().flatten().all(Result::is_ok) && !self.is_speechless
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(verdict) = &self.of_server {
            write_one(f, "the caller", "the server", verdict)?;
        }
        match &self.of_caller {
            Some(verdict) => write_one(f, "the server", "the caller", verdict)?,
            None => writeln!(f, "the server does not ask who the caller is")?,
        }
        match self.is_speechless {
            true => writeln!(f, "REFUSED: they have no ALPN protocol in common"),
            false => Ok(()),
        }
    }
}

fn write_one(
    f: &mut std::fmt::Formatter<'_>,
    judge: &str,
    peer: &str,
    verdict: &Result<VerifiedPeer, Refusal>,
) -> std::fmt::Result {
    match verdict {
        Ok(verified) => match verified.eku() {
            EkuOutcome::Enforced => writeln!(f, "{judge} accepts {peer}"),
            eku => writeln!(f, "{judge} accepts {peer}, {eku}"),
        },
        Err(refusal) => writeln!(f, "REFUSED: {judge} refuses {peer}: {}", refusal.reason()),
    }
}
