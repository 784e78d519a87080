//! A relaxed EKU policy is for the peers that it names; everybody else stays under `rfc5280()`, whose error they get:
//! `matrix` has columns that are relaxed for somebody else.

use std::sync::Arc;

use crate::common::clock::{Clock, NOW, unix};
use crate::common::errors::Rows;
use crate::common::ours::{Verifier, clients, meet, roots, rule, servers};
use crate::common::pki::{Ca, Eku, LeafSpec};
use crate::common::tls::{alert, stacks};
use mtls_roles::{
    Counters, EkuOutcome, EkuPolicy, Error, PeerRule, Refusal, RefusalClass, Role, VerifiedPeer,
};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, ExtendedKeyPurpose};
use time::macros::datetime;

/// `tests/loading/errors.txt` has the words, which say what to add.
#[test]
fn a_relaxed_policy_without_relax_for_does_not_build() {
    let roots = roots([&Ca::root_named("root")]);
    let ended = EkuPolicy::ignore().until(datetime!(1969-01-01 0:00 UTC));
    for policy in [EkuPolicy::ignore(), EkuPolicy::accept_server_auth(), ended] {
        let error = clients(&roots).eku_policy(policy).build().unwrap_err();
        assert!(matches!(error, Error::RelaxedForNobody { role: Role::Client, .. }));
        // Who may connect is another question.
        let allowed = clients(&roots).eku_policy(policy).allow(rule("dns:edge.example"));
        assert!(allowed.build().is_err(), "{policy}");
    }
    let servers = servers(&roots).eku_policy(EkuPolicy::ignore());
    assert!(matches!(servers.build(), Err(Error::RelaxedForNobody { role: Role::Server, .. })));
}

#[test]
fn a_stranger_hears_unsupported_certificate_while_the_named_peer_and_the_right_ones_are_served() {
    let root = Ca::root_named("root");
    let leaf = |name, eku| root.leaf(LeafSpec::new("edge").dns(name).eku(eku)).credentials(&[]);
    for stack in stacks() {
        let counters = Arc::new(Counters::default());
        let verifier = clients(&roots([&root]))
            .eku_policy(EkuPolicy::ignore())
            .relax_for(rule("dns:edge.example"))
            .observer(counters.clone());
        let verifier = Verifier::Clients(verifier.build().unwrap());
        for (name, eku, is_served) in [
            ("other.example", Eku::client(), true),
            ("edge.example", Eku::server(), true),
            ("other.example", Eku::server(), false),
            ("other.example", Eku::client(), true),
        ] {
            let [server, client] =
                meet(&stack, &Clock::default(), &verifier, leaf(name, eku), "site.example");
            let refused = (wrong_eku(), Some(AlertDescription::UnsupportedCertificate));
            let found = server.err().map(|error| (error, alert(&client.unwrap_err())));
            assert_eq!(found, (!is_served).then_some(refused), "{}", stack.name);
        }
        let verified = counters.verdicts(Role::Client);
        assert_eq!((verified.enforced, verified.relaxed), (2, 1), "{}", stack.name);
        assert_eq!((verified.refused_by_eku, verified.refused_otherwise), (1, 0));
    }
}

#[test]
fn relax_for_admits_nobody_whom_allow_keeps_out() {
    let root = Ca::root_named("root");
    let verifier = |policy| {
        clients(&roots([&root]))
            .eku_policy(policy)
            .allow(rule("dns:allowed.example"))
            .relax_for(rule("dns:relaxed.example"))
            .build()
            .unwrap()
    };
    let kept_out = || CertificateError::ApplicationVerificationFailure.into();
    #[rustfmt::skip] // One row, one line.
    let rows: [(&str, &[&str], Eku, Said); 8] = [
        ("allowed, right EKU", &["allowed.example"], Eku::client(), Ok(false)),
        ("allowed, wrong EKU", &["allowed.example"], Eku::server(), Err((wrong_eku(), RefusalClass::Eku))),
        ("relaxed only, right EKU", &["relaxed.example"], Eku::client(), Err((kept_out(), RefusalClass::PeerRule))),
        ("relaxed only, wrong EKU", &["relaxed.example"], Eku::server(), Err((kept_out(), RefusalClass::PeerRule))),
        ("both, right EKU", &["allowed.example", "relaxed.example"], Eku::client(), Ok(false)),
        ("both, wrong EKU", &["allowed.example", "relaxed.example"], Eku::server(), Ok(true)),
        ("neither, right EKU", &["other.example"], Eku::client(), Err((kept_out(), RefusalClass::PeerRule))),
        // The EKU error of rfc5280(), but the EKU was not the only obstacle.
        ("neither, wrong EKU", &["other.example"], Eku::server(), Err((wrong_eku(), RefusalClass::PeerRule))),
    ];
    let mut checked = Rows::default();
    for (id, names, eku, expected) in rows {
        let spec = names.iter().fold(LeafSpec::new("peer").eku(eku), |spec, name| spec.dns(name));
        let chain = root.leaf(spec).chain(&[]);
        for policy in [EkuPolicy::ignore(), EkuPolicy::accept_server_auth()] {
            let found = said(verifier(policy).verify(Some(&chain), unix(NOW)));
            checked.same(format_args!("{id}, {policy}"), &found, &expected);
        }
    }
}

