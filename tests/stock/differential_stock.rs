//! Drawn chains against stock rustls: with `stock_path_checks()` and `stock_revocation()` every verdict and every error is
//! stock's; by default they differ where a named check says so, and nowhere else.

use crate::common::tls::providers;
use crate::generated::{
    CaQuirk, Issued, Ours, World, check, issue, kind, stock, text, violations_of_issuer,
    worlds_with_ekus,
};
use mtls_roles::{PathCheck, PathViolation, Refusal, VerifiedPeer};
use proptest::strategy::Strategy;
use rustls::crypto::CryptoProvider;
use rustls::{CertRevocationListError, CertificateError, Error};

type Verdict = Result<VerifiedPeer, Refusal>;

fn ours(world: &World, issued: &Issued, provider: &CryptoProvider) -> Verdict {
    Ours::new(world, issued, provider).verdict()
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
            let world = &with_single_lists(world);
            let issued = &issue(world, ekus);
            let stock = stock(world, issued, &provider);
            let ours = ours(world, issued, &provider);
            explained(world, issued, &stock, &ours)
                .map(str::to_owned)
                .map_err(|why| format!("{why}\n{}", both(&ours, &stock)))
        });
        met.expect_all([
            "equal",
            "refused, as described",
            "refused for the root's cRLSign",
            "another path was found",
            "refused with the error of another certificate",
            "refused, and another error outranks",
        ]);
    }
}

/// The errors may differ: a single list is consulted by webpki, from the root down while it verifies
/// the path; several by us, from the leaf up when it is verified.
#[test]
fn an_earlier_list_that_revokes_nothing_changes_no_verdict() {
    let provider = providers().remove(0).1;
    let worlds = worlds_with_ekus().prop_filter_map("without lists", |(mut world, ekus)| {
        let has_issuers_of_one_name = world.has_issuers_of_one_name();
        let lists = world.lists.as_mut().filter(|_| !has_issuers_of_one_name)?;
        // Of two lists, the one that has expired is passed over.
        (lists.doubled, lists.expired) = (true, None);
        Some((world, ekus))
    });
    let met = check("two lists", 500, worlds, |(doubled, ekus)| {
        let single = with_single_lists(doubled);
        let verdict = |world| ours(world, &issue(world, ekus), &provider);
        let (single, doubled) = (verdict(&single), verdict(doubled));
        match single.is_ok() == doubled.is_ok() {
            true => Ok(kind(&single.as_ref().map_err(Refusal::error))),
            false => Err(format!("one list {}\ntwo {}", error_text(&single), error_text(&doubled))),
        }
    });
    met.expect_all(["Ok", "Revoked"]);
}

fn both(ours: &Verdict, stock: &Result<(), Error>) -> String {
    format!("ours {}\nstock {}", error_text(ours), text(stock))
}

/// At most one list under each issuer's name. Of several, stock consults the first, and we consult all.
fn with_single_lists(world: &World) -> World {
    let mut world = world.clone();
    if world.has_issuers_of_one_name() {
        world.lists = None;
    }
    if let Some(lists) = &mut world.lists {
        lists.doubled = false;
    }
    world
}

/// Which difference this is.
fn explained(
    world: &World,
    issued: &Issued,
    stock: &Result<(), Error>,
    ours: &Verdict,
) -> Result<&'static str, &'static str> {
    let expected = world.violations();
    let root_signs_no_crls = has_root_without_crl_sign(world);
    let is_equal = error_text(ours) == text(stock);
    if !found_a_path(stock) {
        // Our checks are made of verified paths, and stock found none.
        // Revocation is looked up while stock verifies a path, and by us when webpki has.
        return match (is_equal, ours) {
            (true, _) => Ok("equal"),
            (false, Err(_)) if world.lists.is_some() => Ok("refused, and another error outranks"),
            (false, _) => Err("another error"),
        };
    }
    if let Ok(peer) = ours
        && violation_on(peer, issued)
    {
        return Err("the accepted path violates a check");
    }
    let is_described =
        !expected.is_empty() || root_signs_no_crls || world.has_a_violating_cross_sign();
    match ours.as_ref().map_err(|refusal| found(refusal.error())) {
        _ if is_equal && !is_described => Ok("equal"),
        _ if is_equal && world.may_have_other_paths() => Ok("another path was found"),
        _ if is_equal => Err("nothing was refused"),
        Err(Found::Violation(_)) if world.has_an_unreadable_extra() => {
            Err("a violation outranks what webpki found")
        }
        Err(Found::Violation(found)) if expected.contains(&found) => Ok("refused, as described"),
        Err(Found::RootSignsNoCrls) if expected.is_empty() && root_signs_no_crls => {
            Ok("refused for the root's cRLSign")
        }
        _ if is_described && world.has_more_to_try() => {
            Ok("refused with the error of another certificate")
        }
        _ => Err("refused without a reason"),
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

/// Whether a list of the root is consulted, although the root may not sign lists.
fn has_root_without_crl_sign(world: &World) -> bool {
    let anchor = world.anchor_position();
    world.authority(anchor).has(&CaQuirk::NoCrlSign)
        && world.lists.is_some_and(|lists| {
            lists.absent != Some(anchor) && (anchor == 1 || !lists.choices.only_end_entity)
        })
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
