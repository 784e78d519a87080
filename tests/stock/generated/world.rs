//! [`World`]: one chain, what is presented with it, and who is trusted.

use mtls_roles::{PathCheck, Role};

use super::quirk::{
    Quirk, one_of_a_kind, violations_of_issuer, violations_of_leaf, violations_of_root,
};
use crate::common::ours::Choices;
use crate::common::pki::{Eku, KeyKind};

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
    pub kind: KeyKind,
    pub names: Vec<Name>,
    pub quirks: Vec<Quirk>,
}

/// A CA; right but for its quirks.
#[derive(Clone, Debug)]
pub struct Authority {
    pub kind: KeyKind,
    pub quirks: Vec<Quirk>,
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
    Unrelated(Vec<Quirk>),
    /// A CA with the name of the issuer at this position, and another key.
    Namesake { of: usize, quirks: Vec<Quirk> },
    /// A second certificate for the issuer at this position.
    CrossSign { of: usize, by: Signer, quirks: Vec<Quirk> },
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
#[derive(Clone, Copy, Debug, Default)]
pub struct Lists {
    /// The position of a certificate that is revoked.
    pub revoked: Option<usize>,
    /// The position of an issuer whose list is not there.
    pub absent: Option<usize>,
    /// The position of an issuer whose list has expired.
    pub expired: Option<usize>,
    /// The position of an issuer whose list somebody else has signed.
    pub forged: Option<usize>,
    pub choices: Choices,
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
    /// `stock_revocation()` is stock's default, which uses expired lists.
    pub fn with_stocks_expiration(&self) -> Self {
        let mut world = self.clone();
        if let Some(lists) = &mut world.lists {
            lists.choices.allow_expired = true;
        }
        world
    }

    /// root → issuer → leaf, all of it right.
    pub fn plain(role: Role) -> Self {
        let authority = || Authority { kind: KeyKind::P256, quirks: vec![] };
        Self {
            role,
            leaf: Leaf {
                kind: KeyKind::P256,
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

    /// All that our checks refuse on the path of this description, beyond stock rustls.
    pub fn violations(&self) -> Vec<(PathCheck, usize)> {
        let anchor = self.anchor_position();
        let mut all: Vec<_> =
            violations_of_leaf(&self.leaf.quirks).map(|check| (check, 0)).collect();
        for position in 1..anchor {
            let violations = violations_of_issuer(&self.authority(position).quirks);
            all.extend(violations.map(|check| (check, position)));
        }
        let violations = violations_of_root(&self.authority(anchor).quirks);
        all.extend(violations.map(|check| (check, anchor)));
        all
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
        self.cross_signs().any(|quirks| violations_of_issuer(quirks).next().is_some())
    }

    /// Whether webpki may have an error of its own when our checks have refused the path of this
    /// description: it tries every presented certificate as an issuer, and ours ranks lowest.
    pub fn has_more_to_try(&self) -> bool {
        self.may_have_other_paths()
            || self.has_an_unreadable_extra()
            || self.has_issuers_of_one_name()
            // It is presented, too.
            || self.trusted == Trusted::UppermostIssuer
    }

    /// Whether several issuers have no name, and so the same.
    pub fn has_issuers_of_one_name(&self) -> bool {
        let nameless = |quirks: &&[Quirk]| quirks.contains(&Quirk::EmptySubject);
        self.authorities().filter(nameless).count() > 1
    }

    /// Whether webpki surely has one: it meets a certificate that it cannot read.
    pub fn has_an_unreadable_extra(&self) -> bool {
        self.extras.iter().any(|extra| match extra.quirks() {
            Some(quirks) => quirks.contains(&Quirk::UnknownCriticalExtension),
            None => matches!(extra, Extra::Garbage),
        })
    }

    /// The quirks of all CAs that may stand on some path.
    pub fn authorities(&self) -> impl Iterator<Item = &[Quirk]> {
        let path = self.issuers.iter().chain([&self.root]);
        path.map(|authority| authority.quirks.as_slice()).chain(self.cross_signs())
    }

    /// The quirks of second certificates of issuers.
    fn cross_signs(&self) -> impl Iterator<Item = &[Quirk]> {
        self.extras.iter().filter_map(|extra| match extra {
            Extra::CrossSign { quirks, .. } => Some(quirks.as_slice()),
            _ => None,
        })
    }

    /// Makes a drawn description consistent: positions that exist, one quirk of a kind, and second
    /// certificates with the subject of the first.
    pub fn tidy(mut self) -> Self {
        let root = self.root_position();
        let subjects_are_empty: Vec<_> =
            (1..=root).map(|position| self.authority(position).has(&Quirk::EmptySubject)).collect();
        one_of_a_kind(&mut self.leaf.quirks);
        one_of_a_kind(&mut self.root.quirks);
        for issuer in &mut self.issuers {
            one_of_a_kind(&mut issuer.quirks);
        }
        // That the leaf of a CA is no root is `tests/loading`'s to show.
        if let (Trusted::UppermostIssuer, Some(anchor)) = (&self.trusted, self.issuers.last_mut()) {
            let is_no_ca =
                |quirk: &Quirk| matches!(quirk, Quirk::NotACa | Quirk::NoBasicConstraints);
            anchor.quirks.retain(|quirk| !is_no_ca(quirk));
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
    pub fn has(&self, quirk: &Quirk) -> bool {
        self.quirks.contains(quirk)
    }
}

impl Authority {
    pub fn has(&self, quirk: &Quirk) -> bool {
        self.quirks.contains(quirk)
    }
}

impl Extra {
    pub fn quirks(&self) -> Option<&[Quirk]> {
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
                quirks.retain(|quirk| *quirk != Quirk::EmptySubject);
                if subjects_are_empty[*of - 1] {
                    quirks.push(Quirk::EmptySubject);
                }
                one_of_a_kind(quirks);
            }
            Self::Unrelated(quirks) => one_of_a_kind(quirks),
            Self::Duplicate(_) | Self::OtherLeaf | Self::Garbage => {}
        }
    }
}
