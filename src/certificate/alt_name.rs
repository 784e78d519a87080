//! [`AltName`]: one alternative name, read in place.

use std::net::IpAddr;

use der::asn1::AnyRef;
use der::{Tag, Tagged};

/// One entry of a subjectAltName extension (RFC 5280, 4.2.1.6), borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AltName<'a> {
    Dns(&'a str),
    Uri(&'a str),
    Ip(IpAddr),
    Email(&'a str),
    /// Any other form, by its tag number.
    Other(u32),
}

impl<'a> AltName<'a> {
    pub(super) fn read(any: AnyRef<'a>) -> der::Result<Self> {
        let Tag::ContextSpecific {
            number,
            constructed,
        } = any.tag()
        else {
            return Err(any.tag().value_error().into());
        };
        // A string in constructed form would be other bytes under the same number (X.690, 10.2).
        match (number.value(), constructed) {
            (1, false) => ia5(any).map(Self::Email),
            (2, false) => ia5(any).map(Self::Dns),
            (6, false) => ia5(any).map(Self::Uri),
            (7, false) => ip(any).map(Self::Ip),
            (number @ (0 | 3 | 4 | 5), true) | (number @ 8, false) => Ok(Self::Other(number)),
            _ => Err(any.tag().value_error().into()),
        }
    }
}

/// IA5String: seven bits a character.
fn ia5(any: AnyRef<'_>) -> der::Result<&str> {
    match str::from_utf8(any.value()) {
        Ok(text) if text.is_ascii() => Ok(text),
        _ => Err(any.tag().value_error().into()),
    }
}

/// Four or sixteen octets. An IPv4-mapped IPv6 address stays an IPv6 address.
fn ip(any: AnyRef<'_>) -> der::Result<IpAddr> {
    <[u8; 4]>::try_from(any.value())
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(any.value()).map(IpAddr::from))
        .map_err(|_| any.tag().value_error().into())
}
