//! Lists of a kind that says nothing here are set aside with a word that operators understand, and
//! alone they are an error.

use mtls_roles::{Crls, Error};

use crate::common::errors::Rows;
use crate::common::pki::der::{
    children, full_name, general_name, octet_string, oid, sequence, tlv,
};
use crate::common::pki::{Ca, CrlSpec, SerialNumber, World};
use crate::world::{List, builder, client, verdict};

#[test]
fn each_kind_is_set_aside_beside_others_and_an_error_alone() {
    let w = World::new();
    let here = || full_name(&[general_name(6, b"http://crl.example/here")]);
    let flag = |tag: u8| tlv(0x80 | tag, &[0xff]);
    let relative = tlv(0xa0, &tlv(0xa1, &sequence(&[vec![6, 3, 0x55, 4, 3], tlv(0x0c, b"p")])));
    let spec = || w.revoking(9);
    let some_reasons = tlv(0x83, &[1, 0x40]);
    let unknown = |spec: CrlSpec| spec.extension(&[1, 3, 6, 1, 4, 1, 1], vec![5, 0]);
    #[rustfmt::skip] // One row, one line.
    let rows = [
        ("delta", spec().delta(), "it is a delta list, which holds only what changed since another"),
        ("indirect", spec().scope(&[here(), flag(4)]), "it is an indirect list"),
        ("some-reasons", spec().scope(&[here(), some_reasons]), "it covers some revocation reasons only (onlySomeReasons)"),
        ("attribute-certificates", spec().scope(&[here(), flag(5)]), "it is about attribute certificates only (onlyContainsAttributeCerts)"),
        ("relative-name", spec().scope(&[relative]), "its issuingDistributionPoint has no full name"),
        ("no-name", spec().scope(&[flag(1)]), "its issuingDistributionPoint has no full name"),
        ("version-1", spec().version_1(), "it is of version 1; needed is version 2: with OpenSSL, set crl_extensions"),
        ("unknown-critical", unknown(spec()), "it, or an entry of it, has a critical extension that is not understood, 1.3.6.1.4.1.1; needed"),
    ];
    let rows = rows.map(|(id, spec, reason)| (id, w.sub.crl(spec), reason));
    let no_next_update = (
        "no-next-update",
        without(&w.good(), &[4]),
        "it does not say when the next one comes (nextUpdate)",
    );
    let extension = |fields: &[Vec<u8>]| sequence(&[sequence(fields)]);
    let reason = extension(&[oid(&[2, 5, 29, 21]), octet_string(&[10, 1, 1])]);
    let critical =
        extension(&[oid(&[1, 3, 6, 1, 4, 1, 2]), tlv(1, &[0xff]), octet_string(&[5, 0])]);
    let unknown_in_an_entry = (
        "unknown-critical-in-an-entry",
        with_entries(&w.good(), &[entry(&[]), entry(&[critical]), entry(&[reason])]),
        "it, or an entry of it, has a critical extension that is not understood, 1.3.6.1.4.1.2; needed",
    );
    let mut checked = Rows::default();
    for (id, list, reason) in rows.into_iter().chain([no_next_update, unknown_in_an_entry]) {
        let said =
            |place| format!("revocation list {place} of the given lists cannot be used: {reason}");
        let alone = Crls::from_der([list.clone()]).unwrap_err().to_string();
        // Beside others it is no good word and no bad one, and is told.
        let beside = [w.good(), w.of_root(), list];
        let notes = Crls::from_der(beside.clone()).unwrap().notes().to_vec();
        let is_told =
            alone.starts_with(&said(1)) && notes.len() == 1 && notes[0].starts_with(&said(3));
        let verdict = |lists| verdict(&builder(&w.root, lists).build().unwrap(), &w.chain());
        let verdicts = [verdict(&beside), verdict(&beside[1..])];
        let is_right = is_told && verdicts == ["good", "unknown"];
        checked.holds(id, is_right, format_args!("{alone}, {notes:?}, {verdicts:?}"));
    }
    assert!(Crls::from_der([w.good()]).unwrap().notes().is_empty());
}

