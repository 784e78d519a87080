//! [`Stock`]: the verifiers of rustls, with the same provider, root and instant.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{Error, RootCertStore};

use crate::presented::{Lists, Presented};
use crate::{now, provider};

/// What a caller may choose, and the lists.
#[derive(Clone, Default)]
pub struct Stock {
    pub lists: Lists,
    pub only_end_entity: bool,
    pub allow_unknown: bool,
    pub enforce_expiration: bool,
}

/// Builders of four kinds share these methods and no trait.
#[macro_export]
macro_rules! choose {
    ($builder:expr, $stock:expr) => {{
        let mut builder = $builder;
        if $stock.only_end_entity {
            builder = builder.only_check_end_entity_revocation();
        }
        if $stock.allow_unknown {
            builder = builder.allow_unknown_revocation_status();
        }
        builder
    }};
}

impl Stock {
    /// `None` if the root is none for rustls.
    pub fn as_client(&self, presented: &Presented<'_>) -> Option<Result<(), Error>> {
        let builder =
            WebPkiClientVerifier::builder_with_provider(roots(presented)?, provider().clone());
        let mut builder = choose!(builder.with_crls(self.lists.clone()), self);
        if self.enforce_expiration {
            builder = builder.enforce_revocation_expiration();
        }
        let (leaf, rest) = presented.chain.split_first()?;
        let verifier = builder.build().expect("we have read the lists");
        Some(verifier.verify_client_cert(leaf, rest, now()).map(drop))
    }

    pub fn as_server(
        &self,
        presented: &Presented<'_>,
        name: &ServerName<'_>,
    ) -> Option<Result<(), Error>> {
        let builder =
            WebPkiServerVerifier::builder_with_provider(roots(presented)?, provider().clone());
        let mut builder = choose!(builder.with_crls(self.lists.clone()), self);
        if self.enforce_expiration {
            builder = builder.enforce_revocation_expiration();
        }
        let (leaf, rest) = presented.chain.split_first()?;
        let verifier = builder.build().expect("we have read the lists");
        Some(verifier.verify_server_cert(leaf, rest, name, &[], now()).map(drop))
    }
}

fn roots(presented: &Presented<'_>) -> Option<Arc<RootCertStore>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::clone(&presented.root)).ok()?;
    Some(Arc::new(roots))
}
