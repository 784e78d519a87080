//! Ignore means the EKU and nothing else: a chain whose EKUs are wrong gets, under
//! `EkuPolicy::ignore()`, the verdict that the same chain with right EKUs gets under `rfc5280()`.
//!
//! Chains are drawn and issued twice with the same keys, names and serial numbers. Verdicts are
//! equal to the last field of the error. No difference is excused: the one error that carries EKU
//! bytes is `InvalidPurposeContext`, and neither side may have it. (Beyond 16 presented certificates
//! no second search is made, by design; the last test is about those.)

mod common;
mod generated;

use common::tls::provider;
use generated::{
    Issued, Ours, Tally, Twins, Whom, World, check, issue, kind, server_auth_twins, stock,
    stock_as_server, text, twins, worlds_with_mixed_ekus,
};
use mtls_roles::{EkuOutcome, EkuPolicy, Refusal, RefusalClass, VerifiedPeer};
use rustls::pki_types::CertificateDer;

type Verdict = Result<VerifiedPeer, Refusal>;

fn ours(world: &World, issued: &Issued, policy: EkuPolicy) -> Verdict {
    relaxed_for(Whom::Anybody, world, issued, policy)
}

fn relaxed_for(relaxed: Whom, world: &World, issued: &Issued, policy: EkuPolicy) -> Verdict {
    let provider = &provider();
    let stock_path_checks = false;
    Ours {
        world,
        issued,
        provider,
        policy,
        relaxed,
        stock_path_checks,
    }
    .verdict()
}

/// The error itself, without our own report of it.
fn error(verdict: &Verdict) -> String {
    text(&verdict.as_ref().map_err(Refusal::error))
}

fn equal(what: &str, wrong: &str, right: &str) -> Result<(), String> {
    match wrong == right {
        true => Ok(()),
        false => Err(format!("{what}\n  wrong: {wrong}\n  right: {right}")),
    }
}

/// The twins as certificates: right and wrong.
fn issue_both(twins: &Twins) -> (Issued, Issued) {
    let Twins {
        world,
        right,
        wrong,
    } = twins;
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
    "IssuerMaySignCertificates",
    "IssuerHasName",
    "NameConstraintsAreNotEmpty",
    "LeafMayNotSignCertificates",
    "LeafHasNoNameConstraints",
    "LeafKeyIsStrong",
    "RootHasNoUnknownCriticalExtension",
    "RootMayIssue",
];

#[test]
fn a_chain_of_wrong_ekus_gets_the_verdict_of_its_twin_with_right_ones() {
    let met = Tally::default();
    check("ignore", 2000, twins(), |twins| {
        let (right, wrong) = issue_both(twins);
        let ordinary = ours(&twins.world, &right, EkuPolicy::rfc5280());
        let ignoring = ours(&twins.world, &wrong, EkuPolicy::ignore());
        met.count(kind(&ordinary.as_ref().map_err(Refusal::error)));
        equal("verdict", &error(&ignoring), &error(&ordinary))?;
        if error(&ordinary).contains("InvalidPurpose") {
            return Err("a right EKU was refused".into());
        }
        match (&ignoring, &ordinary) {
            (Err(ignoring), Err(ordinary)) if ignoring.class() != ordinary.class() => Err(format!(
                "class {:?} and {:?}",
                ignoring.class(),
                ordinary.class()
            )),
            (Ok(peer), _) => reports_the_first_wrong_eku(twins, peer),
            _ => Ok(()),
        }
    });
    met.print();
    met.expect_all(VERDICTS);
}

/// What was let pass is reported, and is the first wrong EKU of the path.
fn reports_the_first_wrong_eku(twins: &Twins, peer: &VerifiedPeer) -> Result<(), String> {
    let role = twins.world.role;
    let purpose = role.purpose();
    let is_wrong = |certificate: &mtls_roles::Certificate| {
        let purposes = certificate.purposes();
        purposes.is_some_and(|purposes| !purposes.contains(&purpose))
    };
    let expected = peer.path().iter().position(is_wrong);
    let reported = match peer.eku() {
        EkuOutcome::Relaxed(violation) => Some(violation.position),
        _ => None,
    };
    match reported == expected {
        true => Ok(()),
        false => Err(format!("reported {reported:?}, expected {expected:?}")),
    }
}

