//! [`Entry`]: one certificate of an inventory, with all the places it was found in.

use std::fmt;
use std::sync::Arc;

use crate::certificate::Certificate;
use crate::text::Printable;

/// One certificate of an inventory: what is read of it, and where it was found.
#[derive(Clone, Debug)]
pub struct Entry {
    certificate: Certificate,
    sha256: [u8; 32],
    places: Vec<Place>,
    key: PublicKey,
    key_usage: Option<KeyUsage>,
}

impl Entry {
    /// Subject, issuer, serial, names, purposes and validity.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// SHA-256 of the whole certificate.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// Where it was found, in the order of finding; at least one.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The algorithm and size of its key.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The keyUsage extension; `None` without it.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.key_usage
    }

    /// Whether it is a leaf, an issuer below a root, or a root.
    pub fn kind(&self) -> Kind {
        match (self.certificate.is_ca(), self.certificate.is_self_issued()) {
            (false, _) => Kind::Leaf,
            (true, false) => Kind::Intermediate,
            (true, true) => Kind::Root,
        }
    }

    /// What people call it: the subject, else the first alternative name, else the serial number.
    /// Control characters are escaped.
    pub fn label(&self) -> String {
        self.certificate.label()
    }
}

/// Where something was found: `edge.pem:12`, `edge.example.com:443`.
///
/// `Display` escapes control characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Place {
    /// The file, or what stands for it, as the caller named it.
    pub source: Arc<str>,
    /// Line of the `BEGIN` mark, counted from 1; `None` for DER.
    pub line: Option<usize>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Printable(&self.source))?;
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// What a certificate is in its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An end-entity certificate: no basicConstraints, or cA FALSE.
    Leaf,
    /// A CA whose issuer has another name.
    Intermediate,
    /// A CA that is its own issuer by name.
    Root,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leaf => "leaf",
            Self::Intermediate => "intermediate",
            Self::Root => "root",
        })
    }
}

/// Whose certificates stand above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hierarchy {
    /// The web's PKI: what the root programs decide applies.
    Public,
    /// A root that no list knows, and no sign of the web's PKI.
    Private,
    /// The chain ends before a root, without a sign of the web's PKI.
    Unknown,
}

impl fmt::Display for Hierarchy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Unknown => "unknown",
        })
    }
}

/// Algorithm and size of a public key: `RSA 2048`, `EC P-256`, `Ed25519`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublicKey {
    /// The algorithm.
    pub algorithm: KeyAlgorithm,
    /// Bits of the RSA modulus or of the curve's field, where known.
    pub bits: Option<usize>,
}

/// The algorithm of a public key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// RSA, RSASSA-PSS keys included.
    Rsa,
    /// Elliptic curve, by the curve's name, or its OID in hexadecimal.
    Ec(String),
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// Any other, by its OID.
    Other(String),
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.algorithm, self.bits) {
            (KeyAlgorithm::Rsa, Some(bits)) => write!(f, "RSA {bits}"),
            (KeyAlgorithm::Rsa, None) => f.write_str("RSA"),
            (KeyAlgorithm::Ec(curve), _) => write!(f, "EC {curve}"),
            (KeyAlgorithm::Ed25519, _) => f.write_str("Ed25519"),
            (KeyAlgorithm::Ed448, _) => f.write_str("Ed448"),
            (KeyAlgorithm::Other(oid), _) => f.write_str(oid),
        }
    }
}

/// The keyUsage extension (RFC 5280, 4.2.1.3): `digitalSignature, keyEncipherment`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// The names of the bits that are set, in the order of RFC 5280.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        const NAMES: [&str; 9] = [
            "digitalSignature",
            "nonRepudiation",
            "keyEncipherment",
            "dataEncipherment",
            "keyAgreement",
            "keyCertSign",
            "cRLSign",
            "encipherOnly",
            "decipherOnly",
        ];
        NAMES
            .into_iter()
            .enumerate()
            .filter_map(move |(bit, name)| (self.0 & 0x8000 >> bit != 0).then_some(name))
    }
}

impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().collect::<Vec<_>>().join(", "))
    }
}
