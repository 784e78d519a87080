//! A relaxed EKU policy is for the peers that it names; everybody else stays under `rfc5280()`.

use std::sync::Arc;

use crate::common::clock::{Clock, NOW, unix};
use crate::common::ours::{Verifier, clients, meet, roots, rule, servers};
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec};
use crate::common::tls::{Stack, alert, provider, stacks, stock_client_verifier};
use mtls_roles::{ClientPeerVerifier, Counters, EkuOutcome, EkuPolicy, Error, RefusalClass, Role};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, CertificateError, ExtendedKeyPurpose};
use time::macros::datetime;

#[test]
fn a_relaxed_policy_without_relax_for_does_not_build_and_says_what_to_add() {
    let root = Ca::root_named("root");
    let ended = datetime!(1969-01-01 0:00 UTC);
    for policy in
        [EkuPolicy::ignore(), EkuPolicy::accept_server_auth(), EkuPolicy::ignore().until(ended)]
    {
        let error = clients(&roots([&root])).eku_policy(policy).build().unwrap_err();
        assert!(matches!(error, Error::RelaxedForNobody { role: Role::Client, .. }));
        assert_eq!(
            error.to_string(),
            "a relaxed EKU policy for clients is given, but nobody to relax it for; add \
             .relax_for(rule) for each peer whose EKU may be wrong, or, over private roots, \
             .relax_for_any_peer_of_these_private_roots()",
            "{policy}"
        );
        // Who may connect is another question.
        let allowed = clients(&roots([&root])).eku_policy(policy).allow(rule("dns:edge.example"));
        assert!(allowed.build().is_err(), "{policy}");
    }
    let servers = servers(&roots([&root])).eku_policy(EkuPolicy::ignore());
    assert!(matches!(servers.build(), Err(Error::RelaxedForNobody { role: Role::Server, .. })));
}

#[test]
fn what_that_error_says_to_add_is_enough() {
    let root = Ca::root_named("root");
    let relaxed = || clients(&roots([&root])).eku_policy(EkuPolicy::ignore());
    assert!(relaxed().relax_for(rule("dns:edge.example")).build().is_ok());
    assert!(relaxed().relax_for_any_peer_of_these_private_roots().build().is_ok());
    for policy in [EkuPolicy::rfc5280(), EkuPolicy::strict()] {
        assert!(clients(&roots([&root])).eku_policy(policy).build().is_ok());
    }
}

#[test]
fn five_hundred_right_clients_and_one_relaxed_one_work_together() {
    let root = Ca::root_named("root");
    let counters = Arc::new(Counters::default());
    let verifier = clients(&roots([&root]))
        .eku_policy(EkuPolicy::ignore())
        .relax_for(rule("dns:edge.example"))
        .observer(counters.clone())
        .build()
        .unwrap();
    let stack = &stacks()[1];
    let edge = root.leaf(LeafSpec::new("edge").dns("edge.example").eku(Eku::server()));
    for number in 0..500 {
        let name = format!("client-{number}.example");
        let right = root.leaf(LeafSpec::new(&name).dns(&name).eku(Eku::client()));
        assert_eq!(visit(stack, &verifier, &right), Ok(()), "{name}");
        if number == 250 {
            assert_eq!(visit(stack, &verifier, &edge), Ok(()));
        }
    }
    let verified = counters.verdicts(Role::Client);
    assert_eq!((verified.enforced, verified.relaxed), (500, 1));
    assert_eq!((verified.refused_by_eku, verified.refused_otherwise), (0, 0));
}

