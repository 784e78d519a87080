//! A connection says who is at its other end: somebody, nobody, or not yet.

use std::sync::Arc;

use super::handler::Pki;
use crate::common::clock::{NOW, unix};
use crate::common::ours::rule;
use crate::common::pki::{Eku, LeafSpec};
use crate::common::tls::{Stack, handshake_in_memory, stacks, stock_client, stock_server};
use mtls_roles::{ClientPeerVerifier, EkuPolicy, RefusalClass, ServerPeerVerifier};
use rustls::pki_types::ServerName;
use rustls::{
    ClientConfig, ClientConnection, Error, HandshakeKind, ServerConfig, ServerConnection,
};
use time::Duration;

#[test]
fn a_connection_says_who_its_peer_is_at_either_end() {
    let (pki, name) = (Pki::new(), site());
    for stack in stacks() {
        let clients = pki.relaxed(true).build().unwrap();
        let (server, client) = pki.ends(&stack, &clients, Some(Eku::client()));
        let (server, client) = connected(&server, &client);
        let peer = clients.identify(&server, unix(NOW)).unwrap().expect(&stack.name);
        assert_eq!(peer.leaf().subject(), "CN=edge", "{}", stack.name);
        let peer = pki.sites().identify(&client, &name, unix(NOW)).unwrap();
        assert_eq!(peer.leaf().subject(), "CN=site", "{}", stack.name);
        let other = ServerName::try_from("other.example").unwrap();
        let refusal = pki.sites().identify(&client, &other, unix(NOW)).unwrap_err();
        assert_eq!(refusal.class(), RefusalClass::Name, "{}", stack.name);
    }
}

#[test]
fn nobody_is_an_answer_where_nobody_may_connect_and_a_refusal_elsewhere() {
    let pki = Pki::new();
    let (optional, mandatory) = (pki.relaxed(false).build(), pki.relaxed(true).build());
    let (optional, mandatory) = (optional.unwrap(), mandatory.unwrap());
    for stack in stacks() {
        let (server, client) = pki.ends(&stack, &optional, None);
        let (server, _) = connected(&server, &client);
        assert!(optional.identify(&server, unix(NOW)).unwrap().is_none(), "{}", stack.name);
        let refusal = mandatory.identify(&server, unix(NOW)).unwrap_err();
        assert_eq!(refusal.class(), RefusalClass::NoCertificate, "{}", stack.name);
    }
}

#[test]
fn optional_authentication_refuses_a_certificate_that_has_ended_and_does_not_call_it_nobody() {
    let pki = Pki::new();
    let clients = pki.relaxed(false).build().unwrap();
    for stack in stacks() {
        let (server, client) = pki.ends(&stack, &clients, Some(Eku::client()));
        let (server, _) = connected(&server, &client);
        let later = unix(NOW + Duration::days(81));
        let refusal = clients.identify(&server, later).unwrap_err();
        assert_eq!(refusal.class(), RefusalClass::Validity, "{}", stack.name);
    }
}

#[test]
fn a_resumed_session_keeps_its_certificates_and_they_are_judged_afresh() {
    let (pki, end) = (Pki::new(), NOW + Duration::hours(1));
    let clients = pki.until(end);
    for stack in stacks() {
        let (server, client) = pki.ends(&stack, &clients, Some(Eku::server()));
        connected(&server, &client);
        let (server, client) = connected(&server, &client);
        assert_eq!(server.handshake_kind(), Some(HandshakeKind::Resumed), "{}", stack.name);
        assert!(clients.identify(&server, unix(NOW)).unwrap().is_some(), "{}", stack.name);
        let refusal = clients.identify(&server, unix(end)).unwrap_err();
        assert_eq!(refusal.class(), RefusalClass::Eku, "{}", stack.name);
        assert!(pki.sites().identify(&client, &site(), unix(NOW)).is_ok(), "{}", stack.name);
        let later = unix(NOW + Duration::days(81));
        let refusal = pki.sites().identify(&client, &site(), later).unwrap_err();
        assert_eq!(refusal.class(), RefusalClass::Validity, "{}", stack.name);
    }
}

