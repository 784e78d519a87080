//! Ignore means the EKU and nothing else: a chain with any other defect and wrong EKUs is refused under every relaxed
//! policy, with the very error that `rfc5280()` gives when the EKUs are right.
//!
//! Every row is a pair of twins: same keys, names, serial numbers and defect, and nothing but the EKUs differs. Here each
//! defect stands alone; `ignore_is_metamorphic` draws them.

use mtls_roles::{EkuPolicy, Refusal, RefusalClass, Role};

use crate::common::errors::Rows;
use crate::common::ours::{ROLES, Setup, Whom, rule};
use crate::common::pki::Eku;
use crate::common::tls::provider;
use crate::generated::{Ekus, Lists, Name, Ours, Quirk, Subtree, Trusted, World, issue, text};

/// Something that is wrong with a chain, and the variant of the error by which it proves what it is named for.
type Defect = (&'static str, &'static str, fn(&mut World));

#[rustfmt::skip] // One row, one line.
const DEFECTS: [Defect; 30] = [
    // The control: it is the EKU alone that decides, and each relaxation lets it pass.
    (NOTHING, "", |_| ()),
    ("leaf's signature", "BadSignature", |world| world.leaf.quirks = vec![Quirk::BadSignature]),
    ("intermediate's signature", "BadSignature", |world| lower(world, Quirk::BadSignature)),
    ("unknown root", "UnknownIssuer", |world| world.trusted = Trusted::Stranger),
    ("missing intermediate", "UnknownIssuer", |world| world.missing = Some(1)),
    ("leaf expired", "ExpiredContext", |world| world.leaf.quirks = vec![Quirk::Expired]),
    ("intermediate expired", "ExpiredContext", |world| lower(world, Quirk::Expired)),
    ("leaf not yet valid", "NotValidYetContext", |world| world.leaf.quirks = vec![Quirk::NotYetValid]),
    ("intermediate not yet valid", "NotValidYetContext", |world| lower(world, Quirk::NotYetValid)),
    ("CA as leaf", "CaUsedAsEndEntity", |world| world.leaf.quirks = vec![Quirk::Ca]),
    ("issuer says it is no CA", "EndEntityUsedAsCa", |world| lower(world, Quirk::NotACa)),
    ("issuer without basicConstraints", "EndEntityUsedAsCa", |world| lower(world, Quirk::NoBasicConstraints)),
    ("path too long", "PathLenConstraintViolated", |world| upper(world, Quirk::PathLen(0))),
    ("name excluded", "NameConstraintViolation", |world| upper(world, constrained(Subtree::ExcludeDns("example.com")))),
    ("name not permitted", "NameConstraintViolation", |world| upper(world, constrained(Subtree::PermitDns("example.org")))),
    ("name excluded by root", "NameConstraintViolation", |world| world.root.quirks = vec![constrained(Subtree::ExcludeDns("example.com"))]),
    ("address excluded", "NameConstraintViolation", |world| upper(world, constrained(Subtree::ExcludeIp))),
    ("unknown critical extension", "UnsupportedCriticalExtension", |world| world.leaf.quirks = vec![Quirk::UnknownCriticalExtension]),
    ("intermediate's critical extension", "UnsupportedCriticalExtension", |world| lower(world, Quirk::UnknownCriticalExtension)),
    (WRONG_NAME, "NotValidForNameContext", |world| world.leaf.names = vec![Name::Dns(OTHER)]),
    (NOT_ALLOWED, "ApplicationVerificationFailure", |_| ()),
    ("leaf revoked", "Revoked", |world| lists(world).revoked = Some(0)),
    ("intermediate revoked", "Revoked", |world| lists(world).revoked = Some(1)),
    ("leaf's status unknown", "UnknownRevocationStatus", |world| lists(world).absent = Some(1)),
    ("intermediate's status unknown", "UnknownRevocationStatus", |world| lists(world).absent = Some(2)),
    ("leaf's list expired", "ExpiredRevocationListContext", |world| lists(world).expired = Some(1)),
    ("intermediate's list expired", "ExpiredRevocationListContext", |world| lists(world).expired = Some(2)),
    ("list by another key", "InvalidCertRevocationList(BadSignature)", |world| lists(world).forged = Some(1)),
    ("issuer signs no lists", "IssuerInvalidForCrl", |world| lower(world, Quirk::NoCrlSign)),
    ("root that is no CA", "RootIsNoCa", |world| world.root.quirks = vec![Quirk::NotACa]),
];

const NOTHING: &str = "nothing";

/// A client has no name that is expected, and only of clients may some be allowed.
const WRONG_NAME: &str = "wrong server name";
const NOT_ALLOWED: &str = "not allowed";

const OTHER: &str = "other.example.org";

fn is_for(id: &str, role: Role) -> bool {
    match id {
        WRONG_NAME => role == Role::Server,
        NOT_ALLOWED => role == Role::Client,
        _ => true,
    }
}