#[test]
fn a_stranger_under_the_same_roots_gets_exactly_the_error_of_rfc5280() {
    let mut wrong = vec![];
    for (id, root, chain) in strangers() {
        let stock = stock_client_verifier(&provider(), &[root.der()], []);
        let stock = stock.verify_client_cert(&chain[0], &chain[1..], unix(NOW));
        let stock = stock.expect_err("a stranger has a wrong EKU");
        let rfc5280 = clients(&roots([&root])).build().unwrap();
        let rfc5280 = rfc5280.verify(Some(&chain), unix(NOW)).unwrap_err();
        if *rfc5280.error() != stock {
            wrong.push(format!("{id}, rfc5280: {rfc5280:?}"));
        }
        for policy in [EkuPolicy::ignore(), EkuPolicy::accept_server_auth()] {
            let verifier = clients(&roots([&root]))
                .eku_policy(policy)
                .relax_for(rule("dns:edge.example"))
                .build()
                .unwrap();
            match verifier.verify(Some(&chain), unix(NOW)) {
                // What is not good for serverAuth either is refused by the second search, whose
                // error is returned then: a wrong EKU, too, but for the other purpose.
                Err(refusal) if id.starts_with("neither") && policy != EkuPolicy::ignore() => {
                    let error = CertificateError::InvalidPurposeContext {
                        required: ExtendedKeyPurpose::ServerAuth,
                        presented: vec![code_signing()],
                    };
                    if *refusal.error() != error.into() || refusal.class() != RefusalClass::Eku {
                        wrong.push(format!("{id}, {policy}: {refusal:?}"));
                    }
                }
                Err(refusal)
                    if *refusal.error() == stock
                        && refusal.class() == RefusalClass::Eku
                        && refusal.violation() == rfc5280.violation() => {}
                other => wrong.push(format!("{id}, {policy}: {other:?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_stranger_hears_unsupported_certificate_while_the_named_peer_is_served() {
    let root = Ca::root_named("root");
    let edge = root.leaf(LeafSpec::new("edge").dns("edge.example").eku(Eku::server()));
    let stranger = root.leaf(LeafSpec::new("edge").dns("other.example").eku(Eku::server()));
    for stack in stacks() {
        let verifier = clients(&roots([&root]))
            .eku_policy(EkuPolicy::ignore())
            .relax_for(rule("dns:edge.example"))
            .build()
            .unwrap();
        assert_eq!(visit(&stack, &verifier, &edge), Ok(()), "{}", stack.name);
        let refused = Err((
            purpose_error(vec![ExtendedKeyPurpose::ServerAuth]),
            Some(AlertDescription::UnsupportedCertificate),
        ));
        assert_eq!(visit(&stack, &verifier, &stranger), refused, "{}", stack.name);
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
    let wrong_eku = || purpose_error(vec![ExtendedKeyPurpose::ServerAuth]);
    let kept_out = || CertificateError::ApplicationVerificationFailure.into();
    type Expected = Result<bool, (rustls::Error, RefusalClass)>;
    #[rustfmt::skip] // One row, one line.
    let rows: [(&str, &[&str], Eku, Expected); 8] = [
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
    let mut wrong = vec![];
    for (id, names, eku, expected) in rows {
        let spec = names.iter().fold(LeafSpec::new("peer").eku(eku), |spec, name| spec.dns(name));
        let chain = root.leaf(spec).chain(&[]);
        for policy in [EkuPolicy::ignore(), EkuPolicy::accept_server_auth()] {
            let found = verifier(policy)
                .verify(Some(&chain), unix(NOW))
                .map(|peer| matches!(peer.eku(), EkuOutcome::Relaxed(_)))
                .map_err(|refusal| (refusal.error().clone(), refusal.class()));
            if found != expected {
                wrong.push(format!("{id}, {policy}: {found:?}, not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn relax_for_does_nothing_under_a_policy_that_is_not_relaxed() {
    let root = Ca::root_named("root");
    let leaf = root.leaf(LeafSpec::new("edge").dns("edge.example").eku(Eku::server()));
    for policy in [EkuPolicy::rfc5280(), EkuPolicy::strict()] {
        let verifier = clients(&roots([&root]))
            .eku_policy(policy)
            .relax_for(rule("dns:edge.example"))
            .relax_for_any_peer_of_these_private_roots()
            .build()
            .unwrap();
        let refusal = verifier.verify(Some(&leaf.chain(&[])), unix(NOW));
        let refusal = refusal.unwrap_err();
        let expected = purpose_error(vec![ExtendedKeyPurpose::ServerAuth]);
        assert_eq!(*refusal.error(), expected, "{policy}");
    }
}

#[test]
fn a_relaxed_server_is_checked_by_name_and_a_strange_one_gets_the_strict_error() {
    let root = Ca::root_named("root");
    let verifier = servers(&roots([&root]))
        .eku_policy(EkuPolicy::ignore())
        .relax_for(rule("dns:api.example"))
        .build()
        .unwrap();
    let leaf = |name: &str| root.leaf(LeafSpec::new("server").dns(name).eku(Eku::client()));
    let ask = |leaf: &Leaf, name: &'static str| {
        let name = ServerName::try_from(name).unwrap();
        let found = verifier.verify(Some(&leaf.chain(&[])), &name, unix(NOW));
        found.map_err(|refusal| (refusal.error().clone(), refusal.class()))
    };
    let strict = || {
        rustls::Error::from(CertificateError::InvalidPurposeContext {
            required: ExtendedKeyPurpose::ServerAuth,
            presented: vec![ExtendedKeyPurpose::ClientAuth],
        })
    };
    let (api, other) = (leaf("api.example"), leaf("other.example"));
    assert!(ask(&api, "api.example").is_ok());
    let misnamed = CertificateError::NotValidForNameContext {
        expected: ServerName::try_from("other.example").unwrap(),
        presented: vec!["DnsName(\"api.example\")".into()],
    };
    let wrong_name = Err((misnamed.into(), RefusalClass::Name));
    assert_eq!(ask(&api, "other.example"), wrong_name);
    let eku_alone = Err((strict(), RefusalClass::Eku));
    assert_eq!(ask(&other, "other.example"), eku_alone);
    let name_too = Err((strict(), RefusalClass::Name));
    assert_eq!(ask(&other, "api.example"), name_too);
}

/// Chains whose EKU is wrong for a client, by id; none of them is named by a rule.
///
/// Their names resemble the rule's `edge.example`, and stand where no rule looks.
#[rustfmt::skip] // One row, one line.
fn strangers() -> Vec<(&'static str, Ca, Vec<CertificateDer<'static>>)> {
    let leaf = |eku| {
        LeafSpec::new("edge.example")
            .dns("edge.example.evil.example")
            .dns("*.example")
            .email("edge.example@evil.example")
            .eku(eku)
    };
    let below = |sub_eku: Eku, leaf_eku: Eku| {
        let root = Ca::root_named("root");
        let sub = root.sub(CaSpec::new("sub").eku(sub_eku));
        let chain = sub.leaf(leaf(leaf_eku)).chain(&[&sub]);
        (root, chain)
    };
    [
        ("leaf serverAuth", below(Eku::Absent, Eku::server())),
        ("leaf and issuer serverAuth", below(Eku::server(), Eku::server())),
        ("issuer serverAuth", below(Eku::server(), Eku::both())),
        ("issuer serverAuth, leaf without", below(Eku::server(), Eku::Absent)),
        ("neither: leaf codeSigning", below(Eku::Absent, Eku::code_signing())),
        ("neither: issuer codeSigning", below(Eku::code_signing(), Eku::both())),
    ]
    .map(|(id, (root, chain))| (id, root, chain))
    .to_vec()
}

/// A stock client visits a server with this verifier: the error at the server and the alert at the client.
fn visit(
    stack: &Stack,
    verifier: &ClientPeerVerifier,
    leaf: &Leaf,
) -> Result<(), (rustls::Error, Option<AlertDescription>)> {
    let verifier = Verifier::Clients(verifier.clone());
    match meet(stack, &Clock::default(), &verifier, leaf.credentials(&[]), "site.example") {
        [Ok(_), Ok(_)] => Ok(()),
        [server, client] => {
            Err((server.expect_err("both ends fail"), alert(&client.expect_err("both ends fail"))))
        }
    }
}

fn purpose_error(presented: Vec<ExtendedKeyPurpose>) -> rustls::Error {
    let required = ExtendedKeyPurpose::ClientAuth;
    CertificateError::InvalidPurposeContext { required, presented }.into()
}

fn code_signing() -> ExtendedKeyPurpose {
    ExtendedKeyPurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 3])
}
