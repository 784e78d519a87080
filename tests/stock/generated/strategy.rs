//! How descriptions are drawn: mostly right, so that a defect stands alone often enough.

use mtls_roles::Role;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::{Index, select};

use super::quirk::{Quirk, Subtree};
use super::world::{Authority, Ekus, Extra, Leaf, Lists, Name, Signer, Trusted, World};
use crate::common::ours::Choices;
use crate::common::pki::{Eku, KeyKind, Kp};

const MAX_ISSUERS: usize = 4;
/// With more of them a search could spend webpki's budget of 100 signatures, and where it ends
/// would depend on the EKUs.
const MAX_EXTRAS: usize = 4;

fn worlds_in_role(role: Role) -> impl Strategy<Value = World> {
    let chain = (leaf(), vec(authority(issuer_quirk()), 0..=MAX_ISSUERS));
    let trust = (authority(ca_quirk()), trusted());
    let presented = (
        weighted(0.06, 1..=MAX_ISSUERS),
        prop_oneof![1 => Just(vec![]), 1 => vec(extra(), 1..=MAX_EXTRAS)],
        weighted(0.5, any::<u64>()),
    );
    (chain, trust, presented, weighted(0.3, lists())).prop_map(
        move |((leaf, issuers), (root, trusted), (missing, extras, shuffled), lists)| {
            World { role, leaf, issuers, root, trusted, missing, extras, shuffled, lists }.tidy()
        },
    )
}

fn kind() -> impl Strategy<Value = KeyKind> {
    prop_oneof![
        20 => Just(KeyKind::P256),
        12 => Just(KeyKind::Ed25519),
        6 => Just(KeyKind::P384),
        1 => Just(KeyKind::Rsa2048),
    ]
}

fn leaf() -> impl Strategy<Value = Leaf> {
    let quirk = select(vec![
        Quirk::Expired,
        Quirk::NotYetValid,
        Quirk::BadSignature,
        Quirk::Forged,
        Quirk::Ca,
        Quirk::NoKeyUsage,
        Quirk::OnlyEncipherment,
        Quirk::OnlyAgreement,
        Quirk::CertSign,
        Quirk::Constrained,
        Quirk::EmptySubject,
        Quirk::UnknownExtension,
        Quirk::UnknownCriticalExtension,
        Quirk::WeakKey,
    ]);
    (kind(), names(), quirks(quirk)).prop_map(|(kind, names, quirks)| Leaf { kind, names, quirks })
}

fn names() -> impl Strategy<Value = Vec<Name>> {
    let other = prop_oneof![
        Just(Name::Dns("*.example.com")),
        Just(Name::Dns("other.example.org")),
        Just(Name::Ip),
        Just(Name::Uri),
        Just(Name::Email),
    ];
    prop_oneof![
        4 => Just(vec![Name::Dns(Name::EXPECTED)]),
        2 => vec(other.clone(), 0..=2).prop_map(|mut others| {
            others.push(Name::Dns(Name::EXPECTED));
            others
        }),
        1 => vec(other, 0..=2),
    ]
}

fn authority(quirk: impl Strategy<Value = Quirk>) -> impl Strategy<Value = Authority> {
    (kind(), quirks(quirk)).prop_map(|(kind, quirks)| Authority { kind, quirks })
}

fn quirks<Q: std::fmt::Debug + Clone>(
    quirk: impl Strategy<Value = Q>,
) -> impl Strategy<Value = Vec<Q>> {
    prop_oneof![5 => Just(vec![]), 1 => vec(quirk, 1..=2)]
}

fn issuer_quirk() -> impl Strategy<Value = Quirk> {
    prop_oneof![16 => ca_quirk(), 1 => Just(Quirk::Forged)]
}

fn ca_quirk() -> impl Strategy<Value = Quirk> {
    prop_oneof![
        11 => select(vec![
            Quirk::Expired,
            Quirk::NotYetValid,
            Quirk::BadSignature,
            Quirk::NotACa,
            Quirk::NoBasicConstraints,
            Quirk::NoKeyUsage,
            Quirk::NoCertSign,
            Quirk::EmptyConstraints,
            Quirk::EmptySubject,
            Quirk::UnknownExtension,
            Quirk::UnknownCriticalExtension,
        ]),
        2 => (0..=3_u8).prop_map(Quirk::PathLen),
        3 => Just(Quirk::NoCrlSign),
        4 => vec(subtree(), 1..=2).prop_map(Quirk::Constraints),
    ]
}

fn subtree() -> impl Strategy<Value = Subtree> {
    select(vec![
        Subtree::PermitDns("example.com"),
        Subtree::PermitDns("example.org"),
        Subtree::ExcludeDns("example.org"),
        Subtree::ExcludeDns("edge.example.com"),
        Subtree::PermitIp,
        Subtree::ExcludeIp,
        Subtree::PermitEmail,
        Subtree::ExcludeDirectoryName,
    ])
}

fn trusted() -> impl Strategy<Value = Trusted> {
    prop_oneof![
        16 => Just(Trusted::Root),
        2 => Just(Trusted::RootAndStranger),
        1 => Just(Trusted::Stranger),
        1 => Just(Trusted::Impostor),
        1 => Just(Trusted::UppermostIssuer),
    ]
}

