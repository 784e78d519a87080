//! The verifiers that are compared, all called as rustls calls them.

use std::hint::black_box;
use std::sync::Arc;

use mtls_roles::{ClientPeerVerifier, EkuPolicy, PeerRule, PeerVerifierBuilder, Roots};
use rustls::pki_types::CertificateDer;
use rustls::server::danger::ClientCertVerifier;

use super::chains::{CLIENT, Hierarchy};
use super::clock::{NOW, unix};
use super::memo;
use super::tls::{provider, stock_client_verifier};

/// Ours, with nothing remembered yet.
pub fn ours(roots: &Roots, policy: EkuPolicy) -> ClientPeerVerifier {
    builder(roots, policy).build().unwrap()
}

/// Ours, which never remembers anything.
pub fn forgetful(roots: &Roots, policy: EkuPolicy) -> ClientPeerVerifier {
    memo::none(builder(roots, policy)).build().unwrap()
}

/// Ours, for benches that add to it.
pub fn builder(roots: &Roots, policy: EkuPolicy) -> PeerVerifierBuilder<ClientPeerVerifier> {
    let provider = provider();
    let builder = ClientPeerVerifier::builder(roots.clone(), &provider)
        .eku_policy(policy)
        .relax_for(PeerRule::dns_name(CLIENT).unwrap())
        // Some benches have 10,000 roots.
        .send_no_root_hints();
    memo::empty(builder, &provider)
}

/// The verifier that rustls ships, over the same root.
pub fn stock(hierarchy: &Hierarchy) -> Arc<dyn ClientCertVerifier> {
    stock_client_verifier(&provider(), &[hierarchy.root.der()])
}

/// What rustls asks in a handshake.
pub fn accepts(verifier: &dyn ClientCertVerifier, chain: &[CertificateDer<'_>]) -> bool {
    let chain = black_box(chain);
    verifier.verify_client_cert(&chain[0], &chain[1..], unix(NOW)).is_ok()
}

/// Makes this chain a known one; whoever remembers on a second sight only has had it.
pub fn know(verifier: &dyn ClientCertVerifier, chain: &[CertificateDer<'_>]) {
    (0..4).for_each(|_| assert!(accepts(verifier, chain)));
}

/// webpki's reading of the same certificates and nothing else: what any verification must do.
pub fn parses(chain: &[CertificateDer<'_>]) -> bool {
    black_box(chain)
        .iter()
        .all(|certificate| black_box(webpki::EndEntityCert::try_from(certificate)).is_ok())
}
