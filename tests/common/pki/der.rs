//! The few DER encodings that rcgen does not offer.

/// One value: tag, length, content.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        short @ 0..=0x7f => out.push(short as u8),
        long => {
            let bytes = long.to_be_bytes();
            let digits = &bytes[long.leading_zeros() as usize / 8..];
            out.push(0x80 | digits.len() as u8);
            out.extend_from_slice(digits);
        }
    }
    out.extend_from_slice(content);
    out
}

/// The values inside a constructed value, each with its tag and length; the inverse of [`sequence`].
pub fn children(value: &[u8]) -> Vec<Vec<u8>> {
    let (header, length) = header(value);
    let mut rest = &value[header..header + length];
    let mut found = vec![];
    while !rest.is_empty() {
        let (header, length) = self::header(rest);
        let (child, behind) = rest.split_at(header + length);
        found.push(child.to_vec());
        rest = behind;
    }
    found
}

/// The lengths of a value's header and of its content.
fn header(value: &[u8]) -> (usize, usize) {
    match value[1] {
        short @ 0..=0x7f => (2, short.into()),
        long => {
            let digits = &value[2..][..usize::from(long & 0x7f)];
            let length = digits.iter().fold(0, |sum, &digit| sum << 8 | usize::from(digit));
            (2 + digits.len(), length)
        }
    }
}

/// A SEQUENCE of values that are encoded already.
pub fn sequence(values: &[Vec<u8>]) -> Vec<u8> {
    tlv(0x30, &values.concat())
}

/// An OCTET STRING.
pub fn octet_string(content: &[u8]) -> Vec<u8> {
    tlv(0x04, content)
}

/// An INTEGER that is not negative, from its big-endian bytes.
pub fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|&b| b != 0).unwrap_or(bytes.len());
    let mut content = bytes[start..].to_vec();
    // A set top bit would mean a negative number, and no bytes at all would mean nothing.
    if content.first().is_none_or(|&b| b >= 0x80) {
        content.insert(0, 0);
    }
    tlv(0x02, &content)
}

/// An OBJECT IDENTIFIER from its arcs; at least two.
pub fn oid(arcs: &[u64]) -> Vec<u8> {
    let mut content = base128(arcs[0] * 40 + arcs[1]);
    content.extend(arcs[2..].iter().flat_map(|&arc| base128(arc)));
    tlv(0x06, &content)
}

/// A GeneralName of the string types or of an address: `[tag] IMPLICIT` over plain bytes (RFC 5280, 4.2.1.6).
///
/// Tag 1 is an e-mail address, 2 a DNS name, 6 a URI, 7 an IP address.
pub fn general_name(tag: u8, content: &[u8]) -> Vec<u8> {
    tlv(0x80 | tag, content)
}

/// The value of a cRLDistributionPoints extension (RFC 5280, 4.2.1.13) with one URI.
pub fn distribution_points(uri: &str) -> Vec<u8> {
    sequence(&[sequence(&[full_name(&[general_name(6, uri.as_bytes())])])])
}

/// The field distributionPoint of a point or of a list, with these names (RFC 5280, 4.2.1.13 and 5.2.5).
pub fn full_name(names: &[Vec<u8>]) -> Vec<u8> {
    tlv(0xa0, &tlv(0xa0, &names.concat()))
}

fn base128(mut arc: u64) -> Vec<u8> {
    let mut digits = vec![(arc & 0x7f) as u8];
    while arc > 0x7f {
        arc >>= 7;
        digits.insert(0, 0x80 | (arc & 0x7f) as u8);
    }
    digits
}
