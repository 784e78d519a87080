//! Configurations of stock rustls, at `NOW` on the clock of the tests.

use std::sync::Arc;

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, SignatureScheme, SupportedProtocolVersion,
};

use super::super::clock::Clock;

/// A server as rustls makes it, at `NOW`: without a verifier it asks for no client certificate. Resumption is on.
pub fn stock_server(
    provider: &Arc<CryptoProvider>,
    versions: &[&'static SupportedProtocolVersion],
    (chain, key): (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>),
    client_verifier: Option<Arc<dyn ClientCertVerifier>>,
) -> ServerConfig {
    ServerConfig::builder_with_details(Arc::clone(provider), Arc::new(Clock::default()))
        .with_protocol_versions(versions)
        .expect("the provider knows the versions")
        .with_client_cert_verifier(
            client_verifier.unwrap_or_else(WebPkiClientVerifier::no_client_auth),
        )
        .with_single_cert(chain, key)
        .expect("the key belongs to the chain")
}

/// A client as rustls makes it, at `NOW`, with or without credentials. Resumption is on.
pub fn stock_client(
    provider: &Arc<CryptoProvider>,
    versions: &[&'static SupportedProtocolVersion],
    roots: &[CertificateDer<'static>],
    credentials: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
) -> ClientConfig {
    let builder =
        ClientConfig::builder_with_details(Arc::clone(provider), Arc::new(Clock::default()))
            .with_protocol_versions(versions)
            .expect("the provider knows the versions")
            .with_webpki_verifier(stock_server_verifier(provider, roots));
    match credentials {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            builder.with_client_auth_cert(chain, key).expect("the key belongs to the chain")
        }
    }
}

/// The verifier of client certificates that rustls ships.
pub fn stock_client_verifier(
    provider: &Arc<CryptoProvider>,
    roots: &[CertificateDer<'static>],
) -> Arc<dyn ClientCertVerifier> {
    WebPkiClientVerifier::builder_with_provider(root_store(roots), Arc::clone(provider))
        .build()
        .expect("roots are well-formed")
}

/// The verifier of server certificates that rustls ships.
pub fn stock_server_verifier(
    provider: &Arc<CryptoProvider>,
    roots: &[CertificateDer<'static>],
) -> Arc<WebPkiServerVerifier> {
    WebPkiServerVerifier::builder_with_provider(root_store(roots), Arc::clone(provider))
        .build()
        .expect("roots are well-formed")
}

/// The same server, for tests in which every handshake must be a full one.
pub fn server_without_resumption(mut config: ServerConfig) -> ServerConfig {
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config
}

/// The same client, for tests in which every handshake must be a full one.
pub fn client_without_resumption(mut config: ClientConfig) -> ClientConfig {
    config.resumption = Resumption::disabled();
    config
}

/// The same provider, whose verifiers offer fewer schemes for signatures of a handshake.
pub fn with_schemes(
    provider: &CryptoProvider,
    is_offered: impl Fn(&SignatureScheme) -> bool,
) -> Arc<CryptoProvider> {
    let WebPkiSupportedAlgorithms { all, mapping } = provider.signature_verification_algorithms;
    let offered = mapping.iter().filter(|(scheme, _)| is_offered(scheme)).copied();
    let mapping = offered.collect::<Vec<_>>().leak();
    let signature_verification_algorithms = WebPkiSupportedAlgorithms { all, mapping };
    Arc::new(CryptoProvider { signature_verification_algorithms, ..provider.clone() })
}

/// These certificates as rustls takes its roots.
pub fn root_store(roots: &[CertificateDer<'static>]) -> Arc<RootCertStore> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root.clone()).expect("a root is well-formed");
    }
    Arc::new(store)
}
