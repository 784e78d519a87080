//! PEM, read completely or not at all.
//!
//! The reader of pki-types passes over what it does not recognise: `TRUSTED CERTIFICATE`, an
//! indented block, four dashes, a byte-order mark, `END` and `BEGIN` on one line (files joined
//! without a final newline). A trust bundle that is read in part is a trust bundle with silent
//! holes, so every `BEGIN` mark is found here first, and must be one that the reader will take.

use std::path::Path;

use rustls::pki_types::pem::{PemObject, SectionKind};

use crate::error::Error;
use crate::text::Printable;

/// One PEM block that was read.
pub(crate) struct Block {
    pub(crate) kind: SectionKind,
    pub(crate) der: Vec<u8>,
}

/// Where bytes came from, for messages.
pub(crate) fn origin(file: &Path) -> String {
    Printable(&file.display().to_string()).to_string()
}

/// The whole file.
pub(crate) fn read_file(file: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(file).map_err(|source| Error::Unreadable {
        file: file.to_owned(),
        source,
    })
}

/// Which blocks a reader takes, by label.
pub(crate) struct Labels {
    /// Read; the first one is what messages say is needed.
    pub(crate) read: &'static [&'static str],
    /// Allowed beside them and passed over, as in a file with certificate and key.
    pub(crate) passed_over: &'static [&'static str],
}

/// The labels of private keys that pki-types reads.
pub(crate) const KEY_LABELS: &[&str] = &["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];

/// Every block of `pem` whose label is to be read. A mark with any other label is an error.
///
/// Text around the blocks is allowed, as RFC 7468, 5.2 has it.
pub(crate) fn blocks(pem: &[u8], origin: &str, labels: &Labels) -> Result<Vec<Block>, Error> {
    let marks: Vec<_> = marks(pem).collect();
    let known = [labels.read, labels.passed_over].concat();
    if let Some(mark) = marks.iter().find(|mark| !mark.is_one_of(&known)) {
        return Err(mark.refused(pem, origin, labels));
    }
    // Each up to the next mark: a block without END must not swallow its successor.
    let ends = marks.iter().skip(1).map(|next| next.offset);
    marks
        .iter()
        .zip(ends.chain([pem.len()]))
        .filter(|(mark, _)| mark.is_one_of(labels.read))
        .map(|(mark, end)| mark.read(pem, end, origin))
        .collect()
}

/// Whether the only thing wrong with a key is that it is encrypted (PKCS#8, or RFC 1421 headers).
pub(crate) fn has_encrypted_key(pem: &[u8]) -> bool {
    marks(pem).any(|mark| mark.label() == Some("ENCRYPTED PRIVATE KEY"))
        || find(pem, b"Proc-Type: 4,ENCRYPTED").is_some()
}

/// A line on which a block seems to begin.
struct Mark<'a> {
    offset: usize,
    text: &'a [u8],
}

impl<'a> Mark<'a> {
    /// The label, if pki-types sees a block begin here.
    fn label(&self) -> Option<&'a str> {
        let label = str::from_utf8(self.text.strip_prefix(b"-----BEGIN ")?).ok()?;
        label.trim_end_matches(' ').strip_suffix("-----")
    }

    fn is_one_of(&self, labels: &[&str]) -> bool {
        self.label().is_some_and(|label| labels.contains(&label))
    }

    /// Counted from 1; lines end in LF, CR or CR LF.
    fn line(&self, pem: &[u8]) -> usize {
        let before = pem.get(..self.offset).unwrap_or_default();
        let crlf = before.windows(2).filter(|pair| pair == b"\r\n").count();
        1 + before
            .iter()
            .filter(|byte| matches!(byte, b'\n' | b'\r'))
            .count()
            - crlf
    }

    fn refused(&self, pem: &[u8], origin: &str, labels: &Labels) -> Error {
        Error::PemMark {
            origin: origin.into(),
            line: self.line(pem),
            found: self.shown(),
            wanted: labels.read.first().copied().unwrap_or_default(),
        }
    }

    /// The mark, for messages, and `…` for what else stands on its line: that may be a private key
    /// that has lost its line ends.
    fn shown(&self) -> String {
        let text = String::from_utf8_lossy(self.text);
        let (before, after) = text.split_at(text.find("BEGIN").unwrap_or(0));
        let dashes = before.rsplit(char::is_alphanumeric).next();
        let dashes = dashes.unwrap_or(before);
        let is_label = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' ';
        let behind = after.trim_start_matches(is_label);
        let behind = behind.trim_start_matches('-');
        let label = &after[..after.len() - behind.len()];
        let ellipsis = |hides| if hides { "…" } else { "" };
        format!(
            "{}{}{}",
            ellipsis(dashes.len() < before.len()),
            Printable(&format!("{dashes:.40}{label:.40}")),
            ellipsis(!behind.is_empty())
        )
    }

    /// The block that begins here and is over before `end`.
    fn read(&self, pem: &[u8], end: usize, origin: &str) -> Result<Block, Error> {
        let text = pem.get(self.offset..end).unwrap_or_default();
        match <(SectionKind, Vec<u8>)>::from_pem_slice(text) {
            Ok((kind, der)) => Ok(Block { kind, der }),
            Err(source) => Err(Error::PemBlock {
                origin: origin.into(),
                line: self.line(pem),
                source,
            }),
        }
    }
}

/// Every line that could be meant as the beginning of a block: the word BEGIN behind a dash, or
/// before what is read here.
fn marks(pem: &[u8]) -> impl Iterator<Item = Mark<'_>> {
    pem.split(|byte| matches!(byte, b'\n' | b'\r'))
        .scan(0, |next, text| {
            let offset = *next;
            *next += text.len() + 1;
            Some(Mark { offset, text })
        })
        .filter(|mark| is_mark(mark.text))
}

fn is_mark(text: &[u8]) -> bool {
    let Some(at) = find(text, b"BEGIN") else {
        return false;
    };
    let (before, after) = text.split_at(at);
    let names = [&b"CERTIFICATE"[..], b"X509 CRL", b"PRIVATE KEY"];
    before.trim_ascii_end().ends_with(b"-") || names.iter().any(|name| find(after, name).is_some())
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}
