//! A handler learns who its peer is by asking for the connection: somebody, nobody, or not yet; with or without
//! mandatory client authentication.

mod hostile;
mod refused;

use std::sync::Arc;

use crate::common::clock::{NOW, unix};
use crate::common::ours::{Heard, clients, roots, rule, servers};
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec, tamper_signature};
use crate::common::tls::{
    Outcome, Stack, connections, handshake_in_memory, receive, send, server_name, stacks,
    stock_client, stock_server,
};
use mtls_roles::{
    ClientPeerVerifier, EkuPolicy, PeerVerifierBuilder, Purpose, RefusalClass, Role,
    ServerPeerVerifier, SubjectAltName,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, Error, ExtendedKeyPurpose,
    HandshakeKind, ServerConfig, ServerConnection,
};
use time::Duration;

#[test]
fn a_connection_says_who_its_peer_is_at_either_end() {
    let (pki, name, other) = (Pki::new(), server_name("site.example"), server_name("10.0.0.1"));
    let by_rule = servers(&roots([&pki.site])).expect_in_place_of_name(rule("dns:site.example"));
    let by_rule = by_rule.build().unwrap();
    for stack in stacks() {
        for is_mandatory in [true, false] {
            let clients = pki.relaxed(is_mandatory).build().unwrap();
            for (eku, is_relaxed) in
                [(Eku::client(), false), (Eku::Absent, false), (Eku::server(), true)]
            {
                let (server, client) = pki.connected(&stack, &clients, Some(pki.edge(eku)));
                let peer = clients.identify(&server, unix(NOW)).unwrap().expect(&stack.name);
                let told = (peer.leaf().subject(), peer.eku().violation().is_some());
                assert_eq!(told, ("CN=edge".into(), is_relaxed), "{}", stack.name);
                let site = pki.sites().identify(&client, &name, unix(NOW)).unwrap();
                assert_eq!(site.leaf().subject(), "CN=site", "{}", stack.name);
                assert_eq!(by_rule.identify(&client, &other, unix(NOW)).unwrap(), site);
                let refusal = pki.sites().identify(&client, &other, unix(NOW)).unwrap_err();
                assert_eq!(refusal.class(), RefusalClass::Name, "{}", stack.name);
            }
        }
    }
}

/// Required, rustls refuses before it asks; optional, there is nobody to verify. No observer hears of nobody.
#[test]
fn nobody_is_an_answer_where_nobody_may_connect_and_a_refusal_elsewhere() {
    let (pki, told) = (Pki::new(), Arc::new(Heard::default()));
    let [optional, mandatory] = [false, true]
        .map(|is_mandatory| pki.relaxed(is_mandatory).observer(told.clone()).build().unwrap());
    for stack in stacks() {
        let (server, _) = pki.connected(&stack, &optional, None);
        assert!(optional.identify(&server, unix(NOW)).unwrap().is_none(), "{}", stack.name);
        let refusal = mandatory.identify(&server, unix(NOW)).unwrap_err();
        assert_eq!(refusal.class(), RefusalClass::NoCertificate, "{}", stack.name);
        let Outcome { server, client } = pki.visit(&stack, &mandatory, None);
        assert_eq!(server, Err(Error::NoCertificatesPresented), "{}", stack.name);
        let alert = Error::AlertReceived(AlertDescription::CertificateRequired);
        assert_eq!(client, Err(alert), "{}", stack.name);
    }
    assert_eq!(told.lines(), [""; 0]);
}

