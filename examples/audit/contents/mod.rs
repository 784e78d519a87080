//! What bytes hold, whatever form they have: found by content, in one another, in bounded time.
//!
//! A form is read here if it can be told from its bytes. What holds certificates and cannot be read
//! is told; what holds none is passed over.

mod archive;
mod base64;
mod block;
mod escape;
mod field;
mod keystore;
mod octets;
mod pkcs12;
mod pkcs7;
mod shape;
mod spot;
mod text;
pub mod tlv;

use memchr::memmem;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};

use mtls_roles::audit::Inventory;
use zeroize::Zeroizing;

use self::archive::Bounds;
use self::keystore::Entry;
use self::pkcs7::SignedData;
pub use self::pkcs12::Passwords;
use self::pkcs12::Work;
use self::shape::{
    Magic, Shape, begins_like_a_certificate, certificates, cut, is_ruled_out_by, wide,
    without_filling,
};
use self::spot::Nature;
pub use self::spot::Spot;
use self::tlv::{SEQUENCE, Tlv, definite};

/// So much of a file tells whether the rest is worth reading.
const BEGINNING: u64 = 8 << 10;

/// So much of a large file stands in memory.
const WINDOW: u64 = 1 << 20;

/// More is not read, of a file and of a member of an archive.
pub const LIMIT: u64 = 64 << 20;

/// What reading one file may cost.
pub struct Limits {
    /// Applications of a hash function to a block, for what passwords open.
    pub work: u64,
    /// Octets that archives unpack to, all together.
    pub unpacked: u64,
    /// Files in archives.
    pub members: usize,
}

impl Limits {
    /// Half a second. 600,000 iterations of PBKDF2, the most that is recommended, are 1,200,000 for
    /// each part and password.
    pub const OF_A_FILE: Self = Self { work: 10_000_000, unpacked: 1 << 30, members: 200_000 };
}

/// What one file holds, on its way to an inventory.
pub struct Contents<'a> {
    inventory: &'a mut Inventory,
    passwords: &'a Passwords,
    work: Work,
    bounds: Bounds,
    /// How much of it was found or told.
    noticed: usize,
    /// How much is known to be something else.
    known: usize,
}

impl<'a> Contents<'a> {
    pub fn new(passwords: &'a Passwords, inventory: &'a mut Inventory, limits: Limits) -> Self {
        let work = Work(limits.work);
        let bounds = Bounds { unpacked: limits.unpacked, members: limits.members };
        Self { inventory, passwords, work, bounds, noticed: 0, known: 0 }
    }

    /// Adds what a file holds, and says whether there was anything. If its beginning tells that there
    /// is nothing, the rest is not read.
    pub fn read_file(&mut self, spot: &Spot, file: &mut File) -> io::Result<bool> {
        let size = file.metadata()?.len();
        // It may hold a key. Made large enough at once, it leaves no smaller copy behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(size.min(LIMIT) as usize + 1));
        file.take(BEGINNING).read_to_end(&mut bytes)?;
        match Magic::of(&bytes) {
            _ if is_ruled_out_by(&bytes) && !spot.is_expected() => return Ok(false),
            Some(magic @ (Magic::Gzip | Magic::Zip | Magic::Tar)) if size > LIMIT => {
                file.rewind()?;
                self.archive(spot, magic, file);
                return Ok(true);
            }
            _ if size > LIMIT && !spot.is_expected() => return self.large(spot, file),
            _ => {}
        }
        file.take(LIMIT + 1 - bytes.len() as u64).read_to_end(&mut bytes)?;
        Ok(self.read(spot, &bytes))
    }

    /// A dump or a log is not read, and no surprise if no certificate seems to be in it.
    fn large(&mut self, spot: &Spot, file: &mut File) -> io::Result<bool> {
        file.rewind()?;
        let mut window = Zeroizing::new(Vec::with_capacity(WINDOW as usize + text::LONGEST_SIGN));
        while file.take(WINDOW).read_to_end(&mut window)? > 0 {
            if text::has_sign(&window) {
                self.unreadable(
                    spot,
                    "larger than 64 MiB, and certificates seem to be in it: split it",
                );
                return Ok(true);
            }
            let searched = window.len().saturating_sub(text::LONGEST_SIGN);
            window.drain(..searched);
        }
        Ok(false)
    }

