//! Drawn chains against `openssl verify`, a development tool only: every difference in verdict is of
//! a named class, which is decided by the description of the chain and by who refused it.
//!
//! Without an `openssl` of version 3 the test says so and passes.

use crate::common::openssl::{OpenSsl, classified};
use crate::common::tls::provider;
use crate::generated::{
    Ekus, Extra, Name, Ours, Quirk, Signer, Subtree, Trusted, World, check, issue, worlds_with_ekus,
};
use mtls_roles::Role;
use proptest::strategy::Strategy;

use crate::common::pki::{Eku, Kp};

/// Why we and OpenSSL differ.
#[derive(Clone, Copy, Debug)]
enum Class {
    /// Our path checks go beyond OpenSSL's, too, unless -x509_strict is given.
    Hardening,
    /// webpki takes no CA certificate as a leaf, OpenSSL does.
    CaAsLeaf,
    /// webpki refuses whatever meets a constraint on e-mail or directory names, OpenSSL compares.
    UnprocessedConstraint,
    /// webpki refuses a wildcard that an excluded name falls under, OpenSSL compares text.
    WildcardReachesExclusion,
    /// OpenSSL's purpose includes the leaf's keyUsage, webpki has no such check.
    LeafKeyUsage,
    /// OpenSSL looks at the EKU of the root, webpki's anchors have none.
    RootEku,
    /// OpenSSL looks at the validity of the root, RFC 5280, 6.1.1 (d) does not.
    RootValidity,
    /// OpenSSL looks at the path length of the root, webpki's anchors have none.
    RootPathLength,
    /// Without -partial_chain OpenSSL ends at self-signed roots only.
    IntermediateAsRoot,
    /// OpenSSL settles on one issuer of several of the same name and key, webpki tries all.
    NoBacktracking,
}

impl Class {
    const REFUSED_BY_US: [Self; 4] = [
        Self::Hardening,
        Self::CaAsLeaf,
        Self::UnprocessedConstraint,
        Self::WildcardReachesExclusion,
    ];

    const REFUSED_BY_OPENSSL: [Self; 6] = [
        Self::LeafKeyUsage,
        Self::RootEku,
        Self::RootValidity,
        Self::RootPathLength,
        Self::IntermediateAsRoot,
        Self::NoBacktracking,
    ];

    fn applies(self, world: &World, ekus: &Ekus) -> bool {
        let root = || &world.root.quirks;
        match self {
            Self::Hardening => is_refused_by_us_alone(world),
            Self::CaAsLeaf => world.leaf.has(&Quirk::Ca),
            Self::UnprocessedConstraint => {
                has_subtree(world, Subtree::ExcludeDirectoryName)
                    || (has_subtree(world, Subtree::PermitEmail)
                        && world.leaf.names.contains(&Name::Email))
            }
            Self::WildcardReachesExclusion => {
                has_subtree(world, Subtree::ExcludeDns(Name::EXPECTED))
                    && world.leaf.names.contains(&Name::Dns("*.example.com"))
            }
            Self::LeafKeyUsage => {
                world.role == Role::Client && world.leaf.has(&Quirk::OnlyEncipherment)
            }
            Self::RootEku => !may_be_used(&ekus.path[world.root_position()], world.role),
            Self::RootValidity => {
                root().contains(&Quirk::Expired) || root().contains(&Quirk::NotYetValid)
            }
            Self::RootPathLength => {
                let issuers = world.issuers.len();
                let is_exceeded = |quirk: &Quirk| match quirk {
                    Quirk::PathLen(most) => usize::from(*most) < issuers,
                    _ => false,
                };
                root().iter().any(is_exceeded)
            }
            Self::IntermediateAsRoot => world.anchor_position() != world.root_position(),
            Self::NoBacktracking => {
                world.extras.iter().any(|extra| matches!(extra, Extra::CrossSign { .. }))
            }
        }
    }
}

/// By a path check that OpenSSL has not.
fn is_refused_by_us_alone(world: &World) -> bool {
    let leaf = [Quirk::CertSign, Quirk::Constrained, Quirk::WeakKey];
    let issuer = [Quirk::EmptySubject, Quirk::EmptyConstraints];
    leaf.iter().any(|quirk| world.leaf.has(quirk))
        || issuer.iter().any(|quirk| any_authority(world, quirk))
        // In a root, a keyUsage with keyCertSign stands in for it.
        || world.root.has(&Quirk::NoBasicConstraints)
}

