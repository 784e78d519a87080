//! PEM, read completely or not at all.
//!
//! The reader of pki-types passes over what it does not recognise: `TRUSTED CERTIFICATE`, an
//! indented block, four dashes, a byte-order mark, `END` and `BEGIN` on one line (files joined
//! without a final newline). A trust bundle that is read in part is a trust bundle with silent
//! holes, so every `BEGIN` mark is found here first, and must be one that the reader will take.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

#[cfg(feature = "audit")]
use der::Decode;
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

/// Where bytes came from, for messages.
pub(crate) fn origin(file: &Path) -> String {
    Printable(&file.display().to_string()).to_string()
}

/// The most bytes of a file of certificates or keys: some 8,000 certificates, fifty times the roots
/// of the web. Whoever names another file by mistake must not fill the memory.
pub(crate) const MOST_OF_CERTIFICATES: usize = 16 << 20;

/// The most bytes of a file of revocation lists: more than a million entries.
pub(crate) const MOST_OF_CRLS: usize = 64 << 20;

/// The whole file, if it has no more than `most` bytes. Of one without end, a device or a pipe, one
/// byte more is read. It may hold a key, so it is wiped in the end.
pub(crate) fn read_file(file: &Path, most: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let unreadable = |source| Error::Unreadable { file: file.to_owned(), source };
    let bytes = File::open(file).and_then(|file| read_wiped(file, most));
    match bytes.map_err(unreadable)? {
        bytes if bytes.len() > most => Err(Error::FileTooLarge { file: file.to_owned(), most }),
        bytes => Ok(bytes),
    }
}

/// Up to one byte more than `most`. A `Vec` that grows by itself leaves what it held behind.
fn read_wiped(mut file: File, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let expected = usize::try_from(file.metadata()?.len()).unwrap_or(most);
    let sized = |len: usize| Zeroizing::new(vec![0; len.clamp(SOME, most.max(SOME)) + 1]);
    let (mut bytes, mut len) = (sized(expected), 0);
    while len <= most {
        if len == bytes.len() {
            let mut more = sized(len * 2);
            more[..len].copy_from_slice(&bytes);
            bytes = more;
        }
        let end = bytes.len().min(most + 1);
        match file.read(&mut bytes[len..end]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(len);
    Ok(bytes)
}

/// What is read of a file that does not tell its size.
const SOME: usize = 8 << 10;

/// Whether this is DER of one SEQUENCE and no text that begins with the same byte, the digit 0.
#[cfg(feature = "audit")]
pub(crate) fn is_der(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x30]) && der::asn1::AnyRef::from_der(bytes).is_ok()
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
    let marks = marks(pem);
    let known = [labels.read, labels.passed_over].concat();
    if let Some(mark) = marks.iter().find(|mark| !mark.is_one_of(&known)) {
        return Err(mark.refused(origin, labels));
    }
    marks.iter().filter(|mark| mark.is_one_of(labels.read)).map(|mark| mark.read(origin)).collect()
}

/// The header of a key that is encrypted in the way of RFC 1421.
const ENCRYPTED: &[u8] = b"Proc-Type: 4,ENCRYPTED";

/// Whether the only thing wrong with a key is that it is encrypted (PKCS#8, or RFC 1421 headers).
pub(crate) fn has_encrypted_key(pem: &[u8]) -> bool {
    let mut marks = marks(pem).into_iter();
    marks.any(|mark| mark.label() == Some("ENCRYPTED PRIVATE KEY"))
        || find(pem, ENCRYPTED).is_some()
}

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

    fn is_one_of(&self, labels: &[&str]) -> bool {
        self.label().is_some_and(|label| labels.contains(&label))
    }

    fn refused(&self, origin: &str, labels: &Labels) -> Error {
        Error::PemMark {
            origin: origin.into(),
            line: self.line,
            found: self.shown(),
            wanted: labels.read.first().copied().unwrap_or_default(),
        }
    }

    /// The mark, for messages, and `…` for what else stands on its line: that may be a private key
    /// that has lost its line ends.
    pub(crate) fn shown(&self) -> String {
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

    fn read(&self, origin: &str) -> Result<Block, Error> {
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
        let (kind, der) = <(SectionKind, Vec<u8>)>::from_pem_slice(self.block)?;
        let der = Zeroizing::new(der);
        Ok(Block { kind, der })
    }
}

/// Every line that could be meant as the beginning of a block, in order: the word BEGIN behind a dash, or
/// before what is read here.
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

fn is_mark(text: &[u8]) -> bool {
    let Some(at) = find(text, b"BEGIN") else {
        return false;
    };
    let (before, after) = text.split_at(at);
    let names = [&b"CERTIFICATE"[..], b"X509 CRL", b"PRIVATE KEY"];
    before.trim_ascii_end().ends_with(b"-") || names.iter().any(|name| find(after, name).is_some())
}

/// By the first byte, then the rest: most lines are base64 and have neither.
fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    let first = *word.first()?;
    let mut starts = text.iter().enumerate().filter(|(_, byte)| **byte == first);
    let start =
        starts.find(|(at, _)| text.get(*at..).is_some_and(|rest| rest.starts_with(word)))?;
    Some(start.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader that asks for the size of a pipe learns nothing, and one that waits for its end waits
    /// for ever: the writer here would write for ever, and stays.
    #[test]
    fn of_a_file_without_end_no_more_than_the_bound_and_one_byte_is_read() {
        for most in [0, 1, SOME, SOME + 1, 3 * SOME, 100_000] {
            let bytes = read_wiped(File::open("/dev/zero").unwrap(), most).unwrap();
            assert_eq!(bytes.len(), most + 1);
            let (read, write) = io::pipe().unwrap();
            let read = File::from(std::os::fd::OwnedFd::from(read));
            let written = std::thread::scope(|scope| {
                let mut left = read.try_clone().unwrap();
                let writer = scope.spawn(move || write_until_nobody_reads(write));
                assert_eq!(read_wiped(read, most).unwrap(), Zeroizing::new(vec![7; most + 1]));
                let mut next = [0];
                left.read_exact(&mut next).unwrap();
                drop(left);
                writer.join().unwrap();
                next
            });
            assert_eq!(written, [7]);
        }
    }

    fn write_until_nobody_reads(mut pipe: io::PipeWriter) {
        use io::Write;
        while pipe.write_all(&[7; 1 << 12]).is_ok() {}
    }

    #[test]
    fn a_pipe_that_ends_is_read_whole() {
        use io::Write;
        for len in [0, 1, SOME + 1, 3 * SOME] {
            let (read, mut write) = io::pipe().unwrap();
            let text: Vec<_> = (0..len).map(|at| at as u8).collect();
            let read = File::from(std::os::fd::OwnedFd::from(read));
            std::thread::scope(|scope| {
                scope.spawn(|| write.write_all(&text).map(|()| drop(write)));
                assert_eq!(*read_wiped(read, 3 * SOME).unwrap(), text);
            });
        }
    }

    #[cfg(feature = "audit")]
    #[test]
    fn der_is_one_value_to_the_end_and_text_that_begins_with_0_is_none() {
        assert!(is_der(&[0x30, 2, 5, 0]));
        assert!(!is_der(&[0x30, 2, 5]), "cut");
        assert!(!is_der(&[0x30, 2, 5, 0, 0x0a]), "longer");
        assert!(!is_der(b"0 certificates follow\n-----BEGIN CERTIFICATE-----"));
        assert!(!is_der(&[4, 0]) && !is_der(b"0") && !is_der(b""));
    }
}
