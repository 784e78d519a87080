//! How a part of a PKCS#12 is encrypted: PBES2 (RFC 8018), or one of the functions of PKCS#12 itself.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, InnerIvInit, KeyInit, StreamCipher};
use der::asn1::ObjectIdentifier;
use rc2::Rc2;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use zeroize::Zeroizing;

use super::key::{Work, pbkdf2, pkcs12, scrypt};
use crate::contents::tlv::{OCTET_STRING, SEQUENCE, Tlv};

/// How to get from a password to what is encrypted.
pub struct Encryption<'a> {
    derivation: Derivation<'a>,
    cipher: Cipher,
    /// Of PBES2; else it is derived, too.
    iv: Option<&'a [u8]>,
}

enum Derivation<'a> {
    Pkcs12 { salt: &'a [u8], iterations: u64 },
    Pbkdf2 { salt: &'a [u8], iterations: u64, hash: u8 },
    Scrypt { salt: &'a [u8], costs: [u64; 3] },
}

#[derive(Clone, Copy)]
enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    Aria(usize),
    Camellia(usize),
    TripleDes,
    /// Of two keys, the first of which is used twice.
    DoubleDes,
    Des,
    /// By octets of key.
    Rc2(usize),
    Rc4(usize),
}

impl<'a> Encryption<'a> {
    /// `algorithm` is an AlgorithmIdentifier.
    pub fn read(algorithm: &Tlv<'a>) -> Result<Self, String> {
        let (oid, parameters) = identifier(algorithm).ok_or_else(malformed)?;
        let parameters = parameters.and_then(|parameters| parameters.children());
        let parameters = parameters.ok_or_else(|| unknown(oid))?;
        match (oid, &parameters[..]) {
            (PBES2, [derivation, cipher]) => Self::pbes2(derivation, cipher),
            ([rest @ .., number], [salt, iterations]) if rest == PBE => {
                let cipher = match number {
                    1 => Cipher::Rc4(16),
                    2 => Cipher::Rc4(5),
                    3 => Cipher::TripleDes,
                    4 => Cipher::DoubleDes,
                    5 => Cipher::Rc2(16),
                    6 => Cipher::Rc2(5),
                    _ => return Err(unknown(oid)),
                };
                let iterations = iterations.number().ok_or_else(malformed)?;
                let derivation = Derivation::Pkcs12 { salt: salt.value, iterations };
                Ok(Self { derivation, cipher, iv: None })
            }
            _ => Err(unknown(oid)),
        }
    }

    fn pbes2(derivation: &Tlv<'a>, cipher: &Tlv<'a>) -> Result<Self, String> {
        let (oid, parameters) = identifier(cipher).ok_or_else(malformed)?;
        let parameters = parameters.ok_or_else(malformed)?;
        let mut iv = parameters.value;
        let cipher = match oid {
            [rest @ .., 2] if rest == AES => Cipher::Aes128,
            [rest @ .., 22] if rest == AES => Cipher::Aes192,
            [rest @ .., 42] if rest == AES => Cipher::Aes256,
            [rest @ .., 2] if rest == ARIA => Cipher::Aria(16),
            [rest @ .., 7] if rest == ARIA => Cipher::Aria(24),
            [rest @ .., 12] if rest == ARIA => Cipher::Aria(32),
            [rest @ .., number @ 2..=4] if rest == CAMELLIA => {
                Cipher::Camellia(8 * usize::from(*number))
            }
            DES3 => Cipher::TripleDes,
            DES => Cipher::Des,
            RC2 => {
                let fields = parameters.children().ok_or_else(malformed)?;
                iv = fields.last().ok_or_else(malformed)?.value;
                // RFC 8018, B.2.3 writes the length of the key by another number.
                match fields.first().and_then(Tlv::number) {
                    Some(160) => Cipher::Rc2(5),
                    Some(120) => Cipher::Rc2(8),
                    Some(58) => Cipher::Rc2(16),
                    _ => return Err(unknown(oid)),
                }
            }
            _ => return Err(unknown(oid)),
        };
        let derivation = Derivation::read(derivation)?;
        Ok(Self { derivation, cipher, iv: Some(iv) })
    }

    /// Whether passwords are read as PKCS#12 has them, and not as UTF-8.
    pub fn is_of_pkcs12(&self) -> bool {
        matches!(self.derivation, Derivation::Pkcs12 { .. })
    }

    /// What the password makes of it, if that is padded as it should be.
    pub fn decrypt(
        &self,
        password: &[u8],
        bytes: &[u8],
        work: &mut Work,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, String> {
        let key = self.derivation.derive(1, password, self.cipher.key_len(), work)?;
        let iv = match (self.iv, self.cipher) {
            (Some(iv), _) => Zeroizing::new(iv.to_vec()),
            (None, Cipher::Rc4(_)) => Zeroizing::default(),
            (None, _) => self.derivation.derive(2, password, 8, work)?,
        };
        Ok(self.cipher.decrypt(&key, &iv, bytes).map(Zeroizing::new))
    }
}

impl<'a> Derivation<'a> {
    fn read(derivation: &Tlv<'a>) -> Result<Self, String> {
        let (oid, parameters) = identifier(derivation).ok_or_else(malformed)?;
        let fields = parameters.and_then(|parameters| parameters.children());
        let fields = fields.ok_or_else(malformed)?;
        let numbers: Vec<_> = fields.iter().filter_map(Tlv::number).collect();
        let salt = fields.first().filter(|salt| salt.tag == OCTET_STRING);
        let salt = salt.ok_or_else(malformed)?.value;
        match (oid, &numbers[..]) {
            (PBKDF2, [iterations, ..]) => {
                let function = fields.iter().find(|field| field.tag == SEQUENCE);
                // HMAC with SHA-1 if nothing is said.
                let hash = match function.map(identifier) {
                    None => 7,
                    Some(Some(([rest @ .., hash], _))) if rest == HMAC => *hash,
                    Some(function) => return Err(unknown(function.map_or(&[], |found| found.0))),
                };
                Ok(Self::Pbkdf2 { salt, iterations: *iterations, hash })
            }
            (SCRYPT, [cost, block, parallel, ..]) => {
                Ok(Self::Scrypt { salt, costs: [*cost, *block, *parallel] })
            }
            _ => Err(unknown(oid)),
        }
    }

    fn derive(
        &self,
        id: u8,
        password: &[u8],
        len: usize,
        work: &mut Work,
    ) -> Result<Zeroizing<Vec<u8>>, String> {
        match *self {
            Self::Pkcs12 { salt, iterations } => pkcs12(id, password, salt, iterations, len, work),
            Self::Scrypt { salt, costs } => scrypt(password, salt, costs, len, work),
            Self::Pbkdf2 { salt, iterations, hash } => {
                let derive = match hash {
                    7 => pbkdf2::<Sha1>,
                    8 => pbkdf2::<Sha224>,
                    9 => pbkdf2::<Sha256>,
                    10 => pbkdf2::<Sha384>,
                    11 => pbkdf2::<Sha512>,
                    12 => pbkdf2::<Sha512_224>,
                    13 => pbkdf2::<Sha512_256>,
                    _ => return Err(unknown(&[HMAC, &[hash]].concat())),
                };
                derive(password, salt, iterations, len, work)
            }
        }
    }
}

impl Cipher {
    fn key_len(self) -> usize {
        match self {
            Self::Aes128 | Self::DoubleDes => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
            Self::Des => 8,
            Self::Aria(len) | Self::Camellia(len) | Self::Rc2(len) | Self::Rc4(len) => len,
        }
    }

    fn decrypt(self, key: &[u8], iv: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Aes128 => cbc(aes::Aes128::new_from_slice(key).ok()?, iv, bytes),
            Self::Aes192 => cbc(aes::Aes192::new_from_slice(key).ok()?, iv, bytes),
            Self::Aes256 => cbc(aes::Aes256::new_from_slice(key).ok()?, iv, bytes),
            Self::Aria(16) => cbc(aria::Aria128::new_from_slice(key).ok()?, iv, bytes),
            Self::Aria(24) => cbc(aria::Aria192::new_from_slice(key).ok()?, iv, bytes),
            Self::Aria(_) => cbc(aria::Aria256::new_from_slice(key).ok()?, iv, bytes),
            Self::Camellia(16) => cbc(camellia::Camellia128::new_from_slice(key).ok()?, iv, bytes),
            Self::Camellia(24) => cbc(camellia::Camellia192::new_from_slice(key).ok()?, iv, bytes),
            Self::Camellia(_) => cbc(camellia::Camellia256::new_from_slice(key).ok()?, iv, bytes),
            Self::TripleDes => cbc(des::TdesEde3::new_from_slice(key).ok()?, iv, bytes),
            Self::DoubleDes => cbc(des::TdesEde2::new_from_slice(key).ok()?, iv, bytes),
            Self::Des => cbc(des::Des::new_from_slice(key).ok()?, iv, bytes),
            Self::Rc2(len) => cbc(Rc2::new_with_eff_key_len(key, len * 8), iv, bytes),
            Self::Rc4(_) => {
                let mut plain = bytes.to_vec();
                rc4::Rc4::new_from_slice(key).ok()?.apply_keystream(&mut plain);
                Some(plain)
            }
        }
    }
}

fn cbc<C: BlockCipherDecrypt>(cipher: C, iv: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
    let decryptor = cbc::Decryptor::<C>::inner_iv_slice_init(cipher, iv).ok()?;
    decryptor.decrypt_padded_vec::<Pkcs7>(bytes).ok()
}

/// The object identifier's octets and the parameters.
fn identifier<'a>(algorithm: &Tlv<'a>) -> Option<(&'a [u8], Option<Tlv<'a>>)> {
    let fields = algorithm.children()?;
    Some((fields.first()?.value, fields.get(1).copied()))
}

fn malformed() -> String {
    "malformed PKCS#12".to_owned()
}

fn unknown(oid: &[u8]) -> String {
    let name = ObjectIdentifier::from_bytes(oid);
    let name = name.map_or_else(|_| "unknown".to_owned(), |oid| oid.to_string());
    format!(
        "this PKCS#12 is encrypted by an algorithm that is not read ({name}): audit what `openssl \
         pkcs12 -nokeys` prints of it"
    )
}

const PBE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1];
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
const SCRYPT: &[u8] = &[0x2b, 6, 1, 4, 1, 0xda, 0x47, 4, 11];
const HMAC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2];
const AES: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1];
const ARIA: &[u8] = &[0x2a, 0x83, 0x1a, 0x8c, 0x9a, 0x6e, 1, 1];
const CAMELLIA: &[u8] = &[0x2a, 0x83, 8, 0x8c, 0x9a, 0x4b, 0x3d, 1, 1, 1];
const DES3: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 3, 7];
const DES: &[u8] = &[0x2b, 0x0e, 3, 2, 7];
const RC2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 3, 2];
