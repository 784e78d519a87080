//! [`Recall`]: the memo, as one decision asks it.

use std::sync::OnceLock;

use super::cache::{Cache, Fact, Position, Positions, from_signed_part};

/// Longer messages are not remembered: a certificate has some 1,500 bytes, and to compare so many
/// more is not worth the room.
const LONGEST_MESSAGE: usize = 64 << 10;

/// The memo during one decision.
///
/// What was found for a signature is not looked up again for the path checks: threads that verify
/// the same chain get into each other's way at each lookup.
pub(crate) struct Recall<'a> {
    cache: &'a Cache,
    /// Where messages are that were found, the first ones, and what was. Nothing that is decided about
    /// moves, so the address tells which it was.
    found: [OnceLock<(usize, Positions)>; 4],
}

impl<'a> Recall<'a> {
    pub(super) fn new(cache: &'a Cache) -> Self {
        Self { cache, found: Default::default() }
    }

    /// Checks a signature, unless it is known to be good.
    pub(crate) fn check_signature<E>(
        &self,
        fact: &Fact<'_>,
        check: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        if fact.message.len() > LONGEST_MESSAGE {
            return check();
        }
        let Some(positions) = self.cache.recall(fact) else {
            return check().inspect(|()| self.cache.remember(fact));
        };
        let found = (address(fact.message), positions);
        self.found.iter().find(|place| place.set(found).is_ok());
        Ok(())
    }

    /// Makes the path checks of a certificate, unless it passed them before in this position. They must
    /// depend on nothing but its bytes.
    pub(crate) fn check_once<E>(
        &self,
        position: Position,
        certificate: &[u8],
        check: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let address = address(from_signed_part(certificate));
        let mut found = self.found.iter().map_while(OnceLock::get);
        match found.any(|(it, positions)| *it == address && positions.include(position)) {
            true => Ok(()),
            false => self.cache.check_once(position, certificate, check),
        }
    }
}

fn address(bytes: &[u8]) -> usize {
    bytes.as_ptr().addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(algorithm: usize, message: &[u8]) -> Fact<'_> {
        Fact { algorithm, public_key: b"key", message, signature: &[1] }
    }

    /// Whether the signature had to be checked, which was good.
    fn checks(recall: &Recall<'_>, fact: &Fact<'_>) -> bool {
        let mut is_checked = false;
        let check = || {
            is_checked = true;
            Ok::<_, ()>(())
        };
        recall.check_signature(fact, check).unwrap();
        is_checked
    }

    #[test]
    fn a_message_of_64_kib_is_remembered_and_one_byte_more_is_not() {
        let long = [0; (64 << 10) + 1];
        for (message, checked, entries) in
            [(&long[1..], [true, false], 1), (&long[..], [true, true], 0)]
        {
            let cache = Cache::with_capacity(1 << 20);
            let recall = Recall::new(&cache);
            assert_eq!([0; 2].map(|_| checks(&recall, &fact(0, message))), checked);
            assert_eq!(cache.counters().entries, entries);
        }
    }

    /// Measured on a memo that knew algorithms by their identifiers: a verifier that wanted RSA keys of 3,072 bits
    /// accepted a chain of 2,048.
    #[test]
    fn what_one_algorithm_found_good_another_with_the_same_identifiers_is_asked_about() {
        let cache = Cache::with_capacity(1 << 20);
        let recall = Recall::new(&cache);
        for _ in 0..2 {
            _ = checks(&recall, &fact(0, b"message"));
            assert_eq!(recall.check_signature(&fact(1, b"message"), || Err(7)), Err(7));
        }
        let found = cache.counters();
        assert_eq!((found.hits, found.misses), (1, 3));
    }

    #[test]
    fn what_is_found_for_a_signature_is_not_looked_up_again_for_its_certificate_in_that_position() {
        let certificate = [&[0x30, 106, 0x30, 40][..], &[5; 40], &[9; 64]].concat();
        let other = certificate.clone();
        let signed = |certificate| Fact {
            signature: &[9; 64],
            ..fact(0, from_signed_part(certificate).split_at(42).0)
        };
        let known = Cache::with_capacity(1 << 20);
        known.remember(&signed(&certificate));
        known.check_once::<()>(Position::Leaf, &certificate, || Ok(())).unwrap();
        let recall = Recall::new(&known);
        assert!(!checks(&recall, &signed(&certificate)));
        // What it finds where the memo knows nothing any more.
        let recall = Recall { cache: &Cache::with_capacity(1 << 20), ..recall };
        let finds = |position, certificate| recall.check_once(position, certificate, || Err(7));
        assert_eq!(finds(Position::Leaf, &certificate), Ok(()));
        assert_eq!(finds(Position::Issuer, &certificate), Err(7));
        assert_eq!(finds(Position::Leaf, &other), Err(7));
    }
}
