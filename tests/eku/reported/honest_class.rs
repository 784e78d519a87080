//! Observers hear the honest reason of a refusal, whatever error the peer gets.

use std::sync::Arc;

use mtls_roles::{
    ClientPeerVerifier, Counters, Crls, EkuPolicy, PeerVerifierBuilder, RefusalClass, Role,
};
use rustls::server::danger::ClientCertVerifier;
use rustls::{AlertDescription, CertificateError, ExtendedKeyPurpose};

use super::{POLICIES, edge, stock_verdict};
use crate::common::clock::{Clock, NOW, unix};
use crate::common::errors::Rows;
use crate::common::ours::{Heard, Setup, Whom, clients, meet, roots, rule};
use crate::common::pki::{Ca, CaSpec, CrlSpec, Eku, LeafSpec, tamper_signature};
use crate::common::tls::{alert, stacks};

#[test]
fn an_untrusted_serverauth_certificate_is_told_as_unknown_issuer_under_every_policy() {
    let trusted = Ca::root_named("root");
    let leaf = Ca::root_named("stranger")
        .leaf(LeafSpec::new("edge").dns("edge.example").eku(Eku::server()));
    let wrong_eku = rustls::Error::from(CertificateError::InvalidPurposeContext {
        required: ExtendedKeyPurpose::ClientAuth,
        presented: vec![ExtendedKeyPurpose::ServerAuth],
    });
    assert_eq!(stock_verdict(&trusted, &leaf.chain(&[])), Err(wrong_eku.clone()));
    let unknown = rustls::Error::from(CertificateError::UnknownIssuer);
    for stack in stacks() {
        for policy in POLICIES {
            let (error, sent) = match policy.is_relaxed() {
                true => (&unknown, AlertDescription::UnknownCA),
                false => (&wrong_eku, AlertDescription::UnsupportedCertificate),
            };
            let id = format!("{}, {policy}", stack.name);
            let told = Arc::new(Heard::default());
            let setup = Setup {
                policy,
                relax_for: Whom::Named(edge()),
                observer: Some(told.clone()),
                ..Setup::default()
            };
            let verifier = setup.build(Role::Client, &roots([&trusted]), &stack.provider).unwrap();
            let presented = leaf.credentials(&[]);
            let [verifying, presenting] =
                meet(&stack, &Clock::default(), &verifier, presented, "edge.example");
            assert_eq!(verifying.unwrap_err(), *error, "{id}");
            assert_eq!(alert(&presenting.unwrap_err()), Some(sent), "{id}");
            assert_eq!(told.lines(), ["refused client UnknownIssuer"], "{id}");
        }
    }
}

#[test]
fn the_class_is_eku_if_and_only_if_nothing_else_is_wrong() {
    let root = Ca::root_named("root");
    let narrow = root.sub(CaSpec::new("narrow").permit_dns("other.example"));
    let spec = || LeafSpec::new("edge").dns("edge.example");
    let crl = |spec| Crls::from_der([root.crl(spec)]).unwrap();
    let server = root.leaf(spec().eku(Eku::server()));
    let none = root.leaf(spec());
    let expired = root.leaf(spec().eku(Eku::server()).expired());
    let unnamed = narrow.leaf(spec().eku(Eku::server()));
    let plain = || clients(&roots([&root]));
    let strict = || plain().eku_policy(EkuPolicy::strict());
    let ignoring = || plain().eku_policy(EkuPolicy::ignore()).relax_for(rule("dns:other.example"));
    let unnamed_chain = unnamed.chain(&[&narrow]);
    let bad = vec![tamper_signature(&server.der())];
    use RefusalClass::{
        Eku as EkuAlone, Other, PeerRule as Rule, RevocationUnknown, Revoked, Validity,
    };
    let allow_other =
        |builder: PeerVerifierBuilder<ClientPeerVerifier>| builder.allow(rule("dns:other.example"));
    let revoked = || crl(CrlSpec::new(1).revoke(&server.serial).revoke(&none.serial));
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("EKU alone", plain(), server.chain(&[]), EkuAlone),
        ("EKU alone, strict", strict(), server.chain(&[]), EkuAlone),
        ("EKU alone, not relaxed", ignoring(), server.chain(&[]), EkuAlone),
        ("EKU alone, allowed", plain().allow(edge()), server.chain(&[]), EkuAlone),
        ("EKU alone, not revoked", plain().crls(crl(CrlSpec::new(1))), server.chain(&[]), EkuAlone),
        ("not allowed", allow_other(plain()), server.chain(&[]), Rule),
        ("not allowed, strict", allow_other(strict()), server.chain(&[]), Rule),
        ("not allowed, not relaxed", ignoring().allow(rule("dns:third.example")), server.chain(&[]), Rule),
        ("revoked", plain().crls(revoked()), server.chain(&[]), Revoked),
        ("revoked, not relaxed", ignoring().crls(revoked()), server.chain(&[]), Revoked),
        ("status unknown", plain().crls(Crls::from_der([Ca::root_named("x").crl(CrlSpec::new(1))]).unwrap()), server.chain(&[]), RevocationUnknown),
        ("expired", plain(), expired.chain(&[]), Validity),
        ("name constraints", plain(), unnamed_chain.clone(), Other),
        ("name constraints, not relaxed", ignoring(), unnamed_chain, Other),
        ("bad signature", plain(), bad.clone(), Other),
        ("bad signature, not relaxed", ignoring(), bad, Other),
        ("no EKU under strict", strict(), none.chain(&[]), EkuAlone),
        ("no EKU under strict, allowed", strict().allow(edge()), none.chain(&[]), EkuAlone),
        ("no EKU under strict, not allowed", allow_other(strict()), none.chain(&[]), Rule),
        ("no EKU under strict, revoked", strict().crls(revoked()), none.chain(&[]), Revoked),
    ];
    let mut checked = Rows::default();
    for (id, builder, chain, class) in rows {
        let counters = Arc::new(Counters::default());
        let told = Arc::new(Heard::default());
        let verifier = builder.observer(counters.clone()).observer(told.clone()).build().unwrap();
        let refusal = verifier.verify(Some(&chain), unix(NOW)).unwrap_err();
        let in_handshake =
            verifier.verify_client_cert(&chain[0], &chain[1..], unix(NOW)).unwrap_err();
        let counted = counters.verdicts(Role::Client);
        let by_eku = u64::from(class == EkuAlone);
        let is_as_expected = refusal.class() == class
            && refusal.violation().is_some() == (class == EkuAlone)
            && told.lines() == [format!("refused client {class:?}")]
            && format!("{in_handshake:?}") == format!("{:?}", refusal.error())
            && (counted.refused_by_eku, counted.refused_otherwise) == (by_eku, 1 - by_eku);
        checked.holds(id, is_as_expected, format_args!("{refusal:?}, {counted:?}"));
    }
}
