//! Drawn chains with several lists for each issuer name: ours says what the words of the design say;
//! with `stock_revocation()` it is stock's. (What is drawn in `tests/stock` has one list for each CA.)

use mtls_roles::Role;
use rustls::Error;

use crate::common::cases::check;
use crate::common::clock::{NOW, unix};
use crate::common::errors::Exact;
use crate::common::ours::{Choices, ROLES, Setup, roots};
use crate::common::pki::World;
use crate::common::theirs::Stock;
use crate::common::tls::provider;
use crate::drawn::{Issued, drawn};
use crate::oracle;
use crate::world::word;

#[test]
fn of_several_lists_ours_says_what_an_independent_reading_of_the_rules_says() {
    let met = check("generated lists", 3_000, drawn(), |drawn| {
        let ours = ours(&drawn.issue(), drawn.choices);
        let (expected, found) = (oracle::verdict(drawn), said(&ours));
        // The search tries both keys of a name; the signature of a certificate outranks some errors.
        let is_outranked = drawn.has_links() && is_outranked(&ours, expected);
        match found == expected || is_outranked {
            true => Ok(expected.into()),
            false => Err(format!("{found}, expected {expected}")),
        }
    });
    met.expect_all([
        "good",
        "revoked",
        "unknown",
        "list expired",
        "not a crl signer",
        "bad list signature",
    ]);
}

fn said(verdict: &Result<(), Error>) -> &'static str {
    verdict.as_ref().map_or_else(word, |()| "good")
}

fn is_outranked(ours: &Result<(), Error>, expected: &str) -> bool {
    use rustls::CertificateError::BadSignature;
    let is_low = ["not a crl signer", "bad list signature"].contains(&expected);
    is_low && matches!(ours, Err(Error::InvalidCertificate(BadSignature)))
}

#[test]
fn of_several_lists_with_stock_revocation_the_verdict_and_the_error_are_stocks() {
    let met = check("generated lists, stock", 1_000, drawn(), |drawn| {
        let issued = drawn.issue();
        let choices = Choices { allow_expired: true, ..drawn.choices };
        let mut told = "";
        for role in ROLES {
            let setup = Setup { choices, is_stock: true, ..Setup::default() };
            let ours = decide(&issued, role, setup);
            let stock = Stock::new(role, &[issued.root.der()], &issued.lists, choices, &provider());
            let stock = stock.decide(&issued.chain, World::NAME, unix(NOW));
            if ours.clone().map_err(Exact) != stock.clone().map_err(Exact) {
                return Err(format!("{role}: {ours:?}, stock {stock:?}"));
            }
            told = said(&stock);
        }
        Ok(told.into())
    });
    met.expect_all(["good", "revoked", "unknown", "bad list signature"]);
}

pub fn ours(issued: &Issued, choices: Choices) -> Result<(), Error> {
    decide(issued, Role::Client, Setup { choices, ..Setup::default() })
}

/// Twice: what was found out about a list must not change what is found.
fn decide(issued: &Issued, role: Role, setup: Setup) -> Result<(), Error> {
    let setup = Setup { crls: issued.lists.clone(), ..setup };
    let verifier = setup.build(role, &roots([&issued.root]), &provider()).unwrap();
    let [first, again] = [(); 2].map(|()| verifier.decide(&issued.chain, World::NAME, unix(NOW)));
    assert_eq!(first.clone().map_err(Exact), again.map_err(Exact));
    first
}
