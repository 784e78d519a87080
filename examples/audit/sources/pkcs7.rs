//! The certificates in a PKCS#7 file (`.p7b`, `.p7c`): SignedData of CMS, RFC 5652, 5.1.
//!
//! Read element by element, as the library of PKCS#12 does not: its reader of CMS parses every
//! certificate, wants them sorted as DER does, and gives none if one is strange. Here each stays the
//! bytes that it was, and the audit judges it alone.

use super::shape::children;

/// DER of each certificate, in the order of the file.
pub fn certificates(content_info: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let content_info = read(content_info)?;
    let [SIGNED_DATA, content] = content_info[..] else {
        return Err("this is CMS, but not SignedData, so it carries no certificates".into());
    };
    let signed_data = match read(content)?[..] {
        [signed_data] => read(signed_data)?,
        _ => return Err(malformed("one content is needed")),
    };
    let sets = signed_data.iter().filter(|field| is(field, CERTIFICATES));
    let mut certificates = vec![];
    for set in sets {
        // Attribute certificates and other formats have tags of their own.
        let set = read(set)?;
        certificates.extend(set.into_iter().filter(|choice| is(choice, SEQUENCE)));
    }
    Ok(certificates.into_iter().map(<[u8]>::to_vec).collect())
}

/// 1.2.840.113549.1.7.2
const SIGNED_DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];

/// `certificates [0] IMPLICIT CertificateSet OPTIONAL`; no other field of SignedData has this tag.
const CERTIFICATES: u8 = 0xa0;

const SEQUENCE: u8 = 0x30;

fn is(element: &[u8], tag: u8) -> bool {
    element.first() == Some(&tag)
}

fn read(element: &[u8]) -> Result<Vec<&[u8]>, String> {
    // BER of an indefinite length, which some Java programs write.
    if element.get(1) == Some(&0x80) {
        return Err("this PKCS#7 is BER and not DER: convert it with `openssl pkcs7`".into());
    }
    children(element).map_err(|error| malformed(&error.to_string()))
}

fn malformed(reason: &str) -> String {
    format!("malformed PKCS#7: {reason}")
}
