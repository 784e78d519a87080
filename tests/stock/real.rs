//! The real certificates of `../shared/certs`, which are not part of the published crate.

use std::fs;
use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::common::shared;

/// A web site's chain and the root it leads to.
pub struct Site {
    pub name: String,
    pub roots: Vec<CertificateDer<'static>>,
    pub chain: Vec<CertificateDer<'static>>,
}

impl Site {
    /// Inside the validity of the whole chain; and on either side of it, by a second.
    pub fn instants(&self) -> [OffsetDateTime; 4] {
        let validity: Vec<_> = self.chain.iter().map(validity).collect();
        let first = validity.iter().map(|(begin, _)| *begin).max().expect("a chain is not empty");
        let last = validity.iter().map(|(_, end)| *end).min().expect("a chain is not empty");
        [first - Duration::SECOND, first, last, last + Duration::SECOND]
    }
}

fn validity(certificate: &CertificateDer<'_>) -> (OffsetDateTime, OffsetDateTime) {
    let (_, certificate) = X509Certificate::from_der(certificate).expect("well-formed");
    let validity = certificate.validity();
    (validity.not_before.to_datetime(), validity.not_after.to_datetime())
}

/// All of `public-chains`, by the name of the site.
pub fn public_chains() -> Option<Vec<Site>> {
    let folder = shared("certs/public-chains")?;
    let site = |file: &Path| {
        let name = file.file_name()?.to_str()?.strip_suffix(".chain.pem")?;
        Some(Site {
            name: name.to_owned(),
            roots: read(&folder.join(format!("{name}.root.pem"))),
            chain: read(file),
        })
    };
    let sites: Vec<_> = files(&folder).iter().filter_map(|file| site(file)).collect();
    assert!(sites.len() >= 10, "{} sites", sites.len());
    Some(sites)
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn read(file: &Path) -> Vec<CertificateDer<'static>> {
    let certificates = CertificateDer::pem_file_iter(file).unwrap();
    certificates.collect::<Result<_, _>>().unwrap()
}
