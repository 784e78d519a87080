//! Certificates made up for this demonstration, in memory, with rcgen.
//!
//! The "public" CA is public in name only. [`Roots`] knows the real public roots of the web and
//! guards against them when a verifier is built; a CA made a second ago is private to it. So the
//! "public" leaves here carry what real ones carry, a list of signed certificate timestamps and a
//! CA/Browser Forum policy: with these, the guard at run time treats them as it treats real ones.

use std::error::Error;

use mtls_roles::{Credentials, Roots};
use rcgen::ExtendedKeyUsagePurpose as Purpose;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::macros::datetime;

pub const SERVER_ONLY: &[Purpose] = &[Purpose::ServerAuth];
pub const CLIENT_ONLY: &[Purpose] = &[Purpose::ClientAuth];
pub const COMBINED: &[Purpose] = &[Purpose::ServerAuth, Purpose::ClientAuth];

/// A certificate authority.
pub struct Ca {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    /// What its leaves send along: the intermediates, without the root.
    intermediates: Vec<CertificateDer<'static>>,
    is_public: bool,
}

impl Ca {
    pub fn public() -> Result<Self, Box<dyn Error>> {
        Self::root("Public CA", true)
    }

    pub fn private() -> Result<Self, Box<dyn Error>> {
        Self::root("Private CA", false)
    }

    fn root(name: &str, is_public: bool) -> Result<Self, Box<dyn Error>> {
        let (params, key) = (ca(name, &[])?, KeyPair::generate()?);
        Ok(Self {
            certificate: params.self_signed(&key)?.into(),
            issuer: Issuer::new(params, key),
            intermediates: Vec::new(),
            is_public,
        })
    }

    /// An intermediate whose EKU limits what may stand below it.
    pub fn intermediate(&self, name: &str, purposes: &[Purpose]) -> Result<Self, Box<dyn Error>> {
        let (params, key) = (ca(name, purposes)?, KeyPair::generate()?);
        let certificate: CertificateDer<'_> = params.signed_by(&key, &self.issuer)?.into();
        Ok(Self {
            intermediates: vec![certificate.clone()],
            certificate,
            issuer: Issuer::new(params, key),
            is_public: self.is_public,
        })
    }

    /// A certificate for this host with a fresh key, and the chain to present it with.
    pub fn issue(
        &self,
        host: &str,
        purposes: &[Purpose],
        provider: &CryptoProvider,
    ) -> Result<Credentials, Box<dyn Error>> {
        let mut params = CertificateParams::new([host.to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, host);
        params.not_before = datetime!(2026-10-01 0:00 UTC);
        params.not_after = datetime!(2027-04-18 0:00 UTC);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = purposes.to_vec();
        if self.is_public {
            params.custom_extensions = web_pki();
        }
        let key = KeyPair::generate()?;
        let leaf = params.signed_by(&key, &self.issuer)?.into();
        let chain = [vec![leaf], self.intermediates.clone()].concat();
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        Ok(Credentials::from_der(chain, key, provider)?)
    }

    /// This CA as somebody's only trust anchor.
    pub fn roots(&self) -> Result<Roots, mtls_roles::Error> {
        Roots::from_der([self.certificate.clone()])
    }
}

fn ca(name: &str, purposes: &[Purpose]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new([])?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = datetime!(2020-01-01 0:00 UTC);
    params.not_after = datetime!(2035-01-01 0:00 UTC);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = purposes.to_vec();
    Ok(params)
}

/// What real public leaves carry. The list of timestamps is an empty one: here its presence counts.
fn web_pki() -> Vec<CustomExtension> {
    // SEQUENCE { SEQUENCE { OID 2.23.140.1.2.1, "domain validated" } }
    let policies = b"\x30\x0a\x30\x08\x06\x06\x67\x81\x0c\x01\x02\x01";
    // OCTET STRING around a list of length 0 (RFC 6962, 3.3).
    let timestamps = b"\x04\x02\x00\x00";
    vec![
        CustomExtension::from_oid_content(&[2, 5, 29, 32], policies.to_vec()),
        CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2], timestamps.to_vec()),
    ]
}