#[test]
fn before_the_handshake_is_done_nobody_is_identified_though_a_session_shows_certificates() {
    let pki = Pki::new();
    let clients = pki.relaxed(false).build().unwrap();
    for stack in stacks() {
        let (server, client) = pki.ends(&stack, &clients, Some(Eku::client()));
        connected(&server, &client);
        let (mut server, mut client) = ends(&server, &client);
        let mut hello = vec![];
        client.write_tls(&mut hello).unwrap();
        server.read_tls(&mut hello.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        assert!(server.is_handshaking() && server.peer_certificates().is_some());
        let refusal = clients.identify(&server, unix(NOW)).unwrap_err();
        assert_eq!(refusal.error(), &Error::HandshakeNotComplete, "{}", stack.name);
        let told = "client refused: its handshake is not done: ask when it is";
        assert_eq!(refusal.to_string(), told);
        let refusal = pki.sites().identify(&client, &site(), unix(NOW)).unwrap_err();
        assert_eq!(refusal.error(), &Error::HandshakeNotComplete, "{}", stack.name);
    }
}

#[test]
fn copied_certificates_are_judged_as_those_of_the_connection() {
    let pki = Pki::new();
    let clients = pki.relaxed(true).build().unwrap();
    let copied = |eku| -> Vec<Vec<u8>> {
        let chain = pki.edge(eku).chain(&[&pki.sub]);
        chain.iter().map(|certificate| certificate.to_vec()).collect()
    };
    let peer = clients.verify_der(&copied(Eku::client()), unix(NOW)).unwrap();
    assert_eq!((&*peer.leaf().subject(), peer.path().len()), ("CN=edge", 2));
    let nobody: [&[u8]; 0] = [];
    let refusal = clients.verify_der(&nobody, unix(NOW)).unwrap_err();
    assert_eq!(refusal.class(), RefusalClass::NoCertificate);
    let refusal = clients.verify_der(&[b"no certificate"], unix(NOW)).unwrap_err();
    assert_eq!(refusal.class(), RefusalClass::Other);

    let servers = ServerPeerVerifier::builder(pki.roots(), &crate::common::tls::provider());
    let servers = servers.build().unwrap();
    let class = |name: &'static str| {
        let name = ServerName::try_from(name).unwrap();
        let verified = servers.verify_der(&copied(Eku::server()), &name, unix(NOW));
        verified.map(|peer| peer.path().len()).map_err(|refusal| refusal.class())
    };
    assert_eq!(class("edge.example"), Ok(2));
    assert_eq!(class("other.example"), Err(RefusalClass::Name));
}

impl Pki {
    fn sites(&self) -> ServerPeerVerifier {
        let roots = mtls_roles::Roots::from_der([self.site.der()]).unwrap();
        ServerPeerVerifier::builder(roots, &crate::common::tls::provider()).build().unwrap()
    }

    fn until(&self, end: time::OffsetDateTime) -> ClientPeerVerifier {
        ClientPeerVerifier::builder(self.roots(), &crate::common::tls::provider())
            .eku_policy(EkuPolicy::ignore().until(end))
            .relax_for(rule("dns:edge.example"))
            .build()
            .unwrap()
    }

    /// Stock ends, which resume.
    fn ends(
        &self,
        stack: &Stack,
        clients: &ClientPeerVerifier,
        visitor: Option<Eku>,
    ) -> (Arc<ServerConfig>, Arc<ClientConfig>) {
        let home = self.site.leaf(LeafSpec::new("site").dns("site.example")).credentials(&[]);
        let versions = [stack.version];
        let server =
            stock_server(&stack.provider, &versions, home, Some(Arc::new(clients.clone())));
        let visitor = visitor.map(|eku| self.edge(eku).credentials(&[&self.sub]));
        let client = stock_client(&stack.provider, &versions, &[self.site.der()], visitor);
        (Arc::new(server), Arc::new(client))
    }
}

fn site() -> ServerName<'static> {
    ServerName::try_from("site.example").unwrap()
}

fn ends(
    server: &Arc<ServerConfig>,
    client: &Arc<ClientConfig>,
) -> (ServerConnection, ClientConnection) {
    let client = ClientConnection::new(client.clone(), site()).unwrap();
    (ServerConnection::new(server.clone()).unwrap(), client)
}

fn connected(
    server: &Arc<ServerConfig>,
    client: &Arc<ClientConfig>,
) -> (ServerConnection, ClientConnection) {
    let (mut server, mut client) = ends(server, client);
    let outcome = handshake_in_memory(&mut server, &mut client, || {});
    assert!(outcome.is_ok(), "{outcome:?}");
    (server, client)
}