fn any_authority(world: &World, quirk: &Quirk) -> bool {
    world.authorities().any(|quirks| quirks.contains(quirk))
}

fn has_subtree(world: &World, subtree: Subtree) -> bool {
    world.authorities().flatten().any(|quirk| match quirk {
        Quirk::Constraints(subtrees) => subtrees.contains(&subtree),
        _ => false,
    })
}

fn may_be_used(eku: &Eku, role: Role) -> bool {
    let needed = match role {
        Role::Server => Kp::ServerAuth,
        Role::Client => Kp::ClientAuth,
    };
    match eku {
        Eku::Absent => true,
        Eku::Purposes(purposes) | Eku::Critical(purposes) => purposes.contains(&needed),
        Eku::Empty | Eku::Raw(_) => false,
    }
}

/// The nearest right world, changed until the class applies.
fn example(class: Class) -> (World, Ekus) {
    let mut world = World::plain(Role::Client);
    let mut root_eku = Eku::Absent;
    match class {
        Class::Hardening => world.leaf.quirks = vec![Quirk::CertSign],
        Class::CaAsLeaf => world.leaf.quirks = vec![Quirk::Ca],
        Class::UnprocessedConstraint => {
            world.root.quirks = vec![Quirk::Constraints(vec![Subtree::ExcludeDirectoryName])];
        }
        Class::WildcardReachesExclusion => {
            world.leaf.names = vec![Name::Dns("*.example.com")];
            let excluded = Subtree::ExcludeDns(Name::EXPECTED);
            world.root.quirks = vec![Quirk::Constraints(vec![excluded])];
        }
        Class::LeafKeyUsage => world.leaf.quirks = vec![Quirk::OnlyEncipherment],
        Class::RootEku => root_eku = Eku::server(),
        Class::RootValidity => world.root.quirks = vec![Quirk::Expired],
        Class::RootPathLength => world.root.quirks = vec![Quirk::PathLen(0)],
        Class::IntermediateAsRoot => world.trusted = Trusted::UppermostIssuer,
        Class::NoBacktracking => {
            world.issuers[0].quirks = vec![Quirk::UnknownCriticalExtension];
            world.extras = vec![Extra::CrossSign { of: 1, by: Signer::Root, quirks: vec![] }];
        }
    }
    let mut ekus = Ekus::none(&world);
    ekus.path[world.root_position()] = root_eku;
    (world, ekus)
}

#[test]
fn each_class_has_an_example_that_we_and_openssl_differ_about() {
    let Some(openssl) = OpenSsl::find() else {
        return;
    };
    let classes = [&Class::REFUSED_BY_US[..], &Class::REFUSED_BY_OPENSSL].concat();
    let found = classes.iter().map(|class| {
        let (world, ekus) = example(*class);
        difference(&world, &ekus, &openssl)
    });
    let expected = classes.iter().map(|class| Ok(format!("{class:?}")));
    assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[test]
fn every_difference_from_openssl_is_of_a_named_class() {
    let Some(openssl) = OpenSsl::find() else {
        return;
    };
    let worlds = worlds_with_ekus().prop_map(|(world, ekus)| for_openssl(world, ekus));
    let met = check("openssl", 600, worlds, |(world, ekus)| difference(world, ekus, &openssl));
    met.expect_all(["both accept", "both refuse"]);
}

/// Without what its command line cannot be given: revocation lists that are looked up as ours, and
/// bytes that are no certificate.
fn for_openssl(mut world: World, mut ekus: Ekus) -> (World, Ekus) {
    world.lists = None;
    world.extras.retain(|extra| !matches!(extra, Extra::Garbage));
    ekus = ekus.of(&world);
    (world, ekus)
}

fn difference(world: &World, ekus: &Ekus, openssl: &OpenSsl) -> Result<String, String> {
    let issued = issue(world, ekus);
    let theirs = openssl.verifies(&issued.roots, &issued.chain, |verify| {
        match world.role {
            Role::Client => verify.args(["-purpose", "sslclient"]),
            Role::Server => {
                verify.args(["-purpose", "sslserver"]).args(["-verify_hostname", Name::EXPECTED])
            }
        };
    });
    let ours = Ours::new(world, &issued, &provider()).verdict().is_ok();
    let applies = |class: Class| class.applies(world, ekus);
    classified(ours, theirs, &Class::REFUSED_BY_US, &Class::REFUSED_BY_OPENSSL, applies)
}
