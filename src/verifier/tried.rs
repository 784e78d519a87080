//! [`TriedCrl`]: a list, and which keys have signed it, as far as one verifier has tried them.

use std::cell::Cell;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::pki_types::SignatureVerificationAlgorithm;
use webpki::Error;

use super::crl::Crl;

/// Not noted on the list itself: verifiers with other algorithms may use that, too.
#[derive(Clone, Debug)]
pub(super) struct TriedCrl {
    pub(super) crl: Arc<Crl>,
    tried: Arc<ArcSwap<Vec<Tried>>>,
}

#[derive(Clone, Debug)]
struct Tried {
    /// The contents of a SubjectPublicKeyInfo.
    key: Vec<u8>,
    outcome: Result<(), Error>,
}

/// So many keys are remembered that have signed a list, and so many that have not. More CAs of one
/// name are more than anybody has; theirs are tried each time.
const MOST_REMEMBERED: usize = 8;

impl TriedCrl {
    pub(super) fn new(crl: Arc<Crl>) -> Self {
        Self { crl, tried: Arc::default() }
    }

    /// Whether this key has signed it. Tried once, and remembered.
    pub(super) fn is_signed_by(&self, key: &[u8], tries: &Tries<'_>) -> Result<(), Error> {
        if let Some(known) = self.tried.load().iter().find(|tried| tried.key == key) {
            return known.outcome.clone();
        }
        tries.count()?;
        let outcome = self.crl.check_signature(key, tries.algorithms);
        self.tried.rcu(|all| {
            let alike = all.iter().filter(|other| other.outcome.is_ok() == outcome.is_ok());
            let has_room = alike.count() < MOST_REMEMBERED;
            let tried = has_room.then(|| Tried { key: key.into(), outcome: outcome.clone() });
            all.iter().cloned().chain(tried).collect::<Vec<_>>()
        });
        outcome
    }

    /// The keys that are known to have signed it.
    pub(super) fn signers(&self) -> Vec<Vec<u8>> {
        let all = self.tried.load();
        let signers = all.iter().filter(|tried| tried.outcome.is_ok());
        signers.map(|tried| tried.key.clone()).collect()
    }
}

/// How often keys may still be tried on lists, and with which algorithms.
pub(super) struct Tries<'a> {
    algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
    left: Cell<usize>,
}

impl<'a> Tries<'a> {
    pub(super) fn new(
        algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
        at_most: usize,
    ) -> Self {
        Self { algorithms, left: at_most.into() }
    }

    fn count(&self) -> Result<(), Error> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or(Error::MaximumSignatureChecksExceeded)?);
        Ok(())
    }
}
