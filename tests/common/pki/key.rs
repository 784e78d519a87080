//! The kinds of keys that a certificate can be made for.

use rcgen::{KeyPair, PublicKeyData, RsaKeySize, SignatureAlgorithm};

use super::der;

/// The kind of a key; it also decides the signatures that the key makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    P256,
    P384,
    P521,
    Ed25519,
    /// 2048 bits, SHA-256. Costs some hundred milliseconds to make: ask for it only where it matters.
    Rsa2048,
    /// 2048 bits, SHA-384: the OID of this algorithm stands for two entries in rustls, with different least key sizes.
    Rsa2048Sha384,
}

impl KeyKind {
    pub(super) fn generate(self) -> KeyPair {
        match self {
            Self::P256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
            Self::P384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
            Self::P521 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512),
            Self::Ed25519 => KeyPair::generate_for(&rcgen::PKCS_ED25519),
            Self::Rsa2048 => KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048),
            Self::Rsa2048Sha384 => {
                KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA384, RsaKeySize::_2048)
            }
        }
        .expect("aws-lc-rs makes every kind of key")
    }
}

/// The public half of an RSA key of 1024 bits, which no library makes any more; good for parsing only.
pub struct WeakRsaKey(Vec<u8>);

impl Default for WeakRsaKey {
    fn default() -> Self {
        Self(der::sequence(&[der::unsigned(&[0xc5; 128]), der::unsigned(&[1, 0, 1])]))
    }
}

impl PublicKeyData for WeakRsaKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}
