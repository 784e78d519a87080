//! A handler learns who its peer is by verifying what the connection has, with or without
//! mandatory client authentication; and our own readers see certificates of verified paths only.

mod handler;
mod identify;
mod readers;
mod refused;

use std::sync::Arc;

use crate::common::clock::{NOW, unix};
use crate::common::ours::Heard;
use crate::common::ours::rule;
use crate::common::pki::{Ca, Eku, LeafSpec, tamper_signature};
use crate::common::tls::{handshake, provider, stacks, stock_client, stock_server};
use handler::Pki;
use mtls_roles::{
    ClientPeerVerifier, EkuOutcome, EkuPolicy, Purpose, RefusalClass, Role, ServerPeerVerifier,
    SubjectAltName,
};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError, Error, ExtendedKeyPurpose};
use time::Duration;

const RELAXED: &str = "relaxed client dns:edge.example uri:spiffe://example.org/edge ip:192.0.2.1: leaf `CN=edge` has extended key usage serverAuth, needed clientAuth";

#[test]
fn a_handler_gets_the_verified_peer_with_its_eku_outcome() {
    let pki = Pki::new();
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("right", Eku::client(), "client dns:edge.example uri:spiffe://example.org/edge ip:192.0.2.1, path 2, root CN=root: as it should be"),
        ("none", Eku::Absent, "client dns:edge.example uri:spiffe://example.org/edge ip:192.0.2.1, path 2, root CN=root: as it should be"),
        ("wrong", Eku::server(), "client dns:edge.example uri:spiffe://example.org/edge ip:192.0.2.1, path 2, root CN=root: leaf `CN=edge` has extended key usage serverAuth, needed clientAuth"),
    ];
    for stack in stacks() {
        for (id, eku, answer) in &rows {
            for is_mandatory in [true, false] {
                let clients = pki.relaxed(is_mandatory).build().unwrap();
                let leaf = pki.edge(eku.clone());
                let visit = pki.visit(&stack, &clients, Some(leaf.credentials(&[&pki.sub])));
                let id = format!("{}, {id}, mandatory: {is_mandatory}", stack.name);
                assert_eq!(visit, (Ok(()), Ok((*answer).to_owned())), "{id}");
            }
        }
    }
}

#[test]
fn without_a_certificate_the_handshake_goes_well_if_it_may_and_verify_says_so() {
    let pki = Pki::new();
    for stack in stacks() {
        let (told, optional) = (Arc::new(Heard::default()), pki.relaxed(false));
        let optional = optional.observer(told.clone()).build().unwrap();
        let visit = pki.visit(&stack, &optional, None);
        let answer = "NoCertificate: client refused: it presented no certificate".to_owned();
        assert_eq!(visit, (Ok(()), Ok(answer)), "{}", stack.name);
        assert_eq!(told.lines(), [""; 0], "{}: nothing was decided about nobody", stack.name);

        let mandatory = pki.relaxed(true).build().unwrap();
        let alert = Err(Error::AlertReceived(AlertDescription::CertificateRequired));
        let refused = (Err(Error::NoCertificatesPresented), alert);
        assert_eq!(pki.visit(&stack, &mandatory, None), refused, "{}", stack.name);
    }
}

#[test]
fn optional_authentication_keeps_the_verdict_on_what_is_presented() {
    let pki = Pki::new();
    let chain = |spec: LeafSpec| pki.sub.leaf(spec).credentials(&[&pki.sub]);
    let edge = || LeafSpec::new("edge").dns("edge.example");
    let purpose = |required, presented| CertificateError::InvalidPurposeContext {
        required,
        presented: vec![presented],
    };
    let not_after = unix(NOW - Duration::days(1));
    use ExtendedKeyPurpose::{ClientAuth, ServerAuth};
    let stranger = Ca::root_named("stranger").leaf(edge()).credentials(&[]);
    let bad = {
        let (chain, key) = chain(edge());
        ([&[tamper_signature(&chain[0])], &chain[1..]].concat(), key)
    };
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("wrong EKU, not named", chain(LeafSpec::new("x").dns("other.example").eku(Eku::server())), purpose(ClientAuth, ServerAuth), AlertDescription::UnsupportedCertificate, "refused client Eku"),
        ("unknown issuer", stranger, CertificateError::UnknownIssuer, AlertDescription::UnknownCA, "refused client UnknownIssuer"),
        ("expired", chain(edge().expired()), CertificateError::ExpiredContext { time: unix(NOW), not_after }, AlertDescription::CertificateExpired, "refused client Validity"),
        ("bad signature", bad, CertificateError::BadSignature, AlertDescription::DecryptError, "refused client Other"),
        ("not allowed", chain(LeafSpec::new("x").dns("other.example")), CertificateError::ApplicationVerificationFailure, AlertDescription::AccessDenied, "refused client PeerRule"),
    ];
    for stack in stacks() {
        for (id, credentials, error, alert, heard) in &rows {
            let (id, told) = (format!("{}, {id}", stack.name), Arc::new(Heard::default()));
            let mut builder = pki.relaxed(false).observer(told.clone());
            if *heard == "refused client PeerRule" {
                builder = builder.allow(rule("dns:edge.example"));
            }
            let (chain, key) = credentials;
            let visit = pki.visit(
                &stack,
                &builder.build().unwrap(),
                Some((chain.clone(), key.clone_key())),
            );
            let alert = Err(Error::AlertReceived(*alert));
            assert_eq!(visit, (Err(error.clone().into()), alert), "{id}");
            assert_eq!(told.lines(), [*heard], "{id}");
        }
        let (told, leaf) = (Arc::new(Heard::default()), pki.edge(Eku::server()));
        let clients = pki.relaxed(false).observer(told.clone()).build().unwrap();
        let (server, _) = pki.visit(&stack, &clients, Some(leaf.credentials(&[&pki.sub])));
        assert_eq!((server, told.lines()), (Ok(()), vec![RELAXED.into()]), "{}", stack.name);
    }
}

