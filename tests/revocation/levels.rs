//! Each certificate of a path is asked about by itself, with the key of its own issuer.

use std::sync::Arc;

use crate::common::errors::Rows;
use crate::common::pki::der::{full_name, general_name};
use crate::common::pki::{Ca, CaSpec, CrlSpec, KeyPair, KeyUsagePurpose, World};
use crate::world::{Choice, assert_rows, builder, client, verdict};

#[test]
fn each_level_needs_a_list_of_its_issuer_and_one_that_revokes_it_refuses() {
    use Choice::{AllowUnknown, Default, LeafOnly};
    let w = World::new();
    let leaf_revoked = || w.sub.crl(w.revoking(2));
    let sub_revoked = || w.root.crl(CrlSpec::new(2).revoke(&w.sub.serial));
    let foreign = |ca: &Ca| {
        let key = Arc::new(KeyPair::generate().unwrap());
        ca.crl(CrlSpec::new(9).signed_by(&key))
    };
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("good", vec![w.good(), w.of_root()], Default, "good"),
        ("leaf-revoked", vec![leaf_revoked(), w.of_root()], Default, "revoked"),
        ("leaf-revoked-twice", vec![leaf_revoked(), leaf_revoked(), w.of_root()], Default, "revoked"),
        ("sub-revoked", vec![w.good(), sub_revoked()], Default, "revoked"),
        ("sub-revoked-leaf-only", vec![w.good(), sub_revoked()], LeafOnly, "good"),
        ("sub-revoked-leaf-unknown-allowed", vec![sub_revoked()], AllowUnknown, "revoked"),
        ("leaf-unknown", vec![w.of_root()], Default, "unknown"),
        ("leaf-unknown-leaf-only", vec![w.of_root()], LeafOnly, "unknown"),
        ("leaf-unknown-allowed", vec![w.of_root()], AllowUnknown, "good"),
        ("sub-unknown", vec![w.good()], Default, "unknown"),
        ("sub-unknown-leaf-only", vec![w.good()], LeafOnly, "good"),
        ("sub-unknown-allowed", vec![w.good()], AllowUnknown, "good"),
        ("foreign-beside-good", vec![foreign(&w.sub), w.good(), w.of_root()], Default, "good"),
        ("foreign-beside-revoking", vec![foreign(&w.sub), leaf_revoked(), w.of_root()], Default, "revoked"),
        ("foreign-alone", vec![foreign(&w.sub), w.of_root()], Default, "bad list signature"),
        // An unsigned file must not switch revocation off.
        ("foreign-alone-unknown-allowed", vec![foreign(&w.sub)], AllowUnknown, "bad list signature"),
        ("foreign-of-root-unknown-allowed", vec![foreign(&w.root)], AllowUnknown, "bad list signature"),
        ("both-levels-with-foreign", vec![foreign(&w.sub), foreign(&w.root), w.good(), w.of_root()], Default, "good"),
    ];
    let rows = rows.map(|(id, lists, choice, expected)| (id, w.chain(), lists, choice, expected));
    assert_rows(&w.root, rows);
}

/// The holder of a revoked CA presents more CAs of its own name below it, so that webpki's search is
/// long: what is revoked is decided without a search. With five of them the limit of steps comes first.
#[test]
fn a_revoked_ca_is_refused_whatever_stands_beside_it() {
    for (namesakes, expected) in [(0, "revoked"), (2, "revoked"), (5, "another error")] {
        let root = Ca::root_named("root");
        let sub = root.sub(CaSpec::new("sub"));
        let mut issuers = vec![sub.clone()];
        for _ in 0..namesakes {
            let last = issuers.last().unwrap();
            issuers.push(last.sub(CaSpec::new("sub")));
        }
        let older = root.crl(CrlSpec::new(1));
        let newer = root.crl(CrlSpec::new(2).revoke(&sub.serial));
        let lists = vec![older, newer];
        let rows = issuers.iter().map(|issuer| {
            let beside: Vec<_> = issuers.iter().rev().collect();
            let chain = issuer.leaf(client()).chain(&beside);
            ("revoked-ca", chain, lists.clone(), Choice::AllowUnknown, expected)
        });
        assert_rows(&root, rows);
    }
}

