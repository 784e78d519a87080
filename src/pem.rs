//! PEM, read completely or not at all.
//!
//! The reader of pki-types passes over what it does not recognise: `TRUSTED CERTIFICATE`, an
//! indented block, four dashes, a byte-order mark, `END` and `BEGIN` on one line (files joined
//! without a final newline). A trust bundle that is read in part is a trust bundle with silent
//! holes, so every `BEGIN` mark is found here first, and must be one that the reader will take.
//! What is unambiguous is read: a byte-order mark, UTF-16, labels of old, a key under the label of
//! another form of key.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

#[cfg(feature = "audit")]
use der::Decode;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{self, PemObject, SectionKind};
use zeroize::Zeroizing;

use crate::content::Content;
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
    /// What messages call one of them.
    pub(crate) wanted: &'static str,
    /// Read; the first one is what messages say is needed.
    pub(crate) read: &'static [&'static str],
    /// Allowed beside them and passed over, as in a file with certificate and key.
    pub(crate) passed_over: &'static [&'static str],
}

/// A certificate's label, and those of old (RFC 7468, 5.3).
const CERTIFICATE_LABELS: &[&str] = &["CERTIFICATE", "X509 CERTIFICATE", "X.509 CERTIFICATE"];

/// Certificates and nothing else, as in a trust bundle.
pub(crate) const CERTIFICATES: Labels =
    Labels { wanted: "certificate", read: CERTIFICATE_LABELS, passed_over: &[] };

/// Certificates, perhaps with their key.
pub(crate) const CHAIN: Labels = Labels {
    wanted: "certificate",
    read: CERTIFICATE_LABELS,
    passed_over: &[
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "EC PARAMETERS",
        "DH PARAMETERS",
    ],
};

/// Revocation lists and nothing else.
pub(crate) const CRLS: Labels =
    Labels { wanted: "certificate revocation list", read: &["X509 CRL"], passed_over: &[] };

/// A private key, perhaps with its certificates.
const KEY: Labels = Labels {
    wanted: "private key",
    read: KEY_LABELS,
    passed_over: &[
        "CERTIFICATE",
        "X509 CERTIFICATE",
        "X.509 CERTIFICATE",
        "EC PARAMETERS",
        "DH PARAMETERS",
    ],
};

/// The labels of private keys that pki-types reads.
pub(crate) const KEY_LABELS: &[&str] = &["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];

/// The bytes of every block of `pem` whose label is to be read, at least one. A mark with any other
/// label is an error.
///
/// Text around the blocks is allowed, as RFC 7468, 5.2 has it.
pub(crate) fn ders<D: From<Vec<u8>>>(
    pem: &[u8],
    origin: &str,
    labels: &Labels,
) -> Result<Vec<D>, Error> {
    let mut decoded = Zeroizing::default();
    let blocks = blocks(text(pem, &mut decoded), origin, labels)?;
    match blocks.is_empty() {
        true => Err(nothing(pem, origin, labels.wanted)),
        false => Ok(blocks.into_iter().map(|(_, block)| block.into_der().into()).collect()),
    }
}

/// The one private key of `pem`, in the form that its bytes have: labels are mixed up often, and the
/// forms cannot be.
pub(crate) fn private_key(pem: &[u8], origin: &str) -> Result<PrivateKeyDer<'static>, Error> {
    let mut decoded = Zeroizing::default();
    let text = text(pem, &mut decoded);
    let encrypted = || Error::EncryptedKey { origin: origin.into() };
    if has_encrypted_key(text) {
        return Err(encrypted());
    }
    let mut keys = blocks(text, origin, &KEY)?;
    let (count, key) = (keys.len(), keys.pop());
    let Some((mark, key)) = key else {
        return Err(nothing(pem, origin, KEY.wanted));
    };
    if count > 1 {
        return Err(Error::SeveralKeys { origin: origin.into(), count });
    }
    match Content::of(&key.der) {
        Some(Content::EncryptedKey) => Err(encrypted()),
        Some(Content::PrivateKey) | None => match PrivateKeyDer::try_from(key.der.as_slice()) {
            Ok(key) => Ok(key.clone_key()),
            // A key that is none is the provider's to refuse.
            Err(_) => PrivateKeyDer::from_pem(key.kind, key.into_der())
                .ok_or_else(|| nothing(pem, origin, KEY.wanted)),
        },
        Some(content) => {
            let found = content.name();
            Err(mark
                .refused(origin, format!("but its bytes are {found}; needed is the private key")))
        }
    }
}

