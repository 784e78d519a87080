//! Errors of rustls that can be compared.

use std::fmt::{Debug, Display};

use rustls::{CertificateError, Error, OtherError};

/// An error that equals another one if it is the same in every detail.
///
/// `CertificateError::Other` never equals anything, itself included, and it is where rustls puts every error of webpki
/// that it has no variant for: a CA as leaf, name constraints, an empty EKU. Nothing is hidden from `Debug`.
#[derive(Clone, Debug)]
pub struct Exact(pub Error);

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        format!("{:?}", self.0) == format!("{:?}", other.0)
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

/// The rows of a table. When it goes, it fails with every row that is wrong, so that one run shows them all.
#[derive(Default)]
pub struct Rows {
    pub count: usize,
    wrong: Vec<String>,
}

impl Rows {
    /// What was found in a row is what was expected.
    pub fn same<F: Debug + PartialEq<E>, E: Debug>(
        &mut self,
        id: impl Display,
        found: F,
        expected: E,
    ) {
        self.holds(id, found == expected, format_args!("{found:?}, expected {expected:?}"));
    }

    /// Something is true of a row, or else this is what was found.
    pub fn holds(&mut self, id: impl Display, is_true: bool, found: impl Display) {
        self.count += 1;
        if !is_true {
            self.wrong.push(format!("{id}: {found}"));
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let Self { count, wrong } = self;
        let shown = wrong[..wrong.len().min(60)].join("\n");
        assert!(wrong.is_empty(), "{} of {count} rows are wrong:\n{shown}", wrong.len());
        assert!(*count > 0, "there is no row");
    }
}
