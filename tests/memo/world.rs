//! Verifiers of the chain of a [`World`] that remember, or do not.

use mtls_roles::{
    ClientPeerVerifier, PeerVerifier, PeerVerifierBuilder, Roots, ServerPeerVerifier, SignatureMemo,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;

use crate::common::clock::{NOW, unix};
use crate::common::ours::roots;
use crate::common::pki::{Eku, LeafSpec, World};
use crate::common::tls::server_name;

impl World {
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

/// A leaf for a client.
pub fn client(name: &str) -> LeafSpec {
    LeafSpec::new(name).eku(Eku::client())
}

pub fn accepts(verifier: &ClientPeerVerifier, chain: &[CertificateDer<'_>]) -> bool {
    verifier.verify(Some(chain), unix(NOW)).is_ok()
}

pub fn accepts_server(verifier: &ServerPeerVerifier, chain: &[CertificateDer<'_>]) -> bool {
    verifier.verify(Some(chain), &server_name(World::NAME), unix(NOW)).is_ok()
}

/// With this memo, or with none.
pub fn with_memo<V: PeerVerifier>(
    builder: PeerVerifierBuilder<V>,
    memo: Option<&SignatureMemo>,
) -> V {
    match memo {
        Some(memo) => builder.memo(memo.clone()).build().unwrap(),
        None => builder.without_memo().build().unwrap(),
    }
}
