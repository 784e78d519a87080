//! Certificates and CRLs taken apart, changed and signed again: what no issuing library would write.

use rustls::pki_types::CertificateDer;

use crate::common::pki::{KeyPair, der};

/// `SEQUENCE { tbs, algorithm, signature }`, the fields of the first part each for itself.
#[derive(Clone)]
pub struct Forge {
    /// Of a certificate: [`VERSION`] and so on.
    pub tbs: Vec<Vec<u8>>,
    pub algorithm: Vec<u8>,
}

/// Places of a version 3 certificate's fields (RFC 5280, 4.1).
pub const VERSION: usize = 0;
pub const SERIAL: usize = 1;
pub const ALGORITHM: usize = 2;
pub const VALIDITY: usize = 4;
pub const SUBJECT: usize = 5;
pub const SPKI: usize = 6;
pub const EXTENSIONS: usize = 7;

impl Forge {
    pub fn of(der: &[u8]) -> Self {
        let outer = der::children(der);
        Self { tbs: der::children(&outer[0]), algorithm: outer[1].clone() }
    }

    /// The field at this place is these bytes; no bytes leave it out.
    pub fn with(mut self, field: usize, bytes: Vec<u8>) -> Self {
        self.tbs[field] = bytes;
        self
    }

    /// The two places that name the signature's algorithm.
    pub fn with_algorithm(mut self, inner: Vec<u8>, outer: Vec<u8>) -> Self {
        (self.tbs[ALGORITHM], self.algorithm) = (inner, outer);
        self
    }

    /// One more extension, however malformed.
    pub fn with_extension(self, extension: Vec<u8>) -> Self {
        let mut all = der::children(&der::children(&self.tbs[EXTENSIONS])[0]);
        all.push(extension);
        self.with(EXTENSIONS, der::tlv(0xa3, &der::sequence(&all)))
    }

    pub fn signed(&self, key: &KeyPair) -> Vec<u8> {
        self.signed_over(self.tbs(), key)
    }

    /// These bytes in the place of the first part.
    pub fn signed_over(&self, tbs: Vec<u8>, key: &KeyPair) -> Vec<u8> {
        let signature = rcgen::SigningKey::sign(key, &tbs).expect("the key signs");
        let bits = der::tlv(0x03, &[&[0], &signature[..]].concat());
        der::sequence(&[tbs, self.algorithm.clone(), bits])
    }

    /// The first part as it is now.
    pub fn tbs(&self) -> Vec<u8> {
        der::sequence(&self.tbs)
    }
}

/// An Extension (RFC 5280, 4.1) of these parts: OID, value, critical or not.
pub fn extension(oid: &[u64], critical: bool, value: &[u8]) -> Vec<u8> {
    let flag = match critical {
        true => vec![0x01, 0x01, 0xff],
        false => vec![],
    };
    der::sequence(&[der::oid(oid), flag, der::octet_string(value)])
}

pub fn certificate(bytes: impl Into<Vec<u8>>) -> CertificateDer<'static> {
    bytes.into().into()
}
