//! webpki's errors as rustls' own verifiers report them.
//!
//! rustls derives the TLS alert from the variant, so the structure matters. Its own mapping is
//! private; `tests/stock/as_stock.rs` holds this one against it.

use std::sync::Arc;

use rustls::{
    CertRevocationListError as Crl, CertificateError as Refused, Error, ExtendedKeyPurpose,
    OtherError,
};
use webpki::Error as Pki;

/// A verification error. Variants that webpki has deprecated are produced by none of its versions
/// that this crate admits, and go where unknown ones go.
pub(super) fn verification_error(error: Pki) -> Error {
    let refused = match error {
        Pki::BadDer | Pki::BadDerTime | Pki::TrailingData(_) => Refused::BadEncoding,
        Pki::CertNotValidYet { time, not_before } => {
            Refused::NotValidYetContext { time, not_before }
        }
        Pki::CertExpired { time, not_after } => Refused::ExpiredContext { time, not_after },
        Pki::InvalidCertValidity => Refused::Expired,
        Pki::UnknownIssuer => Refused::UnknownIssuer,
        Pki::CertNotValidForName(context) => Refused::NotValidForNameContext {
            expected: context.expected,
            presented: context.presented,
        },
        Pki::CertRevoked => Refused::Revoked,
        Pki::UnknownRevocationStatus => Refused::UnknownRevocationStatus,
        Pki::CrlExpired { time, next_update } => {
            Refused::ExpiredRevocationListContext { time, next_update }
        }
        Pki::InvalidSignatureForPublicKey => Refused::BadSignature,
        Pki::UnsupportedSignatureAlgorithmContext(context) => {
            Refused::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: context.signature_algorithm_id,
                supported_algorithms: context.supported_algorithms,
            }
        }
        Pki::UnsupportedSignatureAlgorithmForPublicKeyContext(context) => {
            Refused::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id: context.signature_algorithm_id,
                public_key_algorithm_id: context.public_key_algorithm_id,
            }
        }
        Pki::RequiredEkuNotFoundContext(context) => Refused::InvalidPurposeContext {
            required: purpose(context.required.oid_values().collect()),
            presented: context.present.into_iter().map(purpose).collect(),
        },
        Pki::InvalidCrlSignatureForPublicKey => return Crl::BadSignature.into(),
        Pki::UnsupportedCrlSignatureAlgorithmContext(context) => {
            return Crl::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: context.signature_algorithm_id,
                supported_algorithms: context.supported_algorithms,
            }
            .into();
        }
        Pki::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(context) => {
            return Crl::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id: context.signature_algorithm_id,
                public_key_algorithm_id: context.public_key_algorithm_id,
            }
            .into();
        }
        Pki::IssuerNotCrlSigner => return Crl::IssuerInvalidForCrl.into(),
        other => Refused::Other(OtherError(Arc::new(other))),
    };
    refused.into()
}

fn purpose(oid: Vec<usize>) -> ExtendedKeyPurpose {
    match oid.as_slice() {
        webpki::KeyUsage::CLIENT_AUTH_REPR => ExtendedKeyPurpose::ClientAuth,
        webpki::KeyUsage::SERVER_AUTH_REPR => ExtendedKeyPurpose::ServerAuth,
        _ => ExtendedKeyPurpose::Other(oid),
    }
}
