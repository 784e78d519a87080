//! A replaced set decides at once, everywhere, and loses nothing: the newest list that a key has
//! signed for a point stays until its nextUpdate.

use std::sync::Arc;

use mtls_roles::KeptCrlReason::{self, Missing, NotSigned, Older};
use mtls_roles::{ClientPeerVerifier, Counters, Error, KeptCrl};
use time::{Duration, OffsetDateTime};

use crate::common::clock::{NOW, unix};
use crate::common::errors::Rows;
use crate::common::ours::{Heard, clients, roots, servers};
use crate::common::pki::{Ca, CaSpec, CrlSpec, KeyPair, World};
use crate::world::{List, builder, client, client_at, crls, days, verdict, verdict_at};

/// Puts these lists in the place of a verifier's; why which of the old ones stay.
fn replace(verifier: &ClientPeerVerifier, new: &[List]) -> Vec<KeptCrlReason> {
    let kept = verifier.replace_crls(crls(new), unix(NOW)).unwrap();
    kept.iter().map(|kept| kept.reason).collect()
}

/// Equally new ones all count, so all of them stay. Seen: of two, the one that was asked first.
#[test]
fn of_two_equally_new_lists_none_is_lost_with_the_other() {
    let root = Ca::root_named("root");
    let leaf = root.leaf(client());
    let good = root.crl(CrlSpec::new(5));
    let revoking = root.crl(CrlSpec::new(5).revoke(&leaf.serial));
    let lost = [Ca::root_named("other").crl(CrlSpec::new(1))];
    for lists in [[&good, &revoking], [&revoking, &good]] {
        let verifier = builder(&root, &lists.map(Clone::clone)).build().unwrap();
        assert_eq!(replace(&verifier, &lost), [Missing; 2]);
        assert_eq!(verdict(&verifier, &leaf.chain(&[])), "revoked");
    }
}

#[test]
fn the_newest_list_that_a_key_has_signed_stays_until_one_as_new_takes_its_place() {
    let w = World::new();
    let genuine = |number, from| w.sub.crl(days(CrlSpec::new(number), from, 7));
    let stranger = Arc::new(KeyPair::generate().unwrap());
    let forged = |spec: CrlSpec| w.sub.crl(spec.signed_by(&stranger));
    let highest = || days(CrlSpec::new(0).number(&[0x7f; 20]), 0, 900);
    let other = Ca::root_named("other");
    let numberless = w.sub.crl(days(CrlSpec::new(5), -1, 7).without_number());
    let old = || w.sub.crl(days(w.revoking(5), -1, 7));
    // The old set revokes the leaf: number 5, of yesterday. One that is older still is never kept. What the
    // new sets have of its issuer, in turn, and what is kept at each.
    let set = |lists: &[List], kept| (lists.to_vec(), kept);
    let (lost, newer) = (|| set(&[], Some(Missing)), || set(&[genuine(6, 0)], None));
    let forged_only = || set(&[forged(highest())], Some(NotSigned));
    let forged_beside = || set(&[forged(highest()), genuine(6, 0)], None);
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("the-same", vec![set(&[old()], None)], "revoked"),
        ("newer", vec![newer()], "good"),
        ("as-new-with-higher-number", vec![set(&[genuine(6, -1)], None)], "good"),
        ("lost-file", vec![lost()], "revoked"),
        ("lost-file-twice", vec![lost(), lost()], "revoked"),
        ("another-issuer", vec![set(&[other.crl(CrlSpec::new(9))], Some(Missing))], "revoked"),
        ("older-number", vec![set(&[genuine(4, -1)], Some(Older))], "revoked"),
        ("no-number", vec![set(&[numberless], Some(Older))], "revoked"),
        ("299-days-older", vec![set(&[genuine(6, -300)], Some(Older))], "revoked"),
        ("number-up-and-this-update-down", vec![set(&[genuine(9, -2)], Some(Older))], "revoked"),
        ("forged", vec![forged_only()], "revoked"),
        // Nobody's number counts unless a key signed it: what is genuine and newer is taken.
        ("forged-then-genuine", vec![forged_only(), forged_beside()], "good"),
        ("forged-then-older-genuine", vec![forged_only(), set(&[genuine(4, -2)], Some(Older))], "revoked"),
        ("newer-beside-older", vec![set(&[genuine(3, -2), genuine(6, 0)], None)], "good"),
        ("future", vec![set(&[genuine(9, 1)], Some(Missing))], "revoked"),
        ("future-beside-older", vec![set(&[genuine(9, 1), genuine(4, -2)], Some(Older))], "revoked"),
        ("lost-then-newer", vec![lost(), newer()], "good"),
        ("newer-then-old-again", vec![newer(), set(&[old()], Some(Older))], "good"),
    ];
    let mut checked = Rows::default();
    for (id, sets, expected) in rows {
        for has_memo in [true, false] {
            let heard = Arc::new(Heard::default());
            let ours = w.builder(&[w.of_root(), genuine(3, -5), old()]).observer(heard.clone());
            let ours = if has_memo { ours } else { ours.without_memo() };
            let verifier = ours.build().unwrap();
            // A key is known to have signed a list once a peer was verified with it.
            assert_eq!(verdict(&verifier, &w.chain()), "revoked");
            let mut told = vec![];
            for (index, (new, reason)) in sets.iter().enumerate() {
                let new = [&new[..], &[w.of_root()]].concat();
                let kept = verifier.replace_crls(crls(&new), unix(NOW)).unwrap();
                let found: Vec<_> = kept.iter().map(|kept| kept.reason).collect();
                let expected: Vec<_> = reason.iter().copied().collect();
                checked.same(format_args!("{id}, set {index}"), found, expected);
                let words = reason.map_or("", |reason| match reason {
                    Missing => "the new lists have none in its place",
                    Older => "the new one is older",
                    _ => "the key that signed it did not sign the new one",
                });
                told.extend(kept.iter().map(|kept| format!("kept for clients: {kept}")));
                let is_told = told.last().is_none_or(|told| told.contains(words));
                checked.holds(id, is_told, format_args!("set {index}: {told:?}"));
            }
            checked.same(id, (verdict(&verifier, &w.chain()), heard.lines()), (expected, told));
        }
    }
}

