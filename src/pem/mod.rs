//! PEM, read completely or not at all.
//!
//! The reader of pki-types passes over what it does not recognise: `TRUSTED CERTIFICATE`, an
//! indented block, four dashes, a byte-order mark, `END` and `BEGIN` on one line (files joined
//! without a final newline). A trust bundle that is read in part is a trust bundle with silent
//! holes, so every `BEGIN` mark is found here first, and must be one that the reader will take.
//! What is unambiguous is read: a byte-order mark, a whole file in UTF-16, labels of old, a key under
//! the label of another form of key.

mod mark;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

#[cfg(feature = "audit")]
use der::Decode;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use zeroize::Zeroizing;

use self::mark::{BEGIN, BEGIN_IN_UTF16, Block, CERTIFICATE_LABELS, ENCRYPTED, find};
pub(crate) use self::mark::{Labels, Mark, marks};
use crate::content::Content;
use crate::error::Error;
use crate::text::Printable;

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
pub(crate) fn read_wiped(mut file: File, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
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
    let text = text(pem, &mut decoded);
    let blocks = blocks(text, origin, labels)?;
    match blocks.is_empty() {
        true => Err(nothing(text, origin, labels.wanted)),
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
        return Err(nothing(text, origin, KEY.wanted));
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
                .ok_or_else(|| nothing(text, origin, KEY.wanted)),
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
    let count =
        |text: &[u8], word: &[u8]| text.windows(word.len()).filter(|it| *it == word).count();
    // Where other blocks stand in another encoding, none is read.
    match count(pem, BEGIN) + count(pem, BEGIN_IN_UTF16) == count(decoded, BEGIN) {
        true => decoded,
        false => pem,
    }
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

/// Whether the only thing wrong with a key is that it is encrypted (PKCS#8, or RFC 1421 headers).
pub(crate) fn has_encrypted_key(pem: &[u8]) -> bool {
    let mut marks = marks(pem).into_iter();
    marks.any(|mark| mark.label() == Some("ENCRYPTED PRIVATE KEY"))
        || find(pem, ENCRYPTED).is_some()
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
