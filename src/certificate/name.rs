//! Names of a certificate: [`SubjectAltName`], and distinguished names as text.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use base16ct::lower::encode_string as hex;
use der::asn1::AnyRef;
use der::{Tag, Tagged};

use crate::text::{Dotted, Printable};
use crate::tlv::Elements;

/// One name of a certificate's subjectAltName extension (RFC 5280, 4.2.1.6), by type.
///
/// The text is what the certificate says, unchanged; `Display` puts the type before it, as in
/// `dns:edge.example.com`, and escapes what could deceive a reader. Whoever gets one from this crate
/// owns its text: `S` is `String` there.
///
/// ```
/// use mtls_roles::SubjectAltName;
///
/// let name: SubjectAltName = SubjectAltName::Dns("edge.example.com".into());
/// assert_eq!(name.to_string(), "dns:edge.example.com");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SubjectAltName<S = String> {
    /// dNSName. May be a wildcard, and is not checked for DNS syntax.
    Dns(S),
    /// uniformResourceIdentifier, a SPIFFE ID for example. Not checked for URI syntax.
    Uri(S),
    /// iPAddress. An IPv4-mapped IPv6 address is an IPv6 address.
    Ip(IpAddr),
    /// rfc822Name.
    Email(S),
    /// Any other form, by the number of its tag: 0 otherName, 4 directoryName …
    Other(u32),
}

impl<'a> SubjectAltName<&'a str> {
    pub(super) fn read(any: AnyRef<'a>) -> der::Result<Self> {
        let Tag::ContextSpecific { number, constructed } = any.tag() else {
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

    pub(crate) fn into_owned(self) -> SubjectAltName {
        match self {
            Self::Dns(name) => SubjectAltName::Dns(name.into()),
            Self::Uri(name) => SubjectAltName::Uri(name.into()),
            Self::Ip(address) => SubjectAltName::Ip(address),
            Self::Email(name) => SubjectAltName::Email(name.into()),
            Self::Other(tag) => SubjectAltName::Other(tag),
        }
    }
}

impl<S: AsRef<str>> fmt::Display for SubjectAltName<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{}", Printable(name.as_ref())),
            Self::Uri(name) => write!(f, "uri:{}", Printable(name.as_ref())),
            Self::Ip(name) => write!(f, "ip:{name}"),
            Self::Email(name) => write!(f, "email:{}", Printable(name.as_ref())),
            Self::Other(tag) => write!(f, "other:[{tag}]"),
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

/// A Name (its contents, without tag and length) as text, in the order of its encoding:
/// `C=US, O=Example, CN=edge`. What could deceive is escaped as [`Printable`] does, and what could
/// make one value look like several, or one name like the words around it, with a backslash.
///
/// For people only: nothing is decided on it.
pub(crate) fn distinguished_name(der: &[u8]) -> String {
    parts(der).unwrap_or_else(|_| format!("#{}", hex(der)))
}

/// In which string types a Name is encoded, each once: `UTF8String, PrintableString`.
pub(crate) fn string_types(der: &[u8]) -> String {
    let mut types = Vec::new();
    for relative in Elements::of(der).flatten() {
        for part in Elements::of(relative.value()).flatten() {
            let Some(Ok(value)) = Elements::of(part.value()).nth(1) else { continue };
            let name = match value.tag() {
                Tag::Utf8String => "UTF8String",
                Tag::PrintableString => "PrintableString",
                Tag::Ia5String => "IA5String",
                Tag::TeletexString => "TeletexString",
                Tag::BmpString => "BMPString",
                _ => "another type",
            };
            if !types.contains(&name) {
                types.push(name);
            }
        }
    }
    types.join(", ")
}

/// The attribute type id-at-commonName (RFC 5280, appendix A).
pub(crate) const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// The first value of an attribute type (its OID) in a Name, unescaped; for comparison.
pub(crate) fn attribute_of<'a>(der: &'a [u8], wanted: &[u8]) -> Option<Cow<'a, str>> {
    for relative in Elements::of(der) {
        for part in Elements::of(relative.ok()?.value()) {
            let mut part = Elements::of(part.ok()?.value());
            if part.any().ok()?.value() == wanted {
                return plain_value(part.any().ok()?);
            }
        }
    }
    None
}

fn parts(der: &[u8]) -> der::Result<String> {
    // A keyword is shorter than what it stands for, so this is rarely too small.
    let mut text = String::with_capacity(der.len());
    for relative in Elements::of(der) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        let start = text.len();
        for part in Elements::of(relative?.value()) {
            if text.len() > start {
                text.push_str(" + ");
            }
            attribute(Elements::of(part?.value()), &mut text)?;
        }
    }
    Ok(text)
}

fn attribute(mut fields: Elements<'_>, text: &mut String) -> der::Result<()> {
    let oid = fields.any()?.value();
    let value = fields.any()?;
    match keyword(oid) {
        Some(keyword) => text.push_str(keyword),
        None => text.push_str(&format!("OID.{}", Dotted(oid))),
    }
    text.push('=');
    match plain_value(value) {
        Some(plain) => text.push_str(&escaped(&plain)),
        None => text.push_str(&format!("#{}", hex(value.value()))),
    }
    Ok(())
}

