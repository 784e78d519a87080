//! PKCS#12 (`.p12`, `.pfx`), RFC 7292: what OpenSSL opens, in bounded time.
//!
//! Nothing here checks the MAC: an inventory need not know that nobody has changed the file, a wrong
//! password shows itself by what it decrypts, and certificates in the clear need no password.

mod cipher;
mod key;

use zeroize::Zeroizing;

pub use self::cipher::Encryption;
pub use self::key::{Passwords, Work};
use super::tlv::{CONTEXT_0, OCTET_STRING, SEQUENCE, Tlv, claimed, definite, only_definite};

/// What an archive holds, as far as it opens.
#[derive(Default)]
pub struct Archive {
    /// DER of each.
    pub certificates: Vec<Zeroizing<Vec<u8>>>,
    /// PKCS#8 in the clear, or encrypted if it could not be opened.
    pub keys: Vec<Zeroizing<Vec<u8>>>,
    /// Why a part of it could not be read.
    pub closed: Option<String>,
}

/// Reads what is in the clear, and tries the passwords on the rest, the one that fitted last first.
pub fn open(pfx: &Tlv<'_>, passwords: &Passwords, work: &mut Work) -> Archive {
    let mut opening = Opening { archive: Archive::default(), passwords, work, fitted: 0 };
    if opening.pfx(pfx).is_none() {
        opening.close(MALFORMED.into());
    }
    opening.keys();
    opening.archive
}

const MALFORMED: &str = "malformed PKCS#12";

const NO_PASSWORD: &str = "none of the passwords opens this PKCS#12 (--password-file FILE, or the \
     environment variable AUDIT_PKCS12_PASSWORD)";

struct Opening<'a> {
    archive: Archive,
    passwords: &'a Passwords,
    work: &'a mut Work,
    /// The place of the password that fitted last.
    fitted: usize,
}

impl Opening<'_> {
    /// Version, content, and a MAC that is not looked at.
    fn pfx(&mut self, pfx: &Tlv<'_>) -> Option<()> {
        let fields = pfx.children()?;
        let content = Content::read(fields.get(1)?)?;
        let safes = match content.kind {
            DATA => content.octets()?,
            // Signed by a key in place of a MAC; what is signed is the same.
            SIGNED_DATA => {
                let signed = content.inner?.children()?;
                Content::read(signed.iter().find(|field| field.tag == SEQUENCE)?)?.octets()?
            }
            _ => return None,
        };
        let safes = definite(&safes)?.into_owned();
        for safe in Tlv::first(&safes)?.0.children()? {
            self.safe(&Content::read(&safe)?)?;
        }
        Some(())
    }

    fn safe(&mut self, content: &Content<'_>) -> Option<()> {
        match content.kind {
            DATA => self.bags(&content.octets()?, 0),
            ENCRYPTED_DATA => {
                let data = content.inner?.children()?;
                let info = data.get(1)?.children()?;
                let [_, algorithm, ref encrypted @ ..] = info[..] else {
                    return None;
                };
                let encrypted = octets_of(encrypted.first()?)?;
                match self.decrypt(&algorithm, &encrypted) {
                    Ok(bags) => self.bags(&bags, 0)?,
                    Err(reason) => self.close(reason),
                }
                Some(())
            }
            ENVELOPED_DATA => {
                self.close(
                    "a part of this PKCS#12 is encrypted for a key and not by a password".into(),
                );
                Some(())
            }
            _ => None,
        }
    }

    /// SafeContents; bags may hold bags.
    fn bags(&mut self, contents: &[u8], depth: usize) -> Option<()> {
        let contents = definite(contents)?;
        let (contents, _) = Tlv::first(&contents)?;
        for bag in contents.children()? {
            let fields = bag.children()?;
            let [kind, value, ..] = fields[..] else {
                return None;
            };
            let value = value.only()?;
            match kind.value {
                KEY_BAG | SHROUDED_KEY_BAG => self.archive.keys.push(copy(value.whole)),
                CERTIFICATE_BAG => {
                    let fields = value.children()?;
                    // Certificates of SDSI have another kind, and nobody has them.
                    let octets = fields.get(1)?.only().filter(|octets| octets.tag == OCTET_STRING);
                    self.archive.certificates.push(copy(octets?.value));
                }
                BAGS_BAG if depth < DEEPEST => self.bags(value.whole, depth + 1)?,
                // Lists and secrets.
                _ => {}
            }
        }
        Some(())
    }

    /// Opens what keys it can: then it is known which certificate one belongs to. One that stays
    /// closed hides no certificate.
    fn keys(&mut self) {
        let keys = std::mem::take(&mut self.archive.keys);
        let opened = keys.into_iter().map(|key| self.key(&key).unwrap_or(key));
        self.archive.keys = opened.collect();
    }

    fn key(&mut self, key: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let fields = Tlv::first(key)?.0.children()?;
        match fields[..] {
            [algorithm, encrypted] if algorithm.tag == SEQUENCE => {
                self.decrypt(&algorithm, encrypted.value).ok()
            }
            _ => None,
        }
    }

    /// One SEQUENCE, or why there is none.
    fn decrypt(&mut self, algorithm: &Tlv<'_>, bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
        let encryption = Encryption::read(algorithm)?;
        let mut failure = NO_PASSWORD;
        let count = self.passwords.len();
        for place in (0..count).map(|place| (place + self.fitted) % count) {
            for password in self.passwords.readings(place, encryption.is_of_pkcs12()) {
                let Some(plain) = encryption.decrypt(password, bytes, self.work)? else {
                    continue;
                };
                if is_one_sequence(&plain) {
                    self.fitted = place;
                    return Ok(plain);
                }
                if plain.starts_with(&[SEQUENCE]) && claimed(&plain) == Some(plain.len()) {
                    failure = "a password opens this PKCS#12, but what is in it is malformed";
                }
            }
        }
        Err(failure.to_owned())
    }

    /// The first reason stays.
    fn close(&mut self, reason: String) {
        self.archive.closed.get_or_insert(reason);
    }
}

