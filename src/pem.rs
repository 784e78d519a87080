//! PEM, read completely or not at all.
//!
//! The reader of pki-types passes over what it does not recognise: `TRUSTED CERTIFICATE`, an
//! indented block, four dashes, a byte-order mark, `END` and `BEGIN` on one line (files joined
//! without a final newline). A trust bundle that is read in part is a trust bundle with silent
//! holes, so every `BEGIN` mark is found here first, and must be one that the reader will take.

use std::path::Path;

use rustls::pki_types::pem::{self, PemObject, SectionKind};

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
    let mut readable = Vec::new();
    for mark in marks(pem) {
        match mark.label() {
            Some(label) if labels.read.contains(&label) => readable.push(mark),
            Some(label) if labels.passed_over.contains(&label) => {}
            _ => return Err(mark.refused(pem, origin, labels)),
        }
    }
    let mut sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(pem)
        // pki-types reads some of what is passed over here, too.
        .filter(|section| !matches!(section, Ok((kind, _)) if labels.passes_over(kind)));
    readable
        .iter()
        .map(|mark| match sections.next() {
            Some(Ok((kind, der))) => Ok(Block { kind, der }),
            Some(Err(source)) => Err(mark.unreadable(pem, origin, source)),
            None => Err(mark.unreadable(pem, origin, pem::Error::NoItemsFound)),
        })
        .collect()
}

/// Whether the only thing wrong with a key is that it is encrypted (PKCS#8, or RFC 1421 headers).
pub(crate) fn has_encrypted_key(pem: &[u8]) -> bool {
    marks(pem).any(|mark| mark.label() == Some("ENCRYPTED PRIVATE KEY"))
        || find(pem, b"Proc-Type: 4,ENCRYPTED").is_some()
}

impl Labels {
    fn passes_over(&self, kind: &SectionKind) -> bool {
        self.passed_over
            .iter()
            .any(|label| label.as_bytes() == section_label(*kind))
    }
}

fn section_label(kind: SectionKind) -> &'static [u8] {
    match kind {
        SectionKind::Certificate => b"CERTIFICATE",
        SectionKind::PrivateKey => b"PRIVATE KEY",
        SectionKind::RsaPrivateKey => b"RSA PRIVATE KEY",
        SectionKind::EcPrivateKey => b"EC PRIVATE KEY",
        SectionKind::Crl => b"X509 CRL",
        _ => b"",
    }
}

/// A line on which a block seems to begin.
struct Mark<'a> {
    offset: usize,
    text: &'a [u8],
}

impl<'a> Mark<'a> {
    /// The label, if pki-types sees a block begin here.
    fn label(&self) -> Option<&'a str> {
        let label = self.text.trim_ascii_end().strip_prefix(b"-----BEGIN ")?;
        str::from_utf8(label.strip_suffix(b"-----")?).ok()
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
        let text = String::from_utf8_lossy(self.text);
        let cut: String = text.trim_end().chars().take(80).collect();
        Error::PemMark {
            origin: origin.into(),
            line: self.line(pem),
            found: Printable(&cut).to_string(),
            wanted: labels.read.first().copied().unwrap_or_default(),
        }
    }

    fn unreadable(&self, pem: &[u8], origin: &str, source: pem::Error) -> Error {
        Error::PemBlock {
            origin: origin.into(),
            line: self.line(pem),
            source,
        }
    }
}

/// Every line that could be meant as the beginning of a block: the word BEGIN behind a dash, or
/// before the word CERTIFICATE.
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
    before.trim_ascii_end().ends_with(b"-") || find(after, b"CERTIFICATE").is_some()
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}
