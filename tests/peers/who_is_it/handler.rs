//! A server whose handler answers who its visitor is.

use std::sync::Arc;

use mtls_roles::{
    ClientPeerVerifier, EkuPolicy, PeerVerifierBuilder, Roots, VerifiedPeer, server_config,
};
use rustls::Error;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::common::clock::{Clock, NOW, unix};
use crate::common::ours::{credentials, rule, server_slot};
use crate::common::pki::{Ca, CaSpec, Eku, Leaf, LeafSpec};
use crate::common::tls::{Outcome, Side, Stack, handshake, provider, stock_client};

/// A private root, an intermediate, and a server that asks who its visitor is.
pub struct Pki {
    pub root: Ca,
    pub sub: Ca,
    pub site: Ca,
}

pub type Presented = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Pki {
    pub fn new() -> Self {
        let root = Ca::root_named("root");
        let sub = root.sub(CaSpec::new("sub"));
        Self { root, sub, site: Ca::root_named("site") }
    }

    pub fn roots(&self) -> Roots {
        Roots::from_der([self.root.der()]).unwrap()
    }

    pub fn edge(&self, eku: Eku) -> Leaf {
        let spec = LeafSpec::new("edge").dns("edge.example").uri("spiffe://example.org/edge");
        self.sub.leaf(spec.ip([192, 0, 2, 1]).eku(eku))
    }

    pub fn relaxed(&self, is_mandatory: bool) -> PeerVerifierBuilder<ClientPeerVerifier> {
        let builder = ClientPeerVerifier::builder(self.roots(), &provider())
            .eku_policy(EkuPolicy::ignore())
            .relax_for(rule("dns:edge.example"));
        match is_mandatory {
            true => builder,
            false => builder.allow_unauthenticated(),
        }
    }

    /// How it ended at the server, and at the visitor: there with what the server's handler knows of it.
    pub fn visit(
        &self,
        stack: &Stack,
        clients: &ClientPeerVerifier,
        visitor: Option<Presented>,
    ) -> (Result<(), Error>, Result<String, Error>) {
        let home = self.site.leaf(LeafSpec::new("site").dns("site.example"));
        let slot = server_slot().build_with(credentials(&home, &[])).unwrap();
        let mut server =
            server_config(&stack.provider_of_version(), slot, clients.clone()).unwrap();
        server.time_provider = Arc::new(Clock::default());
        let client = stock_client(&stack.provider, &[stack.version], &[self.site.der()], visitor);
        let Outcome { server, client } = handshake(server, client, "site.example");
        let answer = |side: Side| match clients.verify(side.peer_certificates.as_deref(), unix(NOW))
        {
            Ok(peer) => describe(&peer),
            Err(refusal) => format!("{:?}: {refusal}", refusal.class()),
        };
        match server {
            Ok(side) => (Ok(()), client.map(|_| answer(side))),
            Err(error) => (Err(error), client.map(|_| String::new())),
        }
    }
}

fn describe(peer: &VerifiedPeer) -> String {
    let names: Vec<_> = peer.alt_names().iter().map(ToString::to_string).collect();
    let eku = match peer.eku().violation() {
        None => "as it should be".into(),
        Some(violation) => violation.to_string(),
    };
    format!(
        "{} {}, path {}, root {}: {eku}",
        peer.role(),
        names.join(" "),
        peer.path().len(),
        peer.anchor()
    )
}