#[test]
fn optional_authentication_keeps_the_verdict_on_what_is_presented() {
    let pki = Pki::new();
    let chain = |spec: LeafSpec| pki.sub.leaf(spec).credentials(&[&pki.sub]);
    let named = |name| LeafSpec::new("edge").dns(name);
    let wrong_purpose = CertificateError::InvalidPurposeContext {
        required: ExtendedKeyPurpose::ClientAuth,
        presented: vec![ExtendedKeyPurpose::ServerAuth],
    };
    let not_after = unix(NOW - Duration::days(1));
    let ended = CertificateError::ExpiredContext { time: unix(NOW), not_after };
    let stranger = Ca::root_named("stranger").leaf(named("edge.example")).credentials(&[]);
    let (mut bad, key) = chain(named("edge.example"));
    bad[0] = tamper_signature(&bad[0]);
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("wrong EKU, not named", chain(named("wrong.example").eku(Eku::server())), wrong_purpose, AlertDescription::UnsupportedCertificate, "refused client Eku"),
        ("unknown issuer", stranger, CertificateError::UnknownIssuer, AlertDescription::UnknownCA, "refused client UnknownIssuer"),
        ("expired", chain(named("edge.example").expired()), ended, AlertDescription::CertificateExpired, "refused client Validity"),
        ("bad signature", (bad, key), CertificateError::BadSignature, AlertDescription::DecryptError, "refused client Other"),
        ("not allowed", chain(named("other.example")), CertificateError::ApplicationVerificationFailure, AlertDescription::AccessDenied, "refused client PeerRule"),
    ];
    for stack in stacks() {
        for (id, (chain, key), error, alert, heard) in &rows {
            let (id, told) = (format!("{}, {id}", stack.name), Arc::new(Heard::default()));
            let optional = pki.relaxed(false).observer(told.clone());
            let optional =
                optional.allow(rule("dns:edge.example")).allow(rule("dns:wrong.example"));
            let presented = Some((chain.clone(), key.clone_key()));
            let outcome = pki.visit(&stack, &optional.build().unwrap(), presented);
            assert_eq!(outcome.server, Err(error.clone().into()), "{id}");
            assert_eq!(outcome.client, Err(Error::AlertReceived(*alert)), "{id}");
            assert_eq!(told.lines(), [*heard], "{id}");
        }
    }
}

#[test]
fn every_part_of_the_verified_peer_is_of_the_path() {
    let pki = Pki::new();
    let extra = pki.sub.leaf(LeafSpec::new("extra").dns("extra.example")).der();
    let (chain, _) = pki.edge(Eku::server());
    let peer = pki.relaxed(true).build().unwrap();
    let peer = peer.verify(Some(&[&chain[..], &[extra]].concat()), unix(NOW)).unwrap();
    assert_eq!(peer.role(), Role::Client);
    let path: Vec<_> = peer.path().iter().map(|certificate| certificate.der().clone()).collect();
    assert_eq!(path, chain);
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

/// Nor is a peer whose certificate has ended called nobody where nobody may connect.
#[test]
fn a_resumed_session_keeps_its_certificates_and_they_are_judged_afresh() {
    let (pki, name) = (Pki::new(), server_name("site.example"));
    let (end, later) = (NOW + Duration::hours(1), NOW + Duration::days(81));
    let clients = pki.relaxed(false).eku_policy(EkuPolicy::ignore().until(end)).build().unwrap();
    for stack in stacks() {
        let configs = pki.configs(&stack, &clients, Some(pki.edge(Eku::server())));
        connected(&configs);
        let (server, client) = connected(&configs);
        assert_eq!(server.handshake_kind(), Some(HandshakeKind::Resumed), "{}", stack.name);
        for (now, class) in
            [(NOW, None), (end, Some(RefusalClass::Eku)), (later, Some(RefusalClass::Validity))]
        {
            let peer = clients.identify(&server, unix(now));
            let found = peer.map(|peer| peer.expect("somebody")).map_err(|refusal| refusal.class());
            assert_eq!(found.err(), class, "{} {now}", stack.name);
        }
        pki.sites().identify(&client, &name, unix(NOW)).unwrap();
        let refusal = pki.sites().identify(&client, &name, unix(later)).unwrap_err();
        assert_eq!(refusal.class(), RefusalClass::Validity, "{}", stack.name);
    }
}

#[test]
fn before_the_handshake_is_done_nobody_is_identified_though_a_session_shows_certificates() {
    let (pki, name) = (Pki::new(), server_name("site.example"));
    let clients = pki.relaxed(false).build().unwrap();
    for stack in stacks() {
        let configs = pki.configs(&stack, &clients, Some(pki.edge(Eku::client())));
        connected(&configs);
        let (mut server, mut client) = ends(&configs);
        receive(&mut server, &send(&mut client)).unwrap();
        assert!(server.is_handshaking() && server.peer_certificates().is_some());
        let refusal = clients.identify(&server, unix(NOW)).unwrap_err();
        assert_eq!(refusal.error(), &Error::HandshakeNotComplete, "{}", stack.name);
        let told = "client refused: its handshake is not done: ask when it is";
        assert_eq!(refusal.to_string(), told);
        let refusal = pki.sites().identify(&client, &name, unix(NOW)).unwrap_err();
        assert_eq!(refusal.error(), &Error::HandshakeNotComplete, "{}", stack.name);
    }
}

#[test]
fn copied_certificates_are_judged_as_those_of_the_connection() {
    let pki = Pki::new();
    let copied = |eku| -> Vec<Vec<u8>> {
        pki.edge(eku).0.iter().map(|certificate| certificate.to_vec()).collect()
    };
    let clients = pki.relaxed(true).build().unwrap();
    let class = |chain: &[Vec<u8>]| {
        let verified = clients.verify_der(chain, unix(NOW));
        verified.map(|peer| peer.path().len()).map_err(|refusal| refusal.class())
    };
    assert_eq!(class(&copied(Eku::client())), Ok(2));
    assert_eq!(class(&[]), Err(RefusalClass::NoCertificate));
    assert_eq!(class(&[b"no certificate".to_vec()]), Err(RefusalClass::Other));
    let servers = servers(&roots([&pki.root])).build().unwrap();
    let class = |name| {
        let verified = servers.verify_der(&copied(Eku::server()), &server_name(name), unix(NOW));
        verified.map(|peer| peer.path().len()).map_err(|refusal| refusal.class())
    };
    assert_eq!(class("edge.example"), Ok(2));
    assert_eq!(class("other.example"), Err(RefusalClass::Name));
}

/// A private root, an intermediate with a client below it, and the root of a server.
struct Pki {
    root: Ca,
    sub: Ca,
    site: Ca,
}

type Presented = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);
type Configs = (Arc<ServerConfig>, Arc<ClientConfig>);

