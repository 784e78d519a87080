//! What bytes are, told from themselves and not from a name.

use memchr::memmem;

use super::pkcs7::SIGNED_DATA;
use super::tlv::{
    BIT_STRING, CONTEXT_0, ENUMERATED, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, Tlv,
    claimed, definite,
};

/// What a SEQUENCE is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Certificate,
    /// A CMS ContentInfo.
    Pkcs7,
    /// A PFX.
    Pkcs12,
    /// In the clear, or encrypted as PKCS#8 has it.
    PrivateKey,
    /// A PkiPath, or both certificates of a pair that CAs issued each other.
    Certificates,
    /// A key store of Bouncy Castle (BCFKS), which is encrypted whole.
    Sealed,
    /// A request, a revocation list, a public key, parameters.
    Known,
    Other,
}

impl Shape {
    /// Of one element; further in, it may be broken.
    pub fn of(element: &Tlv<'_>) -> Self {
        let Some(fields) = element.children().filter(|_| element.tag == SEQUENCE) else {
            return Self::Other;
        };
        let tags: Vec<_> = fields.iter().map(|field| field.tag).collect();
        match tags[..] {
            [OBJECT_IDENTIFIER, CONTEXT_0] => Self::Pkcs7,
            [INTEGER, SEQUENCE] | [INTEGER, SEQUENCE, SEQUENCE]
                if fields[0].number() == Some(3) =>
            {
                Self::Pkcs12
            }
            // PKCS#8, PKCS#1 and DSA, SEC1 begin with their version.
            [INTEGER, SEQUENCE, OCTET_STRING, ..] | [INTEGER, OCTET_STRING, ..]
                if matches!(fields[0].number(), Some(0 | 1)) =>
            {
                Self::PrivateKey
            }
            [INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, ..]
                if matches!(fields[0].number(), Some(0 | 1)) =>
            {
                Self::PrivateKey
            }
            [SEQUENCE, OCTET_STRING] if is_algorithm(&fields[0]) => Self::PrivateKey,
            [SEQUENCE, BIT_STRING] if is_algorithm(&fields[0]) => Self::Known,
            [SEQUENCE, SEQUENCE, BIT_STRING] if is_algorithm(&fields[1]) => of_signed(&fields[0]),
            [SEQUENCE, SEQUENCE] if is_encrypted(&fields[0]) => Self::Sealed,
            [_, ..] if certificates(&fields).count() == fields.len() => Self::Certificates,
            // Parameters of Diffie-Hellman or DSA, an RSA public key.
            [INTEGER, INTEGER] | [INTEGER, INTEGER, INTEGER] => Self::Known,
            // An algorithm, an answer of OCSP.
            [OBJECT_IDENTIFIER, ..] | [ENUMERATED, CONTEXT_0] => Self::Known,
            _ => Self::Other,
        }
    }
}

/// What of these elements is a certificate, in a tag of its own perhaps.
pub fn certificates<'a>(elements: &[Tlv<'a>]) -> impl Iterator<Item = Tlv<'a>> {
    let inside = |it: &Tlv<'a>| if it.tag == SEQUENCE { Some(*it) } else { it.only() };
    elements
        .iter()
        .filter_map(inside)
        .filter(|element| {
            let fields = element.children().unwrap_or_default();
            let tags: Vec<_> = fields.iter().map(|field| field.tag).collect();
            let is_signed = tags == [SEQUENCE, SEQUENCE, BIT_STRING];
            is_signed && is_algorithm(&fields[1]) && of_signed(&fields[0]) == Shape::Certificate
        })
        .collect::<Vec<_>>()
        .into_iter()
}

fn is_encrypted(element: &Tlv<'_>) -> bool {
    let fields = element.children().unwrap_or_default();
    let tags: Vec<_> = fields.iter().map(|field| field.tag).collect();
    tags == [SEQUENCE, OCTET_STRING] && is_algorithm(&fields[0])
}

fn is_algorithm(element: &Tlv<'_>) -> bool {
    let fields = element.children().unwrap_or_default();
    fields.first().is_some_and(|field| field.tag == OBJECT_IDENTIFIER)
}

/// Certificates, requests and revocation lists are all SEQUENCE { SEQUENCE, SEQUENCE, BIT STRING }.
fn of_signed(signed: &Tlv<'_>) -> Shape {
    let fields = signed.children().unwrap_or_default();
    let tags: Vec<_> = fields.iter().map(|field| field.tag).collect();
    match tags[..] {
        // The two others have their version as a plain INTEGER.
        [CONTEXT_0, ..] => Shape::Certificate,
        // Version 1: serial number, algorithm, issuer, validity. A list has a time in its place.
        [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, ..] => Shape::Certificate,
        _ => Shape::Known,
    }
}

/// SEQUENCE { SEQUENCE { [0] { INTEGER 2 } … } … }, the lengths of both in two octets.
pub fn begins_like_a_certificate(bytes: &[u8]) -> bool {
    matches!(bytes, [SEQUENCE, 0x82, _, _, SEQUENCE, 0x82, _, _, 0xa0, 3, 2, 1, 2, ..])
}

