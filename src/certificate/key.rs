//! Public keys: whether one is too weak to be believed.

use der::asn1::AnyRef;
use der::{Decode, SliceReader, Tag, Tagged};

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

/// The strength of the key in a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7; RFC 3279; RFC 5480).
pub(super) fn strength(spki: &[u8]) -> der::Result<Strength> {
    let spki = AnyRef::from_der(spki)?;
    let mut spki = SliceReader::new(spki.value())?;
    let mut algorithm = SliceReader::new(AnyRef::decode(&mut spki)?.value())?;
    let id = AnyRef::decode(&mut algorithm)?.value();
    let is_weak = match id {
        RSA_ENCRYPTION | RSASSA_PSS => rsa_bits(AnyRef::decode(&mut spki)?)? < LEAST_RSA_BITS,
        EC_PUBLIC_KEY => !STRONG_CURVES.contains(&AnyRef::decode(&mut algorithm)?.value()),
        DSA => true,
        _ => false,
    };
    Ok(match is_weak {
        true => Strength::Weak,
        false => Strength::Accepted,
    })
}

/// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }, in a BIT STRING.
fn rsa_bits(key: AnyRef<'_>) -> der::Result<usize> {
    key.tag().assert_eq(Tag::BitString)?;
    // The first octet counts unused bits.
    let key = AnyRef::from_der(key.value().get(1..).unwrap_or_default())?;
    let mut key = SliceReader::new(key.value())?;
    let modulus = AnyRef::decode(&mut key)?.value();
    let mut digits = modulus.iter().skip_while(|byte| **byte == 0);
    let first = digits
        .next()
        .map_or(0, |byte| 8 - byte.leading_zeros() as usize);
    Ok(first + 8 * digits.count())
}