/// As RFC 4514, 2.4 asks; and the backtick, between which messages put names.
fn escaped(value: &str) -> Cow<'_, str> {
    let is_special = |(at, c): (usize, char)| match c {
        ' ' => at == 0 || at + 1 == value.len(),
        '#' => at == 0,
        _ => matches!(c, ',' | '+' | '"' | '\\' | ';' | '<' | '>' | '`'),
    };
    let is_plain = |(at, c): (usize, char)| !c.is_ascii_control() && !is_special((at, c));
    if value.is_ascii() && value.char_indices().all(is_plain) {
        return value.into();
    }
    let mut text = String::new();
    for (at, c) in value.char_indices() {
        if is_special((at, c)) {
            text.push('\\');
        }
        text.push_str(&Printable(c.encode_utf8(&mut [0; 4])).to_string());
    }
    text.into()
}

fn plain_value(value: AnyRef<'_>) -> Option<Cow<'_, str>> {
    let latin1 = || value.value().iter().map(|byte| char::from(*byte)).collect();
    match value.tag() {
        // T.61 in theory, Latin-1 in practice.
        Tag::TeletexString => Some(Cow::Owned(latin1())),
        Tag::BmpString => utf16(value.value()).map(Cow::Owned),
        _ => str::from_utf8(value.value()).ok().map(Cow::Borrowed),
    }
}

fn utf16(bytes: &[u8]) -> Option<String> {
    let units: Vec<_> = bytes
        .chunks_exact(2)
        .filter_map(|pair| pair.try_into().ok().map(u16::from_be_bytes))
        .collect();
    String::from_utf16(&units).ok()
}

/// The keywords of RFC 4519 and those that certificates use beside them.
fn keyword(oid: &[u8]) -> Option<&'static str> {
    let keyword = match oid {
        COMMON_NAME => "CN",
        [0x55, 0x04, 0x05] => "serialNumber",
        [0x55, 0x04, 0x06] => "C",
        [0x55, 0x04, 0x07] => "L",
        [0x55, 0x04, 0x08] => "ST",
        [0x55, 0x04, 0x09] => "street",
        [0x55, 0x04, 0x0a] => "O",
        [0x55, 0x04, 0x0b] => "OU",
        [0x55, 0x04, 0x0f] => "businessCategory",
        [0x55, 0x04, 0x11] => "postalCode",
        [0x55, 0x04, 0x61] => "organizationIdentifier",
        // The jurisdiction of incorporation (CA/Browser Forum, EV Guidelines, 9.2.4).
        [0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x3c, 0x02, 0x01, 0x01] => "jurisdictionL",
        [0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x3c, 0x02, 0x01, 0x02] => "jurisdictionST",
        [0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x3c, 0x02, 0x01, 0x03] => "jurisdictionC",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01] => "UID",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19] => "DC",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01] => "emailAddress",
        _ => return None,
    };
    Some(keyword)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `O=…, CN=admin`, or the one attribute `O` alone.
    fn name(organization: &str, common_name: Option<&str>) -> Vec<u8> {
        let attribute = |last: u8, value: &str| {
            let value = tlv(0x0c, value.as_bytes());
            let part = tlv(0x30, &[&[6, 3, 0x55, 4, last], &value[..]].concat());
            tlv(0x31, &part)
        };
        let mut name = attribute(0x0a, organization);
        name.extend(common_name.map(|name| attribute(3, name)).unwrap_or_default());
        name
    }

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, content.len() as u8], content].concat()
    }

    #[test]
    fn a_value_with_a_backslash_is_not_two_parts_of_a_name() {
        let two = distinguished_name(&name("a", Some("admin")));
        assert_eq!(two, "O=a, CN=admin");
        assert_eq!(distinguished_name(&name("a\\", Some("admin"))), r"O=a\\, CN=admin");
        assert_eq!(distinguished_name(&name(r"a\, CN=admin", None)), r"O=a\\\, CN=admin");
    }

    #[test]
    fn values_are_escaped_as_rfc_4514_asks_and_plain_ones_are_kept() {
        for (value, printed) in [
            ("Example (UK) Ltd. & Co/KG: a=b #1 'x'", "Example (UK) Ltd. & Co/KG: a=b #1 'x'"),
            ("a,b+c", r"a\,b\+c"),
            (r#"a"b;c<d>e`f"#, r#"a\"b\;c\<d\>e\`f"#),
            ("#30", r"\#30"),
            (" a  b ", r"\ a  b\ "),
            (" ", r"\ "),
            ("", ""),
            ("é,\u{ad}\u{e0041}", r"é\,\u{ad}\u{e0041}"),
            (r"\u{ad}", r"\\u{ad}"),
            ("a\0b\nc", r"a\u{0}b\u{a}c"),
        ] {
            assert_eq!(distinguished_name(&name(value, None)), format!("O={printed}"));
        }
    }
}
