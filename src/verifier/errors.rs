//! webpki's errors as rustls' own verifiers report them.
//!
//! rustls derives the TLS alert from the variant, so the structure matters. Its own mapping is
//! private; `tests/stock/as_stock.rs` holds this one against it.

use std::sync::Arc;

use rustls::{CertRevocationListError, CertificateError, Error, ExtendedKeyPurpose, OtherError};
use webpki::{Error as Pki, RequiredEkuNotFoundContext};

use crate::role::Role;

/// A verification error. Variants that webpki has deprecated are produced by none of its versions
/// that this crate admits, and go where unknown ones go.
pub(super) fn verification_error(error: Pki) -> Error {
    match error {
        Pki::BadDer | Pki::BadDerTime | Pki::TrailingData(_) => {
            CertificateError::BadEncoding.into()
        }
        Pki::CertNotValidYet { time, not_before } => {
            CertificateError::NotValidYetContext { time, not_before }.into()
        }
        Pki::CertExpired { time, not_after } => {
            CertificateError::ExpiredContext { time, not_after }.into()
        }
        Pki::InvalidCertValidity => CertificateError::Expired.into(),
        Pki::UnknownIssuer => CertificateError::UnknownIssuer.into(),
        Pki::CertNotValidForName(context) => CertificateError::NotValidForNameContext {
            expected: context.expected,
            presented: context.presented,
        }
        .into(),
        Pki::CertRevoked => CertificateError::Revoked.into(),
        Pki::UnknownRevocationStatus => CertificateError::UnknownRevocationStatus.into(),
        Pki::CrlExpired { time, next_update } => {
            CertificateError::ExpiredRevocationListContext { time, next_update }.into()
        }
        Pki::InvalidSignatureForPublicKey => CertificateError::BadSignature.into(),
        Pki::UnsupportedSignatureAlgorithmContext(context) => {
            CertificateError::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: context.signature_algorithm_id,
                supported_algorithms: context.supported_algorithms,
            }
            .into()
        }
        Pki::UnsupportedSignatureAlgorithmForPublicKeyContext(context) => {
            CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id: context.signature_algorithm_id,
                public_key_algorithm_id: context.public_key_algorithm_id,
            }
            .into()
        }
        Pki::RequiredEkuNotFoundContext(context) => invalid_purpose(context),
        Pki::InvalidCrlSignatureForPublicKey
        | Pki::UnsupportedCrlSignatureAlgorithmContext(_)
        | Pki::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_)
        | Pki::IssuerNotCrlSigner => crl_error(error).into(),
        other => CertificateError::Other(OtherError(Arc::new(other))).into(),
    }
}

/// What is wrong with a revocation list.
pub(super) fn crl_error(error: Pki) -> CertRevocationListError {
    use CertRevocationListError as Crl;
    match error {
        Pki::InvalidCrlSignatureForPublicKey => Crl::BadSignature,
        Pki::UnsupportedCrlSignatureAlgorithmContext(context) => {
            Crl::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: context.signature_algorithm_id,
                supported_algorithms: context.supported_algorithms,
            }
        }
        Pki::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(context) => {
            Crl::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id: context.signature_algorithm_id,
                public_key_algorithm_id: context.public_key_algorithm_id,
            }
        }
        Pki::InvalidCrlNumber => Crl::InvalidCrlNumber,
        Pki::InvalidSerialNumber => Crl::InvalidRevokedCertSerialNumber,
        Pki::IssuerNotCrlSigner => Crl::IssuerInvalidForCrl,
        Pki::MalformedExtensions | Pki::BadDer | Pki::BadDerTime => Crl::ParseError,
        Pki::UnsupportedCriticalExtension => Crl::UnsupportedCriticalExtension,
        Pki::UnsupportedCrlVersion => Crl::UnsupportedCrlVersion,
        Pki::UnsupportedDeltaCrl => Crl::UnsupportedDeltaCrl,
        Pki::UnsupportedIndirectCrl => Crl::UnsupportedIndirectCrl,
        Pki::UnsupportedRevocationReason => Crl::UnsupportedRevocationReason,
        other => Crl::Other(OtherError(Arc::new(other))),
    }
}

/// The error of a leaf without EKU where one is required: what webpki says where it requires it.
pub(super) fn missing_purpose(role: Role) -> Error {
    CertificateError::InvalidPurposeContext {
        required: match role {
            Role::Server => ExtendedKeyPurpose::ServerAuth,
            Role::Client => ExtendedKeyPurpose::ClientAuth,
        },
        presented: Vec::new(),
    }
    .into()
}

fn invalid_purpose(context: RequiredEkuNotFoundContext) -> Error {
    CertificateError::InvalidPurposeContext {
        required: purpose(context.required.oid_values().collect()),
        presented: context.present.into_iter().map(purpose).collect(),
    }
    .into()
}

fn purpose(oid: Vec<usize>) -> ExtendedKeyPurpose {
    match oid.as_slice() {
        webpki::KeyUsage::CLIENT_AUTH_REPR => ExtendedKeyPurpose::ClientAuth,
        webpki::KeyUsage::SERVER_AUTH_REPR => ExtendedKeyPurpose::ServerAuth,
        _ => ExtendedKeyPurpose::Other(oid),
    }
}
