//! The TLS harness shows both ends of a handshake as they were, proven with stock rustls at both ends.

use std::sync::Arc;

use crate::common::clock::{NOW, unix};
use crate::common::pki::{
    Ca, CaSpec, CrlSpec, Eku, KeyKind, KeyPair, Leaf, LeafSpec, tamper_signature,
};
use crate::common::tls::{
    self, Outcome, Stack, alert, client_without_resumption, handshake, server_without_resumption,
    stock_client, stock_client_verifier, stock_server,
};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::{
    AlertDescription, CertRevocationListError, CertificateError, ClientConfig, Error,
    ExtendedKeyPurpose, HandshakeKind, ServerConfig,
};
use time::Duration;

#[test]
fn a_good_client_is_accepted_with_every_kind_of_key() {
    use KeyKind::{Ed25519, P256, P384, P521, Rsa2048, Rsa2048Sha384};
    for kind in [P256, P384, P521, Ed25519, Rsa2048, Rsa2048Sha384] {
        let root = Ca::root(CaSpec::new("root").kind(kind));
        let sub = root.sub(CaSpec::new("sub").kind(kind));
        let leaf = sub.leaf(LeafSpec::new("client").kind(kind).eku(Eku::client()));
        let visit = Visit::new(&root, &leaf, leaf.chain(&[&sub]));
        for stack in tls::stacks() {
            // rustls on ring has no P-521, neither for chains nor for handshakes.
            if kind == P521 && stack.name.starts_with("ring") {
                continue;
            }
            let at = format!("{kind:?} {}", stack.name);
            let outcome = visit.on(&stack);
            let server = outcome.server.expect(&at);
            let client = outcome.client.expect(&at);
            assert_eq!(server.peer_certificates, Some(leaf.chain(&[&sub])), "{at}");
            assert_eq!(client.handshake_kind, HandshakeKind::Full, "{at}");
            assert_eq!(client.protocol_version, stack.version.version, "{at}");
            assert!(server.echoed && client.echoed, "{at}");
        }
    }
}

#[test]
fn a_cross_signed_ca_leads_to_the_other_root() {
    let (old, new) = (Ca::root_named("old"), Ca::root_named("new"));
    let bridge = old.cross_sign(&new, CaSpec::new("ignored"));
    let leaf = new.leaf(LeafSpec::new("client").eku(Eku::client()));
    Visit::new(&old, &leaf, leaf.chain(&[&bridge])).is_accepted();
    Visit::new(&old, &leaf, leaf.chain(&[]))
        .is_refused(CertificateError::UnknownIssuer, AlertDescription::UnknownCA);
}

#[test]
fn a_wrong_client_eku_reaches_the_client_as_unsupported_certificate() {
    let (root, leaf) = good_leaf(Eku::server());
    let error = CertificateError::InvalidPurposeContext {
        required: ExtendedKeyPurpose::ClientAuth,
        presented: vec![ExtendedKeyPurpose::ServerAuth],
    };
    Visit::new(&root, &leaf, leaf.chain(&[]))
        .is_refused(error, AlertDescription::UnsupportedCertificate);
}

#[test]
fn an_expired_client_certificate_reaches_the_client_as_certificate_expired() {
    let root = Ca::root_named("root");
    let leaf = root.leaf(LeafSpec::new("client").expired());
    let not_after = unix(NOW - Duration::days(1));
    let error = CertificateError::ExpiredContext { time: unix(NOW), not_after };
    Visit::new(&root, &leaf, leaf.chain(&[]))
        .is_refused(error, AlertDescription::CertificateExpired);
}

#[test]
fn a_tampered_client_certificate_reaches_the_client_as_decrypt_error() {
    for kind in [KeyKind::P256, KeyKind::Ed25519, KeyKind::Rsa2048] {
        let root = Ca::root(CaSpec::new("root").kind(kind));
        let leaf = root.leaf(LeafSpec::new("client"));
        Visit::new(&root, &leaf, vec![tamper_signature(&leaf.der())])
            .is_refused(CertificateError::BadSignature, AlertDescription::DecryptError);
    }
}

#[test]
fn a_client_certificate_of_an_unknown_issuer_reaches_the_client_as_unknown_ca() {
    let (_, leaf) = good_leaf(Eku::client());
    Visit::new(&Ca::root_named("stranger"), &leaf, leaf.chain(&[]))
        .is_refused(CertificateError::UnknownIssuer, AlertDescription::UnknownCA);
}

#[test]
fn a_revoked_client_certificate_reaches_the_client_as_certificate_revoked() {
    let (root, leaf) = good_leaf(Eku::client());
    let other = root.leaf(LeafSpec::new("other"));
    let visit = Visit::new(&root, &leaf, leaf.chain(&[]));
    visit.clone().crl(CrlSpec::new(1).revoke(&other.serial)).is_accepted();
    visit
        .crl(CrlSpec::new(2).revoke(&leaf.serial))
        .is_refused(CertificateError::Revoked, AlertDescription::CertificateRevoked);
}

