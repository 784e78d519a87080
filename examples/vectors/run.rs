//! Runs the vectors through this crate: in a handshake's call and outside one, which must agree.

mod slot;

use std::collections::BTreeMap;
use std::sync::Arc;

use mtls_roles::{
    ClientPeerVerifier, Counters, Crls, EkuOutcome, EkuPolicy, EkuViolation, PeerRule,
    PeerVerifier, PeerVerifierBuilder, Refusal, RefusalClass, Role, Roots, ServerPeerVerifier,
    Verdicts, VerifiedPeer,
};
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cannot::Cannot;
use crate::format::{Expected, Pems, Suite, Vector, Wrong};
use crate::requirements::Requirements;

/// A line for each requirement that has vectors, and one for each vector that is answered otherwise.
pub fn report(suite: &Suite) -> bool {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut cannot = Cannot::read("mtls-roles").expect("the rows of this crate");
    for vector in suite.all() {
        let answer = answer(suite, vector);
        let is_right = answer == vector.expected;
        if !is_right && cannot.excuses(&vector.id) {
            println!("{:<24} cannot, see cannot.txt", vector.id);
            continue;
        }
        for requirement in &vector.requirements {
            let (right, all) = counts.entry(requirement).or_default();
            *right += usize::from(is_right);
            *all += 1;
        }
        if !is_right {
            wrong.push(format!(
                "{}: {}\n  expected {:?}\n  answered {answer:?}",
                vector.id, vector.about, vector.expected
            ));
        }
    }
    for id in Requirements::read().ids {
        if let Some((right, all)) = counts.get(id.as_str()) {
            let word = if right == all { "holds" } else { "FAILS" };
            println!("{id:<24} {word} {right} of {all}");
        }
    }
    wrong.extend(cannot.idle());
    wrong.iter().for_each(|line| println!("{line}"));
    let right = suite.all().filter(|vector| answer(suite, vector) == vector.expected).count();
    println!("{right} of {} vectors", suite.all().count());
    wrong.is_empty()
}

fn answer(suite: &Suite, vector: &Vector) -> Expected {
    let answer = match vector.role.as_str() {
        _ if vector.slot_key.is_some() => slot::answer(suite, vector),
        "server" => as_server(suite, vector),
        _ => as_client(suite, vector),
    };
    answer.unwrap_or_else(|_| Expected {
        verdict: "config-error".into(),
        class: None,
        report: None,
        eku: None,
    })
}

type Answer = Result<Expected, mtls_roles::Error>;

fn as_client(suite: &Suite, vector: &Vector) -> Answer {
    let provider = aws_lc_rs::default_provider();
    let roots = Roots::from_pem(pem(&suite.certificates, &vector.roots).as_bytes())?;
    let mut builder = ClientPeerVerifier::builder(roots, &provider);
    for rule in &vector.policy.allow {
        builder = builder.allow(rule.parse::<PeerRule>()?);
    }
    if vector.policy.allow_anybody_public {
        builder = builder.allow_anybody_with_a_public_certificate();
    }
    let counters = Arc::new(Counters::default());
    let clients = configured(builder, suite, vector)?.observer(counters.clone()).build()?;
    let (chain, now) = (chain(suite, vector), now(vector));
    if let Some((leaf, others)) = chain.split_first() {
        let _ = clients.verify_client_cert(leaf, others, now);
    }
    let counted = counters.verdicts(Role::Client);
    Ok(expected(clients.verify(Some(&chain), now), counted))
}

fn as_server(suite: &Suite, vector: &Vector) -> Answer {
    let provider = aws_lc_rs::default_provider();
    let roots = Roots::from_pem(pem(&suite.certificates, &vector.roots).as_bytes())?;
    let mut builder = ServerPeerVerifier::builder(roots, &provider);
    for rule in &vector.policy.expect {
        builder = builder.expect_in_place_of_name(rule.parse::<PeerRule>()?);
    }
    let counters = Arc::new(Counters::default());
    let servers = configured(builder, suite, vector)?.observer(counters.clone()).build()?;
    let (chain, now) = (chain(suite, vector), now(vector));
    let name = vector.server_name.as_deref().expect("a server has a name");
    let name = ServerName::try_from(name).expect("that is one");
    if let Some((leaf, others)) = chain.split_first() {
        let _ = servers.verify_server_cert(leaf, others, &name, &[], now);
    }
    let counted = counters.verdicts(Role::Server);
    Ok(expected(servers.verify(Some(&chain), &name, now), counted))
}

/// What both roles have in common.
fn configured<V: PeerVerifier>(
    mut builder: PeerVerifierBuilder<V>,
    suite: &Suite,
    vector: &Vector,
) -> Result<PeerVerifierBuilder<V>, mtls_roles::Error> {
    let policy = &vector.policy;
    builder = builder.eku_policy(eku_policy(vector)?);
    for rule in &policy.relax_for {
        builder = builder.relax_for(rule.parse()?);
    }
    if policy.relax_for_any_private_peer {
        builder = builder.relax_for_any_peer_of_these_private_roots();
    }
    if !vector.crls.is_empty() {
        builder = builder.crls(Crls::from_pem(pem(&suite.crls, &vector.crls).as_bytes())?);
    }
    Ok(builder)
}

fn eku_policy(vector: &Vector) -> Result<EkuPolicy, mtls_roles::Error> {
    match &vector.policy.until {
        None => vector.policy.eku.parse(),
        Some(end) => format!("{} until {end}", vector.policy.eku).parse(),
    }
}

fn expected(verified: Result<VerifiedPeer, Refusal>, counted: Verdicts) -> Expected {
    // Who presents nothing is refused by rustls, before a verifier is asked.
    let report = match (
        counted.enforced,
        counted.relaxed,
        counted.refused_by_eku,
        counted.refused_otherwise,
    ) {
        (1, 0, 0, 0) => "enforced",
        (0, 1, 0, 0) => "relaxed",
        (0, 0, 1, 0) => "refused-eku",
        (0, 0, 0, _) => "refused-other",
        _ => "several things",
    };
    let (verdict, class, eku) = match &verified {
        Ok(peer) => ("accept", None, violation(peer.eku())),
        Err(refusal) => {
            let is_eku = refusal.class() == RefusalClass::Eku;
            let wrong = refusal.violation().filter(|_| is_eku).map(wrong);
            ("refuse", Some(refusal.class().name().to_owned()), wrong)
        }
    };
    Expected { verdict: verdict.into(), class, report: Some(report.into()), eku }
}

fn violation(eku: &EkuOutcome) -> Option<Wrong> {
    eku.violation().map(wrong)
}

fn wrong(violation: &EkuViolation) -> Wrong {
    let names = violation.found.as_ref();
    Wrong {
        position: violation.position,
        needed: violation.needed.to_string(),
        found: names.map(|found| found.iter().map(ToString::to_string).collect()),
    }
}

fn pem(pems: &Pems, names: &[String]) -> String {
    names.iter().map(|name| pems[name].as_str()).collect()
}

pub fn chain(suite: &Suite, vector: &Vector) -> Vec<CertificateDer<'static>> {
    let der = |name: &String| CertificateDer::from_pem_slice(suite.certificates[name].as_bytes());
    vector.chain.iter().map(|name| der(name).expect("a certificate")).collect()
}

/// Whole seconds.
pub fn now(vector: &Vector) -> UnixTime {
    let now = OffsetDateTime::parse(&vector.time, &Rfc3339).expect("an instant");
    let seconds = u64::try_from(now.unix_timestamp()).expect("after 1970");
    UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds))
}