/// leaf ← X (new key) ← X (old key) ← root: both levels have one issuer name and two keys.
#[test]
fn a_link_certificate_needs_a_list_of_the_old_key_and_the_leaf_one_of_the_new() {
    use Choice::{AllowUnknown, Default};
    let root = Ca::root_named("root");
    let old = root.sub(CaSpec::new("X"));
    let new = old.sub(CaSpec::new("X"));
    let leaf = new.leaf(client());
    let chain = || leaf.chain(&[&new, &old]);
    let of_root = || root.crl(CrlSpec::new(1));
    let by_old = || old.crl(CrlSpec::new(1));
    let by_new = || new.crl(CrlSpec::new(2));
    let link_revoked = || old.crl(CrlSpec::new(3).revoke(&new.serial));
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("both-keys", chain(), vec![by_old(), by_new(), of_root()], Default, "good"),
        ("new-key-only", chain(), vec![by_new(), of_root()], Default, "bad list signature"),
        ("old-key-only", chain(), vec![by_old(), of_root()], Default, "bad list signature"),
        ("link-revoked", chain(), vec![link_revoked(), by_new(), of_root()], Default, "revoked"),
        ("link-revoked-unknown-allowed", chain(), vec![link_revoked(), by_new()], AllowUnknown, "revoked"),
    ];
    assert_rows(&root, rows);
}

/// RFC 4210, 4.4: old with new and new with old, so that both populations find a path.
#[test]
fn through_a_key_roll_over_no_revoked_leaf_is_accepted_and_no_good_one_refused() {
    use Choice::Default;
    let root = Ca::root_named("root");
    let (old, new) = (root.sub(CaSpec::new("X")), root.sub(CaSpec::new("X")));
    let old_with_new = new.cross_sign(&old, CaSpec::new("X"));
    let new_with_old = old.cross_sign(&new, CaSpec::new("X"));
    let (of_old, of_new) = (old.leaf(client()), new.leaf(client()));
    let (bad_of_old, bad_of_new) = (old.leaf(client()), new.leaf(client()));
    let by_old = old.crl(CrlSpec::new(7).revoke(&bad_of_old.serial));
    let by_new = new.crl(CrlSpec::new(8).revoke(&bad_of_new.serial));
    let lists = vec![by_old, by_new, root.crl(CrlSpec::new(1))];
    let mut rows = vec![];
    for (id, issuers) in [
        ("direct", vec![&old, &new]),
        ("linked", vec![&old_with_new, &new_with_old]),
        ("all", vec![&old_with_new, &new_with_old, &old, &new]),
    ] {
        for (leaf, expected) in [
            (&of_old, "good"),
            (&of_new, "good"),
            (&bad_of_old, "revoked"),
            (&bad_of_new, "revoked"),
        ] {
            // Links alone lead to no root.
            let expected = if id == "linked" { "another error" } else { expected };
            rows.push((id, leaf.chain(&issuers), lists.clone(), Default, expected));
        }
    }
    assert_rows(&root, rows);
}

