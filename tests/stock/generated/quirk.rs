//! [`Quirk`]: what is unusual in a certificate, and what our checks say to it.

use mtls_roles::PathCheck;

/// What is unusual in a certificate; harmless or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quirk {
    Expired,
    NotYetValid,
    BadSignature,
    /// Signed by somebody else in the issuer's name; not for roots and extras.
    Forged,
    NoKeyUsage,
    EmptySubject,
    UnknownExtension,
    UnknownCriticalExtension,
    /// Of a leaf: cA:TRUE.
    Ca,
    /// Of a leaf: keyUsage is keyEncipherment alone.
    OnlyEncipherment,
    /// Of a leaf: keyUsage is keyAgreement alone.
    OnlyAgreement,
    /// Of a leaf: keyUsage is digitalSignature and keyCertSign.
    CertSign,
    /// Of a leaf: it has name constraints.
    Constrained,
    /// Of a leaf: RSA of 1024 bits.
    WeakKey,
    /// Of a CA, as all below.
    PathLen(u8),
    /// basicConstraints with cA:FALSE.
    NotACa,
    NoBasicConstraints,
    /// keyUsage is digitalSignature and cRLSign.
    NoCertSign,
    /// keyUsage is keyCertSign alone.
    NoCrlSign,
    Constraints(Vec<Subtree>),
    EmptyConstraints,
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
pub fn violations_of_leaf(quirks: &[Quirk]) -> impl Iterator<Item = PathCheck> {
    quirks.iter().filter_map(|quirk| match quirk {
        Quirk::CertSign => Some(PathCheck::LeafWithKeyCertSign),
        Quirk::Constrained => Some(PathCheck::LeafWithNameConstraints),
        Quirk::WeakKey => Some(PathCheck::WeakLeafKey),
        _ => None,
    })
}

/// All that our checks refuse in an issuer with these quirks, beyond stock rustls.
pub fn violations_of_issuer(quirks: &[Quirk]) -> impl Iterator<Item = PathCheck> {
    quirks.iter().filter_map(|quirk| match quirk {
        Quirk::NoCertSign => Some(PathCheck::IssuerWithoutKeyCertSign),
        Quirk::EmptySubject => Some(PathCheck::IssuerWithoutName),
        Quirk::EmptyConstraints => Some(PathCheck::EmptyNameConstraints),
        _ => None,
    })
}

/// All that our checks refuse in a root with these quirks, beyond stock rustls.
pub fn violations_of_root(quirks: &[Quirk]) -> impl Iterator<Item = PathCheck> {
    let of_roots = quirks.iter().filter_map(|quirk| match quirk {
        Quirk::NotACa | Quirk::NoBasicConstraints => Some(PathCheck::RootIsNoCa),
        Quirk::UnknownCriticalExtension => Some(PathCheck::RootWithUnknownCriticalExtension),
        _ => None,
    });
    of_roots.chain(violations_of_issuer(quirks))
}

/// Keeps the first quirk of a field: two in one would be one of them, and the description a lie.
pub fn one_of_a_kind(quirks: &mut Vec<Quirk>) {
    let mut seen = Vec::new();
    quirks.retain(|quirk| {
        let is_new = !seen.contains(&quirk.field());
        seen.push(quirk.field());
        is_new
    });
}

impl Quirk {
    /// The part of a certificate that it changes.
    fn field(&self) -> &'static str {
        match self {
            Self::Expired | Self::NotYetValid => "validity",
            Self::BadSignature | Self::Forged => "signature",
            Self::Ca | Self::PathLen(_) | Self::NotACa | Self::NoBasicConstraints => {
                "basicConstraints"
            }
            Self::NoKeyUsage | Self::OnlyEncipherment | Self::OnlyAgreement => "keyUsage",
            Self::CertSign | Self::NoCertSign | Self::NoCrlSign => "keyUsage",
            Self::Constrained | Self::Constraints(_) | Self::EmptyConstraints => "nameConstraints",
            Self::EmptySubject => "subject",
            Self::UnknownExtension | Self::UnknownCriticalExtension => "an unknown one",
            Self::WeakKey => "subjectPublicKeyInfo",
        }
    }
}