#[test]
fn what_is_kept_is_kept_until_its_next_update_and_told_in_words() {
    let w = World::new();
    let end = NOW + Duration::days(3);
    let old = w.sub.crl(w.revoking(5).current(NOW - Duration::days(1), end));
    let counters = Arc::new(Counters::default());
    let verifier = w.builder(&[old, w.of_root()]).observer(counters.clone()).build().unwrap();
    assert_eq!(verdict(&verifier, &w.chain()), "revoked");
    let lose =
        |now: OffsetDateTime| verifier.replace_crls(crls(&[w.of_root()]), unix(now)).unwrap();
    let kept = lose(end - Duration::SECOND);
    let text: Vec<_> = kept.iter().map(KeptCrl::to_string).collect();
    let told = "the revocation list of `CN=sub` stays in use until 2026-11-24T12:00:00Z: the new lists have none in \
                its place; get the current one from its issuer";
    assert_eq!(text, [told]);
    assert_eq!((kept[0].until, kept[0].crl.as_str()), (end, "revocation list of `CN=sub`"));
    // From then on the leaf's status is unknown, as if there had never been a list.
    assert_eq!(lose(end), []);
    assert_eq!(counters.crls_kept(), 1);
    assert_eq!(verdict(&verifier, &w.chain()), "unknown");
}

#[test]
fn a_retired_ca_refuses_nobody_else() {
    let w = World::new();
    let retired = w.root.sub(CaSpec::new("retired"));
    let old = [w.of_root(), w.good(), retired.crl(CrlSpec::new(1))];
    let verifier = w.builder(&old).build().unwrap();
    let of_retired = retired.leaf(client()).chain(&[&retired]);
    assert_eq!(verdict(&verifier, &of_retired), "good");
    let new = [w.root.crl(CrlSpec::new(2)), w.sub.crl(CrlSpec::new(2))];
    assert_eq!(replace(&verifier, &new), [Missing]);
    assert_eq!(verdict(&verifier, &w.chain()), "good");
}

/// The new key says nothing of the old one's certificates.
#[test]
fn a_re_keyed_ca_keeps_the_list_of_its_old_key_beside_that_of_the_new() {
    let root = Ca::root_named("root");
    let (old, new) = (root.sub(CaSpec::new("X")), root.sub(CaSpec::new("X")));
    let (bad, good) = (old.leaf(client()), new.leaf(client()));
    let of_root = || root.crl(CrlSpec::new(1));
    let lists = [old.crl(CrlSpec::new(1).revoke(&bad.serial)), of_root()];
    let verifier = builder(&root, &lists).build().unwrap();
    let bad = bad.chain(&[&old]);
    assert_eq!(verdict(&verifier, &bad), "revoked");
    assert_eq!(replace(&verifier, &[new.crl(CrlSpec::new(9)), of_root()]), [NotSigned]);
    assert_eq!(verdict(&verifier, &bad), "revoked");
    assert_eq!(verdict(&verifier, &good.chain(&[&new])), "good");
}

/// The first list that revokes settles it, so nobody asks who signed the others.
#[test]
fn of_several_lists_that_revoke_none_is_lost_although_only_one_was_asked() {
    let w = World::new();
    let shard = |spec: CrlSpec, shard, to| {
        w.sub.crl(days(spec.at(&format!("http://crl.example/{shard}")), -1, to))
    };
    let (short, long) = (shard(w.revoking(2), 0, 1), shard(w.revoking(2), 1, 7));
    let older = shard(CrlSpec::new(1), 1, 9);
    for (new, kept) in
        [(vec![w.of_root()], [Missing, Missing]), (vec![w.of_root(), older], [Missing, Older])]
    {
        let lists = [short.clone(), long.clone(), w.of_root()];
        let verifier = w.builder(&lists).allow_unknown_revocation_status().build().unwrap();
        assert_eq!(verdict(&verifier, &w.chain()), "revoked");
        assert_eq!(replace(&verifier, &new), kept);
        let later = NOW + Duration::days(2);
        assert_eq!(verdict_at(&verifier, &w.chain(), later), "revoked", "{kept:?}");
    }
}