    /// Adds what the bytes hold, and says whether there was anything.
    pub fn read(&mut self, spot: &Spot, bytes: &[u8]) -> bool {
        let (before, known) = (self.noticed, self.known);
        match bytes.len() as u64 > LIMIT {
            true => self.unreadable(spot, "larger than 64 MiB"),
            false => self.bytes(spot, bytes),
        }
        let surprise = match spot.nature {
            Nature::Named => Some(NOTHING),
            Nature::Expected => Some(NOTHING).filter(|_| !is_in_words(bytes)),
            Nature::Closed => Some(UNOPENED),
            Nature::Data | Nature::Prose => None,
        };
        if self.noticed == before && self.known == known {
            surprise.into_iter().for_each(|reason| self.unreadable(spot, reason));
        }
        self.noticed > before
    }

    fn bytes(&mut self, spot: &Spot, bytes: &[u8]) {
        if let Some(order) = wide(bytes) {
            return self.text(spot, &utf8(bytes, order));
        }
        match Magic::of(bytes) {
            Some(Magic::KeyStore) => return self.key_store(spot, bytes),
            Some(Magic::Carved(form)) => return self.carved(spot, form, bytes),
            Some(magic) => return self.archive(spot, magic, Cursor::new(bytes)),
            None => {}
        }
        // Text may begin with 0x30, too, the digit 0.
        let is_der = bytes.starts_with(&[SEQUENCE]) && self.der(spot, bytes);
        let text = without_filling(bytes);
        let beginning = &text[..text.len().min(BEGINNING as usize)];
        if !is_der && !beginning.contains(&0) {
            self.text(spot, text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text));
        }
    }

    /// Whether the bytes are elements of DER, one behind another, as far as the first tells; what
    /// stands behind the last that is known may be anything.
    fn der(&mut self, spot: &Spot, mut bytes: &[u8]) -> bool {
        let whole = bytes;
        while bytes.starts_with(&[SEQUENCE]) {
            let Some((element, rest)) = Tlv::first(bytes) else {
                break;
            };
            match Shape::of(&element) {
                Shape::Certificate => self.certificate(spot, element.whole),
                Shape::PrivateKey => self.private_key(spot, element.whole),
                Shape::Certificates => {
                    let elements = element.children().unwrap_or_default();
                    certificates(&elements).for_each(|it| self.certificate(spot, it.whole));
                }
                Shape::Sealed => self.unreadable(spot, SEALED),
                Shape::Known => self.known += 1,
                Shape::Pkcs7 | Shape::Pkcs12 => {
                    self.container(spot, element.whole);
                }
                Shape::Other => break,
            }
            bytes = rest;
        }
        if bytes.starts_with(&[SEQUENCE, 0x80]) && self.container(spot, bytes) {
            return true;
        }
        match cut(bytes) {
            Some(form) => {
                self.told_if_meant(
                    spot,
                    &format!("{form} is cut: {} octets are not all", bytes.len()),
                );
                true
            }
            None => bytes.len() < whole.len(),
        }
    }

    /// Whether it is PKCS#7 or PKCS#12, of whatever lengths.
    fn container(&mut self, spot: &Spot, bytes: &[u8]) -> bool {
        let Some(bytes) = definite(bytes) else {
            return false;
        };
        let Some((element, _)) = Tlv::first(&bytes) else {
            return false;
        };
        match Shape::of(&element) {
            Shape::Pkcs7 => self.pkcs7(spot, &element),
            Shape::Pkcs12 => self.pkcs12(spot, &element),
            _ => return false,
        }
        true
    }

    fn pkcs7(&mut self, spot: &Spot, content_info: &Tlv<'_>) {
        let signed = match SignedData::read(content_info) {
            Ok(signed) => signed,
            Err(reason) => return self.told_if_expected(spot, reason),
        };
        let before = self.noticed;
        for certificate in &signed.certificates {
            self.certificate(spot, certificate);
        }
        let content = signed.content.unwrap_or_default();
        if !content.is_empty() {
            self.bytes(&Spot { nature: Nature::Data, ..spot.deeper() }, content);
        }
        if signed.certificates.is_empty() && self.noticed == before {
            self.told_if_expected(spot, "no certificates are in this PKCS#7");
        }
    }

    fn pkcs12(&mut self, spot: &Spot, pfx: &Tlv<'_>) {
        let archive = pkcs12::open(pfx, self.passwords, &mut self.work);
        for certificate in &archive.certificates {
            self.certificate(spot, certificate);
        }
        for key in &archive.keys {
            self.private_key(spot, key);
        }
        if let Some(reason) = archive.closed {
            self.unreadable(spot, &reason);
        }
        // An empty one is nothing to tell of.
        self.known += 1;
    }

    fn key_store(&mut self, spot: &Spot, store: &[u8]) {
        let (entries, failure) = keystore::entries(store);
        for entry in entries {
            match entry {
                Entry::Certificate { alias, der } => self.certificate(&spot.inside(&alias), der),
                Entry::Key { alias } => self.encrypted_key(&spot.inside(&alias)),
            }
        }
        if let Some(reason) = failure {
            self.unreadable(spot, reason);
        }
        self.known += 1;
    }

    /// Every certificate that stands in it in one piece, as DER or in a text.
    fn carved(&mut self, spot: &Spot, form: &str, bytes: &[u8]) {
        let mut cut = 0;
        let mut from = 0;
        while let Some(at) = memmem::find(&bytes[from..], &[SEQUENCE, 0x82]).map(|at| from + at) {
            from = at + 2;
            match Tlv::first(&bytes[at..]) {
                Some((element, _)) if Shape::of(&element) == Shape::Certificate => {
                    self.certificate(spot, element.whole);
                    from = at + element.whole.len();
                }
                _ if begins_like_a_certificate(&bytes[at..]) => cut += 1,
                _ => {}
            }
        }
        if cut > 0 {
            let reason =
                format!("{form} with {cut} certificates that are not read: export them as PEM");
            self.unreadable(spot, &reason);
        }
        self.text(spot, bytes);
    }

    fn certificate(&mut self, spot: &Spot, der: &[u8]) {
        self.noticed += 1;
        if spot.nature != Nature::Prose {
            return self.inventory.add_der(spot.location.clone(), der);
        }
        let mut read = Inventory::new();
        read.add_der(spot.location.clone(), der);
        if read.unreadable().is_empty() {
            self.inventory.merge(read);
        }
    }

    fn private_key(&mut self, spot: &Spot, der: &[u8]) {
        self.noticed += 1;
        if spot.nature != Nature::Prose {
            self.inventory.add_private_key(spot.location.clone(), der);
        }
    }

    fn encrypted_key(&mut self, spot: &Spot) {
        self.noticed += 1;
        self.inventory.add_encrypted_private_key(spot.location.clone());
    }

    fn unreadable(&mut self, spot: &Spot, reason: &str) {
        self.noticed += 1;
        self.inventory.add_unreadable(spot.location.clone(), reason);
    }

    /// In source and documentation a broken certificate is nobody's.
    fn told_if_meant(&mut self, spot: &Spot, reason: &str) {
        if spot.nature != Nature::Prose {
            self.unreadable(spot, reason);
        }
    }

    fn told_if_expected(&mut self, spot: &Spot, reason: &str) {
        if spot.is_expected() {
            self.unreadable(spot, reason);
        }
    }
}

const SEALED: &str = "this key store of Bouncy Castle (BCFKS) is encrypted: list it with `keytool -list \
     -rfc -storetype BCFKS`, and audit what that prints";

const UNOPENED: &str =
    "packed or encrypted in a way that is not opened here: unpack it, and audit the folder";

const NOTHING: &str = "no certificate and no private key in any of the forms that are read";

/// A text for people: some words, and nothing that is longer than a word.
fn is_in_words(text: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_lowercase() || b".,;:'()".contains(byte);
    let words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let is_short = words.clone().all(|word| word.len() < LONGEST_WORD);
    is_short && words.filter(|word| word.len() > 1 && word[1..].iter().all(is_letter)).count() >= 5
}

const LONGEST_WORD: usize = 60;

fn utf8(bytes: &[u8], order: fn([u8; 2]) -> u16) -> Zeroizing<Vec<u8>> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| order(*pair));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
    Zeroizing::new(text.trim_start_matches('\u{feff}').as_bytes().to_vec())
}
