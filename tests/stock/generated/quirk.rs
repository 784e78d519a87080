//! [`LeafQuirk`], [`CaQuirk`]: what is unusual in a certificate, and what our checks say to it.

use mtls_roles::PathCheck;

/// What is unusual in a leaf; harmless or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafQuirk {
    Expired,
    NotYetValid,
    BadSignature,
    /// Signed by somebody else in the issuer's name.
    Forged,
    /// cA:TRUE.
    Ca,
    NoKeyUsage,
    /// keyUsage is keyEncipherment alone.
    OnlyEncipherment,
    /// keyUsage is keyAgreement alone.
    OnlyAgreement,
    /// keyUsage is digitalSignature and keyCertSign.
    CertSign,
    NameConstraints,
    EmptySubject,
    UnknownExtension,
    UnknownCriticalExtension,
    /// RSA of 1024 bits.
    WeakKey,
}

/// What is unusual in a CA; harmless or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaQuirk {
    Expired,
    NotYetValid,
    BadSignature,
    /// Signed by somebody else in the issuer's name; not for roots and extras.
    Forged,
    PathLen(u8),
    /// basicConstraints with cA:FALSE.
    NotACa,
    NoBasicConstraints,
    NoKeyUsage,
    /// keyUsage is digitalSignature and cRLSign.
    NoCertSign,
    /// keyUsage is keyCertSign alone.
    NoCrlSign,
    Constraints(Vec<Subtree>),
    EmptyConstraints,
    EmptySubject,
    UnknownExtension,
    UnknownCriticalExtension,
}

/// One subtree of a nameConstraints extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subtree {
    PermitDns(&'static str),
    ExcludeDns(&'static str),
    /// 192.0.2.0/24.
    PermitIp,
    /// 192.0.2.0/24.
    ExcludeIp,
    /// example.com.
    PermitEmail,
    /// CN=nobody.
    ExcludeDirectoryName,
}

/// All that our checks refuse in a leaf with these quirks, beyond stock rustls.
pub fn violations_of_leaf(quirks: &[LeafQuirk]) -> impl Iterator<Item = PathCheck> {
    quirks.iter().filter_map(|quirk| match quirk {
        LeafQuirk::CertSign => Some(PathCheck::LeafWithKeyCertSign),
        LeafQuirk::NameConstraints => Some(PathCheck::LeafWithNameConstraints),
        LeafQuirk::WeakKey => Some(PathCheck::WeakLeafKey),
        _ => None,
    })
}

/// All that our checks refuse in an issuer with these quirks, beyond stock rustls.
pub fn violations_of_issuer(quirks: &[CaQuirk]) -> impl Iterator<Item = PathCheck> {
    quirks.iter().filter_map(|quirk| match quirk {
        CaQuirk::NoCertSign => Some(PathCheck::IssuerWithoutKeyCertSign),
        CaQuirk::EmptySubject => Some(PathCheck::IssuerWithoutName),
        CaQuirk::EmptyConstraints => Some(PathCheck::EmptyNameConstraints),
        _ => None,
    })
}

/// All that our checks refuse in a root with these quirks, beyond stock rustls.
pub fn violations_of_root(quirks: &[CaQuirk]) -> impl Iterator<Item = PathCheck> {
    let of_roots = quirks.iter().filter_map(|quirk| match quirk {
        CaQuirk::NotACa | CaQuirk::NoBasicConstraints => Some(PathCheck::RootIsNoCa),
        CaQuirk::UnknownCriticalExtension => Some(PathCheck::RootWithUnknownCriticalExtension),
        _ => None,
    });
    of_roots.chain(violations_of_issuer(quirks))
}

/// Keeps the first quirk of a field: two in one would be one of them, and the description a lie.
pub fn one_of_a_kind(quirks: &mut Vec<impl Quirk>) {
    let mut seen = Vec::new();
    quirks.retain(|quirk| {
        let is_new = !seen.contains(&quirk.field());
        seen.push(quirk.field());
        is_new
    });
}

pub trait Quirk {
    fn field(&self) -> Field;
}

/// The part of a certificate that a quirk changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Validity,
    Signature,
    BasicConstraints,
    KeyUsage,
    NameConstraints,
    Subject,
    Unknown,
    Key,
}

impl Quirk for LeafQuirk {
    fn field(&self) -> Field {
        match self {
            Self::Expired | Self::NotYetValid => Field::Validity,
            Self::BadSignature | Self::Forged => Field::Signature,
            Self::Ca => Field::BasicConstraints,
            Self::NoKeyUsage | Self::OnlyEncipherment | Self::OnlyAgreement | Self::CertSign => {
                Field::KeyUsage
            }
            Self::NameConstraints => Field::NameConstraints,
            Self::EmptySubject => Field::Subject,
            Self::UnknownExtension | Self::UnknownCriticalExtension => Field::Unknown,
            Self::WeakKey => Field::Key,
        }
    }
}

impl Quirk for CaQuirk {
    fn field(&self) -> Field {
        match self {
            Self::Expired | Self::NotYetValid => Field::Validity,
            Self::BadSignature | Self::Forged => Field::Signature,
            Self::PathLen(_) | Self::NotACa | Self::NoBasicConstraints => Field::BasicConstraints,
            Self::NoKeyUsage | Self::NoCertSign | Self::NoCrlSign => Field::KeyUsage,
            Self::Constraints(_) | Self::EmptyConstraints => Field::NameConstraints,
            Self::EmptySubject => Field::Subject,
            Self::UnknownExtension | Self::UnknownCriticalExtension => Field::Unknown,
        }
    }
}
