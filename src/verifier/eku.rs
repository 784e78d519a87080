//! What webpki asks about the EKU of each certificate of a path.

use std::cell::Cell;

use webpki::{Error, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage};

use crate::role::Role;

/// Requires a role's purpose on every certificate that has an EKU, as stock rustls does, and
/// remembers whether that ever stood in the way.
///
/// The error of a search does not tell: that of an expired or badly signed extra certificate
/// outranks it.
pub(super) struct Required {
    usage: KeyUsage,
    obstructed: Cell<bool>,
}

impl Required {
    pub(super) fn for_role(role: Role) -> Self {
        Self {
            usage: match role {
                Role::Server => KeyUsage::server_auth(),
                Role::Client => KeyUsage::client_auth(),
            },
            obstructed: Cell::new(false),
        }
    }

    pub(super) fn obstructed(&self) -> bool {
        self.obstructed.get()
    }
}

impl ExtendedKeyUsageValidator for Required {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        self.usage.validate(purposes).inspect_err(|_| self.obstructed.set(true))
    }
}

/// Lets every well-formed EKU pass.
pub(super) struct Ignored;

impl ExtendedKeyUsageValidator for Ignored {
    fn validate(&self, mut purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        purposes.try_for_each(|purpose| purpose.map(drop))
    }
}