/// Nothing of the wanted kind is there: what is there instead, as far as it is known at sight.
fn nothing(pem: &[u8], origin: &str, wanted: &'static str) -> Error {
    const JAVA: [&[u8]; 2] = [&[0xfe, 0xed, 0xfe, 0xed], &[0xce, 0xce, 0xce, 0xce]];
    let marks = marks(pem);
    let reason = if pem.trim_ascii().is_empty() {
        "it is empty, needed is at least one".into()
    } else if JAVA.iter().any(|magic| pem.starts_with(magic)) {
        "it is a Java keystore; convert it: keytool -importkeystore -srckeystore FILE -destkeystore \
         FILE.p12 -deststoretype PKCS12, and openssl pkcs12 -in FILE.p12 -nodes -out FILE.pem"
            .into()
    } else if let Some(mark) = marks.first() {
        format!("it begins with `{}`; needed is at least one", mark.shown())
    } else if let Some(content) = Content::of(pem) {
        let (name, to_pem) = (content.name(), content.to_pem());
        format!("it is {name} in DER form, needed is PEM; convert it: {to_pem}")
    } else {
        "needed is at least one; a file must be in PEM form".into()
    };
    Error::Missing { origin: origin.into(), wanted, reason }
}

/// As UTF-8 without a byte-order mark: editors and PowerShell write others.
fn text<'a>(pem: &'a [u8], decoded: &'a mut Zeroizing<Vec<u8>>) -> &'a [u8] {
    let unit: fn([u8; 2]) -> u16 = match pem {
        [0xfe, 0xff, ..] | [0, b'-', ..] => u16::from_be_bytes,
        [0xff, 0xfe, ..] | [b'-', 0, ..] => u16::from_le_bytes,
        _ => return pem.strip_prefix("\u{feff}".as_bytes()).unwrap_or(pem),
    };
    // Marks and base64 are ASCII; what is not can only be beside them.
    let ascii = |pair: &[u8]| {
        let unit = pair.try_into().map_or(0, unit);
        u8::try_from(unit).ok().filter(u8::is_ascii).unwrap_or(b'?')
    };
    let pairs = pem.strip_prefix(&[0xfe, 0xff]).or(pem.strip_prefix(&[0xff, 0xfe])).unwrap_or(pem);
    decoded.reserve_exact(pem.len() / 2 + 1);
    decoded.extend(pairs.chunks(2).map(ascii));
    decoded
}

/// Every block whose label is to be read, and where it begins.
fn blocks<'a>(
    pem: &'a [u8],
    origin: &str,
    labels: &Labels,
) -> Result<Vec<(Mark<'a>, Block)>, Error> {
    let marks = marks(pem);
    let known = [labels.read, labels.passed_over].concat();
    if let Some(mark) = marks.iter().find(|mark| !mark.is_one_of(&known)) {
        return Err(mark.refused(origin, mark.advice(labels)));
    }
    let read = marks.into_iter().filter(|mark| mark.is_one_of(labels.read));
    read.map(|mark| mark.read(origin).map(|block| (mark, block))).collect()
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

    fn refused(&self, origin: &str, reason: String) -> Error {
        Error::PemMark { origin: origin.into(), line: self.line, found: self.shown(), reason }
    }

    /// What to do about a block that is not to be here, or a mark that is not as it should be.
    fn advice(&self, labels: &Labels) -> String {
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
            Some(label) if label.ends_with("PRIVATE KEY") => {
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
