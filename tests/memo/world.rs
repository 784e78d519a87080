//! root → sub → leaf, which is a peer of both roles, and verifiers that remember.

use mtls_roles::{ClientPeerVerifier, Roots, ServerPeerVerifier, SignatureMemo};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName};

use crate::common::clock::{NOW, unix};
use crate::common::ours::{roots, with_memo};
use crate::common::pki::{Ca, CaSpec, Eku, KeyKind, Leaf, LeafSpec};

pub type Chain = Vec<CertificateDer<'static>>;

pub const NAME: &str = "peer.example";

pub struct World {
    pub root: Ca,
    pub sub: Ca,
    pub leaf: Leaf,
}

impl World {
    pub fn new() -> Self {
        Self::of(KeyKind::P256, Eku::both())
    }

    /// All keys of one kind.
    pub fn of(kind: KeyKind, eku: Eku) -> Self {
        let root = Ca::root(CaSpec::new("root").kind(kind));
        let sub = root.sub(CaSpec::new("sub").kind(kind));
        let leaf = sub.leaf(LeafSpec::new("peer").dns(NAME).kind(kind).eku(eku));
        Self { root, sub, leaf }
    }

    pub fn chain(&self) -> Chain {
        self.leaf.chain(&[&self.sub])
    }

    pub fn roots(&self) -> Roots {
        roots([&self.root])
    }

    pub fn clients(
        &self,
        provider: &CryptoProvider,
        memo: Option<&SignatureMemo>,
    ) -> ClientPeerVerifier {
        with_memo(ClientPeerVerifier::builder(self.roots(), provider), memo)
    }

    pub fn servers(
        &self,
        provider: &CryptoProvider,
        memo: Option<&SignatureMemo>,
    ) -> ServerPeerVerifier {
        with_memo(ServerPeerVerifier::builder(self.roots(), provider), memo)
    }
}

pub fn name() -> ServerName<'static> {
    ServerName::try_from(NAME).unwrap()
}

/// A leaf for a client.
pub fn client(name: &str) -> LeafSpec {
    LeafSpec::new(name).eku(Eku::client())
}

pub fn accepts(verifier: &ClientPeerVerifier, chain: &[CertificateDer<'_>]) -> bool {
    verifier.verify(Some(chain), unix(NOW)).is_ok()
}
