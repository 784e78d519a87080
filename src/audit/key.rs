//! [`PublicKey`]: algorithm and size.

use std::fmt;

use crate::certificate::key::{KeyKind, bits};
use crate::role::Dotted;

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
    /// Elliptic curve, by the curve's name, or by its OID.
    Ec(String),
    /// Ed25519.
    Ed25519,
    /// Ed448.
    Ed448,
    /// Any other, by its OID.
    Other(String),
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo.
    pub(super) fn read(spki: &[u8]) -> der::Result<Self> {
        let (algorithm, bits) = describe(KeyKind::read(spki)?);
        Ok(Self { algorithm, bits })
    }
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

fn describe(kind: KeyKind<'_>) -> (KeyAlgorithm, Option<usize>) {
    let curve = |name: &str| KeyAlgorithm::Ec(name.into());
    match kind {
        KeyKind::Rsa(modulus) => (KeyAlgorithm::Rsa, Some(bits(modulus))),
        KeyKind::Ec([0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]) => (curve("P-256"), Some(256)),
        KeyKind::Ec([0x2b, 0x81, 0x04, 0, 34]) => (curve("P-384"), Some(384)),
        KeyKind::Ec([0x2b, 0x81, 0x04, 0, 35]) => (curve("P-521"), Some(521)),
        KeyKind::Ec([]) => (curve("with explicit parameters"), None),
        KeyKind::Ec(oid) => (curve(&Dotted(oid).to_string()), None),
        KeyKind::Other([0x2b, 0x65, 0x70]) => (KeyAlgorithm::Ed25519, Some(255)),
        KeyKind::Other([0x2b, 0x65, 0x71]) => (KeyAlgorithm::Ed448, Some(448)),
        KeyKind::Other(oid) => (KeyAlgorithm::Other(Dotted(oid).to_string()), None),
    }
}
