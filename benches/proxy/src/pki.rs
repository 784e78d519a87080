//! One private CA, an intermediate, a server's and a client's certificate: P-256 all of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use time::macros::datetime;

/// The files that every contender is given.
pub struct Pki {
    pub root: PathBuf,
    pub chain: PathBuf,
    pub key: PathBuf,
    /// Chain and key in one file, as HAProxy wants them.
    pub both: PathBuf,
    pub client: Arc<ClientConfig>,
}

impl Pki {
    pub fn write(folder: &Path) -> Result<Self, Box<dyn std::error::Error>> {
        let (root_key, root) = authority("Bench Root");
        let root_pem = root.self_signed(&root_key)?.pem();
        let (issuer_key, issuer) = authority("Bench Intermediate");
        let signer = Issuer::from_params(&root, &root_key);
        let issuer_pem = issuer.signed_by(&issuer_key, &signer)?.pem();
        let signer = Issuer::from_params(&issuer, &issuer_key);
        let leaf = |name: &str, purpose| -> Result<_, Box<dyn std::error::Error>> {
            let key = KeyPair::generate()?;
            let mut params = params(name);
            params.subject_alt_names = vec![rcgen::SanType::DnsName(name.try_into()?)];
            params.extended_key_usages = vec![purpose];
            params.use_authority_key_identifier_extension = true;
            let chain = params.signed_by(&key, &signer)?.pem() + &issuer_pem;
            Ok((chain, key.serialize_pem()))
        };
        let (chain, key) = leaf("localhost", ExtendedKeyUsagePurpose::ServerAuth)?;
        let (client_chain, client_key) =
            leaf("client.example.com", ExtendedKeyUsagePurpose::ClientAuth)?;
        let file = |name: &str, text: &str| -> std::io::Result<PathBuf> {
            let path = folder.join(name);
            fs::write(&path, text).map(|()| path)
        };
        let client = config(&root_pem, &client_chain, &client_key)?;
        Ok(Self {
            root: file("root.pem", &root_pem)?,
            chain: file("server.pem", &chain)?,
            key: file("server.key", &key)?,
            both: file("both.pem", &(chain.clone() + &key))?,
            client: Arc::new(client),
        })
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = datetime!(2026-01-01 0:00 UTC);
    params.not_after = datetime!(2036-01-01 0:00 UTC);
    params
}

fn authority(name: &str) -> (KeyPair, CertificateParams) {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (KeyPair::generate().expect("the system has random numbers"), params)
}

/// TLS 1.3 only and no resumption: each connection is one full mutual handshake.
fn config(root: &str, chain: &str, key: &str) -> Result<ClientConfig, Box<dyn std::error::Error>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(root.as_bytes())?)?;
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())?;
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)?;
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}
