//! A list is a good word for the certificates that it is about, and for no others; what it revokes is
//! revoked (RFC 5280, 6.3.3).

use crate::common::pki::der::{distribution_points, full_name, general_name, sequence, tlv};
use crate::common::pki::{Ca, CaSpec, CrlSpec};
use crate::world::{CRL_DISTRIBUTION_POINTS, Choice, assert_rows, client, client_at};

const HERE: &str = "http://crl.example/here";
const THERE: &str = "http://crl.example/there";

fn uri(uri: &str) -> Vec<u8> {
    general_name(6, uri.as_bytes())
}

/// onlyContainsUserCerts [1], onlyContainsCACerts [2] (RFC 5280, 5.2.5).
fn only(tag: &u8) -> Vec<u8> {
    tlv(0x80 | tag, &[0xff])
}

/// A DistributionPoint (RFC 5280, 4.2.1.13), field by field.
fn point(fields: &[Vec<u8>]) -> Vec<u8> {
    sequence(&[sequence(fields)])
}

fn scoped(fields: &Option<Vec<Vec<u8>>>) -> CrlSpec {
    fields.iter().fold(CrlSpec::new(1), |spec, fields| spec.scope(fields))
}

struct Row {
    id: &'static str,
    /// The value of the leaf's cRLDistributionPoints.
    points: Option<Vec<u8>>,
    /// The fields of the issuingDistributionPoint of each list of the leaf's issuer. The first revokes the leaf, if it is
    /// expected to be revoked.
    lists: Vec<Option<Vec<Vec<u8>>>>,
    choice: Choice,
    expected: &'static str,
}

#[test]
fn a_list_for_a_point_is_a_good_word_for_the_certificates_of_this_point_only() {
    let root = Ca::root_named("root");
    // The fields of an issuingDistributionPoint; the value of a cRLDistributionPoints.
    let at = |names: &[Vec<u8>]| Some(vec![full_name(names)]);
    let (here, there) = (|| at(&[uri(HERE)]), || at(&[uri(THERE)]));
    let only =
        |tags: &[u8]| Some(here().into_iter().flatten().chain(tags.iter().map(only)).collect());
    let at_here = || Some(distribution_points(HERE));
    let here_with = |field: &Vec<u8>| Some(point(&[full_name(&[uri(HERE)]), field.clone()]));
    // The directory name of the issuer is what a certificate without points stands at.
    let directory = |name: &[u8]| {
        let name = sequence(&[vec![6, 3, 0x55, 4, 3], tlv(0x0c, name)]);
        tlv(0xa4, &sequence(&[tlv(0x31, &name)]))
    };
    let own_name = || at(&[directory(b"root")]);
    let both_points = [THERE, HERE].map(|name| sequence(&[full_name(&[uri(name)])]));
    let reasons = tlv(0x81, &[1, 0x40]);
    let by_another = tlv(0xa2, &directory(b"toor"));
    let relative = tlv(0xa0, &tlv(0xa1, &sequence(&[vec![6, 3, 0x55, 4, 3], tlv(0x0c, b"p")])));
    let row =
        |id, points, lists, expected| Row { id, points, lists, choice: Choice::Default, expected };
    let revoking = |id, points, lists| row(id, points, lists, "revoked");
    #[rustfmt::skip] // One row, one line.
    let rows = [
        row("no-point-no-point", None, vec![None], "good"),
        row("no-point-at-point", None, vec![here()], "unknown"),
        revoking("no-point-at-point-revoking", None, vec![here()]),
        Row { choice: Choice::AllowUnknown, ..row("no-point-at-point-allowed", None, vec![here()], "good") },
        row("no-point-at-own-name", None, vec![own_name()], "good"),
        row("no-point-at-other-name", None, vec![at(&[directory(b"toor")])], "unknown"),
        row("here-no-point", at_here(), vec![None], "good"),
        row("here-here", at_here(), vec![here()], "good"),
        row("here-there", at_here(), vec![there()], "unknown"),
        revoking("here-there-revoking", at_here(), vec![there()]),
        revoking("here-good-there-revoking", at_here(), vec![there(), here()]),
        row("here-both-names", at_here(), vec![at(&[uri(THERE), uri(HERE)])], "good"),
        row("here-own-name", at_here(), vec![own_name()], "unknown"),
        row("here-among-three", at_here(), vec![there(), own_name(), here()], "good"),
        // A point without names is nobody's.
        row("no-point-at-nameless-point", None, vec![at(&[])], "unknown"),
        row("here-at-nameless-point", at_here(), vec![at(&[])], "unknown"),
        row("here-at-nameless-point-beside-here", at_here(), vec![at(&[]), here()], "good"),
        // The same characters as another type of name.
        row("here-as-dns", at_here(), vec![at(&[general_name(2, HERE.as_bytes())])], "unknown"),
        row("two-points", Some(sequence(&both_points)), vec![here()], "good"),
        // A point for some reasons may revoke and is no good word; nor is one with lists by others.
        row("point-with-reasons", here_with(&reasons), vec![here()], "unknown"),
        revoking("point-with-reasons-revoking", here_with(&reasons), vec![here()]),
        row("point-of-another-issuer", here_with(&by_another), vec![here()], "unknown"),
        row("point-relative", Some(point(&[relative])), vec![here()], "unknown"),
        row("point-unreadable", Some(vec![0x30, 0x05, 0x30]), vec![here()], "bad encoding"),
        // User and CA certificates: the leaf is a user's.
        row("only-users", at_here(), vec![only(&[1])], "good"),
        row("only-cas", at_here(), vec![only(&[2])], "unknown"),
        revoking("only-cas-revoking", at_here(), vec![only(&[2])]),
        row("only-users-and-only-cas", at_here(), vec![only(&[1, 2])], "unknown"),
    ];
    let rows = rows.map(|row| {
        let leaf = root.leaf(match row.points {
            Some(points) => client().extension(CRL_DISTRIBUTION_POINTS, false, points),
            None => client(),
        });
        let mut specs: Vec<_> = row.lists.iter().map(scoped).collect();
        if row.expected == "revoked" {
            specs[0] = specs[0].clone().revoke(&leaf.serial);
        }
        let lists = specs.into_iter().map(|spec| root.crl(spec)).collect();
        (row.id, leaf.chain(&[]), lists, row.choice, row.expected)
    });
    assert_rows(&root, rows);
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
    assert_rows(&root, [row("denied", Choice::Default), row("allowed", Choice::AllowUnknown)]);
}

