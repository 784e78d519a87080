//! [`Memoized`]: an algorithm that looks into the memo first.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::{InvalidSignature, SignatureVerificationAlgorithm};

use super::cache::{Cache, Fact};

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

/// One algorithm of a provider, known by its index there.
pub(super) struct Memoized {
    pub(super) index: usize,
    pub(super) algorithm: &'static dyn SignatureVerificationAlgorithm,
    pub(super) cache: Arc<Cache>,
}

impl SignatureVerificationAlgorithm for Memoized {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let check = || self.algorithm.verify_signature(public_key, message, signature);
        if message.len() > LONGEST_MESSAGE {
            return check();
        }
        let fact = Fact { algorithm: self.index, public_key, message, signature };
        match self.cache.recalls(&fact) {
            true => Ok(()),
            false => check().inspect(|()| self.cache.remember(&fact)),
        }
    }

    described_by!(|it| it.algorithm);
}

impl fmt::Debug for Memoized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Memoized").field(&self.algorithm).finish()
    }
}
