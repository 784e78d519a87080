//! What webpki asks about the EKU of each certificate of a path, at each step of its search.

use std::cell::Cell;

use webpki::{Error, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage};

use super::cost::Cost;
use crate::role::Role;

/// What one search requires of every certificate that has an EKU, and whether that ever stood in the way.
///
/// The error of a search does not tell: that of an expired or badly signed extra certificate
/// outranks it.
pub(super) struct RequiredEku<'a> {
    /// `None`: that it is well-formed.
    purpose: Option<KeyUsage>,
    obstructed: Cell<bool>,
    cost: &'a Cost,
}

impl<'a> RequiredEku<'a> {
    /// A role's purpose, as stock rustls requires it.
    pub(super) fn for_role(role: Role, cost: &'a Cost) -> Self {
        Self { purpose: Some(usage(role)), ..Self::ignored(cost) }
    }

    pub(super) fn ignored(cost: &'a Cost) -> Self {
        Self { purpose: None, obstructed: Cell::new(false), cost }
    }

    pub(super) fn obstructed(&self) -> bool {
        self.obstructed.get()
    }
}

impl ExtendedKeyUsageValidator for RequiredEku<'_> {
    fn validate(&self, mut purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        self.cost.count_step()?;
        match &self.purpose {
            Some(purpose) => purpose.validate(purposes).inspect_err(|_| self.obstructed.set(true)),
            None => purposes.try_for_each(|purpose| purpose.map(drop)),
        }
    }
}

/// What webpki calls the purpose of a role.
pub(super) fn usage(role: Role) -> KeyUsage {
    match role {
        Role::Server => KeyUsage::server_auth(),
        Role::Client => KeyUsage::client_auth(),
    }
}
