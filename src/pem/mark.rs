//! [`Mark`]: a line on which a PEM block begins, or seems to.

use std::borrow::Cow;

use rustls::pki_types::pem::{self, PemObject, SectionKind};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::text::Printable;

/// One PEM block that was read.
pub(crate) struct Block {
    pub(crate) kind: SectionKind,
    /// It may be a key: what nobody takes out is wiped.
    pub(crate) der: Zeroizing<Vec<u8>>,
}

impl Block {
    /// The bytes, for a certificate or a list to own, or for the provider to load.
    pub(crate) fn into_der(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.der)
    }
}

/// Which blocks a reader takes, by label.
pub(crate) struct Labels {
    /// What messages call one of them.
    pub(crate) wanted: &'static str,
    /// Read; the first one is what messages say is needed.
    pub(crate) read: &'static [&'static str],
    /// Allowed beside them and passed over, as in a file with certificate and key.
    pub(crate) passed_over: &'static [&'static str],
}

/// A certificate's label, and those of old (RFC 7468, 5.3).
pub(super) const CERTIFICATE_LABELS: &[&str] =
    &["CERTIFICATE", "X509 CERTIFICATE", "X.509 CERTIFICATE"];

/// The header of a key that is encrypted in the way of RFC 1421.
pub(super) const ENCRYPTED: &[u8] = b"Proc-Type: 4,ENCRYPTED";

pub(super) const BEGIN: &[u8] = b"BEGIN";
/// In either order of octets.
pub(super) const BEGIN_IN_UTF16: &[u8] = b"B\0E\0G\0I\0N";

/// A line on which a block seems to begin, and what follows it.
pub(crate) struct Mark<'a> {
    /// Counted from 1; lines end in LF, CR or CR LF.
    pub(crate) line: usize,
    text: &'a [u8],
    /// From the mark up to the next one: a block without END must not swallow its successor.
    pub(crate) block: &'a [u8],
}

impl<'a> Mark<'a> {
    /// The label, if pki-types sees a block begin here.
    pub(crate) fn label(&self) -> Option<&'a str> {
        let label = str::from_utf8(self.text.strip_prefix(b"-----BEGIN ")?).ok()?;
        label.trim_end_matches(' ').strip_suffix("-----")
    }

    pub(crate) fn is_one_of(&self, labels: &[&str]) -> bool {
        self.label().is_some_and(|label| labels.contains(&label))
    }

    pub(super) fn refused(&self, origin: &str, reason: String) -> Error {
        Error::PemMark { origin: origin.into(), line: self.line, found: self.shown(), reason }
    }

    /// What to do about a block that is not to be here, or a mark that is not as it should be.
    pub(super) fn advice(&self, labels: &Labels) -> String {
        let wanted = labels.wanted;
        let needed = labels.read.first().copied().unwrap_or_default();
        let alone = format!("needed `-----BEGIN {needed}-----` alone on its line");
        // A mark whose line goes on has no label.
        let advice = match self.label().filter(|label| !label.contains("--")) {
            Some("TRUSTED CERTIFICATE") => {
                "OpenSSL's form with trust settings, of which rustls knows nothing; take them off: openssl \
                 x509 -clrtrust -clrreject -in FILE -out NEW"
            }
            Some("CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST") => {
                "a request; needed is the certificate that the CA issued for it"
            }
            Some("PKCS7" | "CMS") => {
                "a bundle; take its certificates out: openssl pkcs7 -print_certs -in FILE -out NEW"
            }
            Some("OPENSSH PRIVATE KEY") => {
                "OpenSSH's form of a key; convert a copy of it: ssh-keygen -p -m PKCS8 -f COPY"
            }
            Some("DSA PRIVATE KEY") => {
                "a DSA key, which TLS 1.3 and rustls do not have; make an EC or RSA key, and a certificate for \
                 it"
            }
            Some("PUBLIC KEY" | "RSA PUBLIC KEY") => {
                return format!("a public key, needed is a {wanted}");
            }
            Some("X509 CRL") => {
                return format!("a revocation list, needed is a {wanted}; lists are given to Crls");
            }
            Some(label) if label.ends_with("PRIVATE KEY") && !needed.ends_with("PRIVATE KEY") => {
                return format!(
                    "a private key, needed is a {wanted}; take it out, and look who can read this file"
                );
            }
            Some("CERTIFICATE") => {
                return format!("a certificate, needed is a {wanted}; take it out");
            }
            Some(_) => return format!("{alone}; convert or remove this block"),
            None if self.text.trim_ascii_start().starts_with(b"-----BEGIN ")
                && !self.text.starts_with(b"-") =>
            {
                return format!("{alone}; remove the spaces before it, in every line of the block");
            }
            None if has_utf16_begin(self.text) => {
                return format!("{alone}; the file is in two encodings, save all of it as UTF-8");
            }
            None if find(self.text, b"\\n").is_some() => {
                return format!("{alone}; turn every `\\n` into the end of a line");
            }
            None if self.text.starts_with(b"-----BEGIN ") => {
                return format!("{alone}; what follows it on its line belongs on lines of its own");
            }
            None if find(self.text, b"-----END ").is_some() => {
                return format!(
                    "{alone}; end the line before it (files that were joined lack a last one)"
                );
            }
            None => return format!("{alone}; correct or remove it"),
        };
        advice.into()
    }

    /// The mark, for messages, and `…` for what else stands on its line: that may be a private key
    /// that has lost its line ends.
    pub(crate) fn shown(&self) -> String {
        let text = String::from_utf8_lossy(self.text);
        let (before, after) = text.split_at(text.find("BEGIN").unwrap_or(0));
        let dashes = before.rsplit(char::is_alphanumeric).next();
        let dashes = dashes.unwrap_or(before);
        let behind = match closed_label(after) {
            Some(label) => &after[label.len()..],
            None => after.trim_start_matches(|c: char| {
                c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' '
            }),
        };
        let behind = behind.trim_start_matches('-');
        let label = &after[..after.len() - behind.len()];
        let ellipsis = |hides| if hides { "…" } else { "" };
        format!(
            "{}{}{}",
            ellipsis(dashes.len() < before.len()),
            Printable(&format!("{dashes:.40}{label:.60}")),
            ellipsis(!behind.is_empty())
        )
    }

    pub(super) fn read(&self, origin: &str) -> Result<Block, Error> {
        self.decode().map_err(|source| Error::PemBlock {
            origin: origin.into(),
            line: self.line,
            source,
        })
    }

    /// Whether the block is encrypted in the way of RFC 1421, as OpenSSL once wrote keys.
    #[cfg(feature = "audit")]
    pub(crate) fn has_encrypted_text(&self) -> bool {
        find(self.block, ENCRYPTED).is_some()
    }

    /// The block that begins here.
    pub(crate) fn decode(&self) -> Result<Block, pem::Error> {
        let old = self.label().filter(|label| CERTIFICATE_LABELS[1..].contains(label));
        let block = match old {
            Some(label) => replaced(self.block, label, CERTIFICATE_LABELS[0]).into(),
            None => Cow::Borrowed(self.block),
        };
        let (kind, der) = <(SectionKind, Vec<u8>)>::from_pem_slice(&block)?;
        let der = Zeroizing::new(der);
        Ok(Block { kind, der })
    }
}

