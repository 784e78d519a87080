//! The Extended Key Usage extension in every shape that a test needs.

use rcgen::CustomExtension;

use super::der;

/// One key purpose (RFC 5280, 4.2.1.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kp {
    ServerAuth,
    ClientAuth,
    /// `anyExtendedKeyUsage`.
    Any,
    CodeSigning,
    EmailProtection,
    /// Any other purpose, by its arcs.
    Oid(&'static [u64]),
}

impl Kp {
    /// The arcs of the object identifier.
    pub fn arcs(self) -> &'static [u64] {
        match self {
            Self::ServerAuth => &[1, 3, 6, 1, 5, 5, 7, 3, 1],
            Self::ClientAuth => &[1, 3, 6, 1, 5, 5, 7, 3, 2],
            Self::CodeSigning => &[1, 3, 6, 1, 5, 5, 7, 3, 3],
            Self::EmailProtection => &[1, 3, 6, 1, 5, 5, 7, 3, 4],
            Self::Any => &[2, 5, 29, 37, 0],
            Self::Oid(arcs) => arcs,
        }
    }
}

/// What the EKU extension of a certificate looks like.
///
/// It is always written by hand: rcgen writes neither a critical one nor one without purposes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Eku {
    /// No extension.
    Absent,
    /// The usual extension, not critical.
    Purposes(Vec<Kp>),
    /// The same, critical.
    Critical(Vec<Kp>),
    /// The extension with no purpose in it, which RFC 5280 does not allow.
    Empty,
    /// These bytes as the value of the extension, well-formed or not; not critical.
    Raw(Vec<u8>),
}

impl Eku {
    /// serverAuth alone: what public CAs will issue.
    pub fn server() -> Self {
        Self::Purposes(vec![Kp::ServerAuth])
    }

    /// clientAuth alone.
    pub fn client() -> Self {
        Self::Purposes(vec![Kp::ClientAuth])
    }

    /// serverAuth and clientAuth: the combined certificate that public CAs used to issue.
    pub fn both() -> Self {
        Self::Purposes(vec![Kp::ServerAuth, Kp::ClientAuth])
    }

    /// anyExtendedKeyUsage alone.
    pub fn any() -> Self {
        Self::Purposes(vec![Kp::Any])
    }

    /// codeSigning alone: neither role.
    pub fn code_signing() -> Self {
        Self::Purposes(vec![Kp::CodeSigning])
    }

    pub(super) fn extension(&self) -> Option<CustomExtension> {
        let (critical, value) = match self {
            Self::Absent => return None,
            Self::Purposes(purposes) => (false, key_purposes(purposes)),
            Self::Critical(purposes) => (true, key_purposes(purposes)),
            Self::Empty => (false, key_purposes(&[])),
            Self::Raw(value) => (false, value.clone()),
        };
        let mut extension = CustomExtension::from_oid_content(&[2, 5, 29, 37], value);
        extension.set_criticality(critical);
        Some(extension)
    }
}

/// The value of the extension: a SEQUENCE of purposes, in this order.
pub fn key_purposes(purposes: &[Kp]) -> Vec<u8> {
    let oids: Vec<_> = purposes.iter().map(|kp| der::oid(kp.arcs())).collect();
    der::sequence(&oids)
}
