//! A certificate for one host, of a CA made for it. You have certificates already: see the example
//! `embed` for PEM files.

use std::error::Error;

use mtls_roles::{Credentials, Roots};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivateKeyDer;

/// Whom to trust for it, and what to present.
pub fn issue(
    host: &str,
    purpose: ExtendedKeyUsagePurpose,
    provider: &CryptoProvider,
) -> Result<(Roots, Credentials), Box<dyn Error + Send + Sync>> {
    let (mut ca, ca_key) = (CertificateParams::new([])?, KeyPair::generate()?);
    ca.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = ca.self_signed(&ca_key)?.der().clone();
    let (mut leaf, key) = (CertificateParams::new([host.to_owned()])?, KeyPair::generate()?);
    leaf.extended_key_usages = vec![purpose];
    let leaf = leaf.signed_by(&key, &Issuer::new(ca, ca_key))?.der().clone();
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    let credentials = Credentials::from_der(vec![leaf], key, provider)?;
    Ok((Roots::from_der([root])?, credentials))
}
