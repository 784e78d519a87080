//! Tag, length, value: DER as certificates have it, and BER as old and Java programs write archives.

use std::borrow::Cow;

pub const INTEGER: u8 = 2;
pub const BIT_STRING: u8 = 3;
pub const OCTET_STRING: u8 = 4;
pub const OBJECT_IDENTIFIER: u8 = 6;
pub const ENUMERATED: u8 = 10;
pub const SEQUENCE: u8 = 0x30;
/// `[0]`, constructed.
pub const CONTEXT_0: u8 = 0xa0;
/// An OCTET STRING in pieces, which only BER has.
const PIECES: u8 = 0x24;

/// One element of a definite length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The first octet of it; what is read here has no tags of more.
    pub tag: u8,
    pub value: &'a [u8],
    /// Tag and length, too.
    pub whole: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// The first element, and what stands behind it.
    pub fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let header = Header::read(bytes)?;
        let end = header.len.checked_add(header.value?)?;
        let (whole, rest) = bytes.split_at_checked(end)?;
        Some((Self { tag: header.tag, value: &whole[header.len..], whole }, rest))
    }

    /// The elements inside; none if anything else is.
    pub fn children(&self) -> Option<Vec<Self>> {
        Self::all(self.value)
    }

    /// Every element up to the end.
    pub fn all(mut bytes: &'a [u8]) -> Option<Vec<Self>> {
        let mut all = vec![];
        while !bytes.is_empty() {
            let (next, rest) = Self::first(bytes)?;
            all.push(next);
            bytes = rest;
        }
        Some(all)
    }

    /// The only element inside.
    pub fn only(&self) -> Option<Self> {
        Self::first(self.value).filter(|(_, rest)| rest.is_empty()).map(|(only, _)| only)
    }

    /// Of an INTEGER that is small and not negative.
    pub fn number(&self) -> Option<u64> {
        let is_one = self.tag == INTEGER && (1..=8).contains(&self.value.len());
        let value = self.value.iter().fold(0, |value, octet| value << 8 | u64::from(*octet));
        Some(value).filter(|_| is_one && self.value[0] < 0x80)
    }
}

struct Header {
    tag: u8,
    /// Octets of tag and length.
    len: usize,
    /// Octets of the value; none if an end mark tells.
    value: Option<usize>,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        let (&[tag, first], rest) = bytes.split_first_chunk::<2>()?;
        // Nothing that is read here has tags of several octets.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (len, value) = match first {
            0..0x80 => (2, Some(usize::from(first))),
            0x80 => (2, None),
            _ => {
                let octets = rest.get(..usize::from(first & 0x7f))?;
                let is_large = octets.iter().rev().skip(4).any(|octet| *octet != 0);
                let value = octets.iter().fold(0, |len, octet| len << 8 | usize::from(*octet));
                (2 + octets.len(), Some(value).filter(|_| !is_large))
            }
        };
        (value.is_some() || first == 0x80).then_some(Self { tag, len, value })
    }
}

/// How many octets an element says that it has, whether they are there or not.
pub fn claimed(bytes: &[u8]) -> Option<usize> {
    let header = Header::read(bytes)?;
    header.len.checked_add(header.value?)
}

/// The first element with definite lengths and strings in one piece. What has them already stays
/// byte for byte as it was: certificates are signed.
pub fn definite(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    first_definite(bytes).map(|(element, _)| element)
}

/// The same of one element with nothing behind it.
pub fn only_definite(bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
    first_definite(bytes).filter(|(_, rest)| rest.is_empty()).map(|(element, _)| element)
}

fn first_definite(bytes: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let mut reader = Definite { rest: bytes };
    let element = reader.element(0)?;
    let rest = reader.rest;
    let read = &bytes[..bytes.len() - rest.len()];
    let element = if element == read { Cow::Borrowed(read) } else { Cow::Owned(element) };
    Some((element, rest))
}

/// No structure that is read here is deeper.
const DEPTH: usize = 40;

struct Definite<'a> {
    rest: &'a [u8],
}

impl Definite<'_> {
    fn element(&mut self, depth: usize) -> Option<Vec<u8>> {
        let header = Header::read(self.rest).filter(|_| depth < DEPTH)?;
        let is_constructed = header.tag & 0x20 != 0;
        let (head, rest) = self.rest.split_at(header.len);
        let Some(len) = header.value else {
            self.rest = rest;
            let mut children = vec![];
            while !self.rest.starts_with(&[0, 0]) {
                children.push(self.element(depth + 1)?);
            }
            self.rest = &self.rest[2..];
            return Some(joined(header.tag, children));
        };
        let (value, behind) = rest.split_at_checked(len)?;
        self.rest = behind;
        let children = match is_constructed {
            true => all(value, depth + 1),
            false => None,
        };
        Some(match children {
            Some(children) if header.tag == PIECES || children.concat() != value => {
                joined(header.tag, children)
            }
            _ => [head, value].concat(),
        })
    }
}

fn all(value: &[u8], depth: usize) -> Option<Vec<Vec<u8>>> {
    let mut inner = Definite { rest: value };
    let mut children = vec![];
    while !inner.rest.is_empty() {
        children.push(inner.element(depth)?);
    }
    Some(children)
}

fn joined(tag: u8, children: Vec<Vec<u8>>) -> Vec<u8> {
    if tag != PIECES {
        return encoded(tag, &children.concat());
    }
    let pieces = children.iter().filter_map(|child| Tlv::first(child));
    let value: Vec<_> = pieces.map(|(piece, _)| piece.value).collect();
    encoded(OCTET_STRING, &value.concat())
}

/// DER of one element.
pub fn encoded(tag: u8, value: &[u8]) -> Vec<u8> {
    let len = value.len();
    let octets = len.to_be_bytes();
    let octets = &octets[octets.iter().take_while(|octet| **octet == 0).count()..];
    let head = match len {
        0..0x80 => vec![tag, len as u8],
        _ => [&[tag, 0x80 | octets.len() as u8][..], octets].concat(),
    };
    [&head, value].concat()
}
