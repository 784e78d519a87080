//! Ignore means the EKU and nothing else: a chain whose EKUs are wrong gets, under
//! `EkuPolicy::ignore()`, the verdict that the same chain with right EKUs gets under `rfc5280()`.
//!
//! Chains are drawn and issued twice with the same keys, names and serial numbers. Verdicts are
//! equal to the last field of the error. No difference is excused: the one error that carries EKU
//! bytes is `InvalidPurposeContext`, and neither side may have it. (Beyond 16 presented certificates
//! no second search is made, by design; the last test is about those.)

use std::fmt::Debug;

use crate::common::ours::{Whom, rule};
use crate::common::pki::Ca;
use crate::common::tls::provider;
use crate::generated::{
    Issued, Ours, Twins, World, check, issue, kind, server_auth_twins, stock, stock_as_server,
    text, twins, worlds_with_mixed_ekus,
};
use mtls_roles::{EkuPolicy, Refusal, RefusalClass, Role, VerifiedPeer};

type Verdict = Result<VerifiedPeer, Refusal>;

fn ours(world: &World, issued: &Issued, policy: EkuPolicy) -> Verdict {
    Ours::new(world, issued, &provider()).under(policy).verdict()
}

fn rustls_error(verdict: &Verdict) -> Result<(), &rustls::Error> {
    verdict.as_ref().map(drop).map_err(Refusal::error)
}

fn error(verdict: &Verdict) -> String {
    text(&rustls_error(verdict))
}

fn class(verdict: &Verdict) -> Option<RefusalClass> {
    verdict.as_ref().err().map(Refusal::class)
}

fn same<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what}\n   found {found:?}\nexpected {expected:?}")),
    }
}

/// The twins as certificates: right and wrong.
fn issue_both(twins: &Twins) -> (Issued, Issued) {
    let Twins { world, right, wrong } = twins;
    (issue(world, right), issue(world, wrong))
}

/// Every verdict that an EKU could be confused with.
const VERDICTS: &[&str] = &[
    "Ok",
    "ExpiredContext",
    "NotValidYetContext",
    "UnknownIssuer",
    "BadSignature",
    "NotValidForNameContext",
    "Revoked",
    "UnknownRevocationStatus",
    "ExpiredRevocationListContext",
    "IssuerInvalidForCrl",
    "NameConstraintViolation",
    "PathLenConstraintViolated",
    "CaUsedAsEndEntity",
    "EndEntityUsedAsCa",
    "UnsupportedCriticalExtension",
    "IssuerWithoutKeyCertSign",
    "IssuerWithoutName",
    "EmptyNameConstraints",
    "LeafWithKeyCertSign",
    "LeafWithNameConstraints",
    "WeakLeafKey",
    "RootWithUnknownCriticalExtension",
    "RootIsNoCa",
];

#[test]
fn a_chain_of_wrong_ekus_gets_the_verdict_of_its_twin_with_right_ones() {
    let met = check("ignore", 2000, twins(), |twins| {
        let (right, wrong) = issue_both(twins);
        let ordinary = ours(&twins.world, &right, EkuPolicy::rfc5280());
        let ignoring = ours(&twins.world, &wrong, EkuPolicy::ignore());
        same("verdict", &error(&ignoring), &error(&ordinary))?;
        same("class", &class(&ignoring), &class(&ordinary))?;
        if error(&ordinary).contains("InvalidPurpose") {
            return Err("a right EKU was refused".into());
        }
        if let Ok(peer) = &ignoring {
            let first = first_wrong_eku(peer, twins.world.role);
            same("reported position", &reported(peer), &first)?;
        }
        Ok(kind(&rustls_error(&ordinary)))
    });
    met.expect_all(VERDICTS.iter().copied());
}

/// The position of what was let pass.
fn reported(peer: &VerifiedPeer) -> Option<usize> {
    peer.eku().violation().map(|violation| violation.position)
}

fn first_wrong_eku(peer: &VerifiedPeer, role: Role) -> Option<usize> {
    let purpose = role.purpose();
    peer.path().iter().position(|certificate| {
        let purposes = certificate.purposes();
        purposes.is_some_and(|purposes| !purposes.contains(&purpose))
    })
}

