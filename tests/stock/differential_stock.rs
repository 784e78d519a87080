//! Drawn chains against stock rustls: with `stock_path_checks()` and `stock_revocation()` every verdict and every error is
//! stock's; by default they differ where a named check says so, and nowhere else.

use crate::common::tls::providers;
use crate::generated::{
    Issued, Lists, Ours, Quirk, World, check, issue, kind, stock, text, violations_of_issuer,
    worlds_with_ekus,
};
use mtls_roles::{PathViolation, Refusal, VerifiedPeer};
use rustls::{CertRevocationListError, CertificateError, Error};

type Verdict = Result<VerifiedPeer, Refusal>;

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
    "IssuerInvalidForCrl",
    "InvalidPurposeContext",
    "NameConstraintViolation",
    "PathLenConstraintViolated",
    "CaUsedAsEndEntity",
    "EndEntityUsedAsCa",
    "UnsupportedCriticalExtension",
];

#[test]
fn with_stock_path_checks_and_stock_revocation_every_verdict_and_every_error_is_stocks() {
    for (name, provider) in providers() {
        let property = format!("stock path checks, {name}");
        let met = check(&property, 1500, worlds_with_ekus(), |(world, ekus)| {
            let world = &world.with_stocks_expiration();
            let issued = &issue(world, ekus);
            let stock = stock(world, issued, &provider);
            let ours = Ours::new(world, issued, &provider).stock().verdict();
            match error_text(&ours) == text(&stock) {
                true => Ok(kind(&stock)),
                false => Err(both(&ours, &stock)),
            }
        });
        met.expect_all(STOCK_VERDICTS.iter().copied());
    }
}

#[test]
fn by_default_every_difference_from_stock_is_a_named_check() {
    for (name, provider) in providers() {
        let property = format!("default, {name}");
        let met = check(&property, 1500, worlds_with_ekus(), |(world, ekus)| {
            // Of several lists of one name stock consults the first, and we all.
            let mut world = world.clone();
            world.lists = world.lists.filter(|_| !world.has_issuers_of_one_name());
            let issued = &issue(&world, ekus);
            let stock = stock(&world, issued, &provider);
            let ours = Ours::new(&world, issued, &provider).verdict();
            explained(&world, issued, &stock, &ours)
                .map(str::to_owned)
                .map_err(|why| format!("{why}\n{}", both(&ours, &stock)))
        });
        met.expect_all([
            "equal",
            "refused, as described",
            "another path was found",
            "refused with the error of another certificate",
            "refused, and another error outranks",
        ]);
    }
}

fn both(ours: &Verdict, stock: &Result<(), Error>) -> String {
    format!("ours {}\nstock {}", error_text(ours), text(stock))
}

/// Which difference this is.
fn explained(
    world: &World,
    issued: &Issued,
    stock: &Result<(), Error>,
    ours: &Verdict,
) -> Result<&'static str, &'static str> {
    let expected = refused_by_us_alone(world);
    let is_described = !expected.is_empty() || world.has_a_violating_cross_sign();
    let is_equal = error_text(ours) == text(stock);
    match ours.as_ref().map_err(|refusal| named(refusal.error())) {
        Ok(peer) if violation_on(peer, issued) => Err("the accepted path violates a check"),
        // Our checks are made of verified paths, and stock found none.
        _ if is_equal && !found_a_path(stock) => Ok("equal"),
        // Revocation is looked up while stock verifies a path, and by us when webpki has.
        Err(_) if !found_a_path(stock) && world.lists.is_some() => {
            Ok("refused, and another error outranks")
        }
        _ if !found_a_path(stock) => Err("another error"),
        _ if is_equal && !is_described => Ok("equal"),
        _ if is_equal && world.may_have_other_paths() => Ok("another path was found"),
        _ if is_equal => Err("nothing was refused"),
        Err(Some(found)) if found != ROOT_SIGNS_NO_CRLS && world.has_an_unreadable_extra() => {
            Err("a violation outranks what webpki found")
        }
        Err(Some(found)) if expected.contains(&found) => Ok("refused, as described"),
        _ if is_described && world.has_more_to_try() => {
            Ok("refused with the error of another certificate")
        }
        _ => Err("refused without a reason"),
    }
}

/// webpki knows no key usage of a root.
const ROOT_SIGNS_NO_CRLS: &str = "the root signs no lists";

/// What is refused on the path of this description beyond stock rustls, as `named` calls it.
fn refused_by_us_alone(world: &World) -> Vec<String> {
    let violations = world.violations().into_iter();
    let mut all: Vec<_> = violations.map(|(check, at)| format!("{check:?} at {at}")).collect();
    let anchor = world.anchor_position();
    let asks_root = |lists: Lists| {
        lists.absent != Some(anchor) && (anchor == 1 || !lists.choices.only_end_entity)
    };
    let signs_no_crls = world.authority(anchor).has(&Quirk::NoCrlSign);
    // Path checks come first.
    if all.is_empty() && signs_no_crls && world.lists.is_some_and(asks_root) {
        all.push(ROOT_SIGNS_NO_CRLS.into());
    }
    all
}

/// What of this an error tells.
fn named(error: &Error) -> Option<String> {
    match error {
        Error::InvalidCertRevocationList(CertRevocationListError::IssuerInvalidForCrl) => {
            Some(ROOT_SIGNS_NO_CRLS.into())
        }
        Error::InvalidCertificate(CertificateError::Other(other)) => {
            let PathViolation { check, position, .. } = other.0.downcast_ref()?;
            Some(format!("{check:?} at {position}"))
        }
        _ => None,
    }
}

/// The name is compared when a path was found.
fn found_a_path(stock: &Result<(), Error>) -> bool {
    match stock {
        Ok(()) => true,
        Err(Error::InvalidCertificate(error)) => {
            matches!(error, CertificateError::NotValidForNameContext { .. })
        }
        Err(_) => false,
    }
}

/// Whether a certificate of the path that was accepted violates a check by its description.
fn violation_on(peer: &VerifiedPeer, issued: &Issued) -> bool {
    let issuers = peer.path().iter().skip(1);
    let mut quirks = issuers.map(|issuer| issued.quirks_of(issuer.der()));
    quirks.any(|quirks| violations_of_issuer(quirks).next().is_some())
}
