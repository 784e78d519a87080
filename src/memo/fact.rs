//! [`Fact`]: a good signature, borrowed; [`Stored`] owns one.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use arc_swap::ArcSwapOption;

/// That a signature is good, which follows from these bytes alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact<'a> {
    /// The index of the algorithm among the provider's.
    algorithm: usize,
    public_key: &'a [u8],
    message: &'a [u8],
    signature: &'a [u8],
}

/// The place of a certificate on a path, as far as the path checks make a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Leaf,
    Issuer,
}

impl<'a> Fact<'a> {
    pub(super) fn new(
        algorithm: usize,
        public_key: &'a [u8],
        message: &'a [u8],
        signature: &'a [u8],
    ) -> Self {
        Self {
            algorithm,
            public_key,
            message,
            signature,
        }
    }

    pub(super) fn hash(&self, state: &impl BuildHasher) -> u64 {
        hash_of_end(self.signature, state)
    }

    /// What it costs to hold it, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.public_key.len() + self.message.len() + self.signature.len() + Stored::ALLOWANCE
    }
}

/// Where to look for a signature, or for a certificate, which ends with its signature. Only a hint:
/// the bytes decide.
///
/// The end of a signature tells signatures apart as well as all its bytes do. Whoever can make good
/// signatures that end alike can have one of them remembered and not the others.
pub(super) fn hash_of_end(bytes: &[u8], state: &impl BuildHasher) -> u64 {
    let mut hasher = state.build_hasher();
    // The shortest signatures, Ed25519's and those of P-256, have some 64 octets.
    match bytes.last_chunk() {
        Some(end) => hasher.write_u128(u128::from_ne_bytes(*end)),
        None => hasher.write(bytes),
    }
    hasher.finish()
}

/// A good signature that is held, and in which places what it signs, a certificate, passed the path
/// checks: that follows from the bytes of the certificate.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) hash: u64,
    /// What stands behind it in the table.
    pub(super) next: ArcSwapOption<Stored>,
    algorithm: usize,
    /// Public key, message and signature, one after the other.
    bytes: Box<[u8]>,
    message_at: usize,
    signature_at: usize,
    passed_as: [AtomicBool; 2],
    uses: AtomicU8,
}

impl Stored {
    /// What an entry needs beside its bytes: itself, its places in table and queue and among those
    /// forgotten, the allocator's share.
    const ALLOWANCE: usize = size_of::<Self>() + 112;

    /// Beyond this many, uses are not counted: what everybody reads is written to by nobody.
    const MOST_USES: u8 = 3;

    pub(super) fn new(hash: u64, fact: &Fact<'_>, next: Option<Arc<Self>>) -> Self {
        let bytes = [fact.public_key, fact.message, fact.signature].concat();
        Self {
            hash,
            next: ArcSwapOption::new(next),
            algorithm: fact.algorithm,
            bytes: bytes.into(),
            message_at: fact.public_key.len(),
            signature_at: fact.public_key.len() + fact.message.len(),
            passed_as: Default::default(),
            uses: AtomicU8::new(0),
        }
    }

