//! [`Cost`]: what a decision has cost so far, and where it ends.
//!
//! webpki limits each search by itself, and lets a stranger who owns no key make it take 200,000
//! steps (nine CAs of one name: 90 ms). A step is a certificate that webpki puts on a path.

use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::pki_types::InvalidSignature;
use webpki::Error;

/// The most steps of all searches of a decision. Of x509-limbo, BetterTLS, real and generated
/// chains none needs more than 12 but two that were made to be pathological.
const MAX_STEPS: usize = 300;

/// At each step webpki reads all that was presented, which is two to five certificates, or as many
/// as fit into a handshake (some 200): the most that it reads in all searches, at 0.3 µs each.
const MAX_READ: usize = 15_000;

/// After a first search of more steps no other is made: it would double what a stranger can cost.
const MAX_STEPS_FOR_SECOND_SEARCH: usize = 32;

/// The most signatures of certificates that all searches of a decision check; webpki's limit for
/// one.
const MAX_SIGNATURES: usize = 100;

/// Not of `Cell`s, since algorithms are `Sync`.
pub(super) struct Cost {
    steps: AtomicUsize,
    max_steps: usize,
    signatures: AtomicUsize,
}

impl Cost {
    /// Of a chain with so many certificates behind its leaf.
    pub(super) fn of_presented(intermediates: usize) -> Self {
        Self {
            steps: AtomicUsize::new(0),
            max_steps: MAX_STEPS.min(MAX_READ / intermediates.max(1)),
            signatures: AtomicUsize::new(0),
        }
    }

    pub(super) fn allows_second_search(&self) -> bool {
        self.steps.load(Ordering::Relaxed) <= MAX_STEPS_FOR_SECOND_SEARCH
            && !self.are_signatures_spent()
    }

    pub(super) fn are_signatures_spent(&self) -> bool {
        self.signatures.load(Ordering::Relaxed) > MAX_SIGNATURES
    }

    /// For the EKU validator, which webpki asks at each step: an error of it that says that a limit is
    /// reached stops webpki at once.
    pub(super) fn count_step(&self) -> Result<(), Error> {
        if self.steps.fetch_add(1, Ordering::Relaxed) >= self.max_steps {
            return Err(Error::MaximumPathBuildCallsExceeded);
        }
        match self.are_signatures_spent() {
            true => Err(Error::MaximumSignatureChecksExceeded),
            false => Ok(()),
        }
    }

    /// For a signature that is to be checked, or looked up.
    pub(super) fn count_signature(&self) -> Result<(), InvalidSignature> {
        match self.signatures.fetch_add(1, Ordering::Relaxed) < MAX_SIGNATURES {
            true => Ok(()),
            false => Err(InvalidSignature),
        }
    }
}