fn extra() -> impl Strategy<Value = Extra> {
    let position = 1..=MAX_ISSUERS + 1;
    let by = select(vec![Signer::ItsIssuer, Signer::Root, Signer::Stranger]);
    prop_oneof![
        2 => quirks_of_extra().prop_map(Extra::Unrelated),
        2 => (position.clone(), quirks_of_extra())
            .prop_map(|(of, quirks)| Extra::Namesake { of, quirks }),
        4 => (position.clone(), by, quirks_of_extra())
            .prop_map(|(of, by, quirks)| Extra::CrossSign { of, by, quirks }),
        2 => position.prop_map(Extra::Duplicate),
        1 => Just(Extra::OtherLeaf),
        1 => Just(Extra::Garbage),
    ]
}

fn quirks_of_extra() -> impl Strategy<Value = Vec<Quirk>> {
    prop_oneof![Just(vec![]), vec(ca_quirk(), 1..=2)]
}

fn lists() -> impl Strategy<Value = Lists> {
    let what = (
        weighted(0.25, 0..=MAX_ISSUERS),
        weighted(0.15, 1..=MAX_ISSUERS + 1),
        weighted(0.25, 1..=MAX_ISSUERS + 1),
    );
    let how = (any_of_four(), any_of_four(), any::<bool>());
    (what, how).prop_map(|((revoked, absent, expired), how)| Lists {
        revoked,
        absent,
        expired,
        forged: None,
        choices: Choices { only_end_entity: how.0, allow_unknown: how.1, allow_expired: how.2 },
    })
}

/// True in one case of four.
fn any_of_four() -> impl Strategy<Value = bool> {
    prop_oneof![3 => Just(false), 1 => Just(true)]
}

/// A world that is issued twice, with the same keys, names and serial numbers.
#[derive(Clone, Debug)]
pub struct Twins {
    pub world: World,
    /// Every certificate may be used in the world's role.
    pub right: Ekus,
    /// At least one certificate of the path may not; often none may.
    pub wrong: Ekus,
}

/// Twins in either role.
pub fn twins() -> impl Strategy<Value = Twins> {
    either_role().prop_flat_map(|role| {
        let mostly_wrong = prop_oneof![2 => wrong(role), 1 => right(role)].boxed();
        let several = prop_oneof![every(wrong(role)), every(mostly_wrong)];
        let one = (wrong(role), any::<Index>());
        let twins = (worlds_in_role(role), every(right(role)), several, one);
        twins.prop_map(|(world, right, mut wrong, (surely, at))| {
            // The EKU of the anchor is not looked at.
            wrong.path[at.index(world.anchor_position())] = surely;
            Twins::new(world, right, wrong)
        })
    })
}

/// Worlds in either role, in which most certificates may be used in that role.
pub fn worlds_with_ekus() -> impl Strategy<Value = (World, Ekus)> {
    either_role().prop_flat_map(|role| {
        let eku = prop_oneof![12 => right(role), 1 => wrong(role)].boxed();
        with_ekus(role, eku)
    })
}

/// Worlds of clients, in which each certificate is good for clients, for servers, for both or for
/// neither.
pub fn worlds_with_mixed_ekus() -> impl Strategy<Value = (World, Ekus)> {
    let server = right(Role::Server);
    let eku = prop_oneof![4 => right(Role::Client), 4 => server, 1 => wrong(Role::Client)];
    with_ekus(Role::Client, eku.boxed())
}

fn with_ekus(
    role: Role,
    eku: impl Strategy<Value = Eku> + Clone,
) -> impl Strategy<Value = (World, Ekus)> {
    (worlds_in_role(role), every(eku)).prop_map(|(world, ekus)| {
        let ekus = ekus.of(&world);
        (world, ekus)
    })
}

fn either_role() -> impl Strategy<Value = Role> {
    select(vec![Role::Client, Role::Server])
}

/// An EKU for every certificate that a world may have.
fn every(eku: impl Strategy<Value = Eku> + Clone) -> impl Strategy<Value = Ekus> {
    (vec(eku.clone(), MAX_ISSUERS + 2), vec(eku, MAX_EXTRAS))
        .prop_map(|(path, extras)| Ekus { path, extras })
}

impl Twins {
    fn new(world: World, right: Ekus, wrong: Ekus) -> Self {
        Self { right: right.of(&world), wrong: wrong.of(&world), world }
    }
}

fn purposes(role: Role) -> (Kp, Kp) {
    match role {
        Role::Server => (Kp::ServerAuth, Kp::ClientAuth),
        Role::Client => (Kp::ClientAuth, Kp::ServerAuth),
    }
}

fn right(role: Role) -> impl Strategy<Value = Eku> + Clone {
    let (needed, _) = purposes(role);
    prop_oneof![
        4 => Just(Eku::Absent),
        6 => Just(Eku::Purposes(vec![needed])),
        4 => Just(Eku::both()),
        1 => Just(Eku::Critical(vec![needed])),
        1 => Just(Eku::Purposes(vec![Kp::Any, needed])),
        1 => Just(Eku::Purposes(vec![Kp::Oid(SMART_CARD), needed])),
    ]
}

fn wrong(role: Role) -> impl Strategy<Value = Eku> + Clone {
    let (_, other) = purposes(role);
    prop_oneof![
        5 => Just(Eku::Purposes(vec![other])),
        2 => Just(Eku::code_signing()),
        2 => Just(Eku::any()),
        1 => Just(Eku::Critical(vec![other])),
        1 => Just(Eku::Purposes(vec![Kp::EmailProtection, other])),
        1 => Just(Eku::Purposes(vec![Kp::Any, other])),
        1 => Just(Eku::Purposes(vec![Kp::Oid(SMART_CARD)])),
    ]
}

/// Microsoft smart card logon.
const SMART_CARD: &[u64] = &[1, 3, 6, 1, 4, 1, 311, 20, 2, 2];
