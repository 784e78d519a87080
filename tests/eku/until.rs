//! `EkuPolicy::until` ends a relaxation by itself: same verifier object, same configuration, only
//! the clock of the rustls configuration goes on. What a policy is behind its end, `matrix` shows.

use std::sync::Arc;

use crate::common::clock::{Clock, NOW, unix};
use crate::common::errors::Rows;
use crate::common::ours::{Heard, Setup, Whom, clients, meet, roots};
use crate::common::pki::{Ca, Eku, Leaf, LeafSpec};
use crate::common::tls::{alert, stacks};
use mtls_roles::{EkuPolicy, PeerRule, RefusalClass, Role, Roots};
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, ExtendedKeyPurpose};
use time::macros::datetime;
use time::{Duration, OffsetDateTime, UtcOffset};

const END: OffsetDateTime = NOW;

#[test]
fn a_peer_is_relaxed_and_reported_one_second_before_the_end_and_refused_at_the_end() {
    let (ignore, accept) = (EkuPolicy::ignore(), EkuPolicy::accept_server_auth());
    let (of_clients, of_servers) =
        ("serverAuth, needed clientAuth", "clientAuth, needed serverAuth");
    for (role, eku, violation, policies) in [
        (Role::Client, Eku::server(), of_clients, vec![ignore, accept]),
        (Role::Server, Eku::client(), of_servers, vec![ignore]),
    ] {
        let (roots, leaf) = peer(eku);
        let relaxed = format!(
            "relaxed {role} dns:edge.example: leaf `CN=edge` has extended key usage {violation}"
        );
        for (stack, policy) in
            stacks().iter().flat_map(|stack| policies.iter().map(move |policy| (stack, policy)))
        {
            let (clock, told) = (Clock::default(), Arc::new(Heard::default()));
            let setup = Setup {
                policy: policy.until(END),
                relax_for: Whom::Named(rule()),
                observer: Some(told.clone()),
                ..Setup::default()
            };
            let verifier = setup.build(role, &roots, &stack.provider).unwrap();
            // No latch against a clock that goes back: such a clock revives expired certificates, too.
            for (row, now, is_relaxed) in around_the_end() {
                let id = format!("{role}, {}, {policy}, {row}", stack.name);
                clock.set(now);
                let presented = leaf.credentials(&[]);
                let [verifying, presenting] =
                    meet(stack, &clock, &verifier, presented, "edge.example");
                let ends = (verifying.err(), presenting.err().as_ref().and_then(alert));
                let (expected, line) = match is_relaxed {
                    true => ((None, None), relaxed.clone()),
                    false => (
                        (Some(strict_error(role)), Some(AlertDescription::UnsupportedCertificate)),
                        format!("refused {role} Eku"),
                    ),
                };
                assert_eq!((ends, told.lines()), (expected, vec![line]), "{id}");
            }
        }
    }
}

fn around_the_end() -> [(&'static str, OffsetDateTime, bool); 7] {
    let second = Duration::seconds(1);
    [
        ("a day before", END - Duration::days(1), true),
        ("one second before", END - second, true),
        ("at the end", END, false),
        ("one second after", END + second, false),
        ("weeks after", END + Duration::weeks(4), false),
        ("set back to one second before", END - second, true),
        ("at the end again", END, false),
    ]
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
    let mut checked = Rows::default();
    for (id, end, now, is_relaxed) in rows {
        for policy in [EkuPolicy::ignore(), EkuPolicy::accept_server_auth()] {
            let policy = end.map_or(policy, |end| policy.until(end));
            let verifier = clients(&roots).eku_policy(policy).relax_for(rule()).build().unwrap();
            let found = verifier.verify(Some(&chain), now);
            let found = found
                .map(|peer| peer.eku().violation().is_some())
                .map_err(|refusal| (refusal.error().clone(), refusal.class()));
            let ended = Err((strict_error(Role::Client), RefusalClass::Eku));
            let expected = if is_relaxed { Ok(true) } else { ended };
            checked.same(format_args!("{id}, {policy}"), found, expected);
        }
    }
}

/// A peer for `edge.example`, directly below private roots.
fn peer(eku: Eku) -> (Roots, Leaf) {
    let root = Ca::root_named("root");
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
