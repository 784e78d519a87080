//! Drawn chains with several lists for each issuer name: ours says what the words of the design say;
//! with `stock_revocation()` it is stock's, and without it where there is nothing to choose.

use rustls::Error;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;

use crate::common::cases::check;
use crate::common::clock::{NOW, unix};
use crate::common::errors::Exact;
use crate::common::tls::{provider, root_store};
use crate::drawn::{Choices, Issued, drawn, with_one_list_each};
use crate::oracle;
use crate::world::{builder, choose, word};

#[test]
fn of_several_lists_ours_says_what_an_independent_reading_of_the_rules_says() {
    let met = check("generated lists", 3_000, drawn(), |drawn| {
        let issued = drawn.issue();
        let ours = ours(&issued, drawn.choices);
        let (expected, found) =
            (oracle::verdict(drawn), ours.as_ref().map_or_else(word, |()| "good"));
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

fn is_outranked(ours: &Result<(), Error>, expected: &str) -> bool {
    use rustls::CertificateError::BadSignature;
    let is_low = ["not a crl signer", "bad list signature"].contains(&expected);
    is_low && matches!(ours, Err(Error::InvalidCertificate(BadSignature)))
}

#[test]
fn of_several_lists_with_stock_revocation_the_verdict_and_the_error_are_stocks() {
    let met = check("generated lists, stock", 1_000, drawn(), |drawn| {
        let issued = drawn.issue();
        let builder = builder(&issued.root, &issued.lists);
        let builder = choose!(builder.stock_revocation().stock_path_checks(), drawn.choices);
        let ours = said(&builder.build().unwrap(), &issued);
        let stock = stock(&issued, drawn.choices);
        match ours.clone().map_err(Exact) == stock.clone().map_err(Exact) {
            true => Ok(ours.as_ref().map_or_else(word, |()| "good").into()),
            false => Err(format!("{ours:?}, stock {stock:?}")),
        }
    });
    met.expect_all(["good", "revoked", "unknown", "bad list signature"]);
}

#[test]
fn of_one_current_list_for_everything_ours_says_what_stock_says() {
    let met = check("generated lists, one each", 400, with_one_list_each(), |drawn| {
        let issued = drawn.issue();
        let (ours, stock) = (ours(&issued, drawn.choices), stock(&issued, drawn.choices));
        let said = ours.as_ref().map_or_else(word, |()| "good");
        match (ours.is_ok() == stock.is_ok(), said) {
            (true, said) => Ok(said.into()),
            (false, "not a crl signer") if !drawn.cas[0].may_sign_crls => {
                Ok("webpki knows no key usage of a root".into())
            }
            (false, _) => Err(format!("{ours:?}, stock {stock:?}")),
        }
    });
    met.expect_all(["good", "revoked", "unknown"]);
}

/// Twice: what was found out about a list must not change what is found.
pub fn ours(issued: &Issued, choices: Choices) -> Result<(), Error> {
    let mut builder = choose!(builder(&issued.root, &issued.lists), choices);
    if choices.allow_expired {
        builder = builder.allow_expired_crls();
    }
    let verifier = builder.build().unwrap();
    let said = [said(&verifier, issued), said(&verifier, issued)];
    assert_eq!(said[0].clone().map_err(Exact), said[1].clone().map_err(Exact));
    said[1].clone()
}

fn stock(issued: &Issued, choices: Choices) -> Result<(), Error> {
    let roots = root_store(&[issued.root.der()]);
    let builder = WebPkiClientVerifier::builder_with_provider(roots, provider());
    let builder = choose!(builder.with_crls(issued.lists.clone()), choices);
    said(&*builder.build().unwrap(), issued)
}

fn said(verifier: &dyn ClientCertVerifier, issued: &Issued) -> Result<(), Error> {
    let (leaf, rest) = issued.chain.split_first().unwrap();
    verifier.verify_client_cert(leaf, rest, unix(NOW)).map(drop)
}