/// Whether a password that made this of a part is the right one. Not every cipher has padding, and a
/// wrong password's first octets are those of some short element once in a thousand times: up to the
/// last octet they never fit.
pub fn is_one_sequence(plain: &[u8]) -> bool {
    let element = only_definite(plain);
    let sequence = element.as_deref().and_then(Tlv::first).filter(|(it, _)| it.tag == SEQUENCE);
    sequence.is_some_and(|(sequence, _)| sequence.children().is_some())
}

/// More levels of bags in bags are an attack.
const DEEPEST: usize = 8;

/// ContentInfo.
struct Content<'a> {
    kind: &'a [u8],
    inner: Option<Tlv<'a>>,
}

impl<'a> Content<'a> {
    fn read(content_info: &Tlv<'a>) -> Option<Self> {
        let fields = content_info.children()?;
        let inner = fields.get(1).filter(|field| field.tag == CONTEXT_0);
        Some(Self { kind: fields.first()?.value, inner: inner.and_then(Tlv::only) })
    }

    fn octets(&self) -> Option<Vec<u8>> {
        octets_of(&self.inner?)
    }
}

/// Of a string, or of one in pieces under a tag of its own.
fn octets_of(string: &Tlv<'_>) -> Option<Vec<u8>> {
    match string.tag & 0x20 {
        0 => Some(string.value.to_vec()),
        _ => Some(string.children()?.iter().map(|piece| piece.value).collect::<Vec<_>>().concat()),
    }
}

fn copy(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.to_vec())
}

/// 1.2.840.113549.1.7.1, .2, .3 and .6
const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
const ENVELOPED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 3];
const ENCRYPTED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6];

/// 1.2.840.113549.1.12.10.1.1, .2, .3 and .6
const KEY_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 1];
const SHROUDED_KEY_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 2];
const CERTIFICATE_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3];
const BAGS_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 6];
