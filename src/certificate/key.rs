//! Public keys: what kind one is, and whether it is too weak to be believed.

use crate::tlv::{Elements, Kind, without_leading_zeros};

/// Whether signatures by a key prove anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strength {
    /// RSA of fewer than 2,048 bits, DSA, or a curve other than P-256, P-384 and P-521.
    Weak,
    /// Everything else, algorithms of the future included: the handshake knows which it takes.
    Accepted,
}

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const STRONG_CURVES: [&[u8]; 3] = [
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], // P-256
    &[0x2b, 0x81, 0x04, 0, 34],               // P-384
    &[0x2b, 0x81, 0x04, 0, 35],               // P-521
];
const LEAST_RSA_BITS: usize = 2048;

/// What kind of key stands in a SubjectPublicKeyInfo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind<'a> {
    /// RSA, by its modulus without leading zeros.
    Rsa(&'a [u8]),
    /// Elliptic curve, by the OID of a named curve; empty if it has no name.
    Ec(&'a [u8]),
    /// Any other, by the OID of its algorithm.
    Other(&'a [u8]),
}

impl<'a> KeyKind<'a> {
    /// Reads a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7; RFC 3279; RFC 5480).
    pub(crate) fn read(spki: &'a [u8]) -> der::Result<Self> {
        let mut spki = Elements::of_sequence(spki)?;
        let mut algorithm = spki.enter(Kind::SEQUENCE)?;
        Ok(match algorithm.read(Kind::OBJECT_IDENTIFIER)? {
            RSA_ENCRYPTION | RSASSA_PSS => Self::Rsa(modulus(spki.read(Kind::BIT_STRING)?)?),
            EC_PUBLIC_KEY => Self::Ec(match algorithm.next_is(Kind::OBJECT_IDENTIFIER) {
                true => algorithm.read(Kind::OBJECT_IDENTIFIER)?,
                false => &[],
            }),
            id => Self::Other(id),
        })
    }

    pub(super) fn strength(self) -> Strength {
        let is_weak = match self {
            Self::Rsa(modulus) => bits(modulus) < LEAST_RSA_BITS,
            Self::Ec(curve) => !STRONG_CURVES.contains(&curve),
            Self::Other(id) => id == DSA,
        };
        match is_weak {
            true => Strength::Weak,
            false => Strength::Accepted,
        }
    }
}

/// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }, in a BIT STRING.
fn modulus(key: &[u8]) -> der::Result<&[u8]> {
    // The first octet counts unused bits.
    let key = key.get(1..).unwrap_or_default();
    let modulus = Elements::of_sequence(key)?.read(Kind::INTEGER)?;
    Ok(without_leading_zeros(modulus))
}

/// Of a number without leading zero octets.
pub(crate) fn bits(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |byte| byte.leading_zeros());
    8 * number.len() - unused as usize
}
