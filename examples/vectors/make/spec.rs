//! [`Spec`]: a certificate to be made, and what the oracle may know of it.

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::macros::datetime;

use super::der;
use super::key::{Key, signature_algorithm, signed};

/// What an extended key usage extension lists; `None` is no extension.
pub type Eku = Option<&'static [Kp]>;

/// One key purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kp {
    Server,
    Client,
    Any,
    CodeSigning,
}

impl Kp {
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "serverAuth",
            Self::Client => "clientAuth",
            Self::Any => "anyExtendedKeyUsage",
            Self::CodeSigning => "codeSigning",
        }
    }

    fn oid(self) -> Vec<u8> {
        match self {
            Self::Server => der::oid(&[1, 3, 6, 1, 5, 5, 7, 3, 1]),
            Self::Client => der::oid(&[1, 3, 6, 1, 5, 5, 7, 3, 2]),
            Self::CodeSigning => der::oid(&[1, 3, 6, 1, 5, 5, 7, 3, 3]),
            Self::Any => der::oid(&[2, 5, 29, 37, 0]),
        }
    }
}

pub const SERVER: Eku = Some(&[Kp::Server]);
pub const CLIENT: Eku = Some(&[Kp::Client]);
pub const BOTH: Eku = Some(&[Kp::Server, Kp::Client]);
pub const ANY: Eku = Some(&[Kp::Any]);
pub const EMPTY: Eku = Some(&[]);

/// A certificate to be made. Its name in the vectors is its subject's common name and the name of
/// its key, unless said otherwise.
#[derive(Clone)]
pub struct Spec {
    pub name: String,
    pub subject: String,
    pub key: String,
    pub eku: Eku,
    is_eku_critical: bool,
    /// `None`: no basicConstraints. Inside: cA, and the path length.
    basic: Option<(bool, Option<u8>)>,
    key_usage: Option<u8>,
    names: Vec<Vec<u8>>,
    valid: (OffsetDateTime, OffsetDateTime),
    extensions: Vec<Vec<u8>>,
    is_tampered: bool,
    /// In place of the key's own.
    spki: Option<Vec<u8>>,
}

/// Bits of a keyUsage (RFC 5280, 4.2.1.3).
pub const DIGITAL_SIGNATURE: u8 = 0x80;
pub const KEY_CERT_SIGN: u8 = 0x04;
pub const CRL_SIGN: u8 = 0x02;

/// Every certificate, unless its vector is about validity.
const VALID: (OffsetDateTime, OffsetDateTime) =
    (datetime!(2026-01-01 0:00 UTC), datetime!(2035-12-31 23:59:59 UTC));

impl Spec {
    /// A CA without EKU and without limits.
    pub fn ca(name: &str) -> Self {
        let usage = KEY_CERT_SIGN | CRL_SIGN;
        Self { basic: Some((true, None)), key_usage: Some(usage), ..Self::bare(name) }
    }

    /// An end entity without names and EKU.
    pub fn leaf(name: &str) -> Self {
        Self { key_usage: Some(DIGITAL_SIGNATURE), ..Self::bare(name) }
    }

    fn bare(name: &str) -> Self {
        Self {
            name: name.into(),
            subject: name.into(),
            key: name.into(),
            eku: None,
            is_eku_critical: false,
            basic: None,
            key_usage: None,
            names: vec![],
            valid: VALID,
            extensions: vec![],
            is_tampered: false,
            spki: None,
        }
    }

    /// The same in the vectors' name only: another certificate of this subject and key.
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    pub fn subject(mut self, subject: &str) -> Self {
        self.subject = subject.into();
        self
    }

    pub fn key(mut self, key: &str) -> Self {
        self.key = key.into();
        self
    }

    pub fn eku(mut self, eku: Eku) -> Self {
        self.eku = eku;
        self
    }

    pub fn critical_eku(mut self) -> Self {
        self.is_eku_critical = true;
        self
    }

    pub fn dns(self, name: &str) -> Self {
        self.alt_name(2, name.as_bytes())
    }

    pub fn uri(self, uri: &str) -> Self {
        self.alt_name(6, uri.as_bytes())
    }

    pub fn email(self, address: &str) -> Self {
        self.alt_name(1, address.as_bytes())
    }

    pub fn ip(self, address: &[u8]) -> Self {
        self.alt_name(7, address)
    }

    /// A GeneralName of this tag, well-formed or not (RFC 5280, 4.2.1.6).
    pub fn alt_name(mut self, tag: u8, content: &[u8]) -> Self {
        self.names.push(der::general_name(tag, content));
        self
    }

    pub fn basic(mut self, basic: Option<(bool, Option<u8>)>) -> Self {
        self.basic = basic;
        self
    }

    pub fn key_usage(mut self, bits: u8) -> Self {
        self.key_usage = Some(bits);
        self
    }

    pub fn valid(mut self, from: OffsetDateTime, to: OffsetDateTime) -> Self {
        self.valid = (from, to);
        self
    }

    pub fn extension(mut self, oid: &[u64], critical: bool, value: Vec<u8>) -> Self {
        self.extensions.push(extension(oid, critical, value));
        self
    }

    /// permittedSubtrees of these DNS names, critical.
    pub fn permit_dns(self, domains: &[&str]) -> Self {
        let subtree = |domain: &&str| der::sequence(&[der::general_name(2, domain.as_bytes())]);
        let subtrees: Vec<_> = domains.iter().map(subtree).collect();
        let permitted = der::tlv(0xa0, &subtrees.concat());
        self.extension(&[2, 5, 29, 30], true, der::sequence(&[permitted]))
    }

    /// The CA/Browser Forum policy "domain validated": what public certificates carry.
    pub fn cabf_policy(self) -> Self {
        self.policy(&[2, 23, 140, 1, 2, 1])
    }

