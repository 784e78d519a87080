//! What only the audit reads of a certificate's extensions.

use std::fmt;

use crate::certificate::view::View;
use crate::element::{Elements, Kind, only};
use crate::role::Role;

const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
/// netscape-cert-type, 2.16.840.1.113730.1.1.
const NETSCAPE_CERT_TYPE: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 1, 1];

/// The keyUsage extension (RFC 5280, 4.2.1.3): `digitalSignature, keyEncipherment`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyUsage(u16);

impl KeyUsage {
    pub(super) const DIGITAL_SIGNATURE: Self = Self::bit(0);
    pub(super) const KEY_ENCIPHERMENT: Self = Self::bit(2);
    pub(super) const KEY_AGREEMENT: Self = Self::bit(4);
    pub(super) const KEY_CERT_SIGN: Self = Self::bit(5);

    const fn bit(number: usize) -> Self {
        Self(0x8000 >> number)
    }

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
        let bits = NAMES.into_iter().enumerate();
        bits.filter_map(move |(bit, name)| self.has_any(&[Self::bit(bit)]).then_some(name))
    }

    pub(super) fn has_any(self, wanted: &[Self]) -> bool {
        wanted.iter().any(|bit| self.0 & bit.0 != 0)
    }

    pub(super) fn read(view: &View<'_>) -> der::Result<Option<Self>> {
        let value = view.extension(KEY_USAGE)?;
        value.map(|value| bits(value).map(Self)).transpose()
    }
}

impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().collect::<Vec<_>>().join(", "))
    }
}

/// The Netscape certificate type: older than the EKU, and still looked at by some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NetscapeType {
    bits: u16,
    pub(super) is_critical: bool,
}

impl NetscapeType {
    pub(super) fn is_for(self, role: Role) -> bool {
        self.bits & Self::bit(role) != 0
    }

    const fn bit(role: Role) -> u16 {
        match role {
            Role::Client => 0x8000,
            Role::Server => 0x4000,
        }
    }

    pub(super) fn read(view: &View<'_>) -> der::Result<Option<Self>> {
        let Some(extension) = view.first_extension(NETSCAPE_CERT_TYPE)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            bits: bits(extension.value)?,
            is_critical: extension.is_critical,
        }))
    }
}

/// The key identifier of the subject (RFC 5280, 4.2.1.2). One that cannot be read is none.
pub(super) fn subject_key_id<'a>(view: &View<'a>) -> Option<&'a [u8]> {
    only(
        view.extension(SUBJECT_KEY_IDENTIFIER).ok()??,
        Kind::OCTET_STRING,
    )
    .ok()
}

/// The key identifier of the issuer (RFC 5280, 4.2.1.1). One that cannot be read is none.
pub(super) fn authority_key_id<'a>(view: &View<'a>) -> Option<&'a [u8]> {
    let value = view.extension(AUTHORITY_KEY_IDENTIFIER).ok()??;
    Elements::of_sequence(value)
        .ok()?
        .read(Kind::implicit(0))
        .ok()
}

/// The first sixteen bits of a BIT STRING.
fn bits(value: &[u8]) -> der::Result<u16> {
    let string = only(value, Kind::BIT_STRING)?;
    // The first octet counts the unused bits of the last.
    let octet = |index: usize| string.get(index).copied().unwrap_or(0);
    Ok(u16::from_be_bytes([octet(1), octet(2)]))
}
