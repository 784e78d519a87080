//! `EkuPolicy::until` ends a relaxation by itself: same verifier object, same configuration, only
//! the clock of the rustls configuration goes on.

use std::sync::Arc;

use crate::common::clock::{Clock, NOW, unix};
use crate::common::ours::Heard;
use crate::common::ours::{clients, roots};
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec};
use crate::common::tls::{Outcome, Stack, alert, handshake, stacks, stock_client, stock_server};
use mtls_roles::{
    ClientPeerVerifier, EkuOutcome, EkuPolicy, PeerRule, RefusalClass, Role, Roots,
    ServerPeerVerifier,
};
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::UnixTime;
use rustls::server::danger::ClientCertVerifier;
use rustls::{AlertDescription, CertificateError, ExtendedKeyPurpose};
use time::macros::datetime;
use time::{Duration, OffsetDateTime, UtcOffset};

const END: OffsetDateTime = NOW;

#[test]
fn a_client_is_relaxed_and_reported_one_second_before_the_end_and_refused_at_the_end() {
    let (root, leaf) = peer(Eku::server());
    for stack in stacks() {
        for policy in [EkuPolicy::ignore(), EkuPolicy::accept_server_auth()] {
            let (clock, told) = (Clock::default(), Arc::new(Heard::default()));
            let verifier = ClientPeerVerifier::builder(root.clone(), &stack.provider)
                .eku_policy(policy.until(END))
                .relax_for(rule())
                .observer(told.clone())
                .build()
                .unwrap();
            let visit = visits_of_a_client(&stack, &clock, Arc::new(verifier), leaf.clone());
            let id = format!("{}, {policy}", stack.name);
            judge(&id, Role::Client, &clock, &told, visit, |outcome| {
                (outcome.server.err(), outcome.client.err())
            });
        }
    }
}

#[test]
fn a_server_is_relaxed_and_reported_one_second_before_the_end_and_refused_at_the_end() {
    let (root, leaf) = peer(Eku::client());
    for stack in stacks() {
        let (clock, told) = (Clock::default(), Arc::new(Heard::default()));
        let verifier = ServerPeerVerifier::builder(root.clone(), &stack.provider)
            .eku_policy(EkuPolicy::ignore().until(END))
            .relax_for(rule())
            .observer(told.clone())
            .build()
            .unwrap();
        let visit = visits_to_a_server(&stack, &clock, Arc::new(verifier), leaf.clone());
        judge(&stack.name, Role::Server, &clock, &told, visit, |outcome| {
            (outcome.client.err(), outcome.server.err())
        });
    }
}

/// Visits around the end; `ends` sorts an outcome into the end that verifies and the other one.
fn judge(
    id: &str,
    role: Role,
    clock: &Clock,
    told: &Heard,
    visit: impl Fn() -> Outcome,
    ends: impl Fn(Outcome) -> (Option<rustls::Error>, Option<rustls::Error>),
) {
    let second = Duration::seconds(1);
    // No latch against a clock that goes back: such a clock revives expired certificates, too.
    let rows = [
        ("a day before", END - Duration::days(1), true),
        ("one second before", END - second, true),
        ("at the end", END, false),
        ("one second after", END + second, false),
        ("weeks after", END + Duration::weeks(4), false),
        ("set back to one second before", END - second, true),
        ("at the end again", END, false),
    ];
    for (row, now, is_relaxed) in rows {
        clock.set(now);
        let (verifying, other) = ends(visit());
        let told = told.lines();
        if is_relaxed {
            assert_eq!((verifying, other), (None, None), "{id}, {row}");
            let violation = match role {
                Role::Client => {
                    "leaf `CN=edge` has extended key usage serverAuth, needed clientAuth"
                }
                Role::Server => {
                    "leaf `CN=edge` has extended key usage clientAuth, needed serverAuth"
                }
            };
            let line = format!("relaxed {role} dns:edge.example: {violation}");
            assert_eq!(told, [line], "{id}, {row}");
            continue;
        }
        let error = verifying.unwrap_or_else(|| panic!("{id}, {row}: accepted"));
        assert_eq!(error, strict_error(role), "{id}, {row}");
        let alert = other.as_ref().and_then(alert);
        assert_eq!(alert, Some(AlertDescription::UnsupportedCertificate), "{id}, {row}");
        assert_eq!(told, [format!("refused {role} Eku")], "{id}, {row}");
    }
}

