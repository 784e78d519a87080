//! [`World`]: one chain, what is presented with it, and who is trusted.

use mtls_roles::{PathCheck, Role};

use crate::common::pki::Eku;

/// A description of a chain: everything that decides about it but the EKUs.
///
/// Positions count as on a path: 0 is the leaf, 1 the leaf's issuer …, the root comes last.
#[derive(Clone, Debug)]
pub struct World {
    pub role: Role,
    pub leaf: Leaf,
    /// Between leaf and root, the leaf's issuer first.
    pub issuers: Vec<Authority>,
    pub root: Authority,
    pub trusted: Trusted,
    /// The position of an issuer that is not presented.
    pub missing: Option<usize>,
    /// What is presented beside the leaf and its issuers.
    pub extras: Vec<Extra>,
    /// `None`: leaf's issuer first, extras last. Else shuffled, and this is the seed.
    pub shuffled: Option<u64>,
    pub lists: Option<Lists>,
}

/// The leaf; right but for its quirks.
#[derive(Clone, Debug)]
pub struct Leaf {
    pub alg: Alg,
    pub names: Vec<Name>,
    pub quirks: Vec<LeafQuirk>,
}

/// A CA; right but for its quirks.
#[derive(Clone, Debug)]
pub struct Authority {
    pub alg: Alg,
    pub quirks: Vec<CaQuirk>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alg {
    P256,
    P384,
    Ed25519,
    Rsa2048,
}

/// A subjectAltName. Servers are expected to have [`Name::EXPECTED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Dns(&'static str),
    /// 192.0.2.1.
    Ip,
    /// spiffe://example.com/service.
    Uri,
    /// service@example.com.
    Email,
}

impl Name {
    pub const EXPECTED: &'static str = "edge.example.com";
}

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

/// Who is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trusted {
    Root,
    /// A root of another name and key.
    Stranger,
    RootAndStranger,
    /// A root of the same name and another key.
    Impostor,
    /// The uppermost issuer below the root; the root if there is none.
    UppermostIssuer,
}

/// One more certificate that is presented.
#[derive(Clone, Debug)]
pub enum Extra {
    /// A CA that is nobody's issuer.
    Unrelated(Vec<CaQuirk>),
    /// A CA with the name of the issuer at this position, and another key.
    Namesake { of: usize, quirks: Vec<CaQuirk> },
    /// A second certificate for the issuer at this position.
    CrossSign {
        of: usize,
        by: Signer,
        quirks: Vec<CaQuirk>,
    },
    /// The same certificate again; the root's position presents the root.
    Duplicate(usize),
    /// An end-entity certificate that is not the leaf.
    OtherLeaf,
    /// Bytes that are no certificate.
    Garbage,
}

/// Who signs a second certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// Who signed the first one: a renewal.
    ItsIssuer,
    Root,
    Stranger,
}

/// Revocation lists: one of each issuer, current and without entries, but for what is said here.
#[derive(Clone, Copy, Debug)]
pub struct Lists {
    /// The position of a certificate that is revoked.
    pub revoked: Option<usize>,
    /// The position of an issuer whose list is not there.
    pub absent: Option<usize>,
    /// The position of an issuer whose list has expired.
    pub expired: Option<usize>,
    /// Before each list there is an earlier one that revokes nothing.
    pub doubled: bool,
    pub only_end_entity: bool,
    pub allow_unknown: bool,
    pub enforce_expiration: bool,
}

/// The EKU of every certificate of a world.
#[derive(Clone, Debug)]
pub struct Ekus {
    /// By position.
    pub path: Vec<Eku>,
    /// By index; of no effect for those that are no new certificate.
    pub extras: Vec<Eku>,
}

impl Ekus {
    /// No certificate of this world has any.
    pub fn none(world: &World) -> Self {
        Self {
            path: vec![Eku::Absent; world.root_position() + 1],
            extras: vec![Eku::Absent; world.extras.len()],
        }
    }

    /// Without those of certificates that this world has not.
    pub fn of(mut self, world: &World) -> Self {
        self.path.truncate(world.root_position() + 1);
        self.extras.truncate(world.extras.len());
        self
    }
}

