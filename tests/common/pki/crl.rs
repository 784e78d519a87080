//! What a test asks of the factory: `CrlSpec`.

use std::sync::Arc;

use rcgen::{
    CertificateRevocationListParams, CrlDistributionPoint, CrlIssuingDistributionPoint,
    KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber, SigningKey,
};
use rustls::pki_types::CertificateRevocationListDer;
use time::{Duration, OffsetDateTime};

use super::super::clock::NOW;
use super::der;

/// A certificate revocation list to be made.
#[derive(Clone)]
pub struct CrlSpec {
    number: SerialNumber,
    distribution_point: Option<String>,
    has_number: bool,
    is_version_1: bool,
    /// Extensions as they are encoded, beside or in place of rcgen's.
    extensions: Vec<Vec<u8>>,
    revoked: Vec<SerialNumber>,
    this_update: OffsetDateTime,
    next_update: OffsetDateTime,
    pub(super) signer: Option<Arc<KeyPair>>,
}

impl CrlSpec {
    /// A CRL of this crlNumber that revokes nothing, current from `NOW` − 1 day to `NOW` + 7 days.
    pub fn new(number: u64) -> Self {
        Self {
            number: number.into(),
            distribution_point: None,
            has_number: true,
            is_version_1: false,
            extensions: vec![],
            revoked: vec![],
            this_update: NOW - Duration::days(1),
            next_update: NOW + Duration::days(7),
            signer: None,
        }
    }

    /// One more revoked serial number.
    pub fn revoke(mut self, serial: &SerialNumber) -> Self {
        self.revoked.push(serial.clone());
        self
    }

    pub fn current(mut self, this_update: OffsetDateTime, next_update: OffsetDateTime) -> Self {
        (self.this_update, self.next_update) = (this_update, next_update);
        self
    }

    /// nextUpdate was one day before `NOW`.
    pub fn expired(self) -> Self {
        self.current(NOW - Duration::days(8), NOW - Duration::days(1))
    }

    /// Replaces the crlNumber: big-endian, as long as the test likes.
    pub fn number(mut self, bytes: &[u8]) -> Self {
        self.number = SerialNumber::from_slice(bytes);
        self
    }

    /// Leaves the crlNumber out, which RFC 5280, 5.2.3 does not allow and some CAs do.
    pub fn without_number(mut self) -> Self {
        self.has_number = false;
        self
    }

    /// One of several lists of its issuer: for the certificates that name this URI (RFC 5280, 5.2.5).
    pub fn at(mut self, uri: &str) -> Self {
        self.distribution_point = Some(uri.into());
        self
    }

    /// Says that it is a delta list (RFC 5280, 5.2.4).
    pub fn delta(self) -> Self {
        let base = der::unsigned(&[1]);
        self.extension(&[2, 5, 29, 27], base)
    }

    /// An issuingDistributionPoint with these fields (RFC 5280, 5.2.5), each as it is encoded.
    pub fn scope(self, fields: &[Vec<u8>]) -> Self {
        self.extension(&[2, 5, 29, 28], der::sequence(fields))
    }

    /// One more critical extension.
    pub fn extension(mut self, oid: &[u64], value: Vec<u8>) -> Self {
        let critical = der::tlv(0x01, &[0xff]);
        let fields = [der::oid(oid), critical, der::octet_string(&value)];
        self.extensions.push(der::sequence(&fields));
        self
    }

    /// Without version and extensions, as `openssl ca -gencrl` writes it by default.
    pub fn version_1(mut self) -> Self {
        self.is_version_1 = true;
        self
    }

    /// Signed by a key that is not the issuer's: under the issuer's name, but no word of it.
    pub fn signed_by(mut self, key: &Arc<KeyPair>) -> Self {
        self.signer = Some(Arc::clone(key));
        self
    }

    /// What rcgen is to sign.
    pub(super) fn params(&self) -> CertificateRevocationListParams {
        CertificateRevocationListParams {
            this_update: self.this_update,
            next_update: self.next_update,
            crl_number: self.number.clone(),
            issuing_distribution_point: self.distribution_point.as_deref().map(only_at),
            revoked_certs: self.revoked.iter().map(|serial| self.entry(serial)).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        }
    }

    /// What rcgen signed, and signed again without what the spec wants left out.
    pub(super) fn finish(
        &self,
        crl: CertificateRevocationListDer<'static>,
        key: &KeyPair,
    ) -> CertificateRevocationListDer<'static> {
        match self.has_number && !self.is_version_1 && self.extensions.is_empty() {
            true => crl,
            false => self.signed_again(&crl, key),
        }
    }

    /// rcgen writes version 2, a crlNumber and few other extensions.
    fn signed_again(&self, crl: &[u8], key: &KeyPair) -> CertificateRevocationListDer<'static> {
        let fields = der::children(crl);
        let mut tbs = der::children(&fields[0]);
        // The extensions come last, below an explicit tag.
        let extensions = tbs.pop().expect("rcgen writes extensions");
        let mut kept = der::children(&der::children(&extensions)[0]);
        let crl_number = der::oid(&[2, 5, 29, 20]);
        kept.retain(|extension| self.has_number || der::children(extension)[0] != crl_number);
        kept.extend(self.extensions.iter().cloned());
        match self.is_version_1 {
            true => drop(tbs.remove(0)),
            false => tbs.push(der::tlv(0xa0, &der::sequence(&kept))),
        }
        let tbs = der::sequence(&tbs);
        let signature = key.sign(&tbs).expect("the key signed before");
        let bits = der::tlv(0x03, &[&[0], signature.as_slice()].concat());
        der::sequence(&[tbs, fields[1].clone(), bits]).into()
    }

    fn entry(&self, serial: &SerialNumber) -> RevokedCertParams {
        RevokedCertParams {
            serial_number: serial.clone(),
            revocation_time: self.this_update,
            reason_code: None,
            invalidity_date: None,
        }
    }
}

fn only_at(uri: &str) -> CrlIssuingDistributionPoint {
    CrlIssuingDistributionPoint {
        distribution_point: CrlDistributionPoint { uris: vec![uri.into()] },
        scope: None,
    }
}
