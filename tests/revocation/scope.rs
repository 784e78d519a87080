//! A list is a good word for the certificates that it is about, and for no others; what it revokes is
//! revoked (RFC 5280, 6.3.3).

use crate::common::pki::der::{distribution_points, full_name, general_name, sequence, tlv};
use crate::common::pki::{Ca, CaSpec, CrlSpec};
use crate::world::{CRL_DISTRIBUTION_POINTS, Chain, Choice, List, assert_rows, client};

const HERE: &str = "http://crl.example/here";
const THERE: &str = "http://crl.example/there";

fn uri(uri: &str) -> Vec<u8> {
    general_name(6, uri.as_bytes())
}

/// onlyContainsUserCerts [1], onlyContainsCACerts [2] (RFC 5280, 5.2.5).
fn only(tag: u8) -> Vec<u8> {
    tlv(0x80 | tag, &[0xff])
}

/// A DistributionPoint (RFC 5280, 4.2.1.13), field by field.
fn point(fields: &[Vec<u8>]) -> Vec<u8> {
    sequence(&[sequence(fields)])
}

struct Row {
    id: &'static str,
    /// The value of the leaf's cRLDistributionPoints.
    points: Option<Vec<u8>>,
    /// The fields of the issuingDistributionPoint of each list of the leaf's issuer.
    lists: Vec<Option<Vec<Vec<u8>>>>,
    /// Whether the first of them revokes the leaf.
    revokes: bool,
    choice: Choice,
    expected: &'static str,
}

#[test]
fn a_list_for_a_point_is_a_good_word_for_the_certificates_of_this_point_only() {
    use Choice::{AllowUnknown, Default};
    let root = Ca::root_named("root");
    let (here, there) =
        (|| Some(vec![full_name(&[uri(HERE)])]), || Some(vec![full_name(&[uri(THERE)])]));
    let at_here = || Some(distribution_points(HERE));
    // The directory name of the issuer, which is what a certificate without points stands at.
    let own_name = sequence(&[tlv(0x31, &sequence(&[vec![6, 3, 0x55, 4, 3], tlv(0x0c, b"root")]))]);
    let own_point = || Some(vec![full_name(&[tlv(0xa4, &own_name)])]);
    let other_name =
        sequence(&[tlv(0x31, &sequence(&[vec![6, 3, 0x55, 4, 3], tlv(0x0c, b"toor")]))]);
    let both = || Some(vec![full_name(&[uri(THERE), uri(HERE)])]);
    let reasons = tlv(0x81, &[1, 0x40]);
    let by_another = tlv(0xa2, &tlv(0xa4, &other_name));
    let relative = tlv(0xa0, &tlv(0xa1, &sequence(&[vec![6, 3, 0x55, 4, 3], tlv(0x0c, b"p")])));
    let row = |id, points, lists, expected| Row {
        id,
        points,
        lists,
        revokes: false,
        choice: Default,
        expected,
    };
    let revoking = |row: Row| Row { revokes: true, expected: "revoked", ..row };
    let rows = [
        row("no-point-no-point", None, vec![None], "good"),
        row("no-point-at-point", None, vec![here()], "unknown"),
        revoking(row("no-point-at-point-revoking", None, vec![here()], "")),
        Row {
            choice: AllowUnknown,
            ..row("no-point-at-point-allowed", None, vec![here()], "good")
        },
        row("no-point-at-own-name", None, vec![own_point()], "good"),
        row(
            "no-point-at-other-name",
            None,
            vec![Some(vec![full_name(&[tlv(0xa4, &other_name)])])],
            "unknown",
        ),
        row("here-no-point", at_here(), vec![None], "good"),
        row("here-here", at_here(), vec![here()], "good"),
        row("here-there", at_here(), vec![there()], "unknown"),
        revoking(row("here-there-revoking", at_here(), vec![there()], "")),
        revoking(row("here-good-there-revoking", at_here(), vec![there(), here()], "")),
        row("here-both-names", at_here(), vec![both()], "good"),
        row("here-own-name", at_here(), vec![own_point()], "unknown"),
        row("here-among-three", at_here(), vec![there(), own_point(), here()], "good"),
        // The same characters as another type of name.
        row(
            "here-as-dns",
            at_here(),
            vec![Some(vec![full_name(&[general_name(2, HERE.as_bytes())])])],
            "unknown",
        ),
        row(
            "two-points",
            Some(sequence(&[
                sequence(&[full_name(&[uri(THERE)])]),
                sequence(&[full_name(&[uri(HERE)])]),
            ])),
            vec![here()],
            "good",
        ),
        // A point for some reasons may revoke and is no good word; nor is one with lists by others.
        row(
            "point-with-reasons",
            Some(point(&[full_name(&[uri(HERE)]), reasons.clone()])),
            vec![here()],
            "unknown",
        ),
        revoking(row(
            "point-with-reasons-revoking",
            Some(point(&[full_name(&[uri(HERE)]), reasons])),
            vec![here()],
            "",
        )),
        row(
            "point-of-another-issuer",
            Some(point(&[full_name(&[uri(HERE)]), by_another])),
            vec![here()],
            "unknown",
        ),
        row("point-relative", Some(point(&[relative])), vec![here()], "unknown"),
        row("point-unreadable", Some(vec![0x30, 0x05, 0x30]), vec![here()], "bad encoding"),
        // User and CA certificates: the leaf is a user's.
        row("only-users", at_here(), vec![Some(vec![full_name(&[uri(HERE)]), only(1)])], "good"),
        row("only-cas", at_here(), vec![Some(vec![full_name(&[uri(HERE)]), only(2)])], "unknown"),
        revoking(row(
            "only-cas-revoking",
            at_here(),
            vec![Some(vec![full_name(&[uri(HERE)]), only(2)])],
            "",
        )),
        row(
            "only-users-and-only-cas",
            at_here(),
            vec![Some(vec![full_name(&[uri(HERE)]), only(1), only(2)])],
            "unknown",
        ),
    ];
    let rows: Vec<(_, Chain, Vec<List>, _, _)> = rows
        .into_iter()
        .map(|row| {
            let spec = match row.points {
                Some(points) => client().extension(CRL_DISTRIBUTION_POINTS, false, points),
                None => client(),
            };
            let leaf = root.leaf(spec);
            let lists = row.lists.iter().enumerate().map(|(index, scope)| {
                let spec = CrlSpec::new(1);
                let spec = match scope {
                    Some(fields) => spec.scope(fields),
                    None => spec,
                };
                root.crl(match index == 0 && row.revokes {
                    true => spec.revoke(&leaf.serial),
                    false => spec,
                })
            });
            (row.id, leaf.chain(&[]), lists.collect(), row.choice, row.expected)
        })
        .collect();
    assert_rows(&root, &rows);
}

