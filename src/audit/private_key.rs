//! [`PrivateKey`]: one that was noticed, and what it says about its public half.

use der::{Tag, Tagged};
use sha2::{Digest, Sha256};

use super::details::KeyHalf;
use super::entry::Location;
use crate::tlv::{Elements, Kind, only, without_leading_zeros};

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
        use Tag::{Integer, OctetString, Sequence};
        let half = match fields(der)?[..] {
            [(Sequence, _), (OctetString, _), ..] => {
                return Some(Self::encrypted(location));
            }
            [(Integer, _), (Sequence, _), (OctetString, key), ref others @ ..] => {
                public_key(others).or_else(|| half_of_plain(&fields(key)?)?)
            }
            ref plain => half_of_plain(plain)?,
        };
        Some(Self {
            location,
            is_encrypted: false,
            half: half.map(|half| Sha256::digest(half).into()),
        })
    }
}

type Field<'a> = (Tag, &'a [u8]);

/// The fields of a SEQUENCE, as far as they can be read.
fn fields(der: &[u8]) -> Option<Vec<Field<'_>>> {
    let fields = Elements::of_sequence(der).ok()?.map_while(Result::ok);
    Some(fields.map(|field| (field.tag(), field.value())).collect())
}

/// The public half of PKCS#1 or SEC1, if the key carries it; an outer `None` for anything else.
fn half_of_plain<'a>(fields: &[Field<'a>]) -> Option<Option<&'a [u8]>> {
    match fields {
        [(Tag::Integer, _), (Tag::Integer, modulus), ..] => {
            Some(Some(without_leading_zeros(modulus)))
        }
        // `[1]` is EXPLICIT in SEC1.
        [(Tag::Integer, _), (Tag::OctetString, _), others @ ..] => {
            let public = tagged_1(others).and_then(|public| only(public, Kind::BIT_STRING).ok());
            Some(public.and_then(|bits| bits.get(1..)))
        }
        _ => None,
    }
}

/// `publicKey [1] IMPLICIT BIT STRING` of version 2 of PKCS#8.
fn public_key<'a>(others: &[Field<'a>]) -> Option<&'a [u8]> {
    // The first octet counts unused bits.
    tagged_1(others)?.get(1..)
}

fn tagged_1<'a>(fields: &[Field<'a>]) -> Option<&'a [u8]> {
    let mut fields = fields.iter();
    let (_, value) = fields.find(
        |(tag, _)| matches!(tag, Tag::ContextSpecific { number, .. } if number.value() == 1),
    )?;
    Some(value)
}