/// The certificate in `block`, under its label of today.
fn replaced(block: &[u8], old: &str, new: &str) -> Vec<u8> {
    String::from_utf8_lossy(block).replace(&format!("{old}-----"), &format!("{new}-----")).into()
}

/// `BEGIN` and a label that ends in dashes, and that cannot be a key which has lost its line ends.
fn closed_label(text: &str) -> Option<&str> {
    let label = &text[..text.find("-----")?];
    let is_short = label.len() <= 60 && label.split(' ').all(|word| word.len() <= 16);
    let is_text = |c: char| c.is_ascii_alphanumeric() || " .-/".contains(c);
    (is_short && label.chars().all(is_text)).then_some(label)
}

/// Every line that could be meant as the beginning of a block, in order: the word BEGIN behind a dash, or
/// before what is read here, or in UTF-16 where the rest is not.
pub(crate) fn marks(pem: &[u8]) -> Vec<Mark<'_>> {
    let starts: Vec<_> = lines(pem).filter(|line| is_mark(line.2)).collect();
    let ends = starts.iter().skip(1).map(|next| next.0);
    starts
        .iter()
        .zip(ends.chain([pem.len()]))
        .map(|(&(offset, line, text), end)| Mark {
            line,
            text,
            block: pem.get(offset..end).unwrap_or_default(),
        })
        .collect()
}

/// Offset, number and text of every line.
fn lines(pem: &[u8]) -> impl Iterator<Item = (usize, usize, &[u8])> {
    let texts = pem.split(|byte| matches!(byte, b'\n' | b'\r'));
    texts.scan((0, 1), move |(offset, number), text| {
        let this = (*offset, *number, text);
        *offset += text.len() + 1;
        // The LF of a CR LF ends no line of its own.
        let is_inside_crlf = pem.get(*offset - 1..=*offset) == Some(b"\r\n");
        *number += usize::from(!is_inside_crlf);
        Some(this)
    })
}

fn has_utf16_begin(text: &[u8]) -> bool {
    text.contains(&0) && find(text, BEGIN_IN_UTF16).is_some()
}

fn is_mark(text: &[u8]) -> bool {
    let Some(at) = find(text, BEGIN) else {
        return has_utf16_begin(text);
    };
    let (before, after) = text.split_at(at);
    let names = [&b"CERTIFICATE"[..], b"X509 CRL", b"PRIVATE KEY"];
    before.trim_ascii_end().ends_with(b"-") || names.iter().any(|name| find(after, name).is_some())
}

/// By the first byte, then the rest: most lines are base64 and have neither.
pub(super) fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    let mut starts = text.iter().enumerate().filter(|(_, byte)| **byte == first);
    let start =
        starts.find(|(at, _)| text.get(*at..).is_some_and(|rest| rest.starts_with(word)))?;
    Some(start.0)
}