    /// What it costs to hold it, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.bytes.len() + Self::ALLOWANCE
    }

    /// Whether it is this very fact: every byte is compared.
    pub(super) fn is(&self, fact: &Fact<'_>) -> bool {
        self.algorithm == fact.algorithm
            && *self.public_key() == *fact.public_key
            && *self.message() == *fact.message
            && *self.signature() == *fact.signature
    }

    /// Whether what it signs is this certificate: every byte of the signed part is compared.
    ///
    /// The signed part is the first element of the certificate (RFC 5280, 4.1.1). It begins with its
    /// own length, so what begins with it has just this element there.
    pub(super) fn is_of(&self, certificate: &[u8]) -> bool {
        let contents = match certificate.get(1) {
            Some(length @ 0x80..) => 2 + usize::from(length & 0x7f),
            _ => 2,
        };
        let contents = certificate.get(contents..).unwrap_or_default();
        !self.message().is_empty() && contents.starts_with(self.message())
    }

    pub(super) fn has_passed_as(&self, place: Place) -> bool {
        self.passed_as[place as usize].load(Ordering::Relaxed)
    }

    pub(super) fn note_passed_as(&self, place: Place) {
        self.passed_as[place as usize].store(true, Ordering::Relaxed);
    }

    pub(super) fn count_use(&self) {
        let uses = self.uses.load(Ordering::Relaxed);
        if uses < Self::MOST_USES {
            self.uses.store(uses + 1, Ordering::Relaxed);
        }
    }

    /// Takes one use away; whether there was one.
    pub(super) fn spend_use(&self) -> bool {
        let uses = self.uses.load(Ordering::Relaxed);
        self.uses.store(uses.saturating_sub(1), Ordering::Relaxed);
        uses > 0
    }

    fn public_key(&self) -> &[u8] {
        &self.bytes[..self.message_at]
    }

    fn message(&self) -> &[u8] {
        &self.bytes[self.message_at..self.signature_at]
    }

    fn signature(&self) -> &[u8] {
        &self.bytes[self.signature_at..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(fact: &Fact<'_>) -> Stored {
        Stored::new(0, fact, None)
    }

    #[test]
    fn a_fact_with_any_bit_changed_is_another_fact() {
        let (key, message, signature) = (vec![1; 65], vec![2; 300], vec![3; 71]);
        let known = stored(&Fact::new(0, &key, &message, &signature));
        assert!(known.is(&Fact::new(0, &key, &message, &signature)));
        let all = [key, message, signature];
        for part in 0..all.len() {
            for bit in 0..8 * all[part].len() {
                let mut changed = all.clone();
                changed[part][bit / 8] ^= 1 << (bit % 8);
                let [key, message, signature] = &changed;
                let changed = Fact::new(0, key, message, signature);
                assert!(!known.is(&changed), "part {part}, bit {bit}");
            }
        }
    }

    #[test]
    fn the_same_bytes_divided_otherwise_are_another_fact() {
        let bytes = [7; 6];
        let divided = |first: usize, second: usize| {
            Fact::new(0, &bytes[..first], &bytes[first..second], &bytes[second..])
        };
        let known = stored(&divided(2, 4));
        for first in 0..=6 {
            for second in first..=6 {
                let is_it = (first, second) == (2, 4);
                assert_eq!(
                    known.is(&divided(first, second)),
                    is_it,
                    "{first}, {second}"
                );
            }
        }
        for length in 0..6 {
            let shorter = Fact::new(0, &bytes[..2], &bytes[2..4], &bytes[4..length.max(4)]);
            assert!(!known.is(&shorter), "{length}");
        }
    }

    #[test]
    fn the_same_bytes_under_another_algorithm_are_another_fact() {
        let bytes = [5; 40];
        let known = stored(&Fact::new(3, &bytes, &bytes, &bytes));
        for algorithm in 0..10 {
            let is_it = known.is(&Fact::new(algorithm, &bytes, &bytes, &bytes));
            assert_eq!(is_it, algorithm == 3);
        }
    }

    #[test]
    fn nothing_but_the_empty_fact_is_the_empty_fact() {
        let empty = stored(&Fact::new(0, &[], &[], &[]));
        assert!(empty.is(&Fact::new(0, &[], &[], &[])));
        assert!(!empty.is(&Fact::new(0, &[], &[0], &[])));
        assert!(!empty.is_of(&[]) && !empty.is_of(&[0x30, 0]));
    }

    /// A certificate with a signed part of this length, and the signed part.
    fn certificate(length: usize) -> (Vec<u8>, Vec<u8>) {
        let tlv = |contents: &[u8]| {
            let length = contents.len();
            let mut tlv = match length {
                0..0x80 => vec![0x30, length as u8],
                0x80..0x100 => vec![0x30, 0x81, length as u8],
                _ => vec![0x30, 0x82, (length >> 8) as u8, length as u8],
            };
            tlv.extend(contents);
            tlv
        };
        let signed = tlv(&vec![7; length]);
        let certificate = tlv(&[&signed[..], &[0x30, 1, 9], &[3; 70]].concat());
        (certificate, signed)
    }

    #[test]
    fn a_signature_is_of_the_certificate_whose_signed_part_is_its_message_byte_for_byte() {
        for length in [1, 30, 40, 60, 120, 130, 170, 200, 300, 600, 2_000] {
            let (certificate, signed) = certificate(length);
            let known = stored(&Fact::new(0, &[], &signed, &[]));
            assert!(known.is_of(&certificate), "{length}");
            let first = certificate.len() - signed.len() - 73;
            for byte in first..first + signed.len() {
                let mut changed = certificate.clone();
                changed[byte] ^= 1;
                assert!(!known.is_of(&changed), "{length}, byte {byte}");
            }
            for end in 0..first + signed.len() {
                assert!(!known.is_of(&certificate[..end]), "{length}, {end} bytes");
            }
        }
    }

    #[test]
    fn what_passed_in_one_place_has_not_passed_in_the_other() {
        let known = stored(&Fact::new(0, &[], &[1], &[]));
        known.note_passed_as(Place::Issuer);
        assert!(known.has_passed_as(Place::Issuer) && !known.has_passed_as(Place::Leaf));
    }

    #[test]
    fn every_use_is_spent_once_and_of_many_the_first_three_count() {
        for (uses, counted) in [(0, 0), (1, 1), (2, 2), (3, 3), (4, 3), (300, 3)] {
            let known = stored(&Fact::new(0, &[], &[1], &[]));
            (0..uses).for_each(|_| known.count_use());
            let spent = (0..10).take_while(|_| known.spend_use()).count();
            assert_eq!(spent, counted, "{uses}");
            assert!(!known.spend_use(), "{uses}");
        }
    }

    #[test]
    fn what_a_fact_costs_is_known_before_it_is_stored_and_covers_its_bytes() {
        let fact = Fact::new(0, &[1; 65], &[2; 400], &[3; 71]);
        assert_eq!(fact.cost(), stored(&fact).cost());
        assert!(stored(&fact).cost() > 65 + 400 + 71 + size_of::<Stored>());
    }
}
