//! Passwords, the keys that are derived from them, and what deriving may cost.

use hmac::EagerHash;
use sha1::Sha1;
use sha1::digest::Digest;
use zeroize::Zeroizing;

/// Passwords in the readings that programs have of them.
#[derive(Default)]
pub struct Passwords(Vec<[Vec<Zeroizing<Vec<u8>>>; 2]>);

impl Passwords {
    pub fn new(passwords: &[String]) -> Self {
        let readings = passwords.iter().map(|password| {
            let utf8 = Zeroizing::new(password.as_bytes().to_vec());
            let mut wide = vec![wide(password.encode_utf16())];
            match password.as_str() {
                // Nothing at all, beside the empty text with its end mark.
                "" => wide.push(Zeroizing::default()),
                // OpenSSL before 1.1.0 took each octet of UTF-8 for a character.
                text if !text.is_ascii() => wide.push(self::wide(text.bytes().map(u16::from))),
                _ => {}
            }
            [vec![utf8], wide]
        });
        Self(readings.collect())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Of one: in UTF-8, or for the functions of PKCS#12 itself in UTF-16 with two NULs behind.
    pub fn readings(&self, place: usize, is_wide: bool) -> &[Zeroizing<Vec<u8>>] {
        self.0.get(place).map_or(&[], |readings| &readings[usize::from(is_wide)])
    }
}

fn wide(units: impl Iterator<Item = u16>) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(units.chain([0]).flat_map(u16::to_be_bytes).collect())
}

/// What may still be spent on one file, in applications of a hash function to a block.
pub struct Work(pub u64);

impl Work {
    pub fn spend(&mut self, work: u64) -> Result<(), String> {
        match self.0.checked_sub(work) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => {
                Err("opening this PKCS#12 with these passwords takes more hashing than an audit \
                         spends on one file: give fewer passwords, or audit what `openssl pkcs12 \
                         -nokeys` prints of it"
                    .to_owned())
            }
        }
    }
}

/// RFC 7292, B.2, with SHA-1. `id` 1 is for keys, 2 for initialisation vectors.
pub fn pkcs12(
    id: u8,
    password: &[u8],
    salt: &[u8],
    iterations: u64,
    len: usize,
    work: &mut Work,
) -> Result<Zeroizing<Vec<u8>>, String> {
    const BLOCK: usize = 64;
    let rounds = len.div_ceil(20) as u64;
    work.spend(rounds * iterations.max(1) + (salt.len() + password.len()) as u64)?;
    let filled = |text: &[u8]| {
        let len = text.len().next_multiple_of(BLOCK);
        text.iter().copied().cycle().take(len).collect::<Vec<_>>()
    };
    let mut input = Zeroizing::new([filled(salt), filled(password)].concat());
    let mut key = Zeroizing::new(vec![]);
    while key.len() < len {
        let first = Sha1::new().chain_update([id; BLOCK]).chain_update(&*input).finalize();
        let hash = (1..iterations).fold(first, |hash, _| Sha1::digest(hash));
        let addend: Vec<_> = hash.iter().copied().cycle().take(BLOCK).collect();
        for block in input.chunks_mut(BLOCK) {
            add_and_one(block, &addend);
        }
        key.extend(hash);
    }
    key.truncate(len);
    Ok(key)
}

/// Big-endian, what does not fit is lost.
fn add_and_one(block: &mut [u8], addend: &[u8]) {
    let mut carry = 1;
    for (octet, more) in block.iter_mut().zip(addend).rev() {
        carry += u16::from(*octet) + u16::from(*more);
        *octet = carry as u8;
        carry >>= 8;
    }
}

/// RFC 8018, 5.2.
pub fn pbkdf2<D: EagerHash>(
    password: &[u8],
    salt: &[u8],
    iterations: u64,
    len: usize,
    work: &mut Work,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut key = Zeroizing::new(vec![0; len]);
    let rounds = len.div_ceil(<D as Digest>::output_size()) as u64;
    work.spend(rounds * 2 * iterations.max(1) + salt.len() as u64)?;
    let iterations = u32::try_from(iterations).unwrap_or(u32::MAX);
    pbkdf2::pbkdf2_hmac::<D>(password, salt, iterations, &mut key);
    Ok(key)
}

/// RFC 7914; `cost` is N.
pub fn scrypt(
    password: &[u8],
    salt: &[u8],
    [cost, block, parallel]: [u64; 3],
    len: usize,
    work: &mut Work,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let bad = || "this PKCS#12 has parameters of scrypt that are not valid".to_owned();
    let memory = cost.saturating_mul(block).saturating_mul(4);
    work.spend(memory.saturating_mul(parallel))?;
    let narrow = |number: u64| u32::try_from(number).map_err(|_| bad());
    let log_cost = cost.checked_ilog2().filter(|log| 1 << log == cost).ok_or_else(bad)?;
    let params = scrypt::Params::new(log_cost as u8, narrow(block)?, narrow(parallel)?);
    let mut key = Zeroizing::new(vec![0; len]);
    scrypt::scrypt(password, salt, &params.map_err(|_| bad())?, &mut key).map_err(|_| bad())?;
    Ok(key)
}
