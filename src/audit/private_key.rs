//! [`PrivateKey`]: one that was noticed, and what it says about its public half.

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader, Tag, Tagged};
use sha2::{Digest, Sha256};

use super::entry::Location;
use crate::certificate::key::KeyKind;
use crate::element::without_leading_zeros;

/// A private key that was noticed. It is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrivateKey {
    /// Where it is.
    pub location: Location,
    /// Whether it is encrypted: then nothing more is known of it.
    pub is_encrypted: bool,
    pub(super) half: Option<KeyHalf>,
}

/// SHA-256 of what a key pair's halves share: the RSA modulus, or the public key's bits.
pub(super) type KeyHalf = [u8; 32];

/// What a SubjectPublicKeyInfo has in common with its private key.
pub(super) fn public_half(spki: &[u8]) -> der::Result<KeyHalf> {
    let half = match KeyKind::read(spki)? {
        KeyKind::Rsa(modulus) => modulus,
        _ => subject_public_key(spki)?,
    };
    Ok(Sha256::digest(half).into())
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
