//! [`renewal`]: did a renewed certificate lose a purpose that its slot needs?

use super::assess::{Finding, Serving};
use super::chains::violation;
use crate::eku::EkuViolation;
use crate::role::Role;

/// How a renewed certificate stands to the one it replaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Renewal {
    /// Each role that is needed and that the renewed certificate is unfit for, and why.
    pub lost: Vec<(Role, EkuViolation)>,
}

impl Renewal {
    /// Whether the renewed certificate can take the old one's place.
    pub fn is_fit(&self) -> bool {
        self.lost.is_empty()
    }
}

/// Compares a renewed certificate with the one it replaces, every level of their chains counted.
///
/// Needed are the roles that are given; [`Serving::Suggested`] needs those that the old one was fit
/// for. The decision is the one that a slot makes when credentials are published, so a certificate
/// that passes here is not refused there for its EKU.
///
/// *Not* compared: names, keys, validity.
pub fn renewal(old: &Finding<'_>, renewed: &Finding<'_>, needed: Serving) -> Renewal {
    let needed = match needed {
        Serving::In(roles) => roles,
        Serving::Suggested => old.roles,
    };
    let lost = needed.iter().filter_map(|role| {
        let violation = violation(&renewed.chain, role)?;
        (!renewed.roles.contains(role)).then_some((role, violation))
    });
    Renewal {
        lost: lost.collect(),
    }
}
