//! [`Crl`]: a revocation list to be made.

use time::OffsetDateTime;

use super::NOW;
use super::der;
use super::key::{Key, signature_algorithm, signed};
use super::spec::{Spec, authority_key, extension, instant, name};

/// A list in the name of one CA: version 2, current from a day before [`NOW`] to 7 days after it.
pub struct Crl {
    issuer: String,
    key: String,
    number: u8,
    this_update: OffsetDateTime,
    next_update: OffsetDateTime,
    revoked: Vec<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
    /// Of every entry, as it is encoded.
    entry_extensions: Vec<Vec<u8>>,
    is_version_1: bool,
}

impl Crl {
    pub fn of(ca: &Spec) -> Self {
        Self {
            issuer: ca.subject.clone(),
            key: ca.key.clone(),
            number: 1,
            this_update: NOW - time::Duration::DAY,
            next_update: NOW + time::Duration::days(7),
            revoked: vec![],
            extensions: vec![],
            entry_extensions: vec![],
            is_version_1: false,
        }
    }

    pub fn revoke(mut self, certificate: &Spec) -> Self {
        self.revoked.push(certificate.serial());
        self
    }

    pub fn number(mut self, number: u8) -> Self {
        self.number = number;
        self
    }

    /// Days from [`NOW`].
    pub fn current(mut self, from: i64, to: i64) -> Self {
        let at = |days| NOW + time::Duration::days(days);
        (self.this_update, self.next_update) = (at(from), at(to));
        self
    }

    /// Signed by another key in the issuer's name.
    pub fn signed_by(mut self, key: &str) -> Self {
        self.key = key.into();
        self
    }

    /// For the certificates that name this point (RFC 5280, 5.2.5).
    pub fn at(self, uri: &str) -> Self {
        let names = der::full_name(&[der::general_name(6, uri.as_bytes())]);
        self.scope(&[names])
    }

    /// An issuingDistributionPoint with these fields.
    pub fn scope(mut self, fields: &[Vec<u8>]) -> Self {
        self.extensions.push(extension(&[2, 5, 29, 28], true, der::sequence(fields)));
        self
    }

    /// What has changed since the first list (RFC 5280, 5.2.4).
    pub fn delta(mut self) -> Self {
        self.extensions.push(extension(&[2, 5, 29, 27], true, der::unsigned(&[1])));
        self
    }

    /// Its entries have this reason (RFC 5280, 5.3.1).
    pub fn reason(mut self, code: u8) -> Self {
        self.entry_extensions = vec![extension(&[2, 5, 29, 21], false, der::tlv(0x0a, &[code]))];
        self
    }

    /// Without version and extensions, as `openssl ca -gencrl` writes it by default.
    pub fn version_1(mut self) -> Self {
        self.is_version_1 = true;
        self
    }

    pub fn der(&self) -> Vec<u8> {
        let entry = |serial: &Vec<u8>| {
            let mut fields = vec![der::unsigned(serial), instant(self.this_update)];
            if !self.entry_extensions.is_empty() {
                fields.push(der::sequence(&self.entry_extensions));
            }
            der::sequence(&fields)
        };
        let revoked: Vec<_> = self.revoked.iter().map(entry).collect();
        let number = extension(&[2, 5, 29, 20], false, der::unsigned(&[self.number]));
        let known = vec![authority_key(&self.key), number];
        let extensions = [known, self.extensions.clone()].concat();
        let mut tbs = vec![
            der::unsigned(&[1]), // version 2
            signature_algorithm(),
            name(&self.issuer),
            instant(self.this_update),
            instant(self.next_update),
        ];
        if !revoked.is_empty() {
            tbs.push(der::sequence(&revoked));
        }
        match self.is_version_1 {
            true => drop(tbs.remove(0)),
            false => tbs.push(der::tlv(0xa0, &der::sequence(&extensions))),
        }
        signed(der::sequence(&tbs), &Key::named(&self.key))
    }
}
