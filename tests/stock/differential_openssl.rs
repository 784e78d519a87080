//! Drawn chains against `openssl verify`, a development tool only: every difference in verdict is of
//! a named class, which is decided by the description of the chain and by who refused it.
//!
//! Without an `openssl` of version 3 the test says so and passes.

use crate::common::openssl::{OpenSsl, accepts};
use crate::common::tls::provider;
use crate::generated::{
    Ekus, Extra, Issued, Name, Ours, Quirk, Signer, Subtree, Trusted, World, check, issue, text,
    worlds_with_ekus,
};
use mtls_roles::Role;
use proptest::strategy::Strategy;
use rustls::pki_types::CertificateDer;

use crate::common::pki::{Eku, Kp};

/// Why we and OpenSSL differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Hardening,
    CaAsLeaf,
    UnprocessedConstraint,
    WildcardReachesExclusion,
    LeafKeyUsage,
    RootEku,
    RootValidity,
    RootPathLength,
    IntermediateAsRoot,
    NoBacktracking,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refuser {
    We,
    OpenSsl,
}

impl Class {
    #[rustfmt::skip] // One row, one line.
    const ALL: [(Self, Refuser, &str); 10] = [
        (Self::Hardening, Refuser::We, "our path checks go beyond OpenSSL's, too, unless -x509_strict is given"),
        (Self::CaAsLeaf, Refuser::We, "webpki takes no CA certificate as a leaf, OpenSSL does"),
        (Self::UnprocessedConstraint, Refuser::We, "webpki refuses whatever meets a constraint on e-mail or directory names, OpenSSL compares"),
        (Self::WildcardReachesExclusion, Refuser::We, "webpki refuses a wildcard that an excluded name falls under, OpenSSL compares text"),
        (Self::LeafKeyUsage, Refuser::OpenSsl, "OpenSSL's purpose includes the leaf's keyUsage, webpki has no such check"),
        (Self::RootEku, Refuser::OpenSsl, "OpenSSL looks at the EKU of the root, webpki's anchors have none"),
        (Self::RootValidity, Refuser::OpenSsl, "OpenSSL looks at the validity of the root, RFC 5280, 6.1.1 (d) does not"),
        (Self::RootPathLength, Refuser::OpenSsl, "OpenSSL looks at the path length of the root, webpki's anchors have none"),
        (Self::IntermediateAsRoot, Refuser::OpenSsl, "without -partial_chain OpenSSL ends at self-signed roots only"),
        (Self::NoBacktracking, Refuser::OpenSsl, "OpenSSL settles on one issuer of several of the same name and key, webpki tries all"),
    ];

    fn reason(self) -> &'static str {
        Self::ALL[self as usize].2
    }

    fn refuser(self) -> Refuser {
        Self::ALL[self as usize].1
    }

    /// The classes that would explain a refusal by this side.
    fn all_of(world: &World, ekus: &Ekus, refuser: Refuser) -> Vec<Self> {
        let explains = |class: &Self| class.refuser() == refuser && class.applies(world, ekus);
        Self::ALL.map(|(class, ..)| class).into_iter().filter(explains).collect()
    }

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
    let mut wrong = Vec::new();
    for (index, (class, ..)) in Class::ALL.into_iter().enumerate() {
        assert_eq!(class as usize, index, "the table is out of order");
        let (world, ekus) = example(class);
        let difference = Difference::of(&world, &ekus, &openssl);
        let applying = Class::all_of(&world, &ekus, class.refuser());
        if difference.refuser != Some(class.refuser()) || applying != [class] {
            wrong.push(format!("{class:?}: {applying:?}\n{}", difference.told));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_difference_from_openssl_is_of_a_named_class() {
    let Some(openssl) = OpenSsl::find() else {
        return;
    };
    let worlds = worlds_with_ekus().prop_map(|(world, ekus)| for_openssl(world, ekus));
    let met = check("openssl", 600, worlds, |(world, ekus)| {
        let difference = Difference::of(world, ekus, &openssl);
        let Some(refuser) = difference.refuser else {
            return Ok(difference.agreement().into());
        };
        match Class::all_of(world, ekus, refuser).first() {
            Some(class) => Ok(format!("{class:?}: {}", class.reason())),
            None => Err(format!("unclassified\n{}", difference.told)),
        }
    });
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

/// What we and OpenSSL say to a world.
struct Difference {
    /// If only one of the two refuses.
    refuser: Option<Refuser>,
    is_accepted_by_us: bool,
    told: String,
}

impl Difference {
    fn of(world: &World, ekus: &Ekus, openssl: &OpenSsl) -> Self {
        let issued = &issue(world, ekus);
        let ours = Ours::new(world, issued, &provider()).verdict();
        let (is_accepted_there, told) = openssl_accepts(openssl, world, issued);
        Self {
            refuser: match (ours.is_ok(), is_accepted_there) {
                (false, true) => Some(Refuser::We),
                (true, false) => Some(Refuser::OpenSsl),
                _ => None,
            },
            is_accepted_by_us: ours.is_ok(),
            told: format!("ours {}\nopenssl {told}", text(&ours)),
        }
    }

    fn agreement(&self) -> &'static str {
        match self.is_accepted_by_us {
            true => "both accept",
            false => "both refuse",
        }
    }
}

/// Its verdict in the role of the world, and what it printed.
fn openssl_accepts(openssl: &OpenSsl, world: &World, issued: &Issued) -> (bool, String) {
    let mut verify = openssl.verify(issued.roots.iter().map(|der| &**der));
    match world.role {
        Role::Client => verify.args(["-purpose", "sslclient"]),
        Role::Server => {
            verify.args(["-purpose", "sslserver"]).args(["-verify_hostname", Name::EXPECTED])
        }
    };
    let (leaf, rest) = issued.chain.split_first().unwrap();
    let file = |name, certificates: &[CertificateDer<'_>]| {
        openssl.file(name, "CERTIFICATE", certificates.iter().map(|der| &**der))
    };
    if !rest.is_empty() {
        verify.arg("-untrusted").arg(file("untrusted.pem", rest));
    }
    accepts(verify.arg(file("leaf.pem", std::slice::from_ref(leaf))))
}