/// Of the leaf's issuer.
fn lower(world: &mut World, quirk: Quirk) {
    world.issuers[0].quirks = vec![quirk];
}

/// Of the issuer of that.
fn upper(world: &mut World, quirk: Quirk) {
    world.issuers[1].quirks = vec![quirk];
}

fn constrained(subtree: Subtree) -> Quirk {
    Quirk::Constraints(vec![subtree])
}

fn lists(world: &mut World) -> &mut Lists {
    world.lists.get_or_insert_default()
}

/// Leaf, lower and upper intermediate, root, and a list of each CA; right but for this.
fn world(role: Role, spoil: fn(&mut World)) -> World {
    let mut world = World::plain(role);
    world.issuers.push(world.root.clone());
    world.leaf.names = vec![Name::Dns(Name::EXPECTED), Name::Ip];
    world.lists = Some(Lists::default());
    spoil(&mut world);
    world
}

/// Where the EKUs are wrong: leaf, lower and upper intermediate, root.
const PLACES: [(&str, [bool; 4]); 3] = [
    ("everywhere", [true; 4]),
    ("leaf", [true, false, false, false]),
    ("intermediates", [false, true, true, true]),
];

/// Good for either role, and this where they are wrong.
fn ekus(wrong: &Eku, places: [bool; 4]) -> Ekus {
    let eku = |is_wrong| if is_wrong { wrong.clone() } else { Eku::both() };
    Ekus { path: places.map(eku).to_vec(), extras: vec![] }
}

/// The relaxed policies of a role, whether for anybody, and the EKUs that they let pass and `rfc5280()` does not.
fn relaxations(role: Role) -> Vec<(EkuPolicy, bool, Vec<Eku>)> {
    let other_role = match role {
        Role::Server => Eku::client(),
        Role::Client => Eku::server(),
    };
    let ignored = vec![other_role, Eku::any(), Eku::code_signing()];
    let ignore = |is_for_any| (EkuPolicy::ignore(), is_for_any, ignored.clone());
    let accept = (EkuPolicy::accept_server_auth(), false, vec![Eku::server()]);
    let accept = (role == Role::Client).then_some(accept);
    [ignore(false), ignore(true)].into_iter().chain(accept).collect()
}

/// With its rule, if a world has any.
fn ours<'a>(id: &str, ours: Ours<'a>) -> Ours<'a> {
    let allow = (id == NOT_ALLOWED).then(|| rule("dns:another.example"));
    Ours { setup: Setup { allow, ..ours.setup }, ..ours }
}

/// By the leaf's name.
fn named(world: &World) -> Whom {
    let Name::Dns(name) = world.leaf.names[0] else { panic!("{world:?}") };
    Whom::Named(rule(&format!("dns:{name}")))
}

/// The error with its class, or whether something was let pass.
fn said(ours: &Ours<'_>) -> Result<bool, (RefusalClass, String)> {
    let verdict = ours.verdict();
    verdict
        .map(|peer| peer.eku().violation().is_some())
        .map_err(|refusal: Refusal| (refusal.class(), text::<(), _>(&Err(refusal.error()))))
}

#[test]
fn with_any_other_defect_a_wrong_eku_is_refused_with_the_error_of_its_twin_under_rfc5280() {
    let (provider, mut rows) = (&provider(), Rows::default());
    let cases = ROLES.into_iter().flat_map(|role| DEFECTS.map(|defect| (role, defect)));
    for (role, (id, variant, spoil)) in cases.filter(|(role, (id, ..))| is_for(id, *role)) {
        let world = &world(role, spoil);
        let right = issue(world, &ekus(&Eku::both(), [false; 4]));
        let expected = said(&ours(id, Ours::new(world, &right, provider)));
        for (policy, is_for_any, wrong_ekus) in relaxations(role) {
            for (eku, (place, places)) in
                wrong_ekus.iter().flat_map(|eku| PLACES.map(|place| (eku, place)))
            {
                let issued = issue(world, &ekus(eku, places));
                let strict = ours(id, Ours::new(world, &issued, provider));
                let mut relaxed = strict.clone().under(policy);
                if !is_for_any {
                    relaxed.setup.relax_for = named(world);
                }
                let found = said(&relaxed);
                let is_right = match id {
                    NOTHING => {
                        let is_eku = |(class, _)| class == RefusalClass::Eku;
                        found == Ok(true) && said(&strict).is_err_and(is_eku)
                    }
                    _ => found == expected,
                };
                let is_named = expected.as_ref().is_ok_and(|_| id == NOTHING)
                    || expected.as_ref().is_err_and(|(_, error)| error.contains(variant));
                let id = format_args!("{role}/{id}/{policy}/{is_for_any}/{eku:?}/{place}");
                let told = format_args!("{found:?}, expected {expected:?}");
                rows.holds(id, is_right && is_named, told);
            }
        }
    }
}