#[test]
fn the_end_is_judged_in_whole_seconds_of_utc_and_before_1970_it_has_passed() {
    let root = Ca::root_named("root");
    let roots = roots([&root]);
    let old = datetime!(1970-01-01 0:00 UTC);
    let spec = LeafSpec::new("edge").dns("edge.example").eku(Eku::server());
    let chain = root.leaf(spec.valid(old, datetime!(9999-12-31 23:59:59 UTC))).chain(&[]);
    let east = UtcOffset::from_hms(14, 0, 0).unwrap();
    let (second, epoch) =
        (Duration::seconds(1), UnixTime::since_unix_epoch(std::time::Duration::ZERO));
    let late = unix(datetime!(9999-12-31 23:59:59 UTC));
    let before = unix(END - second);
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("no end", None, unix(NOW), true),
        ("no end, in the last second", None, late, true),
        ("one second before", Some(END), before, true),
        ("at the end", Some(END), unix(END), false),
        ("another offset, one second before", Some(END.to_offset(east)), before, true),
        ("another offset, at the end", Some(END.to_offset(east)), unix(END), false),
        ("half a second later is the same second", Some(END + second / 2), unix(END), false),
        ("half a second later, one second before", Some(END + second / 2), before, true),
        ("one second after 1970 began", Some(old + second), epoch, true),
        ("as 1970 began", Some(old), epoch, false),
        ("one second before 1970", Some(old - second), epoch, false),
        ("half a second before 1970", Some(old - second / 2), epoch, false),
        ("1969, now", Some(datetime!(1969-07-20 20:17 UTC)), unix(NOW), false),
        ("1969, in the last second", Some(datetime!(1969-07-20 20:17 UTC)), late, false),
        ("long before Christ", Some(datetime!(-9999-01-01 0:00 UTC)), epoch, false),
        ("year 9999, now", Some(datetime!(9999-12-31 23:59:59 UTC)), unix(NOW), true),
        ("year 9999, at the end", Some(datetime!(9999-12-31 23:59:59 UTC)), late, false),
    ];
    let mut wrong = vec![];
    for (id, end, now, is_relaxed) in rows {
        for policy in [EkuPolicy::ignore(), EkuPolicy::accept_server_auth()] {
            let policy = end.map_or(policy, |end| policy.until(end));
            let builder = clients(&roots).eku_policy(policy);
            let verifier = builder.relax_for(rule()).build().unwrap();
            match verifier.verify(Some(&chain), now) {
                Ok(peer) if is_relaxed && matches!(peer.eku(), EkuOutcome::Relaxed(_)) => {}
                Err(refusal)
                    if !is_relaxed
                        && *refusal.error() == strict_error(Role::Client)
                        && refusal.class() == RefusalClass::Eku => {}
                other => wrong.push(format!("{id}, {policy}: {other:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_policy_that_has_ended_is_rfc5280_and_not_strict() {
    let (roots, leaf) = peer(Eku::Absent);
    let ended = EkuPolicy::ignore().until(END - Duration::days(1));
    let verifier = clients(&roots).eku_policy(ended);
    let verifier = verifier.relax_for(rule()).build().unwrap();
    let peer = verifier.verify(Some(&leaf.chain(&[])), unix(NOW)).unwrap();
    assert_eq!(*peer.eku(), EkuOutcome::Enforced);
}

#[test]
fn rfc5280_and_strict_are_the_same_with_and_without_an_end() {
    let ekus = [("none", Eku::Absent), ("right", Eku::client()), ("wrong", Eku::server())];
    for (id, eku) in ekus {
        let (roots, leaf) = peer(eku);
        let verdict = |policy, now| {
            let builder = clients(&roots);
            let verifier = builder.eku_policy(policy).build().unwrap();
            let found = verifier.verify(Some(&leaf.chain(&[])), unix(now));
            found
                .map(|peer| peer.eku().clone())
                .map_err(|refusal| (refusal.error().clone(), refusal.class()))
        };
        for policy in [EkuPolicy::rfc5280(), EkuPolicy::strict()] {
            for now in [END - Duration::seconds(1), END, END + Duration::days(1)] {
                assert_eq!(
                    verdict(policy.until(END), now),
                    verdict(policy, now),
                    "{id}, {policy}, {now}"
                );
            }
        }
        let has_passed = |policy: EkuPolicy| verdict(policy.until(END), END).is_ok();
        assert_eq!(has_passed(EkuPolicy::rfc5280()), id != "wrong", "{id}");
        assert_eq!(has_passed(EkuPolicy::strict()), id == "right", "{id}");
    }
}

/// A server under test, visited by a stock client.
fn visits_of_a_client(
    stack: &Stack,
    clock: &Clock,
    verifier: Arc<dyn ClientCertVerifier>,
    leaf: Leaf,
) -> impl Fn() -> Outcome {
    let site = Ca::root_named("site");
    let home = site.leaf(LeafSpec::new("site").dns("site.example"));
    let (provider, versions) = (&stack.provider, [stack.version]);
    let mut server = stock_server(provider, &versions, home.credentials(&[]), Some(verifier));
    mtls_roles::without_resumption(&mut server);
    server.time_provider = Arc::new(clock.clone());
    let client = stock_client(provider, &versions, &[site.der()], Some(leaf.credentials(&[])));
    let (server, client) = (Arc::new(server), Arc::new(client));
    move || handshake(server.clone(), client.clone(), "site.example")
}

/// A client under test that visits a stock server.
fn visits_to_a_server(
    stack: &Stack,
    clock: &Clock,
    verifier: Arc<dyn ServerCertVerifier>,
    leaf: Leaf,
) -> impl Fn() -> Outcome {
    let (provider, versions) = (&stack.provider, [stack.version]);
    let server = stock_server(provider, &versions, leaf.credentials(&[]), None);
    let unused = Ca::root_named("unused").der();
    let mut client = stock_client(provider, &versions, &[unused], None);
    client.dangerous().set_certificate_verifier(verifier);
    mtls_roles::without_resumption(&mut client);
    client.time_provider = Arc::new(clock.clone());
    let (server, client) = (Arc::new(server), Arc::new(client));
    move || handshake(server.clone(), client.clone(), "edge.example")
}

/// A peer for `edge.example`, directly below private roots.
fn peer(eku: Eku) -> (Roots, Leaf) {
    let root = Ca::root(CaSpec::new("root"));
    let leaf = root.leaf(LeafSpec::new("edge").dns("edge.example").eku(eku));
    (roots([&root]), leaf)
}

fn rule() -> PeerRule {
    PeerRule::dns_name("edge.example").unwrap()
}

/// What `rfc5280()` says of the purpose of the other role.
fn strict_error(role: Role) -> rustls::Error {
    use ExtendedKeyPurpose::{ClientAuth, ServerAuth};
    let (required, presented) = match role {
        Role::Client => (ClientAuth, vec![ServerAuth]),
        Role::Server => (ServerAuth, vec![ClientAuth]),
    };
    CertificateError::InvalidPurposeContext { required, presented }.into()
}
