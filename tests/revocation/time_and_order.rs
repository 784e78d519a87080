//! Of the lists of one key and scope the newest counts, whatever their order; an expired list is no
//! good word, and one of the future is none.

use std::sync::Arc;

use crate::common::clock::{NOW, unix};
use crate::common::pki::{CrlSpec, KeyPair, World};
use crate::world::{Choice, assert_rows, days};

#[test]
fn the_newest_list_that_the_issuers_key_has_signed_decides_in_any_order() {
    use Choice::{AllowExpired, AllowUnknown, Default, StockPathChecks, StockRevocation};
    let w = World::new();
    let good = |number, from, to| w.sub.crl(days(CrlSpec::new(number), from, to));
    let bad = |number, from, to| w.sub.crl(days(w.revoking(number), from, to));
    let stranger = Arc::new(KeyPair::generate().unwrap());
    let unsigned = |spec: CrlSpec| w.sub.crl(spec.signed_by(&stranger));
    let highest = || CrlSpec::new(0).number(&[0x7f; 20]);
    let bad_without_number = w.sub.crl(days(w.revoking(1), -1, 7).without_number());
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("revoked-since", vec![good(1, -3, 5), bad(2, -1, 7)], Default, "revoked"),
        ("hold-lifted", vec![bad(1, -3, 5), good(2, -1, 7)], Default, "good"),
        ("revoked-lifted-revoked", vec![bad(1, -5, 5), good(2, -3, 6), bad(3, -1, 7)], Default, "revoked"),
        ("lifted-revoked-lifted", vec![good(1, -5, 5), bad(2, -3, 6), good(3, -1, 7)], Default, "good"),
        // thisUpdate goes before crlNumber.
        ("later-with-lower-number", vec![bad(9, -3, 5), good(2, -1, 7)], Default, "good"),
        ("number-decides-on-one-day", vec![bad(1, -1, 7), good(2, -1, 7)], Default, "good"),
        ("number-decides-on-one-day-revoked", vec![good(1, -1, 7), bad(2, -1, 7)], Default, "revoked"),
        ("number-of-more-octets-is-higher", vec![bad(9, -1, 7), good(256, -1, 7)], Default, "good"),
        ("no-number-is-older", vec![bad_without_number, good(1, -1, 7)], Default, "good"),
        ("equally-new-all-count", vec![bad(1, -1, 7), good(1, -1, 7)], Default, "revoked"),
        ("equally-new-one-expired", vec![good(1, -1, 7), good(1, -1, 0)], Default, "good"),
        ("expired", vec![good(1, -8, -1)], Default, "list expired"),
        ("expired-unknown-allowed", vec![good(1, -8, -1)], AllowUnknown, "list expired"),
        ("expired-allowed", vec![good(1, -8, -1)], AllowExpired, "good"),
        ("expired-stock-path-checks", vec![good(1, -8, -1)], StockPathChecks, "list expired"),
        ("expired-stock-revocation", vec![good(1, -8, -1)], StockRevocation, "good"),
        ("ends-now", vec![good(1, -8, 0)], Default, "list expired"),
        ("expired-revokes", vec![bad(1, -8, -1)], Default, "revoked"),
        ("expired-newest-revokes", vec![good(1, -9, 7), bad(2, -8, -1)], Default, "revoked"),
        ("expired-newest-is-no-good-word", vec![good(1, -9, 7), good(2, -8, -1)], Default, "list expired"),
        ("expired-newest-lifts-and-is-no-good-word", vec![bad(1, -9, 7), good(2, -8, -1)], Default, "list expired"),
        ("expired-older-beside-current", vec![good(1, -9, -1), good(2, -1, 7)], Default, "good"),
        ("begins-now", vec![good(1, 0, 7)], Default, "good"),
        ("future", vec![good(1, 1, 7)], Default, "unknown"),
        ("future-unknown-allowed", vec![good(1, 1, 7)], AllowUnknown, "good"),
        ("future-expired-allowed", vec![good(1, 1, 7)], AllowExpired, "unknown"),
        ("future-revokes-not-yet", vec![bad(2, 1, 7), good(1, -1, 7)], Default, "good"),
        ("future-lifts-nothing-yet", vec![good(2, 1, 7), bad(1, -1, 7)], Default, "revoked"),
        // Nobody's number counts unless a key signed it.
        ("unsigned-newest", vec![unsigned(days(highest(), 0, 9)), good(1, -1, 7)], Default, "good"),
        ("unsigned-newest-beside-revoking", vec![unsigned(days(highest(), 0, 9)), bad(1, -1, 7)], Default, "revoked"),
        ("unsigned-revokes-nobody", vec![unsigned(days(w.revoking(9), 0, 9)), good(1, -1, 7)], Default, "good"),
    ];
    let rows = rows.into_iter().map(|(id, mut lists, choice, expected)| {
        lists.push(w.of_root());
        (id, w.chain(), lists, choice, expected)
    });
    assert_rows(&w.root, rows);
}

#[test]
fn lists_that_are_there_and_say_nothing_are_told_with_what_keeps_them_from_it() {
    let w = World::new();
    let early = days(CrlSpec::new(1), 1, 7);
    let elsewhere = CrlSpec::new(1).at("http://crl.example/other");
    for (spec, said) in [
        (early, "begins at 20"),
        (elsewhere, "are for other distribution points, cRLDistributionPoints 2.5.29.31"),
    ] {
        let verifier = w.builder(&[w.sub.crl(spec), w.of_root()]).build().unwrap();
        let refusal = verifier.verify(Some(&w.chain()), unix(NOW)).unwrap_err();
        let needed = "no revocation list of `CN=sub` is about certificate 1 of the path";
        let reason = refusal.reason();
        assert!(reason.contains(needed) && reason.contains(said), "{reason}");
    }
}
