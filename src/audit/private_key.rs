//! [`PrivateKey`]: one that was noticed, and what it says about its public half.

use sha2::{Digest, Sha256};

use super::entry::Location;
use crate::certificate::key::KeyKind;
use crate::tlv::{Elements, Kind, without_leading_zeros};

/// A private key that was noticed. It is not kept.
///
/// ```
/// use mtls_roles::audit::Inventory;
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// let mut inventory = Inventory::new();
/// inventory.add("edge.pem", pem.as_bytes());
/// let mut keys = inventory.private_keys_of(&inventory.entries()[0]);
/// assert_eq!(keys.next().unwrap().location.source, "edge.pem".into());
/// assert!(!inventory.private_keys()[0].is_encrypted);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrivateKey {
    /// Where it is.
    pub location: Location,
    /// Whether it is encrypted: then nothing more is known of it.
    pub is_encrypted: bool,
    pub(super) half: Option<KeyHalf>,
}

impl PrivateKey {
    pub(super) fn encrypted(location: Location) -> Self {
        Self { location, is_encrypted: true, half: None }
    }

    /// Reads PKCS#8 (RFC 5958), PKCS#1 (RFC 8017, A.1.2) or SEC1 (RFC 5915); nothing else.
    pub(super) fn read(location: Location, der: &[u8]) -> Option<Self> {
        let mut fields = Elements::of_sequence(der).ok()?;
        if fields.next_is(Kind::SEQUENCE) {
            fields.read(Kind::SEQUENCE).ok()?; // algorithm
            return fields.read(Kind::OCTET_STRING).ok().map(|_| Self::encrypted(location));
        }
        let half = of_pkcs8(fields).or_else(|_| of_plain(fields)).ok()?;
        Some(Self { location, is_encrypted: false, half: half.map(hash) })
    }
}

/// SHA-256 of what both halves of a key pair carry: the RSA modulus, or the bits of the public key.
pub(super) type KeyHalf = [u8; 32];

/// What a SubjectPublicKeyInfo has in common with its private key.
pub(super) fn of_public_key(spki: &[u8]) -> Option<KeyHalf> {
    if let Ok(KeyKind::Rsa(modulus) | KeyKind::RsaPss(modulus)) = KeyKind::read(spki) {
        return Some(hash(modulus));
    }
    let mut fields = Elements::of_sequence(spki).ok()?;
    fields.read(Kind::SEQUENCE).ok()?; // algorithm
    without_unused(fields.read(Kind::BIT_STRING).ok()?).map(hash)
}

/// What PKCS#8 carries of the public key: from version 2 on, and in the key inside.
fn of_pkcs8(mut fields: Elements<'_>) -> der::Result<Option<&[u8]>> {
    fields.read(Kind::INTEGER)?; // version
    fields.read(Kind::SEQUENCE)?; // algorithm
    let key = fields.read(Kind::OCTET_STRING)?;
    fields.skip_optional(Kind::explicit(0))?; // attributes
    match fields.read(Kind::implicit(1)) {
        Ok(public) => Ok(without_unused(public)),
        Err(_) => Ok(Elements::of_sequence(key).and_then(of_plain).ok().flatten()),
    }
}

/// What PKCS#1 or SEC1 carries of the public key.
fn of_plain(mut fields: Elements<'_>) -> der::Result<Option<&[u8]>> {
    fields.read(Kind::INTEGER)?; // version
    if fields.next_is(Kind::INTEGER) {
        return fields.read(Kind::INTEGER).map(|modulus| Some(without_leading_zeros(modulus)));
    }
    fields.read(Kind::OCTET_STRING)?;
    fields.skip_optional(Kind::explicit(0))?; // parameters
    let public = fields.enter(Kind::explicit(1)).and_then(|mut it| it.read(Kind::BIT_STRING));
    Ok(public.ok().and_then(without_unused))
}

/// The first octet of a BIT STRING counts unused bits.
fn without_unused(bits: &[u8]) -> Option<&[u8]> {
    bits.get(1..)
}

fn hash(half: &[u8]) -> KeyHalf {
    Sha256::digest(half).into()
}
