//! [`Signatures`]: of certificates, during one decision.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

use super::cost::Cost;
use super::settings::Settings;
use crate::memo::{Fact, Recall, SignatureMemo};

/// What is known of them.
pub(super) struct Signatures<'a> {
    pub(super) recall: Option<Recall<'a>>,
    /// Where the message is whose signature was bad last. Nothing that is decided about moves.
    bad: AtomicUsize,
}

/// An algorithm of the provider that counts, and looks into the memo first. webpki alone sees it.
pub(super) struct Algorithm<'a> {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    /// Its index among the provider's.
    index: usize,
    signatures: &'a Signatures<'a>,
    cost: &'a Cost,
}

impl<'a> Signatures<'a> {
    pub(super) fn new(memo: Option<&'a SignatureMemo>) -> Self {
        Self { recall: memo.map(SignatureMemo::recall), bad: AtomicUsize::default() }
    }

    /// The provider's, in its order.
    pub(super) fn algorithms(&'a self, settings: &Settings, cost: &'a Cost) -> Vec<Algorithm<'a>> {
        let all = settings.algorithms.all.iter().enumerate();
        let counting =
            all.map(|(index, &algorithm)| Algorithm { algorithm, index, signatures: self, cost });
        counting.collect()
    }

    /// Whether the signature that was bad last is this certificate's.
    pub(super) fn are_bad_in(&self, certificate: &[u8]) -> bool {
        let bytes = certificate.as_ptr_range();
        (bytes.start.addr()..bytes.end.addr()).contains(&self.bad.load(Ordering::Relaxed))
    }
}

impl SignatureVerificationAlgorithm for Algorithm<'_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        self.cost.count_signature()?;
        let Signatures { recall, bad } = self.signatures;
        let check = || {
            let checked = self.algorithm.verify_signature(public_key, message, signature);
            checked.inspect_err(|_| bad.store(message.as_ptr().addr(), Ordering::Relaxed))
        };
        let fact = Fact { algorithm: self.index, public_key, message, signature };
        match recall {
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
