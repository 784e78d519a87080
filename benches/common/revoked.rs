//! Revocation lists of a hierarchy, and verifiers that enforce them.

use std::sync::Arc;

use mtls_roles::{ClientPeerVerifier, Crls, EkuPolicy};
use rustls::pki_types::CertificateRevocationListDer;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::chains::Hierarchy;
use super::pki::CrlSpec;
use super::tls::{provider, root_store};
use super::verifiers::builder;

/// One list of each issuer of a two-issuer hierarchy: the leaf's issuer has revoked so many
/// certificates, the root none.
pub fn crls(
    hierarchy: &Hierarchy,
    number: u64,
    entries: u64,
) -> Vec<CertificateRevocationListDer<'static>> {
    // Serial numbers that the factory never comes to.
    let revoked = (0..entries).map(|index| (1 << 40) + index);
    let spec = revoked.fold(CrlSpec::new(number), |spec, serial| {
        spec.revoke(&serial.into())
    });
    vec![
        hierarchy.issuer().crl(spec),
        hierarchy.root.crl(CrlSpec::new(number)),
    ]
}

/// Ours; without lists it checks no revocation.
pub fn enforcing(
    hierarchy: &Hierarchy,
    lists: Vec<CertificateRevocationListDer<'static>>,
) -> ClientPeerVerifier {
    let mut builder = builder(&hierarchy.roots(), EkuPolicy::rfc5280());
    if !lists.is_empty() {
        let crls = Crls::from_der(lists).unwrap();
        builder = builder.crls(crls);
    }
    builder.build().unwrap()
}

/// The same from stock rustls.
pub fn enforcing_stock(
    hierarchy: &Hierarchy,
    lists: Vec<CertificateRevocationListDer<'static>>,
) -> Arc<dyn ClientCertVerifier> {
    let roots = root_store(&[hierarchy.root.der()]);
    WebPkiClientVerifier::builder_with_provider(roots, provider())
        .with_crls(lists)
        .enforce_revocation_expiration()
        .build()
        .unwrap()
}
