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
    is_delta: bool,
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
            is_delta: false,
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

    /// Says that it is a delta list (RFC 5280, 5.2.4), by a deltaCRLIndicator in place of the crlNumber.
    pub fn delta(mut self) -> Self {
        self.is_delta = true;
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
            revoked_certs: self
                .revoked
                .iter()
                .map(|serial| self.entry(serial))
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        }
    }

    /// What rcgen signed, and signed again without what the spec wants left out.
    pub(super) fn finish(
        &self,
        crl: CertificateRevocationListDer<'static>,
        key: &KeyPair,
    ) -> CertificateRevocationListDer<'static> {
        match (self.has_number, self.is_delta) {
            (true, false) => crl,
            (_, is_delta) => without_crl_number(&crl, key, is_delta),
        }
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
        distribution_point: CrlDistributionPoint {
            uris: vec![uri.into()],
        },
        scope: None,
    }
}

/// rcgen always writes a crlNumber: it is cut out, or made a deltaCRLIndicator, and the rest signed again.
fn without_crl_number(
    crl: &[u8],
    key: &KeyPair,
    is_delta: bool,
) -> CertificateRevocationListDer<'static> {
    let fields = der::children(crl);
    let mut tbs = der::children(&fields[0]);
    // The extensions come last, below an explicit tag.
    let extensions = tbs.pop().expect("rcgen writes extensions");
    let mut kept = der::children(&der::children(&extensions)[0]);
    let crl_number = der::oid(&[2, 5, 29, 20]);
    kept.retain(|extension| der::children(extension)[0] != crl_number);
    if is_delta {
        let base = der::octet_string(&der::unsigned(&[1]));
        let critical = der::tlv(0x01, &[0xff]);
        kept.push(der::sequence(&[der::oid(&[2, 5, 29, 27]), critical, base]));
    }
    tbs.push(der::tlv(0xa0, &der::sequence(&kept)));
    let tbs = der::sequence(&tbs);
    let signature = key.sign(&tbs).expect("the key signed before");
    let bits = der::tlv(0x03, &[&[0], signature.as_slice()].concat());
    der::sequence(&[tbs, fields[1].clone(), bits]).into()
}
