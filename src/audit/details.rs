//! [`PublicKey`], [`KeyUsage`]: what only the audit reads of a certificate, when it is asked for.
//!
//! The core's reader finds the bytes and knows keys; x509-parser reads the rest and knows more names.
//! What cannot be read is unknown, and no reason to refuse a certificate that the core can read.

use std::fmt;

use x509_parser::asn1_rs::Oid;
use x509_parser::error::X509Error;
use x509_parser::extensions::{self, NSCertType, ParsedExtension};
use x509_parser::objects::{oid_registry, oid2sn};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::certificate::key::{KeyKind, bits};
use crate::certificate::oid;
use crate::certificate::view::View;
use crate::role::Role;
use crate::text::Dotted;

/// Algorithm and size of a public key: `RSA 2048`, `EC P-256`, `Ed25519`.
///
/// ```
/// use mtls_roles::audit::{Inventory, KeyAlgorithm};
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// let mut inventory = Inventory::new();
/// inventory.add("edge.pem", pem.as_bytes());
/// let key = inventory.entries()[0].key();
/// assert_eq!(key.algorithm, KeyAlgorithm::Ec("P-256".into()));
/// assert_eq!(key.bits, Some(256));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublicKey {
    /// The algorithm.
    pub algorithm: KeyAlgorithm,
    /// Bits of the RSA modulus or of the curve's field, where known.
    pub bits: Option<usize>,
}

/// The algorithm of a public key.
///
/// ```
/// use mtls_roles::audit::{Inventory, KeyAlgorithm};
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// let mut inventory = Inventory::new();
/// inventory.add("edge.pem", pem.as_bytes());
/// let keys = inventory.entries().iter().map(|entry| entry.key().algorithm);
/// assert_eq!(keys.filter(|algorithm| *algorithm == KeyAlgorithm::Rsa).count(), 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// RSA, RSASSA-PSS keys included.
    Rsa,
    /// Elliptic curve, by the curve's name, or by its OID.
    Ec(String),
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// Any other, by its name, or by its OID.
    Other(String),
    /// One that cannot be read.
    Unknown,
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo.
    pub(super) fn read(spki: &[u8]) -> Self {
        let (algorithm, bits) = match KeyKind::read(spki) {
            Ok(KeyKind::Rsa(modulus) | KeyKind::RsaPss(modulus)) => {
                (KeyAlgorithm::Rsa, Some(bits(modulus)))
            }
            Ok(KeyKind::Ec([])) => (KeyAlgorithm::Ec("with explicit parameters".into()), None),
            Ok(KeyKind::Ec(curve)) => {
                let name = name(curve);
                let bits = CURVES.iter().find(|(curve, _)| *curve == name).map(|(_, bits)| *bits);
                (KeyAlgorithm::Ec(name), bits)
            }
            Ok(KeyKind::Other(id)) => match &*name(id) {
                "Ed25519" => (KeyAlgorithm::Ed25519, Some(255)),
                "Ed448" => (KeyAlgorithm::Ed448, Some(448)),
                name => (KeyAlgorithm::Other(name.into()), None),
            },
            Err(_) => (KeyAlgorithm::Unknown, None),
        };
        Self { algorithm, bits }
    }
}

/// With the bits of their fields.
const CURVES: [(&str, usize); 3] = [("P-256", 256), ("P-384", 384), ("P-521", 521)];

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.algorithm, self.bits) {
            (KeyAlgorithm::Rsa, Some(bits)) => write!(f, "RSA {bits}"),
            (KeyAlgorithm::Rsa, None) => f.write_str("RSA"),
            (KeyAlgorithm::Ec(curve), _) => write!(f, "EC {curve}"),
            (KeyAlgorithm::Ed25519, _) => f.write_str("Ed25519"),
            (KeyAlgorithm::Ed448, _) => f.write_str("Ed448"),
            (KeyAlgorithm::Other(name), _) => f.write_str(name),
            (KeyAlgorithm::Unknown, _) => f.write_str("unknown"),
        }
    }
}