/// Measured on the first build: accepted, since the only other list was signed by another key.
#[test]
fn beside_a_list_by_another_key_one_for_a_point_is_no_good_word_for_a_leaf_without_points() {
    let root = Ca::root_named("root");
    let namesake = Ca::root_named("root");
    let leaf = root.leaf(client());
    let at_point = || root.crl(CrlSpec::new(1).scope(&[full_name(&[uri(HERE)])]));
    let lists = vec![namesake.crl(CrlSpec::new(1)), at_point()];
    let row = |id, choice| (id, leaf.chain(&[]), lists.clone(), choice, "bad list signature");
    assert_rows(&root, &[row("denied", Choice::Default), row("allowed", Choice::AllowUnknown)]);
}

#[test]
fn lists_for_cas_and_for_users_are_about_their_own_level() {
    use Choice::Default;
    let root = Ca::root_named("root");
    let points = || distribution_points(HERE);
    let sub = root.sub(CaSpec::new("sub").extension(CRL_DISTRIBUTION_POINTS, false, points()));
    let leaf = sub.leaf(client());
    let of_root = |tag| root.crl(CrlSpec::new(1).scope(&[full_name(&[uri(HERE)]), only(tag)]));
    let good = || sub.crl(CrlSpec::new(1));
    let chain = || leaf.chain(&[&sub]);
    assert_rows(
        &root,
        &[
            ("for-cas", chain(), vec![good(), of_root(2)], Default, "good"),
            ("for-users", chain(), vec![good(), of_root(1)], Default, "unknown"),
            ("for-each", chain(), vec![good(), of_root(1), of_root(2)], Default, "good"),
        ],
    );
}

#[test]
fn one_good_list_is_enough_although_that_of_another_scope_has_expired() {
    let root = Ca::root_named("root");
    let leaf =
        root.leaf(client().extension(CRL_DISTRIBUTION_POINTS, false, distribution_points(HERE)));
    let at_here = || CrlSpec::new(1).scope(&[full_name(&[uri(HERE)])]);
    let (complete, shard) = (CrlSpec::new(1), at_here());
    let row = |id, lists, expected| (id, leaf.chain(&[]), lists, Choice::Default, expected);
    assert_rows(
        &root,
        &[
            row(
                "shard-expired",
                vec![root.crl(complete.clone()), root.crl(shard.clone().expired())],
                "good",
            ),
            row(
                "complete-expired",
                vec![root.crl(complete.clone().expired()), root.crl(shard.clone())],
                "good",
            ),
            row(
                "both-expired",
                vec![root.crl(complete.clone().expired()), root.crl(shard.expired())],
                "list expired",
            ),
            row(
                "expired-shard-revokes",
                vec![root.crl(complete), root.crl(at_here().revoke(&leaf.serial).expired())],
                "revoked",
            ),
        ],
    );
}