#[test]
fn lists_for_cas_and_for_users_are_about_their_own_level() {
    use Choice::Default;
    let root = Ca::root_named("root");
    let points = || distribution_points(HERE);
    let sub = root.sub(CaSpec::new("sub").extension(CRL_DISTRIBUTION_POINTS, false, points()));
    let leaf = sub.leaf(client());
    let of_root = |tag| root.crl(CrlSpec::new(1).scope(&[full_name(&[uri(HERE)]), only(&tag)]));
    let good = || sub.crl(CrlSpec::new(1));
    let chain = || leaf.chain(&[&sub]);
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("for-cas", chain(), vec![good(), of_root(2)], Default, "good"),
        ("for-users", chain(), vec![good(), of_root(1)], Default, "unknown"),
        ("for-each", chain(), vec![good(), of_root(1), of_root(2)], Default, "good"),
    ];
    assert_rows(&root, rows);
}

#[test]
fn one_good_list_is_enough_although_that_of_another_scope_has_expired() {
    let root = Ca::root_named("root");
    let leaf = root.leaf(client_at(HERE));
    let at_here = || CrlSpec::new(1).scope(&[full_name(&[uri(HERE)])]);
    let list = |spec: CrlSpec| root.crl(spec);
    let (complete, expired) = (|| CrlSpec::new(1), || CrlSpec::new(1).expired());
    let row = |id, lists: [CrlSpec; 2], expected| {
        (id, leaf.chain(&[]), lists.map(list).to_vec(), Choice::Default, expected)
    };
    #[rustfmt::skip] // One row, one line.
    let rows = [
        row("shard-expired", [complete(), at_here().expired()], "good"),
        row("complete-expired", [expired(), at_here()], "good"),
        row("both-expired", [expired(), at_here().expired()], "list expired"),
        row("expired-shard-revokes", [complete(), at_here().revoke(&leaf.serial).expired()], "revoked"),
    ];
    assert_rows(&root, rows);
}