/// What begins here, and lacks its end.
pub fn cut(bytes: &[u8]) -> Option<&'static str> {
    let (header, is_complete) = match claimed(bytes) {
        Some(len) => {
            (2 + usize::from(bytes[1] & 0x7f) * usize::from(bytes[1] >> 7), len <= bytes.len())
        }
        None => (2, definite(bytes).is_some()),
    };
    let content = bytes.get(header..).filter(|_| !is_complete && bytes.starts_with(&[SEQUENCE]))?;
    match content {
        _ if begins_like_a_certificate(bytes) => Some("a certificate"),
        [INTEGER, 1, 3, SEQUENCE, ..] => Some("a PKCS#12"),
        _ if content.starts_with(SIGNED_DATA) => Some("a PKCS#7"),
        _ => None,
    }
}

/// How a file begins that holds others, or holds certificates in a form of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Magic {
    Gzip,
    Zip,
    Tar,
    /// JKS, JCEKS or BKS.
    KeyStore,
    /// Certificates stand in it as they are, beside what is not read here.
    Carved(&'static str),
}

impl Magic {
    pub fn of(beginning: &[u8]) -> Option<Self> {
        Some(match beginning {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Self::Zip,
            [0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 1 | 2, ..] => Self::KeyStore,
            [0xce, 0xce, 0xce, 0xce, 0, 0, 0, 1 | 2, ..] => Self::KeyStore,
            [0, 0, 0, 1 | 2, 0, 0, 0, 20, ..] => Self::KeyStore,
            [0, 0, 0, 0, b'C', b'E', b'R', b'T', ..] => {
                Self::Carved("a serialized store of Windows")
            }
            [b'b', b'p', b'l', b'i', b's', b't', b'0', ..] => {
                Self::Carved("a binary property list")
            }
            // What a script unpacks stands behind it.
            [b'#', b'!', ..] if memmem::find(beginning, b"PK\x03\x04").is_some() => Self::Zip,
            _ if is_database(beginning) => Self::Carved("a database"),
            _ if is_tar(beginning) => Self::Tar,
            _ => return None,
        })
    }
}

/// By the magic of a database, and where on its first page that stands: SQLite (NSS has its
/// certificates there), Berkeley DB (where NSS had them) in both orders, LMDB (OpenLDAP), bbolt (etcd),
/// the key box of GnuPG, the keychain of macOS, a hive of the registry.
fn is_database(beginning: &[u8]) -> bool {
    const MAGICS: [(usize, &[u8]); 12] = [
        (0, b"SQLite format 3\0"),
        (0, b"\0\x06\x15\x61"),
        (0, b"\x61\x15\x06\0"),
        (12, b"\0\x06\x15\x61"),
        (12, b"\x61\x15\x06\0"),
        (12, b"\0\x05\x31\x62"),
        (12, b"\x62\x31\x05\0"),
        (16, b"\xde\xc0\xef\xbe"),
        (16, b"\xed\xda\x0c\xed"),
        (8, b"KBXf"),
        (0, b"kych"),
        (0, b"regf"),
    ];
    MAGICS.iter().any(|(at, magic)| beginning.get(*at..).is_some_and(|it| it.starts_with(magic)))
}

/// By the checksum of its first header, which is older than any magic: the octets' sum, its own
/// counted as blanks.
fn is_tar(beginning: &[u8]) -> bool {
    let Some(header) = beginning.get(..512) else {
        return false;
    };
    let sum = &header[148..156];
    let digits = sum.split(|byte| !byte.is_ascii_digit()).find(|digits| !digits.is_empty());
    let digits = digits.and_then(|digits| str::from_utf8(digits).ok());
    let told = digits.and_then(|digits| u32::from_str_radix(digits, 8).ok());
    let blank = [b' '; 8].iter();
    let octets = header[..148].iter().chain(blank).chain(&header[156..]);
    told == Some(octets.map(|octet| u32::from(*octet)).sum()) && header[0] != 0
}

/// Whether the beginning of a file rules out that it holds anything, so that the rest need not be
/// read: what has a NUL is no text.
pub fn is_ruled_out_by(beginning: &[u8]) -> bool {
    let text = without_filling(beginning);
    let is_nothing = text.is_empty() && !beginning.is_empty();
    (is_nothing || memchr::memchr(0, text).is_some())
        && beginning.first() != Some(&SEQUENCE)
        && Magic::of(beginning).is_none()
        && wide(beginning).is_none()
}

/// Without the NULs behind a text: its end mark in C, or what fills a block of memory.
pub fn without_filling(text: &[u8]) -> &[u8] {
    let filling = text.iter().rev().take_while(|octet| **octet == 0).count();
    &text[..text.len() - filling]
}

/// The order of octets, if this is UTF-16, with a mark of it or without.
pub fn wide(beginning: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    let ascii =
        |at: usize| beginning.iter().take(64).skip(at).step_by(2).all(|b| (1..0x80).contains(b));
    let nuls = |at: usize| beginning.iter().take(64).skip(at).step_by(2).all(|byte| *byte == 0);
    match beginning {
        [0xff, 0xfe, ..] => Some(u16::from_le_bytes),
        [0xfe, 0xff, ..] => Some(u16::from_be_bytes),
        _ if beginning.len() < 16 => None,
        _ if ascii(0) && nuls(1) => Some(u16::from_le_bytes),
        _ if nuls(0) && ascii(1) => Some(u16::from_be_bytes),
        _ => None,
    }
}