impl World {
    /// root → issuer → leaf, all of it right.
    pub fn plain(role: Role) -> Self {
        let authority = || Authority {
            alg: Alg::P256,
            quirks: vec![],
        };
        Self {
            role,
            leaf: Leaf {
                alg: Alg::P256,
                names: vec![Name::Dns(Name::EXPECTED)],
                quirks: vec![],
            },
            issuers: vec![authority()],
            root: authority(),
            trusted: Trusted::Root,
            missing: None,
            extras: vec![],
            shuffled: None,
            lists: None,
        }
    }

    pub fn root_position(&self) -> usize {
        self.issuers.len() + 1
    }

    /// The position at which the path of this description ends.
    pub fn anchor_position(&self) -> usize {
        match self.trusted {
            Trusted::UppermostIssuer if !self.issuers.is_empty() => self.issuers.len(),
            _ => self.root_position(),
        }
    }

    /// The CA at this position, which is not the leaf's.
    pub fn authority(&self, position: usize) -> &Authority {
        self.issuers.get(position - 1).unwrap_or(&self.root)
    }

    /// What our checks refuse on the path of this description, beyond stock rustls.
    pub fn violation(&self) -> Option<(PathCheck, usize)> {
        let anchor = self.anchor_position();
        let issuer = |position| violation_of_issuer(&self.authority(position).quirks);
        let leaf = || self.leaf.violation();
        leaf()
            .map(|check| (check, 0))
            .or_else(|| (1..anchor).find_map(|position| Some((issuer(position)?, position))))
            .or_else(|| Some((self.authority(anchor).violation_as_root()?, anchor)))
    }

    /// Whether the leaf may have more than one path: others of the same subject are presented.
    pub fn may_have_other_paths(&self) -> bool {
        self.extras.iter().any(|extra| match extra {
            Extra::CrossSign { .. } | Extra::Namesake { .. } => true,
            Extra::Duplicate(of) => *of == self.root_position(),
            Extra::Unrelated(_) | Extra::OtherLeaf | Extra::Garbage => false,
        })
    }

    /// Whether our checks refuse a second certificate of an issuer.
    pub fn has_a_violating_cross_sign(&self) -> bool {
        self.cross_signs()
            .any(|quirks| violation_of_issuer(quirks).is_some())
    }

    /// Whether webpki may have an error of its own when our checks have refused the path of this
    /// description: it tries every presented certificate as an issuer, and ours ranks lowest.
    pub fn has_more_to_try(&self) -> bool {
        let is_unreadable = |extra: &Extra| match extra.quirks() {
            Some(quirks) => quirks.contains(&CaQuirk::UnknownCriticalExtension),
            None => matches!(extra, Extra::Garbage),
        };
        self.may_have_other_paths()
            || self.extras.iter().any(is_unreadable)
            // It is presented, too.
            || self.trusted == Trusted::UppermostIssuer
    }

    /// The quirks of all CAs that may stand on some path.
    pub fn authorities(&self) -> impl Iterator<Item = &[CaQuirk]> {
        let path = self.issuers.iter().chain([&self.root]);
        path.map(|authority| authority.quirks.as_slice())
            .chain(self.cross_signs())
    }

    /// The quirks of second certificates of issuers.
    fn cross_signs(&self) -> impl Iterator<Item = &[CaQuirk]> {
        self.extras.iter().filter_map(|extra| match extra {
            Extra::CrossSign { quirks, .. } => Some(quirks.as_slice()),
            _ => None,
        })
    }

    /// Makes a drawn description consistent: positions that exist, one quirk of a kind, and second
    /// certificates with the subject of the first.
    pub fn tidy(mut self) -> Self {
        let root = self.root_position();
        let subjects_are_empty: Vec<_> = (1..=root)
            .map(|position| self.authority(position).has(&CaQuirk::EmptySubject))
            .collect();
        one_of_a_kind(&mut self.leaf.quirks, |quirk| quirk.field());
        one_of_a_kind(&mut self.root.quirks, CaQuirk::field);
        for issuer in &mut self.issuers {
            one_of_a_kind(&mut issuer.quirks, CaQuirk::field);
        }
        for extra in &mut self.extras {
            extra.tidy(&subjects_are_empty);
        }
        self.missing = self.missing.filter(|position| *position < root);
        if let Some(lists) = &mut self.lists {
            let clamp = |position: Option<usize>| position.map(|position| position.min(root));
            (lists.absent, lists.expired) = (clamp(lists.absent), clamp(lists.expired));
            lists.revoked = lists.revoked.map(|position| position.min(root - 1));
        }
        self
    }
}

