//! Handshakes, and stock rustls for the end that is not under test.

mod memory;
mod stock;

use std::sync::Arc;

pub use memory::{Outcome, Side, connections, handshake, handshake_in_memory, receive, send};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, Error, SupportedProtocolVersion};
pub use stock::{
    client_without_resumption, root_store, server_without_resumption, stock_client,
    stock_client_verifier, stock_server, stock_server_verifier, with_schemes,
};

/// One crypto provider and one TLS version: what a handshake test must hold for, whatever it is about.
#[derive(Clone, Debug)]
pub struct Stack {
    /// For the message of a failing assertion.
    pub name: String,
    pub provider: Arc<CryptoProvider>,
    pub version: &'static SupportedProtocolVersion,
}

/// Every provider with every version.
pub fn stacks() -> Vec<Stack> {
    let mut all = vec![];
    for (name, provider) in providers() {
        for version in versions() {
            let (name, provider) = (format!("{name} {:?}", version.version), provider.clone());
            all.push(Stack { name, provider, version });
        }
    }
    all
}

/// The crypto providers to test with, by name; the variable `MTLS_ROLES_PROVIDER` picks one of them.
pub fn providers() -> Vec<(&'static str, Arc<CryptoProvider>)> {
    use rustls::crypto::{aws_lc_rs, ring};
    let mut all = vec![
        ("aws-lc-rs", Arc::new(aws_lc_rs::default_provider())),
        ("ring", Arc::new(ring::default_provider())),
    ];
    if let Ok(only) = std::env::var("MTLS_ROLES_PROVIDER") {
        all.retain(|(name, _)| *name == only);
        assert!(!all.is_empty(), "MTLS_ROLES_PROVIDER={only}: aws-lc-rs and ring are known");
    }
    all
}

/// The provider for a test that is not about providers.
pub fn provider() -> Arc<CryptoProvider> {
    providers().remove(0).1
}

/// TLS 1.2 and TLS 1.3.
pub fn versions() -> [&'static SupportedProtocolVersion; 2] {
    [&rustls::version::TLS12, &rustls::version::TLS13]
}

pub fn server_name(name: &str) -> ServerName<'static> {
    ServerName::try_from(name.to_owned()).expect("a DNS name or an IP address")
}

/// The alert that the other end sent, if this is how we learned of its refusal.
pub fn alert(error: &Error) -> Option<AlertDescription> {
    match error {
        Error::AlertReceived(description) => Some(*description),
        _ => None,
    }
}
