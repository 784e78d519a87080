//! Revocation lists of a hierarchy, and verifiers that enforce them.

use std::sync::Arc;

use mtls_roles::{ClientPeerVerifier, Crls, EkuPolicy, PeerVerifierBuilder};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use super::chains::Hierarchy;
use super::memo;
use super::pki::der::distribution_points;
use super::pki::{CrlSpec, Eku, KeyPair};
use super::tls::{provider, root_store};
use super::verifiers::builder;

/// One list of each issuer of a two-issuer hierarchy: the leaf's issuer has revoked so many
/// certificates, the root none.
pub fn crls(
    hierarchy: &Hierarchy,
    number: u64,
    entries: u64,
) -> Vec<CertificateRevocationListDer<'static>> {
    vec![
        hierarchy.issuer().crl(revoking(number, entries)),
        hierarchy.root.crl(CrlSpec::new(number)),
    ]
}

/// A list in the name of the leaf's issuer that a stranger has signed.
pub fn foreign(hierarchy: &Hierarchy, entries: u64) -> CertificateRevocationListDer<'static> {
    let stranger = Arc::new(KeyPair::generate().unwrap());
    let spec = revoking(9, entries).signed_by(&stranger);
    hierarchy.issuer().crl(spec)
}

fn revoking(number: u64, entries: u64) -> CrlSpec {
    // Serial numbers that the factory never comes to.
    let revoked = (0..entries).map(|index| (1 << 40) + index);
    revoked.fold(CrlSpec::new(number), |spec, serial| spec.revoke(&serial.into()))
}

/// As many lists of the leaf's issuer, each for a point of its own; one of the root.
pub fn shards(hierarchy: &Hierarchy, count: usize) -> Vec<CertificateRevocationListDer<'static>> {
    let shard = |index| hierarchy.issuer().crl(CrlSpec::new(1).at(&point(index)));
    let of_root = hierarchy.root.crl(CrlSpec::new(1));
    (0..count).map(shard).chain([of_root]).collect()
}

/// A client whose list is the first of them.
pub fn client_of_a_shard(hierarchy: &Hierarchy) -> Vec<CertificateDer<'static>> {
    const CRL_DISTRIBUTION_POINTS: &[u64] = &[2, 5, 29, 31];
    let points = distribution_points(&point(0));
    let spec = hierarchy.client_spec(Eku::client());
    let leaf = hierarchy.leaf(spec.extension(CRL_DISTRIBUTION_POINTS, false, points));
    hierarchy.present(&leaf)
}

fn point(shard: usize) -> String {
    format!("http://crl.example/{shard}")
}

/// Ours; without lists it checks no revocation.
pub fn enforcing(
    hierarchy: &Hierarchy,
    lists: Vec<CertificateRevocationListDer<'static>>,
) -> ClientPeerVerifier {
    with(hierarchy, lists).build().unwrap()
}

/// The same, which remembers no signature of a certificate.
pub fn enforcing_and_forgetful(
    hierarchy: &Hierarchy,
    lists: Vec<CertificateRevocationListDer<'static>>,
) -> ClientPeerVerifier {
    memo::none(with(hierarchy, lists)).build().unwrap()
}

fn with(
    hierarchy: &Hierarchy,
    lists: Vec<CertificateRevocationListDer<'static>>,
) -> PeerVerifierBuilder<ClientPeerVerifier> {
    let builder = builder(&hierarchy.roots(), EkuPolicy::rfc5280());
    match lists.is_empty() {
        true => builder,
        false => builder.crls(Crls::from_der(lists).unwrap()),
    }
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