#[test]
fn a_list_that_cannot_be_read_fails_the_whole_set() {
    let w = World::new();
    let mut cut = w.good().to_vec();
    cut.truncate(100);
    let number_of_21_octets = w.root.crl(CrlSpec::new(1).number(&[1; 21]));
    let entry_without_date = with_entries(&w.good(), &[sequence(&[tlv(2, &[1])])]);
    for bad in [List::from(cut), List::from(vec![0x30, 0]), number_of_21_octets, entry_without_date]
    {
        let error = Crls::from_der([w.good(), bad]).unwrap_err();
        assert!(matches!(error, Error::UnusableCrl { .. }), "{error}");
    }
}

#[test]
fn what_is_wrong_with_a_list_is_said_and_no_sound_one_is_called_damaged() {
    let w = World::new();
    let revoking = w.sub.crl(w.revoking(9));
    let fields = children(&w.good());
    let other = sequence(&[vec![6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]]);
    let two_algorithms = sequence(&[fields[0].clone(), other, fields[2].clone()]);
    for (list, said) in [
        (
            without(&revoking, &[6]),
            "it has no extensions, and RFC 5280, 5.2 asks for crlNumber (2.5.29.20)",
        ),
        (without(&revoking, &[6, 5]), "it has no extensions"),
        (two_algorithms.into(), "it names two algorithms for its one signature"),
    ] {
        let error = Crls::from_der([list]).unwrap_err().to_string();
        assert!(error.contains(said) && !error.contains("damaged"), "{error}");
    }
}

/// Serial numbers of any length and sign, as in certificates (RFC 5280, 4.1.2.2).
#[test]
fn a_serial_number_is_found_byte_for_byte_among_many() {
    let root = Ca::root_named("root");
    let many = |spec: CrlSpec| {
        (0..2_000_u32)
            .fold(spec, |spec, n| spec.revoke(&SerialNumber::from(u64::from(n) << 20 | 1)))
    };
    for serial in [&[1_u8][..], &[0x7f], &[0x80], &[1, 0, 0, 0], &[0x12; 20], &[0x21; 40]] {
        let leaf = |serial: &[u8]| root.leaf(client().serial(SerialNumber::from_slice(serial)));
        let (leaf, other) = (leaf(serial), leaf(&[&[9], serial].concat()));
        let lists = [root.crl(many(CrlSpec::new(1)).revoke(&leaf.serial))];
        let verifier = builder(&root, &lists).build().unwrap();
        assert_eq!(verdict(&verifier, &leaf.chain(&[])), "revoked", "{serial:x?}");
        assert_eq!(verdict(&verifier, &other.chain(&[])), "good", "{serial:x?}");
    }
}

#[test]
fn an_empty_set_is_an_error_and_never_means_that_nothing_is_checked() {
    let empty = Crls::from_der([]).unwrap_err();
    assert!(matches!(empty, Error::Missing { .. }), "{empty}");
}

/// An entry of a list, with these extensions as they are encoded.
fn entry(extensions: &[Vec<u8>]) -> Vec<u8> {
    sequence(&[&[tlv(2, &[1]), tlv(0x17, b"260101000000Z")], extensions].concat())
}

/// A list that had none, with these entries.
fn with_entries(list: &List, entries: &[Vec<u8>]) -> List {
    changed(list, |tbs| tbs.insert(5, sequence(entries)))
}

/// The list without these fields, each counted in what the one before has left.
fn without(list: &List, places: &[usize]) -> List {
    changed(list, |tbs| places.iter().for_each(|at| drop(tbs.remove(*at))))
}

/// The list with other fields: version, signature, issuer, thisUpdate, nextUpdate, entries if there are any,
/// extensions. Its signature is wrong then, which nobody asks.
fn changed(list: &List, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> List {
    let fields = children(list);
    let mut tbs = children(&fields[0]);
    change(&mut tbs);
    sequence(&[sequence(&tbs), fields[1].clone(), fields[2].clone()]).into()
}
