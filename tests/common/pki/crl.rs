//! What a test asks of the factory: `CrlSpec`.

use std::sync::Arc;

use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, KeyPair, RevokedCertParams, SerialNumber,
};
use time::{Duration, OffsetDateTime};

use super::super::clock::NOW;

/// A certificate revocation list to be made.
#[derive(Clone)]
pub struct CrlSpec {
    number: u64,
    revoked: Vec<SerialNumber>,
    this_update: OffsetDateTime,
    next_update: OffsetDateTime,
    pub(super) signer: Option<Arc<KeyPair>>,
}

impl CrlSpec {
    /// A CRL of this crlNumber that revokes nothing, current from `NOW` − 1 day to `NOW` + 7 days.
    pub fn new(number: u64) -> Self {
        Self {
            number,
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
            crl_number: self.number.into(),
            issuing_distribution_point: None,
            revoked_certs: self
                .revoked
                .iter()
                .map(|serial| self.entry(serial))
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
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
