//! [`PublicKey`], and what a private key says about its public half.

use std::fmt;

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use sha2::{Digest, Sha256};

use crate::certificate::key::{KeyKind, bits};
use crate::element::without_leading_zeros;
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

/// SHA-256 of what a key pair's halves share: the RSA modulus, or the public key's bits.
pub(super) type KeyHalf = [u8; 32];

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo.
    pub(super) fn read(spki: &[u8]) -> der::Result<Self> {
        let (algorithm, bits) = describe(KeyKind::read(spki)?);
        Ok(Self { algorithm, bits })
    }
}

/// What a SubjectPublicKeyInfo has in common with its private key.
pub(super) fn public_half(spki: &[u8]) -> der::Result<KeyHalf> {
    let half = match KeyKind::read(spki)? {
        KeyKind::Rsa(modulus) => modulus,
        _ => subject_public_key(spki)?,
    };
    Ok(Sha256::digest(half).into())
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

fn subject_public_key(spki: &[u8]) -> der::Result<&[u8]> {
    let spki = AnyRef::from_der(spki)?;
    let mut spki = SliceReader::new(spki.value())?;
    AnyRef::decode(&mut spki)?;
    Ok(bit_string(AnyRef::decode(&mut spki)?.value()))
}

/// Without the octet that counts unused bits.
fn bit_string(contents: &[u8]) -> &[u8] {
    contents.get(1..).unwrap_or_default()
}

/// What can be known of a private key without using it.
pub(super) enum PrivateHalf {
    Encrypted,
    /// A key that carries its public half.
    Known(KeyHalf),
    /// A key whose public half would have to be computed.
    Silent,
}

/// Reads PKCS#8 (RFC 5958), PKCS#1 (RFC 8017, A.1.2) or SEC1 (RFC 5915); an error for anything
/// else.
pub(super) fn private_half(der: &[u8]) -> der::Result<PrivateHalf> {
    let outer = AnyRef::from_der(der)?;
    outer.tag().assert_eq(Tag::Sequence)?;
    let mut fields = SliceReader::new(outer.value())?;
    let first = AnyRef::decode(&mut fields)?;
    let second = AnyRef::decode(&mut fields)?;
    match (first.tag(), second.tag()) {
        (Tag::Sequence, Tag::OctetString) => Ok(PrivateHalf::Encrypted),
        (Tag::Integer, Tag::Integer) => Ok(known(modulus(second))),
        (Tag::Integer, Tag::OctetString) => sec1(&mut fields),
        (Tag::Integer, Tag::Sequence) => pkcs8(&mut fields),
        _ => Err(first.tag().value_error().into()),
    }
}

fn known(half: &[u8]) -> PrivateHalf {
    PrivateHalf::Known(Sha256::digest(half).into())
}

fn modulus<'a>(integer: AnyRef<'a>) -> &'a [u8] {
    without_leading_zeros(integer.value())
}

/// Behind version and key: `[0]` the curve, `[1]` the public key as a BIT STRING.
fn sec1(fields: &mut SliceReader<'_>) -> der::Result<PrivateHalf> {
    match tagged(fields, 1)? {
        Some(public) => {
            let public = AnyRef::from_der(public.value())?;
            Ok(known(bit_string(public.value())))
        }
        None => Ok(PrivateHalf::Silent),
    }
}

/// Behind version and algorithm: the key, `[0]` attributes, `[1]` the public key (version 2).
fn pkcs8(fields: &mut SliceReader<'_>) -> der::Result<PrivateHalf> {
    let key = AnyRef::decode(fields)?;
    key.tag().assert_eq(Tag::OctetString)?;
    if let Some(public) = tagged(fields, 1)? {
        return Ok(known(bit_string(public.value())));
    }
    // An RSA or EC key in the form that it has without PKCS#8; that of Ed25519 is an OCTET STRING.
    match AnyRef::from_der(key.value()).map(|inner| inner.tag()) {
        Ok(Tag::Sequence) => private_half_of_inner(key.value()),
        _ => Ok(PrivateHalf::Silent),
    }
}

/// PKCS#1 or SEC1, and nothing that nests further.
fn private_half_of_inner(der: &[u8]) -> der::Result<PrivateHalf> {
    let outer = AnyRef::from_der(der)?;
    let mut fields = SliceReader::new(outer.value())?;
    AnyRef::decode(&mut fields)?;
    let second = AnyRef::decode(&mut fields)?;
    match second.tag() {
        Tag::Integer => Ok(known(modulus(second))),
        Tag::OctetString => sec1(&mut fields),
        _ => Ok(PrivateHalf::Silent),
    }
}

/// The next field with this context-specific tag.
fn tagged<'a>(fields: &mut SliceReader<'a>, wanted: u32) -> der::Result<Option<AnyRef<'a>>> {
    while !fields.is_finished() {
        let field = AnyRef::decode(fields)?;
        if matches!(field.tag(), Tag::ContextSpecific { number, .. } if number.value() == wanted) {
            return Ok(Some(field));
        }
    }
    Ok(None)
}