impl Leaf {
    pub fn has(&self, quirk: LeafQuirk) -> bool {
        self.quirks.contains(&quirk)
    }

    fn violation(&self) -> Option<PathCheck> {
        [
            (LeafQuirk::CertSign, PathCheck::LeafMayNotSignCertificates),
            (
                LeafQuirk::NameConstraints,
                PathCheck::LeafHasNoNameConstraints,
            ),
            (LeafQuirk::WeakKey, PathCheck::LeafKeyIsStrong),
        ]
        .into_iter()
        .find_map(|(quirk, check)| self.has(quirk).then_some(check))
    }
}

impl Authority {
    pub fn has(&self, quirk: &CaQuirk) -> bool {
        self.quirks.contains(quirk)
    }

    fn violation_as_root(&self) -> Option<PathCheck> {
        if self.has(&CaQuirk::NotACa) || self.has(&CaQuirk::NoBasicConstraints) {
            Some(PathCheck::RootMayIssue)
        } else if self.has(&CaQuirk::UnknownCriticalExtension) {
            Some(PathCheck::RootHasNoUnknownCriticalExtension)
        } else {
            violation_of_issuer(&self.quirks)
        }
    }
}

/// What our checks refuse in an issuer with these quirks, beyond stock rustls.
pub fn violation_of_issuer(quirks: &[CaQuirk]) -> Option<PathCheck> {
    [
        (CaQuirk::NoCertSign, PathCheck::IssuerMaySignCertificates),
        (CaQuirk::EmptySubject, PathCheck::IssuerHasName),
        (
            CaQuirk::EmptyConstraints,
            PathCheck::NameConstraintsAreNotEmpty,
        ),
    ]
    .into_iter()
    .find_map(|(quirk, check)| quirks.contains(&quirk).then_some(check))
}

impl Extra {
    pub fn quirks(&self) -> Option<&[CaQuirk]> {
        match self {
            Self::Unrelated(quirks)
            | Self::Namesake { quirks, .. }
            | Self::CrossSign { quirks, .. } => Some(quirks),
            Self::Duplicate(_) | Self::OtherLeaf | Self::Garbage => None,
        }
    }

    fn tidy(&mut self, subjects_are_empty: &[bool]) {
        match self {
            Self::Namesake { of, .. } | Self::CrossSign { of, .. } | Self::Duplicate(of) => {
                *of = (*of).min(subjects_are_empty.len());
            }
            Self::Unrelated(_) | Self::OtherLeaf | Self::Garbage => {}
        }
        match self {
            Self::Namesake { of, quirks } | Self::CrossSign { of, quirks, .. } => {
                quirks.retain(|quirk| *quirk != CaQuirk::EmptySubject);
                if subjects_are_empty[*of - 1] {
                    quirks.push(CaQuirk::EmptySubject);
                }
                one_of_a_kind(quirks, CaQuirk::field);
            }
            Self::Unrelated(quirks) => one_of_a_kind(quirks, CaQuirk::field),
            Self::Duplicate(_) | Self::OtherLeaf | Self::Garbage => {}
        }
    }
}

/// Two quirks in one field of a certificate would be one of them, and the description a lie.
fn one_of_a_kind<Q, F: PartialEq>(quirks: &mut Vec<Q>, field: impl Fn(&Q) -> F) {
    let mut seen = Vec::new();
    quirks.retain(|quirk| {
        let field = field(quirk);
        let is_new = !seen.contains(&field);
        seen.push(field);
        is_new
    });
}

/// The part of a certificate that a quirk changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Validity,
    Signature,
    BasicConstraints,
    KeyUsage,
    NameConstraints,
    Subject,
    Unknown,
    Key,
}

impl LeafQuirk {
    fn field(self) -> Field {
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

impl CaQuirk {
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
