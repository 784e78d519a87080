//! A provider that keeps a record of the signatures it is asked about, of certificates, lists and handshakes.

use std::sync::{Arc, Mutex};

use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm};

/// One signature that was really checked.
#[derive(Clone, Debug)]
pub struct Check {
    /// The signed bytes.
    pub message: Vec<u8>,
    pub is_good: bool,
}

/// What was checked since it was last asked.
#[derive(Clone, Debug, Default)]
pub struct Record(Arc<Mutex<Vec<Check>>>);

impl Record {
    /// Everything since the last call.
    pub fn take(&self) -> Vec<Check> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// How many since the last call.
    pub fn count(&self) -> usize {
        self.take().len()
    }
}

impl Check {
    /// Whether it is a list that was signed: RFC 5280, 5.1 begins with an INTEGER, 4.1 with `[0]`.
    pub fn is_of_list(&self) -> bool {
        let header = match self.message[..] {
            [0x30, ..=0x7f, ..] => 2,
            [0x30, long, ..] => 2 + usize::from(long & 0x7f),
            _ => return false,
        };
        self.message.get(header) == Some(&0x02)
    }
}

/// The same provider, with a record.
pub fn recorded(provider: &CryptoProvider) -> (CryptoProvider, Record) {
    let (record, mut provider) = (Record::default(), provider.clone());
    let WebPkiSupportedAlgorithms { all, mapping } = provider.signature_verification_algorithms;
    let schemes = mapping.iter().map(|(scheme, algorithms)| (*scheme, wrap(algorithms, &record)));
    provider.signature_verification_algorithms = WebPkiSupportedAlgorithms {
        all: wrap(all, &record),
        mapping: schemes.collect::<Vec<_>>().leak(),
    };
    (provider, record)
}

/// rustls wants algorithms to live for ever; those of a test may.
fn wrap(
    algorithms: &[&'static dyn SignatureVerificationAlgorithm],
    record: &Record,
) -> &'static [&'static dyn SignatureVerificationAlgorithm] {
    let recorded = algorithms.iter().map(|inner| {
        let recorded = Recorded { inner: *inner, record: record.clone() };
        &*Box::leak(Box::new(recorded)) as &'static dyn SignatureVerificationAlgorithm
    });
    recorded.collect::<Vec<_>>().leak()
}

#[derive(Debug)]
struct Recorded {
    inner: &'static dyn SignatureVerificationAlgorithm,
    record: Record,
}

impl SignatureVerificationAlgorithm for Recorded {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let verified = self.inner.verify_signature(public_key, message, signature);
        self.record
            .0
            .lock()
            .unwrap()
            .push(Check { message: message.to_vec(), is_good: verified.is_ok() });
        verified
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.inner.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.inner.signature_alg_id()
    }
}
