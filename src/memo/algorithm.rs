//! [`Memoized`]: an algorithm that looks into the memo first.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::{
    AlgorithmIdentifier, FipsStatus, InvalidSignature, SignatureVerificationAlgorithm,
};

use super::Memory;
use super::fact::Fact;

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
        let fact = Fact {
            algorithm: self.index,
            public_key,
            message,
            signature,
        };
        if self.memory.table.recalls(&fact) {
            self.memory.tally.count_hit();
            return Ok(());
        }
        self.memory.tally.count_miss();
        check().inspect(|()| self.memory.table.remember(&fact))
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }

    fn fips_status(&self) -> FipsStatus {
        self.algorithm.fips_status()
    }

    fn fips(&self) -> bool {
        self.algorithm.fips()
    }
}

impl fmt::Debug for Memoized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Memoized").field(&self.algorithm).finish()
    }
}