#[test]
fn a_wrong_eku_is_named_as_the_reason_if_and_only_if_it_is_the_only_one() {
    let met = check("honest class", 1000, twins(), |twins| {
        let (right, wrong) = issue_both(twins);
        let ordinary = ours(&twins.world, &right, EkuPolicy::rfc5280());
        let strict = ours(&twins.world, &wrong, EkuPolicy::rfc5280());
        let honest = match (&strict, &ordinary) {
            // Along another path, of right EKUs.
            (Ok(_), Ok(_)) => None,
            (_, Ok(_)) => Some(RefusalClass::Eku),
            (_, Err(refusal)) => Some(refusal.class()),
        };
        same("class", &class(&strict), &honest)?;
        Ok(format!("{honest:?}"))
    });
    met.expect_all([
        "Some(Eku)",
        "Some(Name)",
        "Some(Other)",
        "Some(PathCheck)",
        "Some(RevocationUnknown)",
        "Some(Revoked)",
        "Some(UnknownIssuer)",
        "Some(Validity)",
    ]);
}

#[test]
fn a_relaxation_for_somebody_else_lets_nobody_in() {
    check("somebody else", 1000, twins(), |twins| {
        let wrong = issue(&twins.world, &twins.wrong);
        let strict = ours(&twins.world, &wrong, EkuPolicy::rfc5280());
        let provider = &provider();
        let mut other = Ours::new(&twins.world, &wrong, provider).under(EkuPolicy::ignore());
        other.setup.relax_for = Whom::Named(rule("dns:nobody.example.net"));
        let other = other.verdict();
        same("class", &class(&other), &class(&strict))?;
        // Where something else stands in the way, too, the error is the last search's.
        if class(&strict).is_none_or(|class| class == RefusalClass::Eku) {
            same("error", &error(&other), &error(&strict))?;
        }
        Ok(kind(&rustls_error(&other)))
    })
    .expect_all(["InvalidPurposeContext", "UnknownIssuer"]);
}

#[test]
fn a_client_with_server_certificates_gets_the_verdict_of_its_twin_with_client_certificates() {
    let met = check("serverAuth", 1000, server_auth_twins(), |twins| {
        let (right, wrong) = issue_both(twins);
        let ordinary = ours(&twins.world, &right, EkuPolicy::rfc5280());
        let accepting = ours(&twins.world, &wrong, EkuPolicy::accept_server_auth());
        same("verdict", &error(&accepting), &error(&ordinary))?;
        Ok(kind(&rustls_error(&ordinary)))
    });
    met.expect_all([
        "Ok",
        "BadSignature",
        "ExpiredContext",
        "NameConstraintViolation",
        "Revoked",
        "UnknownIssuer",
    ]);
}

#[test]
fn accept_server_auth_is_two_stock_searches_that_are_never_mixed() {
    let provider = &provider();
    let met = check("two searches", 1000, worlds_with_mixed_ekus(), |(world, ekus)| {
        let world = &world.with_stocks_expiration();
        let issued = &issue(world, ekus);
        let as_client = stock(world, issued, provider);
        let as_server = stock_as_server(world, issued, provider);
        let accepting = Ours::new(world, issued, provider).stock();
        let accepting = accepting.under(EkuPolicy::accept_server_auth());
        let expected = match text(&as_client) {
            _ if as_client.is_ok() || as_server.is_ok() => vec!["Ok".into()],
            // The second search was made, and the error is the last search's.
            as_client if as_client.contains("InvalidPurpose") => vec![text(&as_server)],
            as_client => vec![as_client, text(&as_server)],
        };
        let found = error(&accepting.verdict());
        match expected.contains(&found) {
            true => Ok(format!("{}, {}", as_client.is_ok(), as_server.is_ok())),
            false => Err(format!("found {found}, expected one of {expected:?}")),
        }
    });
    // Accepted as client, accepted as server.
    met.expect_all(["false, false", "false, true", "true, false", "true, true"]);
}

/// What is presented beside and leads nowhere: it neither helps nor keeps from a second search.
#[test]
fn certificates_that_lead_nowhere_change_nothing() {
    let met = check("padding", 300, twins(), |twins| {
        let wrong = issue(&twins.world, &twins.wrong);
        let mut padded = wrong.clone();
        padded.chain.resize(wrong.chain.len() + 17, Ca::root_named("padding").der());
        for policy in [EkuPolicy::rfc5280(), EkuPolicy::ignore()] {
            let plain = ours(&twins.world, &wrong, policy);
            let found = ours(&twins.world, &padded, policy);
            same("error", &error(&found), &error(&plain))?;
            same("class", &class(&found), &class(&plain))?;
        }
        Ok(kind(&rustls_error(&ours(&twins.world, &wrong, EkuPolicy::ignore()))))
    });
    met.expect_all(["Ok", "UnknownIssuer"]);
}
