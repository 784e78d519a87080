//! Drawn chains against stock rustls: with `stock_path_checks()` every verdict and every error is
//! stock's; by default they differ where a named check says so, and nowhere else.

mod common;
mod generated;

use common::tls::providers;
use generated::{
    CaQuirk, Issued, Ours, Tally, Whom, World, check, issue, kind, stock, text,
    violation_of_issuer, worlds_with_ekus,
};
use mtls_roles::{EkuPolicy, PathCheck, PathViolation, Refusal, VerifiedPeer};
use rustls::crypto::CryptoProvider;
use rustls::{CertRevocationListError, CertificateError, Error};

type Verdict = Result<VerifiedPeer, Refusal>;

fn ours(
    world: &World,
    issued: &Issued,
    provider: &CryptoProvider,
    stock_path_checks: bool,
) -> Verdict {
    Ours {
        world,
        issued,
        provider,
        policy: EkuPolicy::rfc5280(),
        relaxed: Whom::Anybody,
        stock_path_checks,
    }
    .verdict()
}

fn error_text(verdict: &Verdict) -> String {
    text(&verdict.as_ref().map_err(Refusal::error))
}

/// What stock rustls has that its verdicts do not show by themselves.
const STOCK_VERDICTS: &[&str] = &[
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
    "InvalidPurposeContext",
    "NameConstraintViolation",
    "PathLenConstraintViolated",
    "CaUsedAsEndEntity",
    "EndEntityUsedAsCa",
    "UnsupportedCriticalExtension",
];

#[test]
fn with_stock_path_checks_every_verdict_and_every_error_is_stocks() {
    for (name, provider) in providers() {
        let met = Tally::default();
        let property = format!("stock path checks, {name}");
        check(&property, 1500, worlds_with_ekus(), |(world, ekus)| {
            let issued = &issue(world, ekus);
            let stock = stock(world, issued, &provider);
            let ours = ours(world, issued, &provider, true);
            met.count(kind(&stock));
            match error_text(&ours) == text(&stock) {
                true => Ok(()),
                false => Err(format!(
                    "ours {}\nstock {}",
                    error_text(&ours),
                    text(&stock)
                )),
            }
        });
        met.print();
        met.expect_all(STOCK_VERDICTS);
    }
}

#[test]
fn by_default_every_difference_from_stock_is_a_named_check() {
    for (name, provider) in providers() {
        let met = Tally::default();
        let property = format!("default, {name}");
        check(&property, 1500, worlds_with_ekus(), |(world, ekus)| {
            let issued = &issue(world, ekus);
            let stock = stock(world, issued, &provider);
            let ours = ours(world, issued, &provider, false);
            let difference = match revocation_differs(world) {
                true => Ok("several lists of an issuer: stock consults the first"),
                false => explained(world, issued, &stock, &ours),
            };
            let excuse = difference.map_err(|why| {
                format!("{why}\nours {}\nstock {}", error_text(&ours), text(&stock))
            })?;
            met.count(excuse);
            Ok(())
        });
        met.print();
        met.expect_all([
            "equal",
            "refused, as described",
            "refused for the root's cRLSign",
            "another path was found",
            "refused, of several paths",
        ]);
    }
}

/// Every list of an issuer is consulted, where stock consults the first; `revocation_order.rs`
/// holds which verdict is right.
fn revocation_differs(world: &World) -> bool {
    let nameless = world
        .authorities()
        .filter(|quirks| quirks.contains(&CaQuirk::EmptySubject));
    world
        .lists
        .is_some_and(|lists| lists.doubled || nameless.count() > 1)
}

/// Which difference this is.
fn explained(
    world: &World,
    issued: &Issued,
    stock: &Result<(), Error>,
    ours: &Verdict,
) -> Result<&'static str, &'static str> {
    let expected = world.violation();
    let root_signs_no_crls = !issued.crls.is_empty() && has_root_without_crl_sign(world);
    match (stock, ours) {
        // Our checks are made of verified paths, and stock found none.
        (Err(_), _) => match error_text(ours) == text(stock) {
            true => Ok("equal"),
            false => Err("another error"),
        },
        (Ok(()), Ok(peer)) => match (violation_on(peer, issued), &expected) {
            (true, _) => Err("the accepted path violates a check"),
            (false, None) => Ok("equal"),
            (false, Some(_)) if world.may_have_other_paths() => Ok("another path was found"),
            (false, Some(_)) => Err("nothing was refused"),
        },
        (Ok(()), Err(refusal)) => match (found(refusal.error()), expected) {
            (Found::Violation(found), expected) if expected == Some(found) => {
                Ok("refused, as described")
            }
            (Found::RootSignsNoCrls, None) if root_signs_no_crls => {
                Ok("refused for the root's cRLSign")
            }
            _ if world.may_have_other_paths() && (expected.is_some() || root_signs_no_crls) => {
                Ok("refused, of several paths")
            }
            _ => Err("refused without a reason"),
        },
    }
}

/// Whether a certificate of the path that was accepted violates a check by its description.
fn violation_on(peer: &VerifiedPeer, issued: &Issued) -> bool {
    let issuers = peer.path().iter().skip(1);
    let quirks = issuers.map(|issuer| issued.quirks_of(issuer.der()));
    quirks.map(violation_of_issuer).any(|check| check.is_some())
}

fn has_root_without_crl_sign(world: &World) -> bool {
    let anchor = world.authority(world.anchor_position());
    anchor.has(&CaQuirk::NoCrlSign)
}

enum Found {
    Violation((PathCheck, usize)),
    RootSignsNoCrls,
    Other,
}

fn found(error: &Error) -> Found {
    match error {
        Error::InvalidCertRevocationList(CertRevocationListError::IssuerInvalidForCrl) => {
            Found::RootSignsNoCrls
        }
        Error::InvalidCertificate(CertificateError::Other(other)) => {
            match other.0.downcast_ref::<PathViolation>() {
                Some(violation) => Found::Violation((violation.check, violation.position)),
                None => Found::Other,
            }
        }
        _ => Found::Other,
    }
}