/// The keyUsage extension (RFC 5280, 4.2.1.3): `digitalSignature, keyEncipherment`.
///
/// ```
/// use mtls_roles::audit::Inventory;
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// let mut inventory = Inventory::new();
/// inventory.add("edge.pem", pem.as_bytes());
/// let usage = inventory.entries()[1].key_usage().unwrap();
/// assert_eq!(usage.names().collect::<Vec<_>>(), ["keyCertSign"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyUsage(u16);

impl KeyUsage {
    pub(super) const DIGITAL_SIGNATURE: Self = Self(1);
    pub(super) const KEY_ENCIPHERMENT: Self = Self(1 << 2);
    pub(super) const KEY_AGREEMENT: Self = Self(1 << 4);
    pub(super) const KEY_CERT_SIGN: Self = Self(1 << 5);

    /// The names of the bits that are set, in the order of RFC 5280.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        const NAMES: &str = "digitalSignature nonRepudiation keyEncipherment dataEncipherment \
                             keyAgreement keyCertSign cRLSign encipherOnly decipherOnly";
        let bits = NAMES.split(' ').enumerate();
        bits.filter_map(move |(bit, name)| self.has_any(Self(1 << bit)).then_some(name))
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn has_any(self, wanted: Self) -> bool {
        self.0 & wanted.0 != 0
    }
}

impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().collect::<Vec<_>>().join(", "))
    }
}

/// The Netscape certificate type: older than the EKU, and still looked at by some.
#[derive(Clone, Copy, Debug)]
pub(super) struct NetscapeType {
    found: Option<NSCertType>,
    pub(super) is_critical: bool,
}

impl NetscapeType {
    pub(super) fn is_for(self, role: Role) -> bool {
        self.found.is_some_and(|found| match role {
            Role::Client => found.ssl_client(),
            Role::Server => found.ssl_server(),
        })
    }
}

/// What some stacks ask of a certificate beside its EKU. What cannot be read allows nothing.
pub(super) fn usages(der: &[u8]) -> (Option<KeyUsage>, Option<NetscapeType>) {
    let Ok(view) = View::read(der) else {
        return (None, None);
    };
    let key_usage = view.extension(KEY_USAGE).ok().flatten();
    let key_usage = key_usage.map(only_one::<extensions::KeyUsage>);
    let netscape_type = view.first_extension(NETSCAPE_CERT_TYPE).ok().flatten();
    (
        key_usage.map(|usage| KeyUsage(usage.map_or(0, |usage| usage.flags))),
        netscape_type.map(|extension| NetscapeType {
            found: only_one(extension.value),
            is_critical: extension.is_critical,
        }),
    )
}

const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
/// netscape-cert-type, 2.16.840.1.113730.1.1.
const NETSCAPE_CERT_TYPE: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 1, 1];

/// The policies of a certificate (RFC 5280, 4.2.1.4), and how many timestamps it carries (RFC 6962).
pub(super) fn policies_and_timestamps(der: &[u8]) -> (Vec<String>, usize) {
    let (mut policies, mut timestamps) = (Vec::new(), 0);
    let certificate = only_one::<X509Certificate<'_>>(der);
    let extensions = certificate.iter().flat_map(|it| it.extensions());
    for extension in extensions {
        match extension.parsed_extension() {
            ParsedExtension::CertificatePolicies(found) => {
                policies.extend(found.iter().map(|policy| name(policy.policy_id.as_bytes())));
            }
            ParsedExtension::SCT(found) => timestamps += found.len(),
            _ => {}
        }
    }
    (policies, timestamps)
}

/// What these bytes are, to their end.
fn only_one<'a, T: FromDer<'a, X509Error>>(encoded: &'a [u8]) -> Option<T> {
    let (rest, read) = T::from_der(encoded).ok()?;
    rest.is_empty().then_some(read)
}

/// What people call an object identifier (its contents): as the core's messages do, else as the
/// registry of x509-parser has it, else the number.
fn name(id: &[u8]) -> String {
    let (number, id) = (Dotted(id).to_string(), Oid::new(id.into()));
    let name = oid::name(&number).or_else(|| oid2sn(&id, oid_registry()).ok());
    name.map_or(number, str::to_owned)
}
