//! [`Algorithm`]: verifies signatures of certificates during one decision.

use std::fmt;

use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

use super::cost::Cost;
use super::settings::Settings;
use crate::memo::{Fact, Recall};

/// An algorithm of the provider that counts, and looks into the memo first. webpki alone sees it.
pub(super) struct Algorithm<'a> {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    /// Its index among the provider's.
    index: usize,
    cost: &'a Cost,
    recall: Option<&'a Recall<'a>>,
}

/// The provider's, in its order.
pub(super) fn algorithms<'a>(
    settings: &Settings,
    cost: &'a Cost,
    recall: Option<&'a Recall<'a>>,
) -> Vec<Algorithm<'a>> {
    let all = settings.algorithms.all.iter().enumerate();
    all.map(|(index, algorithm)| Algorithm { algorithm: *algorithm, index, cost, recall }).collect()
}

impl SignatureVerificationAlgorithm for Algorithm<'_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.cost.count_signature()?;
        let check = || self.algorithm.verify_signature(public_key, message, signature);
        let fact = Fact { algorithm: self.index, public_key, message, signature };
        match self.recall {
            Some(recall) => recall.check_signature(&fact, check),
            None => check(),
        }
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }
}

impl fmt::Debug for Algorithm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.algorithm.fmt(f)
    }
}