#[test]
fn a_wrong_eku_is_named_as_the_reason_if_and_only_if_it_is_the_only_one() {
    let met = Tally::default();
    check("honest class", 1000, twins(), |twins| {
        let (right, wrong) = issue_both(twins);
        let ordinary = ours(&twins.world, &right, EkuPolicy::rfc5280());
        let strict = ours(&twins.world, &wrong, EkuPolicy::rfc5280());
        let class = |verdict: &Verdict| verdict.as_ref().err().map(Refusal::class);
        let honest = match (&strict, &ordinary) {
            // Another path of right EKUs.
            (Ok(_), Ok(_)) => None,
            (_, Ok(_)) => Some(RefusalClass::Eku),
            (_, Err(refusal)) => Some(refusal.class()),
        };
        met.count(format!("{:?}", class(&strict)));
        match class(&strict) == honest {
            true => Ok(()),
            false => Err(format!("class {:?}, expected {honest:?}", class(&strict))),
        }
    });
    met.print();
    met.expect_all([
        "Some(Eku)",
        "Some(Validity)",
        "Some(PathCheck)",
        "Some(Name)",
    ]);
}

#[test]
fn a_relaxation_for_somebody_else_changes_no_verdict_and_no_error() {
    check("somebody else", 1000, twins(), |twins| {
        let wrong = issue(&twins.world, &twins.wrong);
        let strict = ours(&twins.world, &wrong, EkuPolicy::rfc5280());
        let ignore = EkuPolicy::ignore();
        let other = relaxed_for(Whom::SomebodyElse, &twins.world, &wrong, ignore);
        // Where the EKU is not the only obstacle, the error is the last search's.
        match (&strict, &other) {
            (Err(strict), Err(other)) if strict.class() != RefusalClass::Eku => {
                match strict.class() == other.class() {
                    true => Ok(()),
                    false => Err(format!("{strict:?}\n{other:?}")),
                }
            }
            _ => equal("error", &error(&other), &error(&strict)),
        }
    });
}

#[test]
fn a_client_with_server_certificates_gets_the_verdict_of_its_twin_with_client_certificates() {
    let met = Tally::default();
    check("serverAuth", 1000, server_auth_twins(), |twins| {
        let (right, wrong) = issue_both(twins);
        let ordinary = ours(&twins.world, &right, EkuPolicy::rfc5280());
        let accepting = ours(&twins.world, &wrong, EkuPolicy::accept_server_auth());
        met.count(kind(&ordinary.as_ref().map_err(Refusal::error)));
        equal("verdict", &error(&accepting), &error(&ordinary))
    });
    met.print();
    met.expect_all(
        VERDICTS
            .iter()
            .filter(|kind| **kind != "NotValidForNameContext"),
    );
}

#[test]
fn accept_server_auth_is_two_stock_searches_that_are_never_mixed() {
    let met = Tally::default();
    let provider = &provider();
    check(
        "two searches",
        1000,
        worlds_with_mixed_ekus(),
        |(world, ekus)| {
            let issued = &issue(world, ekus);
            let as_client = stock(world, issued, provider);
            let as_server = stock_as_server(world, issued, provider);
            let accepting = Ours {
                world,
                issued,
                provider,
                policy: EkuPolicy::accept_server_auth(),
                relaxed: Whom::Anybody,
                stock_path_checks: true,
            }
            .verdict();
            met.count(format!(
                "{} as client, {} as server",
                verdict_word(&as_client),
                verdict_word(&as_server)
            ));
            let expected = match (&as_client, &as_server) {
                (Ok(()), _) | (_, Ok(())) => vec!["Ok".to_owned()],
                // Refused for the EKU: the second search was made, and its error is the last.
                (Err(error), _) if text(&as_client).contains("InvalidPurpose") => {
                    let _ = error;
                    vec![text(&as_server)]
                }
                _ => vec![text(&as_client), text(&as_server)],
            };
            match expected.contains(&error(&accepting)) {
                true => Ok(()),
                false => Err(format!("{}, expected {expected:?}", error(&accepting))),
            }
        },
    );
    met.print();
    met.expect_all([
        "accepted as client, refused as server",
        "refused as client, accepted as server",
        "accepted as client, accepted as server",
        "refused as client, refused as server",
    ]);
}

fn verdict_word(verdict: &Result<(), rustls::Error>) -> &'static str {
    match verdict {
        Ok(()) => "accepted",
        Err(_) => "refused",
    }
}

#[test]
fn beyond_sixteen_presented_certificates_a_wrong_eku_keeps_its_first_error() {
    check("too many", 300, twins(), |twins| {
        let mut wrong = issue(&twins.world, &twins.wrong);
        let stranger = generated_stranger();
        wrong.chain.resize(17, stranger);
        let strict = ours(&twins.world, &wrong, EkuPolicy::rfc5280());
        let ignoring = ours(&twins.world, &wrong, EkuPolicy::ignore());
        equal("error", &error(&ignoring), &error(&strict))
    });
}

fn generated_stranger() -> CertificateDer<'static> {
    common::pki::Ca::root_named("padding").der()
}
