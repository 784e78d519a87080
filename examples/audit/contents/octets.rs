//! Octets that a text has as numbers: hexadecimal in any grouping (registry exports, configurations
//! of routers, dumps of databases, C), or decimal, as JSON has arrays of bytes.

use memchr::memmem;
use zeroize::Zeroizing;

/// Octets of a certificate, a key or PEM.
pub struct List {
    pub start: usize,
    pub end: usize,
    pub octets: Zeroizing<Vec<u8>>,
}

/// The lists of a stretch of text, in order of their radix and their places.
pub fn lists(text: &[u8]) -> impl Iterator<Item = List> {
    let begins =
        [(Radix::Hexadecimal, b"30"), (Radix::Hexadecimal, b"2d"), (Radix::Hexadecimal, b"2D")];
    let begins = begins.into_iter().chain([(Radix::Decimal, b"48"), (Radix::Decimal, b"45")]);
    begins.flat_map(move |(radix, first)| {
        let mut read = 0;
        memmem::find_iter(text, first).filter_map(move |start| {
            let list = (start >= read).then(|| List::at(text, start, radix)).flatten()?;
            read = list.end;
            Some(list)
        })
    })
}

#[derive(Clone, Copy)]
enum Radix {
    Hexadecimal,
    Decimal,
}

impl List {
    /// If there is one whose first octets are those of DER or of PEM.
    fn at(text: &[u8], start: usize, radix: Radix) -> Option<Self> {
        let is_inside = text[..start].last().is_some_and(|byte| match radix {
            Radix::Hexadecimal => byte.is_ascii_hexdigit(),
            Radix::Decimal => byte.is_ascii_digit() || matches!(byte, b'-' | b'.'),
        });
        let beginning = |most| {
            let mut octets = vec![];
            read(&text[start..], radix, most, &mut octets);
            octets
        };
        let is_promising = match beginning(2)[..] {
            [0x30, 0x82] => matches!(beginning(5)[..], [.., 0x30 | 2 | 6]),
            [b'-', b'-'] => beginning(MARK.len()) == MARK,
            _ => false,
        };
        if is_inside || !is_promising {
            return None;
        }
        let mut octets = Zeroizing::new(Vec::with_capacity(text.len().min(MOST)));
        let end = start + read(&text[start..], radix, usize::MAX, &mut octets);
        Some(Self { start, end, octets })
    }
}

const MARK: &[u8] = b"-----BEGIN ";

/// A list of more grows.
const MOST: usize = 64 << 10;

/// Up to `most` octets, and where they end.
fn read(text: &[u8], radix: Radix, most: usize, octets: &mut Vec<u8>) -> usize {
    let (mut at, mut end) = (0, 0);
    while octets.len() < most {
        let Some((octet, len)) = radix.octet(&text[at..]) else {
            break;
        };
        octets.push(octet);
        end = at + len;
        let between = text[end..].iter().take(FURTHEST).take_while(|byte| is_between(**byte));
        at = end + between.count();
    }
    end
}

/// Indentation is less.
const FURTHEST: usize = 100;

fn is_between(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b',' | b':' | b';' | b'\\' | b'"')
}

impl Radix {
    fn octet(self, text: &[u8]) -> Option<(u8, usize)> {
        match self {
            Self::Hexadecimal => {
                let prefix = if text.starts_with(b"0x") || text.starts_with(b"0X") { 2 } else { 0 };
                let prefix = if text.starts_with(b"x") { 1 } else { prefix };
                Some((super::escape::hex_octet(&text[prefix..])?, prefix + 2))
            }
            // Java's octets have a sign.
            Self::Decimal => {
                let is_of_number = |byte: &u8| byte.is_ascii_digit() || *byte == b'-';
                let len = text.iter().take(5).take_while(|byte| is_of_number(byte)).count();
                let number: i16 = str::from_utf8(&text[..len]).ok()?.parse().ok()?;
                (-128..=255).contains(&number).then_some((number as u8, len))
            }
        }
    }
}
