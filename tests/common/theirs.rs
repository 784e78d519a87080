//! A verifier of stock rustls in either role, told what ours is told.

use std::sync::Arc;

use super::ours::{Choices, decide_client, decide_server};
use super::tls::root_store;
use mtls_roles::Role;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

pub enum Stock {
    Clients(Arc<dyn ClientCertVerifier>),
    Servers(Arc<WebPkiServerVerifier>),
}

/// Builders of two kinds share these methods and no trait.
macro_rules! build {
    ($builder:expr, $crls:expr, $choices:expr) => {{
        let mut builder = $builder.with_crls($crls.to_vec());
        if $choices.only_end_entity {
            builder = builder.only_check_end_entity_revocation();
        }
        if $choices.allow_unknown {
            builder = builder.allow_unknown_revocation_status();
        }
        if !$choices.allow_expired {
            builder = builder.enforce_revocation_expiration();
        }
        builder.build().unwrap()
    }};
}

impl Stock {
    pub fn new(
        role: Role,
        roots: &[CertificateDer<'static>],
        crls: &[CertificateRevocationListDer<'static>],
        choices: Choices,
        provider: &Arc<CryptoProvider>,
    ) -> Self {
        let (roots, provider) = (root_store(roots), provider.clone());
        match role {
            Role::Client => {
                let builder = WebPkiClientVerifier::builder_with_provider(roots, provider);
                Self::Clients(build!(builder, crls, choices))
            }
            Role::Server => {
                let builder = WebPkiServerVerifier::builder_with_provider(roots, provider);
                Self::Servers(build!(builder, crls, choices))
            }
        }
    }

    pub fn decide(
        &self,
        chain: &[CertificateDer<'_>],
        name: &str,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        match self {
            Self::Clients(clients) => decide_client(&**clients, chain, now),
            Self::Servers(servers) => decide_server(&**servers, chain, name, now),
        }
    }
}