    pub fn policy(self, oid: &[u64]) -> Self {
        let policy = der::sequence(&[der::oid(oid)]);
        self.extension(&[2, 5, 29, 32], false, der::sequence(&[policy]))
    }

    /// A list of one signed certificate timestamp (RFC 6962, 3.3), of the right form.
    pub fn scts(self) -> Self {
        let mut sct = vec![0; 1 + 32 + 8 + 2];
        sct.extend_from_slice(&[4, 3, 0, 2, 0xab, 0xcd]);
        let len = sct.len() as u8;
        let list = [&[0, len + 2, 0, len], sct.as_slice()].concat();
        self.extension(&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2], false, der::octet_string(&list))
    }

    /// Its lists are at this URI (RFC 5280, 4.2.1.13).
    pub fn crl_at(self, uri: &str) -> Self {
        self.extension(&[2, 5, 29, 31], false, der::distribution_points(uri))
    }

    /// One bit of the signature is flipped.
    pub fn tampered(mut self) -> Self {
        self.is_tampered = true;
        self
    }

    /// For an RSA key of 1,024 bits, whose private half nobody has.
    pub fn rsa_1024(mut self) -> Self {
        let algorithm = der::sequence(&[der::oid(&[1, 2, 840, 113549, 1, 1, 1]), vec![5, 0]]);
        let modulus = [&[0xc5], [0x35; 126].as_slice(), &[0x37]].concat();
        let key = der::sequence(&[der::unsigned(&modulus), der::unsigned(&[1, 0, 1])]);
        let bits = der::tlv(0x03, &[&[0], key.as_slice()].concat());
        self.spki = Some(der::sequence(&[algorithm, bits]));
        self
    }

    pub fn serial(&self) -> Vec<u8> {
        let digest = Sha256::digest(format!("mtls-roles test vectors, serial {}", self.name));
        // Positive, and of eight bytes.
        [&[digest[0] & 0x3f | 0x40], &digest[1..8]].concat()
    }

    /// The DER, issued by this subject with this key.
    pub fn issued_by(&self, issuer: &str, key: &str) -> Vec<u8> {
        let spki = self.spki.clone().unwrap_or_else(|| Key::named(&self.key).spki());
        let mut extensions = self.standard_extensions();
        extensions.extend(self.extensions.clone());
        extensions.push(authority_key(key));
        // version 3
        let version = der::tlv(0xa0, &der::unsigned(&[2]));
        let mut tbs = vec![
            version,
            der::unsigned(&self.serial()),
            signature_algorithm(),
            name(issuer),
            der::sequence(&[instant(self.valid.0), instant(self.valid.1)]),
            name(&self.subject),
            spki,
        ];
        tbs.push(der::tlv(0xa3, &der::sequence(&extensions)));
        let mut certificate = signed(der::sequence(&tbs), &Key::named(key));
        if self.is_tampered {
            *certificate.last_mut().expect("it is not empty") ^= 1;
        }
        certificate
    }

    fn standard_extensions(&self) -> Vec<Vec<u8>> {
        let mut all = vec![];
        if let Some((is_ca, path_len)) = self.basic {
            let ca = is_ca.then(|| der::tlv(0x01, &[0xff]));
            let path_len = path_len.map(|most| der::unsigned(&[most]));
            let fields: Vec<_> = ca.into_iter().chain(path_len).collect();
            all.push(extension(&[2, 5, 29, 19], true, der::sequence(&fields)));
            let id = der::octet_string(&Key::named(&self.key).id());
            all.push(extension(&[2, 5, 29, 14], false, id));
        }
        if let Some(bits) = self.key_usage {
            let unused = bits.trailing_zeros().min(7) as u8;
            all.push(extension(&[2, 5, 29, 15], true, der::tlv(0x03, &[unused, bits])));
        }
        if let Some(purposes) = self.eku {
            let purposes: Vec<_> = purposes.iter().map(|purpose| purpose.oid()).collect();
            let value = der::sequence(&purposes);
            all.push(extension(&[2, 5, 29, 37], self.is_eku_critical, value));
        }
        if !self.names.is_empty() {
            all.push(extension(
                &[2, 5, 29, 17],
                self.subject.is_empty(),
                der::sequence(&self.names),
            ));
        }
        all
    }
}

pub fn extension(oid: &[u64], critical: bool, value: Vec<u8>) -> Vec<u8> {
    let mut fields = vec![der::oid(oid)];
    fields.extend(critical.then(|| der::tlv(0x01, &[0xff])));
    fields.push(der::octet_string(&value));
    der::sequence(&fields)
}

/// The authorityKeyIdentifier for this key.
pub fn authority_key(key: &str) -> Vec<u8> {
    let id = der::tlv(0x80, &Key::named(key).id());
    extension(&[2, 5, 29, 35], false, der::sequence(&[id]))
}

/// A Name with one common name, or empty.
pub fn name(common_name: &str) -> Vec<u8> {
    if common_name.is_empty() {
        return der::sequence(&[]);
    }
    let attribute =
        der::sequence(&[der::oid(&[2, 5, 4, 3]), der::tlv(0x0c, common_name.as_bytes())]);
    der::sequence(&[der::tlv(0x31, &attribute)])
}

/// UTCTime; every instant of the vectors is before 2050 (RFC 5280, 4.1.2.5).
pub fn instant(at: OffsetDateTime) -> Vec<u8> {
    let (date, time) = (at.date(), at.time());
    let text = format!(
        "{:02}{:02}{:02}{:02}{:02}{:02}Z",
        date.year() % 100,
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    der::tlv(0x17, text.as_bytes())
}
