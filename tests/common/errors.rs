//! Errors of rustls that can be compared.

use rustls::{CertRevocationListError, CertificateError, Error, OtherError};

/// An error that equals another one if it is the same in every detail.
///
/// `CertificateError::Other` never equals anything, itself included, and it is where rustls puts every error of webpki
/// that it has no variant for: a CA as leaf, name constraints, an empty EKU. So it is opened here.
#[derive(Clone, Debug)]
pub struct Exact(pub Error);

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        match (hidden(&self.0), hidden(&other.0)) {
            (None, None) => self.0 == other.0,
            (ours, theirs) => ours == theirs,
        }
    }
}

/// What is inside an `Other`: webpki's error, or a violation of our path checks, each shown with its type.
fn hidden(error: &Error) -> Option<String> {
    let (Error::InvalidCertificate(CertificateError::Other(OtherError(inner)))
    | Error::InvalidCertRevocationList(CertRevocationListError::Other(OtherError(inner)))) = error
    else {
        return None;
    };
    let webpki = inner.downcast_ref::<webpki::Error>();
    let violation = violation(error);
    match (webpki, violation) {
        (Some(error), _) => Some(format!("webpki: {error:?}")),
        (None, Some(violation)) => Some(format!("ours: {violation:?}")),
        (None, None) => panic!("neither webpki's nor ours: {error:?}"),
    }
}

/// The violation of a path check inside an error. By its text, since this folder does not know the crate.
pub fn violation(error: &Error) -> Option<String> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) => {
            let text = format!("{inner:?}");
            text.starts_with("PathViolation {").then_some(text)
        }
        _ => None,
    }
}

/// Fails with every row that is wrong, so that one run shows them all.
#[track_caller]
pub fn assert_no_row_is_wrong(rows: usize, wrong: &[String]) {
    let shown = wrong.len().min(60);
    assert!(
        wrong.is_empty(),
        "{} of {rows} rows are wrong:\n{}",
        wrong.len(),
        wrong[..shown].join("\n")
    );
    assert!(rows > 0, "there is no row");
}
