//! How a verifier of the benches comes to its memo; nothing else here names it.

use mtls_roles::{ClientPeerVerifier, PeerVerifierBuilder, SignatureMemo};
use rustls::crypto::CryptoProvider;

/// A memo of the verifier's own, empty and of the default size.
pub fn empty(
    builder: PeerVerifierBuilder<ClientPeerVerifier>,
    provider: &CryptoProvider,
) -> PeerVerifierBuilder<ClientPeerVerifier> {
    builder.memo(SignatureMemo::new(provider))
}

/// Every signature is verified each time.
pub fn none(
    builder: PeerVerifierBuilder<ClientPeerVerifier>,
) -> PeerVerifierBuilder<ClientPeerVerifier> {
    builder.without_memo()
}
