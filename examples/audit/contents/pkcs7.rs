//! PKCS#7 (`.p7b`, `.p7c`, signed profiles): SignedData of CMS, RFC 5652, 5.1.
//!
//! Read element by element: each certificate stays the bytes that it was, and the audit judges it
//! alone.

use super::tlv::{CONTEXT_0, OCTET_STRING, SEQUENCE, Tlv};

/// What is in a SignedData.
pub struct SignedData<'a> {
    /// DER of each certificate, in the order of the file.
    pub certificates: Vec<&'a [u8]>,
    /// What is signed, if it stands in it.
    pub content: Option<&'a [u8]>,
}

impl<'a> SignedData<'a> {
    /// `content_info` has definite lengths.
    pub fn read(content_info: &Tlv<'a>) -> Result<Self, &'static str> {
        let fields = content_info.children().ok_or(MALFORMED)?;
        let [kind, content] = fields[..] else {
            return Err(MALFORMED);
        };
        if kind.whole != SIGNED_DATA {
            return Err(
                "this is CMS, but not SignedData: what may be in it is encrypted or packed",
            );
        }
        let signed_data = content.only().and_then(|content| content.children());
        let fields = signed_data.ok_or(MALFORMED)?;
        let mut certificates = vec![];
        // No other field of SignedData has this tag.
        for set in fields.iter().filter(|field| field.tag == CONTEXT_0) {
            let set = set.children().ok_or(MALFORMED)?;
            // Attribute certificates and other formats have tags of their own.
            let set = set.into_iter().filter(|choice| choice.tag == SEQUENCE);
            certificates.extend(set.map(|certificate| certificate.whole));
        }
        Ok(Self { certificates, content: fields.iter().find_map(content_of) })
    }
}

/// EncapsulatedContentInfo: a SEQUENCE of a kind and a string.
fn content_of<'a>(field: &Tlv<'a>) -> Option<&'a [u8]> {
    let fields = field.children().filter(|_| field.tag == SEQUENCE)?;
    let content = fields.get(1)?.only()?;
    Some(content.value).filter(|_| content.tag == OCTET_STRING)
}

/// 1.2.840.113549.1.7.2
pub const SIGNED_DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];

const MALFORMED: &str = "malformed PKCS#7";