#[test]
fn a_crl_signed_by_another_key_reaches_the_client_as_handshake_failure() {
    let (root, leaf) = good_leaf(Eku::client());
    let forger = Ca::root_named("forger");
    Visit::new(&root, &leaf, leaf.chain(&[]))
        .crl(CrlSpec::new(1).signed_by(&forger.key))
        .is_refused(CertRevocationListError::BadSignature, AlertDescription::HandshakeFailure);
}

#[test]
fn a_refused_server_certificate_reaches_the_server_as_an_alert() {
    let root = Ca::root_named("root");
    let leaf = root.leaf(LeafSpec::new("server").dns("server.example").eku(Eku::client()));
    for Stack { name, provider, version } in tls::stacks() {
        let server = stock_server(&provider, &[version], leaf.credentials(&[]), None);
        let client = stock_client(&provider, &[version], &[root.der()], None);
        let error = handshake(server, client, "server.example").server.expect_err(&name);
        assert_eq!(alert(&error), Some(AlertDescription::UnsupportedCertificate), "{name}");
    }
}

#[test]
fn a_second_handshake_is_resumed_unless_one_end_has_resumption_off() {
    let (root, leaf) = good_leaf(Eku::both());
    for Stack { name, provider, version } in tls::stacks() {
        let server = || stock_server(&provider, &[version], leaf.credentials(&[]), None);
        let client = || stock_client(&provider, &[version], &[root.der()], None);
        let server_off = server_without_resumption(server());
        let client_off = client_without_resumption(client());
        assert_eq!(kind_of_second(server(), client()), HandshakeKind::Resumed, "{name}");
        assert_eq!(kind_of_second(server_off, client()), HandshakeKind::Full, "{name}");
        assert_eq!(kind_of_second(server(), client_off), HandshakeKind::Full, "{name}");
    }
}

fn kind_of_second(server: ServerConfig, client: ClientConfig) -> HandshakeKind {
    let (server, client) = (Arc::new(server), Arc::new(client));
    let visit = || handshake(Arc::clone(&server), Arc::clone(&client), "client.example");
    visit().client.expect("the first handshake goes well");
    visit().client.expect("the second handshake goes well").handshake_kind
}

/// A stock client that presents a chain to a stock server.
#[derive(Clone)]
struct Visit {
    root: Ca,
    chain: Vec<CertificateDer<'static>>,
    key: Arc<KeyPair>,
    crls: Vec<CertificateRevocationListDer<'static>>,
}

impl Visit {
    /// The server trusts `root`; the client has the key of `leaf`.
    fn new(root: &Ca, leaf: &Leaf, chain: Vec<CertificateDer<'static>>) -> Self {
        Self { root: root.clone(), chain, key: Arc::clone(&leaf.key), crls: vec![] }
    }

    /// The server has this CRL of the root.
    fn crl(mut self, spec: CrlSpec) -> Self {
        self.crls.push(self.root.crl(spec));
        self
    }

    fn on(&self, Stack { provider, version, .. }: &Stack) -> Outcome {
        let site = Ca::root_named("site");
        let home = site.leaf(LeafSpec::new("site").dns("site.example")).credentials(&[]);
        let clients = stock_client_verifier(provider, &[self.root.der()], self.crls.clone());
        let server = stock_server(provider, &[version], home, Some(clients));
        let key = PrivateKeyDer::Pkcs8(self.key.serialize_der().into());
        let credentials = Some((self.chain.clone(), key));
        let client = stock_client(provider, &[version], &[site.der()], credentials);
        handshake(server, client, "site.example")
    }

    fn is_accepted(&self) {
        for stack in tls::stacks() {
            let outcome = self.on(&stack);
            assert!(outcome.server.is_ok() && outcome.client.is_ok(), "{} {outcome:?}", stack.name);
        }
    }

    /// Both at once, everywhere: the error at the server, and the alert at the client.
    fn is_refused(&self, error: impl Into<Error>, alert: AlertDescription) {
        let error = error.into();
        for stack in tls::stacks() {
            let outcome = self.on(&stack);
            assert_eq!(outcome.server.expect_err(&stack.name), error, "{}", stack.name);
            let received = outcome.client.expect_err(&stack.name);
            assert_eq!(received, Error::AlertReceived(alert), "{}", stack.name);
        }
    }
}

fn good_leaf(eku: Eku) -> (Ca, Leaf) {
    let root = Ca::root_named("root");
    let leaf = root.leaf(LeafSpec::new("client").dns("client.example").eku(eku));
    (root, leaf)
}