/// Whatever its EKU, and whatever rule is relaxed for it.
#[test]
fn a_server_is_checked_by_name_and_a_strange_one_gets_the_strict_error() {
    use RefusalClass::{Eku as EkuAlone, Name};
    let root = Ca::root_named("root");
    let leaf = |name: &str, eku| root.leaf(LeafSpec::new("server").dns(name).eku(eku)).chain(&[]);
    let misnamed = CertificateError::NotValidForNameContext {
        expected: ServerName::try_from("api.example").unwrap(),
        presented: vec!["DnsName(\"b.example\")".into()],
    };
    let misnamed = || rustls::Error::from(misnamed.clone());
    let purpose = |presented| CertificateError::InvalidPurposeContext {
        required: ExtendedKeyPurpose::ServerAuth,
        presented,
    };
    let strict = || purpose(vec![ExtendedKeyPurpose::ClientAuth]).into();
    let (rfc5280, ignore) = (EkuPolicy::rfc5280(), EkuPolicy::ignore());
    let missing = || purpose(vec![]).into();
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("right name", rfc5280, "b.example", leaf("api.example", Eku::client()), Err((strict(), EkuAlone))),
        ("wrong name", rfc5280, "b.example", leaf("b.example", Eku::client()), Err((strict(), Name))),
        ("right name, strict", EkuPolicy::strict(), "b.example", leaf("api.example", Eku::Absent), Err((missing(), EkuAlone))),
        ("wrong name, strict", EkuPolicy::strict(), "b.example", leaf("b.example", Eku::Absent), Err((missing(), Name))),
        ("right name, relaxed", ignore, "api.example", leaf("api.example", Eku::client()), Ok(true)),
        ("right name, relaxed for another", ignore, "b.example", leaf("api.example", Eku::client()), Err((strict(), EkuAlone))),
        ("wrong name, relaxed", ignore, "b.example", leaf("b.example", Eku::client()), Err((misnamed(), Name))),
        ("wrong name, relaxed for another", ignore, "api.example", leaf("b.example", Eku::client()), Err((strict(), Name))),
    ];
    let name = ServerName::try_from("api.example").unwrap();
    for (id, policy, relaxed, chain, expected) in rows {
        let verifier = servers(&roots([&root])).eku_policy(policy);
        let verifier = verifier.relax_for(PeerRule::dns_name(relaxed).unwrap()).build().unwrap();
        assert_eq!(said(verifier.verify(Some(&chain), &name, unix(NOW))), expected, "{id}");
    }
}

/// Whether it was relaxed, or the error and its class.
type Said = Result<bool, (rustls::Error, RefusalClass)>;

fn said(verified: Result<VerifiedPeer, Refusal>) -> Said {
    verified
        .map(|peer| matches!(peer.eku(), EkuOutcome::Relaxed(_)))
        .map_err(|refusal| (refusal.error().clone(), refusal.class()))
}

/// What `rfc5280()` says of a client with serverAuth.
fn wrong_eku() -> rustls::Error {
    let (required, presented) =
        (ExtendedKeyPurpose::ClientAuth, vec![ExtendedKeyPurpose::ServerAuth]);
    CertificateError::InvalidPurposeContext { required, presented }.into()
}
