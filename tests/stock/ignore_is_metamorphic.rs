//! Ignore means the EKU and nothing else: a chain whose EKUs are wrong gets, under
//! `EkuPolicy::ignore()`, the verdict that the same chain with right EKUs gets under `rfc5280()`.
//!
//! Chains are drawn and issued twice with the same keys, names and serial numbers. Verdicts are
//! equal to the last field of the error. No difference is excused: the one error that carries EKU
//! bytes is `InvalidPurposeContext`, and neither side may have it.

use std::fmt::Debug;

use crate::common::ours::{Whom, rule};
use crate::common::tls::provider;
use crate::generated::{
    Ours, Twins, check, issue, kind, stock, stock_as_server, text, twins, worlds_with_mixed_ekus,
};
use mtls_roles::{EkuPolicy, Refusal, RefusalClass, Role, VerifiedPeer};

type Verdict = Result<VerifiedPeer, Refusal>;

fn error(verdict: &Verdict) -> String {
    text(&verdict.as_ref().map_err(Refusal::error))
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
    let provider = &provider();
    let met = check("ignore", 2000, twins(), |Twins { world, right, wrong }| {
        let (right, wrong) = (issue(world, right), issue(world, wrong));
        let ordinary = Ours::new(world, &right, provider).verdict();
        let ignoring = Ours::new(world, &wrong, provider).under(EkuPolicy::ignore()).verdict();
        same("verdict", &error(&ignoring), &error(&ordinary))?;
        same("class", &class(&ignoring), &class(&ordinary))?;
        if error(&ordinary).contains("InvalidPurpose") {
            return Err("a right EKU was refused".into());
        }
        if let Ok(peer) = &ignoring {
            let first = first_wrong_eku(peer, world.role);
            same("reported position", &reported(peer), &first)?;
        }
        // The EKU is named as the reason if and only if it is the only one.
        let strict = Ours::new(world, &wrong, provider).verdict();
        let honest = match (&strict, &ordinary) {
            // Along another path, of right EKUs.
            (Ok(_), Ok(_)) => None,
            (_, Ok(_)) => Some(RefusalClass::Eku),
            (_, Err(refusal)) => Some(refusal.class()),
        };
        same("honest class", &class(&strict), &honest)?;
        // A relaxation for somebody else lets nobody in.
        let mut other = Ours::new(world, &wrong, provider).under(EkuPolicy::ignore());
        other.setup.relax_for = Whom::Named(rule("dns:nobody.example.net"));
        let other = other.verdict();
        same("class for somebody else", &class(&other), &honest)?;
        // Where something else stands in the way, too, the error is the last search's.
        if honest.is_none_or(|class| class == RefusalClass::Eku) {
            same("error for somebody else", &error(&other), &error(&strict))?;
        }
        Ok(kind(&ordinary.as_ref().map_err(Refusal::error)))
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