#[test]
fn every_part_of_the_verified_peer_is_of_the_path() {
    let pki = Pki::new();
    let leaf = pki.edge(Eku::server());
    let extra = pki.sub.leaf(LeafSpec::new("extra").dns("extra.example")).der();
    let chain = [leaf.chain(&[&pki.sub]), vec![extra]].concat();
    let peer = pki.relaxed(true).build().unwrap().verify(Some(&chain), unix(NOW)).unwrap();
    assert_eq!(peer.role(), Role::Client);
    let path: Vec<_> = peer.path().iter().map(|certificate| certificate.der().clone()).collect();
    assert_eq!(path, [leaf.der(), pki.sub.der()]);
    assert_eq!(peer.leaf(), &peer.path()[0]);
    assert_eq!(peer.anchor(), "CN=root");
    let names = [
        SubjectAltName::Dns("edge.example".into()),
        SubjectAltName::Uri("spiffe://example.org/edge".into()),
        SubjectAltName::Ip([192, 0, 2, 1].into()),
    ];
    assert_eq!(peer.alt_names(), names);
    assert_eq!(peer.valid_until(), NOW + Duration::days(80));
    let violation = peer.eku().violation().unwrap();
    assert_eq!((violation.position, &violation.needed), (0, &Purpose::CLIENT_AUTH));
    assert_eq!(violation.found.as_deref(), Some(&[Purpose::SERVER_AUTH][..]));
}

#[test]
fn verify_judges_afresh_so_what_has_ended_since_the_handshake_is_refused() {
    let pki = Pki::new();
    let end = NOW + Duration::hours(1);
    let builder = ClientPeerVerifier::builder(pki.roots(), &provider());
    let policy = EkuPolicy::ignore().until(end);
    let clients = builder.eku_policy(policy).relax_for(rule("dns:edge.example")).build().unwrap();
    let chain = pki.edge(Eku::server()).chain(&[&pki.sub]);
    let class = |now| clients.verify(Some(&chain), unix(now)).err().map(|refusal| refusal.class());
    assert_eq!(class(NOW), None);
    assert_eq!(class(end), Some(RefusalClass::Eku));
    assert_eq!(class(NOW + Duration::days(81)), Some(RefusalClass::Validity));
    assert_eq!(
        clients.verify(Some(&[]), unix(NOW)).unwrap_err().class(),
        RefusalClass::NoCertificate
    );
}

#[test]
fn a_client_learns_in_the_same_way_who_its_server_is() {
    let pki = Pki::new();
    let leaf = pki.edge(Eku::client());
    let builder =
        || ServerPeerVerifier::builder(pki.roots(), &provider()).eku_policy(EkuPolicy::ignore());
    let named = builder().relax_for(rule("dns:edge.example")).build().unwrap();
    let by_rule = builder()
        .relax_for(rule("dns:edge.example"))
        .expect_in_place_of_name(rule("spiffe-trust-domain:example.org"))
        .build()
        .unwrap();
    for stack in stacks() {
        for (id, servers, name) in
            [("by name", &named, "edge.example"), ("by rule", &by_rule, "10.0.0.1")]
        {
            let id = format!("{}, {id}", stack.name);
            let server = stock_server(
                &stack.provider,
                &[stack.version],
                leaf.credentials(&[&pki.sub]),
                None,
            );
            let mut client =
                stock_client(&stack.provider, &[stack.version], &[pki.root.der()], None);
            client.dangerous().set_certificate_verifier(Arc::new(servers.clone()));
            let side = handshake(server, client, name).client.expect(&id);
            let name = ServerName::try_from(name).unwrap();
            let peer =
                servers.verify(side.peer_certificates.as_deref(), &name, unix(NOW)).expect(&id);
            assert_eq!((peer.role(), peer.path().len()), (Role::Server, 2), "{id}");
            assert!(matches!(peer.eku(), EkuOutcome::Relaxed(_)), "{id}");
            let nobody = servers.verify(None, &name, unix(NOW)).unwrap_err();
            assert_eq!(nobody.class(), RefusalClass::NoCertificate, "{id}");
        }
    }
}
