//! What a file is, told from its bytes and not from its name.

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader};

/// What the bytes of a file seem to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Text with a mark of a certificate or a private key.
    Pem,
    /// Text with a mark of PKCS#7.
    Pkcs7Pem,
    /// DER of one certificate.
    Certificate,
    /// DER of a CMS ContentInfo, `.p7b` or `.p7c`.
    Pkcs7,
    /// DER of a PFX, `.p12` or `.pfx`.
    Pkcs12,
    /// DER of a private key in the clear.
    PrivateKey,
    /// Something that an audit has no use for.
    Other,
}

impl Shape {
    pub fn of(bytes: &[u8]) -> Self {
        match content(bytes) {
            // DER may hold any text.
            Some(content) => of_der(bytes, content).unwrap_or(Self::Other),
            None => of_text(bytes),
        }
    }

    /// Whether the beginning of a file rules out every shape, so that the rest need not be read.
    pub fn is_ruled_out_by(beginning: &[u8]) -> bool {
        beginning.first() != Some(&0x30) && beginning.contains(&0)
    }
}

/// By the lines that are meant to begin a block. What is wrong with them, the library tells.
fn of_text(text: &[u8]) -> Shape {
    let mut shape = Shape::Other;
    for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
        let Some(begin) = find(line, b"BEGIN ") else {
            continue;
        };
        let label = &line[begin..];
        if [&b"BEGIN PKCS7"[..], b"BEGIN CMS", b"BEGIN PKCS #7"]
            .iter()
            .any(|mark| label.starts_with(mark))
        {
            return Shape::Pkcs7Pem;
        }
        let is_request = find(label, b"REQUEST").is_some();
        let is_known =
            find(label, b"CERTIFICATE").is_some() || find(label, b"PRIVATE KEY").is_some();
        if is_known && !is_request {
            shape = Shape::Pem;
        }
    }
    shape
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}

/// What is in the outer SEQUENCE, if the bytes are one to their end: text may begin with 0x30, too,
/// the digit 0.
fn content(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        // An indefinite length is BER, which archives come in. Whoever reads them tells.
        [SEQUENCE, 0x80, content @ ..] => Some(content),
        [SEQUENCE, ..] => Some(AnyRef::from_der(bytes).ok()?.value()),
        _ => None,
    }
}

/// By how the content begins; further in, it may be broken.
fn of_der(bytes: &[u8], content: &[u8]) -> Option<Shape> {
    match content {
        [OBJECT_IDENTIFIER, ..] => Some(Shape::Pkcs7),
        [INTEGER, 1, 3, SEQUENCE, ..] => Some(Shape::Pkcs12),
        // PKCS#8, PKCS#1 and SEC1 keys begin with their version.
        [INTEGER, 1, 0 | 1, ..] => Some(Shape::PrivateKey),
        [SEQUENCE, ..] => of_signed(bytes),
        _ => None,
    }
}

const INTEGER: u8 = 2;
const OBJECT_IDENTIFIER: u8 = 6;
const SEQUENCE: u8 = 0x30;
/// The version of a certificate: `[0]`, constructed.
const VERSION: u8 = 0xa0;

/// Certificates, requests and revocation lists are all SEQUENCE { SEQUENCE, SEQUENCE, BIT STRING }.
fn of_signed(bytes: &[u8]) -> Option<Shape> {
    let [signed, _, _] = children(bytes).ok()?[..] else {
        return None;
    };
    let fields = children(signed).ok()?;
    let tags: Vec<_> = fields.iter().filter_map(|field| field.first().copied()).collect();
    let is_certificate = match tags[..] {
        // The two others have their version as a plain INTEGER.
        [VERSION, ..] => true,
        // Version 1: serial number, algorithm, issuer, validity. A list has a time in its place.
        [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, ..] => true,
        _ => false,
    };
    is_certificate.then_some(Shape::Certificate)
}

/// The elements of a constructed value, tags and lengths included.
pub fn children(bytes: &[u8]) -> der::Result<Vec<&[u8]>> {
    let mut inner = SliceReader::new(AnyRef::from_der(bytes)?.value())?;
    let mut children = vec![];
    while !inner.is_finished() {
        children.push(inner.tlv_bytes()?);
    }
    Ok(children)
}