impl Pki {
    fn new() -> Self {
        let root = Ca::root_named("root");
        let sub = root.sub(CaSpec::new("sub"));
        Self { root, sub, site: Ca::root_named("site") }
    }

    fn edge(&self, eku: Eku) -> Presented {
        let spec = LeafSpec::new("edge").dns("edge.example").uri("spiffe://example.org/edge");
        let leaf: Leaf = self.sub.leaf(spec.ip([192, 0, 2, 1]).eku(eku));
        leaf.credentials(&[&self.sub])
    }

    fn relaxed(&self, is_mandatory: bool) -> PeerVerifierBuilder<ClientPeerVerifier> {
        let builder = clients(&roots([&self.root])).eku_policy(EkuPolicy::ignore());
        let builder = builder.relax_for(rule("dns:edge.example"));
        match is_mandatory {
            true => builder,
            false => builder.allow_unauthenticated(),
        }
    }

    fn sites(&self) -> ServerPeerVerifier {
        servers(&roots([&self.site])).build().unwrap()
    }

    /// Stock ends, which resume.
    fn configs(
        &self,
        stack: &Stack,
        clients: &ClientPeerVerifier,
        visitor: Option<Presented>,
    ) -> Configs {
        let site = self.site.leaf(LeafSpec::new("site").dns("site.example")).credentials(&[]);
        let (versions, clients) = ([stack.version], Some(Arc::new(clients.clone()) as _));
        let server = stock_server(&stack.provider, &versions, site, clients);
        let client = stock_client(&stack.provider, &versions, &[self.site.der()], visitor);
        (Arc::new(server), Arc::new(client))
    }

    fn visit(
        &self,
        stack: &Stack,
        clients: &ClientPeerVerifier,
        visitor: Option<Presented>,
    ) -> Outcome<()> {
        let (mut server, mut client) = ends(&self.configs(stack, clients, visitor));
        handshake_in_memory(&mut server, &mut client, || {})
    }

    fn connected(
        &self,
        stack: &Stack,
        clients: &ClientPeerVerifier,
        visitor: Option<Presented>,
    ) -> (ServerConnection, ClientConnection) {
        connected(&self.configs(stack, clients, visitor))
    }
}

fn ends((server, client): &Configs) -> (ServerConnection, ClientConnection) {
    connections(server.clone(), client.clone(), "site.example")
}

fn connected(configs: &Configs) -> (ServerConnection, ClientConnection) {
    let (mut server, mut client) = ends(configs);
    let outcome = handshake_in_memory(&mut server, &mut client, || {});
    assert!(outcome.is_ok(), "{outcome:?}");
    (server, client)
}