/// That the key has signed another list of the issuer is known.
#[test]
fn what_nobody_has_asked_for_yet_is_not_displaced_by_what_is_forged() {
    let w = World::new();
    let forger = Arc::new(KeyPair::generate().unwrap());
    let shard = |number| w.revoking(number).at("http://crl.example/0");
    let verifier = w.builder(&[w.of_root(), w.good(), w.sub.crl(shard(1))]).build().unwrap();
    let other = w.sub.leaf(client()).chain(&[&w.sub]);
    assert_eq!(verdict(&verifier, &other), "good");
    let new = [w.of_root(), w.good(), w.sub.crl(shard(2).signed_by(&forger))];
    assert_eq!(replace(&verifier, &new), [NotSigned]);
    assert_eq!(verdict(&verifier, &w.chain()), "revoked");
}

/// A root's key is known before any peer came.
#[test]
fn what_a_root_has_signed_is_kept_although_no_peer_was_verified_with_it() {
    let w = World::new();
    let revoked = w.root.crl(CrlSpec::new(1).revoke(&w.sub.serial));
    let forger = Arc::new(KeyPair::generate().unwrap());
    let forged = w.root.crl(CrlSpec::new(2).signed_by(&forger));
    for (id, old, kept, expected) in
        [("genuine", revoked, vec![Missing], "revoked"), ("forged", forged, vec![], "unknown")]
    {
        let verifier = w.builder(&[old, w.good()]).build().unwrap();
        assert_eq!(replace(&verifier, &[w.good()]), kept, "{id}");
        assert_eq!(verdict(&verifier, &w.chain()), expected, "{id}");
    }
}

#[test]
fn lists_of_one_issuer_for_different_points_are_replaced_and_kept_apart() {
    const A: &str = "http://crl.example/a";
    const B: &str = "http://crl.example/b";
    let root = Ca::root_named("root");
    let (at_a, at_b) = (root.leaf(client_at(A)), root.leaf(client_at(B)));
    let list = |number, uri| CrlSpec::new(number).at(uri);
    let old = [root.crl(list(9, A).revoke(&at_a.serial)), root.crl(list(3, B))];
    let verifier = builder(&root, &old).build().unwrap();
    let both = || [&at_a, &at_b].map(|leaf| verdict(&verifier, &leaf.chain(&[])));
    let replace = |new: &[List]| replace(&verifier, new);
    assert_eq!(both(), ["revoked", "good"]);
    assert_eq!(replace(&[root.crl(list(10, B))]), [Missing]);
    assert_eq!(both(), ["revoked", "good"]);
    assert_eq!(replace(&[root.crl(list(8, A)), root.crl(list(11, B))]), [Older]);
    assert_eq!(both(), ["revoked", "good"]);
    assert_eq!(replace(&[root.crl(list(10, A)), root.crl(list(12, B).revoke(&at_b.serial))]), []);
    assert_eq!(both(), ["good", "revoked"]);
}

#[test]
fn lists_for_a_verifier_that_was_built_without_any_are_refused_and_heard() {
    let w = World::new();
    let (roots, counters) = (roots([&w.root]), Arc::new(Counters::default()));
    let clients = clients(&roots).observer(counters.clone()).build().unwrap();
    let servers = servers(&roots).observer(counters.clone()).build().unwrap();
    let refused = [
        clients.replace_crls(crls(&[w.good()]), unix(NOW)),
        servers.replace_crls(crls(&[w.good()]), unix(NOW)),
    ];
    assert!(matches!(refused, [Err(Error::NoRevocation), Err(Error::NoRevocation)]));
    assert_eq!(counters.crls_refused(), 2);
}

/// While peers are verified: none of them finds a set without the list that revokes it.
#[test]
fn under_fire_no_replacement_lets_a_revoked_peer_in() {
    let w = World::new();
    let verifier = w.builder(&[w.of_root(), w.sub.crl(w.revoking(5))]).build().unwrap();
    assert_eq!(verdict(&verifier, &w.chain()), "revoked");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..200 {
                let new = match round % 3 {
                    0 => vec![w.of_root()],
                    1 => vec![w.of_root(), w.good()],
                    _ => vec![w.of_root(), w.sub.crl(w.revoking(6))],
                };
                verifier.replace_crls(crls(&new), unix(NOW)).unwrap();
            }
        });
        for _ in 0..2_000 {
            assert_eq!(verdict(&verifier, &w.chain()), "revoked");
        }
    });
}
