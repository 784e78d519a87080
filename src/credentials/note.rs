//! [`Note`]: what an operator should know of credentials that are fit all the same.

use std::fmt;

use time::OffsetDateTime;

use crate::certificate::PathCheck;
use crate::role::{Purpose, eku_text};
use crate::text::utc;

/// What an operator should know of one certificate in credentials that are fit all the same.
///
/// Displayed, it names the certificate, says what it is and what to do.
///
/// ```no_run
/// # fn main() -> Result<(), mtls_roles::Error> {
/// use mtls_roles::{Credentials, ServerSlot};
/// # let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let renewed = Credentials::from_pem_files("server.pem", "server.key", &provider)?;
/// for note in ServerSlot::empty().judge(&renewed)?.notes {
///     eprintln!("{note}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// Which certificate: its place and its file, as in `certificate 2 of edge.pem (CN=Example CA)`.
    pub certificate: String,
    /// What there is to know of it.
    pub kind: NoteKind,
}

/// What there is to know of a certificate. Places are counted from 1.
///
/// ```
/// use mtls_roles::NoteKind;
///
/// fn is_for_the_next_renewal(kind: &NoteKind) -> bool {
///     matches!(kind, NoteKind::RefusedByPathCheck { .. })
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteKind {
    /// It stands there twice.
    #[non_exhaustive]
    Duplicate {
        /// The place of the first.
        of: usize,
    },
    /// It is no CA, so it stands above nothing.
    AnotherLeaf,
    /// No path leads up from the leaf to it.
    LeadsNowhere,
    /// It stands above a certificate with the key of a public root, where every peer's path ends.
    #[non_exhaustive]
    AbovePublicRoot {
        /// The place of the public root.
        root: usize,
    },
    /// It has expired: a path does without it, or it is a cross-sign above what issued the leaf, whose key
    /// peers may have among their roots.
    #[non_exhaustive]
    Expired {
        /// Last second of its validity.
        not_after: OffsetDateTime,
    },
    /// It is not valid yet: a path does without it, or it is a cross-sign, as for [`Expired`](Self::Expired).
    #[non_exhaustive]
    NotYetValid {
        /// First second of its validity.
        not_before: OffsetDateTime,
    },
    /// Its extended key usage lacks the purpose, and a path does without it.
    #[non_exhaustive]
    Unfit {
        /// The purpose that the role needs under the slot's policy.
        needed: Purpose,
        /// The purposes that it has; `None` without the extension.
        found: Option<Vec<Purpose>>,
    },
    /// Another certificate is for the same CA: a renewal, a cross-sign.
    #[non_exhaustive]
    ParallelIssuer {
        /// The place of the first.
        of: usize,
    },
    /// It stands before the certificate that it issued: tolerated in TLS 1.3 (RFC 8446, 4.4.2), not in
    /// TLS 1.2 (RFC 5246, 7.4.2).
    #[non_exhaustive]
    OutOfOrder {
        /// The place of what it issued.
        issued: usize,
    },
    /// It is DER, but no certificate that can be read.
    #[non_exhaustive]
    Unreadable {
        /// What it is, and what to do about it.
        reason: String,
    },
    /// Peers on rustls find no path through it.
    #[non_exhaustive]
    RefusedByRustls {
        /// What rustls minds, and what to do about it.
        reason: String,
    },
    /// It is the leaf, and verifiers of this crate refuse it.
    #[non_exhaustive]
    RefusedByPathCheck {
        /// The check that does.
        check: PathCheck,
        /// What it finds, where that is one of several things: the extension.
        found: Option<String>,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.certificate, self.kind)
    }
}

impl fmt::Display for NoteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { of } => write!(f, "is the same as certificate {of}; remove it"),
            Self::AnotherLeaf => f.write_str(
                "is no CA and not the leaf; remove it, or load it with its own key for the same slot",
            ),
            Self::LeadsNowhere => f.write_str("stands on no path up from the leaf; remove it"),
            Self::AbovePublicRoot { root } => write!(
                f,
                "stands above certificate {root}, which has the key of a public root, where every \
                 peer's path ends; remove it"
            ),
            Self::Expired { not_after } => {
                write!(f, "expired at {}, so no peer can use it; remove it", utc(*not_after))
            }
            Self::NotYetValid { not_before } => {
                write!(f, "is not valid before {} and not needed until then; harmless", utc(*not_before))
            }
            Self::Unfit { needed, found } => write!(
                f,
                "has {}, needed {needed}, and peers find a path without it; remove it",
                eku_text(found.as_deref())
            ),
            Self::ParallelIssuer { of } => write!(
                f,
                "is for the same CA as certificate {of}, and peers choose between them; harmless, \
                 remove the one that no peer needs any more"
            ),
            Self::OutOfOrder { issued } => write!(
                f,
                "stands before certificate {issued}, which it issued; harmless to peers that build \
                 paths, move it behind that one for the others"
            ),
            Self::Unreadable { reason } => write!(
                f,
                "is presented as it stands there, although no peer can read it: {reason}, or remove it"
            ),
            Self::RefusedByRustls { reason } => write!(
                f,
                "is presented, but peers on rustls find no path through it: {reason}"
            ),
            Self::RefusedByPathCheck { check, found } => {
                let found = found.as_ref().map_or_else(String::new, |it| format!(" ({it})"));
                write!(
                    f,
                    "{check}{found}: verifiers of this crate refuse it unless they are built with \
                     stock_path_checks(); have it issued anew without"
                )
            }
        }
    }
}
