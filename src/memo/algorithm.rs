//! [`Memoized`]: an algorithm that looks into the memo first.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::{InvalidSignature, SignatureVerificationAlgorithm};

use super::Memory;
use super::fact::Fact;

/// What an algorithm says of itself, for one that stands before another: the methods of
/// `SignatureVerificationAlgorithm` beside the verification.
macro_rules! described_by {
    (|$it:ident| $algorithm:expr) => {
        fn public_key_alg_id(&self) -> rustls::pki_types::AlgorithmIdentifier {
            let $it = self;
            $algorithm.public_key_alg_id()
        }

        fn signature_alg_id(&self) -> rustls::pki_types::AlgorithmIdentifier {
            let $it = self;
            $algorithm.signature_alg_id()
        }

        fn fips_status(&self) -> rustls::pki_types::FipsStatus {
            let $it = self;
            $algorithm.fips_status()
        }

        fn fips(&self) -> bool {
            let $it = self;
            $algorithm.fips()
        }
    };
}
pub(crate) use described_by;

/// Longer messages are not remembered: a certificate has some 1,500 bytes, and to compare so many
/// more is not worth the room.
const LONGEST_MESSAGE: usize = 64 << 10;

/// One algorithm of a provider, known by its place there.
pub(super) struct Memoized {
    pub(super) index: usize,
    pub(super) algorithm: &'static dyn SignatureVerificationAlgorithm,
    pub(super) memory: Arc<Memory>,
}

impl SignatureVerificationAlgorithm for Memoized {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let check = || {
            self.algorithm
                .verify_signature(public_key, message, signature)
        };
        if message.len() > LONGEST_MESSAGE {
            return check();
        }
        let fact = Fact::new(self.index, public_key, message, signature);
        if self.memory.table.recalls(&fact) {
            self.memory.tally.count_hit();
            return Ok(());
        }
        self.memory.tally.count_miss();
        check().inspect(|()| self.memory.table.remember(&fact))
    }

    described_by!(|it| it.algorithm);
}

impl fmt::Debug for Memoized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Memoized").field(&self.algorithm).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use rustls::pki_types::{AlgorithmIdentifier, FipsStatus};

    use super::super::table::Table;
    use super::super::tally::Tally;
    use super::*;

    /// Finds a signature good if it begins with a 1, and counts.
    #[derive(Debug, Default)]
    struct Stub(AtomicUsize);

    impl SignatureVerificationAlgorithm for Stub {
        fn verify_signature(
            &self,
            _: &[u8],
            _: &[u8],
            signature: &[u8],
        ) -> Result<(), InvalidSignature> {
            self.0.fetch_add(1, Ordering::SeqCst);
            match signature.first() {
                Some(1) => Ok(()),
                _ => Err(InvalidSignature),
            }
        }

        fn public_key_alg_id(&self) -> AlgorithmIdentifier {
            rustls::pki_types::alg_id::ECDSA_P256
        }

        fn signature_alg_id(&self) -> AlgorithmIdentifier {
            rustls::pki_types::alg_id::ECDSA_SHA256
        }

        fn fips_status(&self) -> FipsStatus {
            FipsStatus::certified("stub")
        }

        fn fips(&self) -> bool {
            true
        }
    }

    fn memoized() -> (Memoized, &'static Stub) {
        let stub: &Stub = Box::leak(Box::default());
        let memory = Memory {
            table: Table::with_capacity(1 << 20),
            tally: Tally::default(),
        };
        let memoized = Memoized {
            index: 0,
            algorithm: stub,
            memory: Arc::new(memory),
        };
        (memoized, stub)
    }

    /// How often the algorithm was asked when it is asked about this three times.
    fn asked(message: &[u8], signature: &[u8], is_good: bool) -> usize {
        let (memoized, stub) = memoized();
        for _ in 0..3 {
            let verified = memoized.verify_signature(b"key", message, signature);
            assert_eq!(verified.is_ok(), is_good);
        }
        stub.0.load(Ordering::SeqCst)
    }

    #[test]
    fn a_good_signature_is_checked_once_and_a_bad_one_each_time() {
        assert_eq!(asked(b"message", &[1], true), 1);
        assert_eq!(asked(b"message", &[0], false), 3);
    }

    #[test]
    fn what_it_says_of_itself_is_what_the_algorithm_says() {
        let (memoized, stub) = memoized();
        assert_eq!(memoized.public_key_alg_id(), stub.public_key_alg_id());
        assert_eq!(memoized.signature_alg_id(), stub.signature_alg_id());
        assert_eq!(memoized.fips_status(), stub.fips_status());
        assert!(memoized.fips());
        assert_eq!(format!("{memoized:?}"), "Memoized(Stub(0))");
    }

    #[test]
    fn a_message_of_64_kib_is_remembered_and_one_byte_more_is_not() {
        assert_eq!(asked(&[0; 64 << 10], &[1], true), 1);
        assert_eq!(asked(&[0; (64 << 10) + 1], &[1], true), 3);
    }

    #[test]
    fn failures_and_long_messages_take_no_room() {
        let (memoized, _) = memoized();
        let _ = memoized.verify_signature(b"key", b"message", &[0]);
        let _ = memoized.verify_signature(b"key", &[0; (64 << 10) + 1], &[1]);
        assert_eq!(memoized.memory.table.held().bytes, 0);
        assert_eq!(memoized.memory.tally.sums(), (0, 1));
    }

    /// Refuses everything, as one does that wants longer keys.
    #[derive(Debug)]
    struct Strict;

    impl SignatureVerificationAlgorithm for Strict {
        fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
            Err(InvalidSignature)
        }

        fn public_key_alg_id(&self) -> AlgorithmIdentifier {
            Stub::default().public_key_alg_id()
        }

        fn signature_alg_id(&self) -> AlgorithmIdentifier {
            Stub::default().signature_alg_id()
        }
    }

    /// Measured on a memo that knew algorithms by their identifiers: a verifier that wanted RSA keys of 3,072 bits
    /// accepted a chain of 2,048.
    #[test]
    fn what_one_algorithm_found_good_another_with_the_same_identifiers_is_asked_about() {
        let (lenient, stub) = memoized();
        let strict = Memoized {
            index: 1,
            algorithm: &Strict,
            memory: Arc::clone(&lenient.memory),
        };
        for _ in 0..2 {
            assert!(lenient.verify_signature(b"key", b"message", &[1]).is_ok());
            assert!(strict.verify_signature(b"key", b"message", &[1]).is_err());
        }
        assert_eq!(stub.0.load(Ordering::SeqCst), 1);
        assert_eq!(lenient.memory.tally.sums(), (1, 3));
    }
}
