//! What the fuzz targets share: a provider that believes every signature, and inputs made of parts.
//!
//! With real signatures a mutated chain dies at its first signature check, and nothing behind it is
//! ever fuzzed. Here every signature is good, so that hostile certificates reach the path checks,
//! the readers of verified certificates and the peer rules.

#[path = "../../examples/audit/contents/mod.rs"]
pub mod contents;
mod presented;
mod read;
mod stock;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

pub use presented::{Presented, Told};
pub use read::read;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm,
    UnixTime, alg_id,
};
pub use stock::Stock;

#[derive(Debug)]
struct Credulous;

impl SignatureVerificationAlgorithm for Credulous {
    fn verify_signature(&self, _: &[u8], _: &[u8], _: &[u8]) -> Result<(), InvalidSignature> {
        Ok(())
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P256
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_SHA256
    }
}

/// A provider that believes every ECDSA signature.
pub fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| {
        Arc::new(CryptoProvider {
            signature_verification_algorithms: WebPkiSupportedAlgorithms {
                all: &[&Credulous],
                mapping: &[],
            },
            ..rustls::crypto::ring::default_provider()
        })
    })
}

/// The instant at which the seeds are valid: 2026-11-21.
pub fn now() -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(1_795_219_200))
}

/// The parts of an input: each a length of two octets, big-endian, and as many octets.
pub fn parts(mut input: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while let Some((length, rest)) = input.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (part, rest) = rest.split_at(length);
        parts.push(part);
        input = rest;
    }
    parts
}

/// An input with these parts.
pub fn join<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    parts.into_iter().fold(Vec::new(), |mut input, part| {
        input.extend(u16::try_from(part.len()).expect("a seed is small").to_be_bytes());
        input.extend(part);
        input
    })
}

/// The parts as certificates.
pub fn certificates<'a>(parts: &[&'a [u8]]) -> Vec<CertificateDer<'a>> {
    parts.iter().map(|part| CertificateDer::from(*part)).collect()
}