#[test]
fn an_issuer_without_crl_sign_signs_no_good_word_root_or_not_and_still_revokes() {
    use Choice::{AllowUnknown, Default, LeafOnly};
    let without = [KeyUsagePurpose::KeyCertSign];
    let refused = "not a crl signer";
    let at_point = |ca: &Ca| {
        let point = full_name(&[general_name(6, b"http://crl.example/another")]);
        ca.crl(CrlSpec::new(1).scope(&[point]))
    };
    for (spec, at_root) in
        [(CaSpec::new("root").key_usages(&without), refused), (CaSpec::new("root"), "good")]
    {
        let root = Ca::root(spec);
        let weak_sub = root.sub(CaSpec::new("sub").key_usages(&without));
        let sub = root.sub(CaSpec::new("sub"));
        let of_root = || root.crl(CrlSpec::new(1));
        let (leaf, of_weak, direct) =
            (sub.leaf(client()), weak_sub.leaf(client()), root.leaf(client()));
        let weak_revokes = weak_sub.crl(CrlSpec::new(1).revoke(&of_weak.serial));
        let root_revokes = root.crl(CrlSpec::new(1).revoke(&direct.serial));
        #[rustfmt::skip] // One row, one line.
        let rows = [
            ("root", direct.chain(&[]), vec![of_root()], Default, at_root),
            ("root-revokes", direct.chain(&[]), vec![root_revokes], Default, "revoked"),
            ("above", leaf.chain(&[&sub]), vec![sub.crl(CrlSpec::new(1)), of_root()], Default, at_root),
            ("above-leaf-only", leaf.chain(&[&sub]), vec![sub.crl(CrlSpec::new(1)), of_root()], LeafOnly, "good"),
            ("sub", of_weak.chain(&[&weak_sub]), vec![weak_sub.crl(CrlSpec::new(1)), of_root()], LeafOnly, refused),
            ("sub-revokes", of_weak.chain(&[&weak_sub]), vec![weak_revokes, of_root()], LeafOnly, "revoked"),
            // A list for another point is not about the leaf, so nobody asks who may sign it.
            ("another-point", direct.chain(&[]), vec![at_point(&root)], AllowUnknown, "good"),
        ];
        assert_rows(&root, rows);
    }
}

/// Who turns off the check of a leaf with keyCertSign must not lose revocation with it.
#[test]
fn stock_path_checks_turn_off_no_revocation_and_stock_revocation_no_path_check() {
    use Choice::{StockPathChecks, StockRevocation};
    let root = Ca::root_named("root");
    let leaf = root.leaf(client().key_usages(&[KeyUsagePurpose::KeyCertSign]));
    let (good, revoking) = (CrlSpec::new(1), CrlSpec::new(1).revoke(&leaf.serial));
    let row = |id, list, choice, said| (id, leaf.chain(&[]), vec![root.crl(list)], choice, said);
    let rows = [
        row("good-stock-path-checks", good.clone(), StockPathChecks, "good"),
        row("revoked-stock-path-checks", revoking, StockPathChecks, "revoked"),
        row("good-stock-revocation", good, StockRevocation, "path check"),
    ];
    assert_rows(&root, rows);
}

/// `03 02 07 86` says that one bit is used, and sets three (X.690, 11.2.1).
#[test]
fn a_key_usage_with_unused_bits_set_gives_neither_key_cert_sign_nor_crl_sign() {
    let root = Ca::root_named("root");
    let usage = |value: &[u8]| {
        let spec = CaSpec::new("sub").key_usages(&[]);
        root.sub(spec.extension(&[2, 5, 29, 15], true, value.to_vec()))
    };
    let mut checked = Rows::default();
    #[rustfmt::skip] // One row, one line.
    let rows: [(&[u8], &str); 7] = [
        (&[3, 2, 1, 0x06], "good"),
        (&[3, 2, 0, 0x06], "good"),
        (&[3, 3, 7, 0x06, 0x80], "good"),
        (&[3, 2, 7, 0x86], "unreadable extension"),
        (&[3, 2, 2, 0x06], "unreadable extension"),
        (&[3, 2, 8, 0x00], "unreadable extension"),
        (&[3, 1, 3], "unreadable extension"),
    ];
    for (value, expected) in rows {
        let sub = usage(value);
        let chain = sub.leaf(client()).chain(&[&sub]);
        for copies in [1, 2] {
            let lists = [vec![sub.crl(CrlSpec::new(1)); copies], vec![root.crl(CrlSpec::new(1))]];
            let ours = || builder(&root, &lists.concat());
            let found = verdict(&ours().build().unwrap(), &chain);
            let unhardened = verdict(&ours().stock_path_checks().build().unwrap(), &chain);
            let of_lists = if expected == "good" { "good" } else { "bad encoding" };
            let id = format_args!("{value:x?} {copies}");
            checked.same(id, (found, unhardened), (expected, of_lists));
        }
    }
}
