//! An inventory holds each certificate once, puts chains together across sources, notices private
//! keys, and is stopped by nothing.

#![cfg(feature = "audit")]

mod common;

use std::fmt::Write as _;

use common::clock::NOW;
use common::pki::{Ca, CaSpec, DistinguishedName, DnType, Eku, KeyKind, Leaf, LeafSpec, der};
use mtls_roles::audit::{
    Assessment, Finding, Hierarchy, Inventory, Roles, Serving, Timeline, Verdict,
};
use proptest::prelude::*;
use time::Duration;

const TWO_CERTIFICATES: &str = "both.pem";

fn findings<T>(inventory: &Inventory, read: impl FnOnce(&[Finding<'_>]) -> T) -> T {
    let timeline = Timeline::builtin();
    let assessment = Assessment::new(inventory, &timeline, NOW.date(), Serving::Suggested);
    read(assessment.findings())
}

/// The labels of a finding's chain.
fn chain(inventory: &Inventory, index: usize) -> Vec<String> {
    findings(inventory, |all| all[index].path.entries.iter().map(|it| it.label()).collect())
}

fn combined(name: &str) -> LeafSpec {
    LeafSpec::new(name).dns("edge.example.com").eku(Eku::both())
}

#[test]
fn a_certificate_in_several_places_is_one_entry_with_all_of_them() {
    let (root, other) = (Ca::root_named("root"), Ca::root_named("other"));
    let mut inventory = Inventory::new();
    inventory.add("root.der", &root.der());
    inventory.add(TWO_CERTIFICATES, format!("text\r\n{}{}", other.pem(), root.pem()).as_bytes());
    inventory.add_der("edge.example.com:443", &root.der());
    let places: Vec<_> =
        inventory.entries()[0].locations().iter().map(ToString::to_string).collect();
    let behind_the_other = 2 + other.pem().lines().count();
    assert_eq!(
        places,
        [
            "root.der".into(),
            format!("{TWO_CERTIFICATES}:{behind_the_other}"),
            "edge.example.com:443".into()
        ]
    );
    assert_eq!(inventory.entries().len(), 2);
    assert!(inventory.unreadable().is_empty());
}

/// The digit 0 is the tag of a SEQUENCE, too.
#[test]
fn a_pem_file_whose_preface_begins_with_0_is_no_der() {
    let root = Ca::root_named("root");
    for preface in ["0 certificates expire soon\n", "0\n", "0"] {
        let mut inventory = Inventory::new();
        inventory.add("roots.pem", format!("{preface}\n{}", root.pem()).as_bytes());
        assert_eq!(inventory.entries().len(), 1, "{preface}");
        assert!(inventory.unreadable().is_empty(), "{preface}");
    }
}

#[test]
fn text_that_begins_as_der_does_is_text() {
    let root = Ca::root_named("root");
    for preface in ["0", "0 is the first byte of DER\n", "00\n"] {
        let mut inventory = Inventory::new();
        inventory.add("root.pem", format!("{preface}\n{}", root.pem()).as_bytes());
        assert_eq!(inventory.entries().len(), 1, "{preface}");
        assert!(inventory.unreadable().is_empty(), "{preface}");
    }
    let mut inventory = Inventory::new();
    inventory.add("text", b"0 is the first byte of DER");
    assert!(inventory.unreadable()[0].reason.starts_with("it is no certificate in DER"));
    let broken = [&root.der()[..20], root.pem().as_bytes()].concat();
    inventory.add("broken DER with a block in it", &broken);
    assert_eq!(inventory.unreadable().len(), 2);
    assert!(inventory.entries().is_empty());
}

#[test]
fn merged_inventories_are_as_if_read_in_one() {
    let root = Ca::root_named("root");
    let leaf = root.leaf(combined("leaf"));
    let files = [
        ("a.pem", leaf.chain_pem(&[&root])),
        ("b.pem", root.pem() + &leaf.key_pem()),
        ("c.txt", "nothing".into()),
    ];
    let read = |files: &[(&str, String)]| {
        let mut inventory = Inventory::new();
        files.iter().for_each(|(name, text)| inventory.add(name, text.as_bytes()));
        inventory
    };
    let whole = read(&files);
    let mut merged = read(&files[..1]);
    merged.merge(read(&files[1..]));
    assert_eq!(format!("{:?}", merged.entries()), format!("{:?}", whole.entries()));
    assert_eq!(merged.unreadable(), whole.unreadable());
    assert_eq!(merged.private_keys(), whole.private_keys());
    assert_eq!(merged.private_keys_of(&merged.entries()[0]).count(), 1);
}

#[test]
fn chains_are_put_together_across_sources_in_any_order() {
    let root = Ca::root_named("root");
    let issuer = root.sub(CaSpec::new("issuer"));
    let leaf = issuer.leaf(combined("leaf"));
    let ders = [leaf.der(), issuer.der(), root.der()];
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let mut inventory = Inventory::new();
        order.iter().for_each(|it| inventory.add_der(&format!("{it}.der"), &ders[*it]));
        let at = order.iter().position(|it| *it == 0).unwrap();
        assert_eq!(chain(&inventory, at), ["CN=leaf", "CN=issuer", "CN=root"], "{order:?}");
    }
}

#[test]
fn an_issuer_of_the_name_with_another_key_is_not_the_issuer() {
    let root = Ca::root_named("root");
    let (old, new) = (root.sub(CaSpec::new("issuer")), root.sub(CaSpec::new("issuer")));
    let mut inventory = Inventory::new();
    inventory.add_der("leaf", &new.leaf(combined("leaf")).der());
    inventory.add_der("old", &old.der());
    findings(&inventory, |all| {
        assert_eq!(all[0].path.entries.len(), 1);
        assert_eq!(all[0].hierarchy, Hierarchy::Unknown);
    });
    inventory.add_der("new", &new.der());
    findings(&inventory, |all| {
        assert_eq!(all[0].path.entries[1].sha256(), all[2].entry.sha256());
    });
}

#[test]
fn of_several_issuers_the_chain_is_fit_then_complete_then_lasts_longest() {
    let root = Ca::root_named("root");
    let issuer = root.sub(CaSpec::new("issuer").eku(Eku::server()));
    let leaf = issuer.leaf(combined("leaf"));
    let mut inventory = Inventory::new();
    inventory.add_der("leaf", &leaf.der());
    inventory.add_der("serverAuth only", &issuer.der());
    inventory.add_der("root", &root.der());
    assert_eq!(findings(&inventory, |all| all[0].roles), Roles::SERVER);
    // The same name and key, issued again: fit for both roles, and then one that lasts longer.
    let short =
        root.cross_sign(&issuer, CaSpec::new("").valid(NOW - Duration::DAY, NOW + Duration::DAY));
    inventory.add_der("short", &short.der());
    findings(&inventory, |all| {
        assert_eq!(all[0].roles, Roles::BOTH);
        assert_eq!(all[0].path.entries[1].sha256(), all[3].entry.sha256());
        assert!(matches!(all[0].verdict, Verdict::BreaksOn(_)));
    });
    let long = root.cross_sign(&issuer, CaSpec::new(""));
    inventory.add_der("long", &long.der());
    findings(&inventory, |all| {
        assert_eq!(all[0].path.entries[1].sha256(), all[4].entry.sha256());
        assert_eq!(all[0].verdict, Verdict::Unaffected);
    });
}

#[test]
fn a_chain_that_reaches_a_root_is_better_than_one_that_lasts_longer() {
    let (root, absent) = (Ca::root_named("root"), Ca::root_named("absent"));
    let issuer =
        root.sub(CaSpec::new("issuer").valid(NOW - Duration::DAY, NOW + Duration::days(90)));
    let longer = absent.cross_sign(&issuer, CaSpec::new(""));
    let mut inventory = Inventory::new();
    inventory.add_der("leaf", &issuer.leaf(combined("leaf")).der());
    [longer.der(), issuer.der(), root.der()].iter().for_each(|der| inventory.add_der("ca", der));
    assert_eq!(chain(&inventory, 0), ["CN=leaf", "CN=issuer", "CN=root"]);
}

#[test]
fn issuers_in_a_circle_end() {
    let (a, b) = (Ca::root_named("a"), Ca::root_named("b"));
    let mut inventory = Inventory::new();
    inventory.add_der("leaf", &a.leaf(combined("leaf")).der());
    inventory.add_der("a by b", &b.cross_sign(&a, CaSpec::new("")).der());
    inventory.add_der("b by a", &a.cross_sign(&b, CaSpec::new("")).der());
    findings(&inventory, |all| {
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|finding| !finding.path.is_complete));
        assert_eq!(all[0].hierarchy, Hierarchy::Unknown);
        assert_eq!(all[0].roles, Roles::BOTH);
    });
}

#[test]
fn a_chain_longer_than_any_verifier_follows_is_cut() {
    let mut authorities = vec![Ca::root_named("root")];
    for depth in 0..40 {
        let next = authorities.last().unwrap().sub(CaSpec::new(&format!("{depth}")));
        authorities.push(next);
    }
    let mut inventory = Inventory::new();
    let leaf = authorities.last().unwrap().leaf(combined("leaf"));
    inventory.add_der("leaf", &leaf.der());
    authorities.iter().for_each(|ca| inventory.add_der("ca", &ca.der()));
    findings(&inventory, |all| {
        assert_eq!(all[0].path.entries.len(), 17);
        assert!(!all[0].path.is_complete);
    });
}

#[test]
fn a_thousand_namesakes_are_told_apart_by_key_even_in_a_row() {
    let root = Ca::root_named("same");
    let mut inventory = Inventory::new();
    let mut above = root;
    for _ in 0..1_000 {
        let issuer = above.sub(CaSpec::new("same"));
        inventory.add_der("leaf", &issuer.leaf(combined("leaf").key(&issuer.key)).der());
        inventory.add_der("ca", &issuer.der());
        above = issuer;
    }
    findings(&inventory, |all| {
        let above = |at: usize| all[at].path.entries.get(1).map(|it| it.sha256());
        for ca in (1..all.len()).step_by(2) {
            assert_eq!(above(ca - 1), Some(all[ca].entry.sha256()), "leaf {ca}");
            let before = ca.checked_sub(2).map(|before| all[before].entry.sha256());
            assert_eq!(above(ca), before, "ca {ca}");
        }
    });
}

#[test]
fn what_cannot_be_read_is_a_finding_with_place_and_reason_and_the_rest_is_read() {
    let root = Ca::root_named("root");
    let pem = root.pem();
    let damaged = pem.replacen("MI", "M!", 1);
    let cut: String = pem.lines().take(3).fold(String::new(), |all, line| all + line + "\n");
    let trusted = pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE");
    let der = root.der();
    let rows: &[(&str, Vec<u8>, &str)] = &[
        ("empty", vec![], "it is neither PEM nor a certificate in DER"),
        ("text", b"hello".to_vec(), "it is neither PEM nor a certificate in DER"),
        ("cut der", der[..der.len() - 1].to_vec(), "it is no certificate in DER: "),
        ("damaged", damaged.into_bytes(), "found damaged base64"),
        (
            "without end",
            cut.into_bytes(),
            "found no `-----END CERTIFICATE-----` before the next block or the end",
        ),
        (
            "trusted",
            trusted.into_bytes(),
            "found `-----BEGIN TRUSTED CERTIFICATE-----`, needed `-----BEGIN CERTIFICATE-----` alone on its line",
        ),
        (
            "not a certificate",
            b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".to_vec(),
            "the certificate cannot be read: ",
        ),
        (
            "not a key",
            b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n".to_vec(),
            "the private key is not in PKCS#8, PKCS#1 or SEC1 form",
        ),
    ];
    for (id, bytes, reason) in rows {
        let mut inventory = Inventory::new();
        inventory.add(id, bytes);
        let found = inventory.unreadable();
        assert_eq!(found.len(), 1, "{id}");
        assert!(found[0].reason.starts_with(reason), "{id}: {}", found[0].reason);
        assert_eq!(&*found[0].location.source, *id);
        // In front of a good one, it hides nothing.
        if bytes.starts_with(b"-----") {
            inventory.add("both", &[bytes, pem.as_bytes()].concat());
            assert_eq!(inventory.entries().len(), 1, "{id}");
            assert_eq!(inventory.unreadable().len(), 2, "{id}");
        }
    }
}

#[test]
fn requests_lists_public_keys_and_parameters_are_passed_over() {
    let mut text = String::new();
    for label in ["CERTIFICATE REQUEST", "X509 CRL", "PUBLIC KEY", "EC PARAMETERS"] {
        writeln!(text, "-----BEGIN {label}-----\nMAA=\n-----END {label}-----").unwrap();
    }
    let mut inventory = Inventory::new();
    inventory.add("others", text.as_bytes());
    assert!(inventory.unreadable().is_empty());
    assert!(inventory.entries().is_empty());
}

#[test]
fn a_private_key_is_matched_to_its_certificate_and_no_byte_of_it_is_kept() {
    let root = Ca::root_named("root");
    for (kind, start) in [
        // Behind the header; in RSA behind the modulus, too.
        (KeyKind::P256, 38),
        (KeyKind::P384, 38),
        (KeyKind::Rsa2048, 400),
    ] {
        let (leaf, other) =
            (root.leaf(combined("a").kind(kind)), root.leaf(combined("b").kind(kind)));
        let mut inventory = Inventory::new();
        inventory.add("a.pem", leaf.cert_pem().as_bytes());
        inventory.add("b.pem", other.cert_pem().as_bytes());
        inventory.add("a.key", leaf.key_pem().as_bytes());
        inventory.add("a.key.der", leaf.key_der().secret_der());
        let [a, b] = inventory.entries() else { panic!("two certificates") };
        let keys = |entry| {
            inventory.private_keys_of(entry).map(|it| it.location.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(keys(a), ["a.key:1", "a.key.der"], "{kind:?}");
        assert_eq!(keys(b), [""; 0], "{kind:?}");
        // Eight bytes of the private half.
        let key = leaf.key_der();
        let secret = &key.secret_der()[start..start + 8];
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown = format!("{inventory:?}");
        assert!(!shown.contains(&hex), "{kind:?}");
        let decimal = format!("{secret:?}");
        assert!(!shown.contains(decimal.trim_matches(['[', ']'])), "{kind:?}");
    }
}

/// RFC 5958: version 1 says nothing of the public half, version 2 carries it.
#[test]
fn an_ed25519_key_is_matched_only_if_it_carries_its_public_half() {
    let leaf = Ca::root_named("root").leaf(combined("leaf").kind(KeyKind::Ed25519));
    let pkcs8 = |version: u8, public: Vec<u8>| {
        let algorithm = der::sequence(&[der::oid(&[1, 3, 101, 112])]);
        let secret = der::octet_string(&der::octet_string(&[7; 32]));
        der::sequence(&[der::unsigned(&[version]), algorithm, secret, public])
    };
    let public = [&[0], rcgen::PublicKeyData::der_bytes(&*leaf.key)].concat();
    for (key, matched) in [(pkcs8(0, vec![]), 0), (pkcs8(1, der::general_name(1, &public)), 1)] {
        let mut inventory = Inventory::new();
        inventory.add_der("leaf", &leaf.der());
        inventory.add_private_key("key", &key);
        assert_eq!(inventory.unreadable(), []);
        assert_eq!(inventory.private_keys().len(), 1);
        let entry = &inventory.entries()[0];
        assert_eq!(inventory.private_keys_of(entry).count(), matched);
    }
}

#[test]
fn an_encrypted_key_is_noticed_as_such() {
    let rfc1421 = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n";
    let pkcs8 =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    for text in [rfc1421, pkcs8] {
        let mut inventory = Inventory::new();
        inventory.add("key", text.as_bytes());
        assert!(inventory.private_keys()[0].is_encrypted);
        assert!(inventory.unreadable().is_empty());
    }
}

#[test]
fn what_a_certificate_says_is_escaped_wherever_it_is_printed() {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "\u{1b}[2Kevil\u{202e}");
    let root = Ca::root(CaSpec::new("").subject(name));
    let mut inventory = Inventory::new();
    inventory.add_der("a\nb", &root.leaf(combined("leaf").eku(Eku::any())).der());
    inventory.add_der("root", &root.der());
    inventory.add_unreadable("c\u{1b}", "no\u{7}");
    let printed = findings(&inventory, |all| {
        let mut printed = all.iter().fold(String::new(), |text, finding| {
            let causes: String = finding.causes.iter().map(ToString::to_string).collect();
            text + &finding.entry.label() + &finding.entry.locations()[0].to_string() + &causes
        });
        let unreadable = &inventory.unreadable()[0];
        write!(printed, "{} {}", unreadable.location, unreadable.reason).unwrap();
        printed
    });
    assert!(printed.contains("evil"));
    assert!(!printed.chars().any(|c| c.is_control() || c == '\u{202e}'), "{printed:?}");
}

/// A chain with its key, as PEM and as DER, to be damaged.
fn samples() -> Vec<Vec<u8>> {
    let root = Ca::root_named("root");
    let leaf: Leaf = root.leaf(combined("leaf"));
    vec![
        (leaf.chain_pem(&[&root]) + &leaf.key_pem()).into_bytes(),
        leaf.der().to_vec(),
        leaf.key_der().secret_der().to_vec(),
    ]
}

proptest! {
    #[test]
    fn damaged_bytes_are_read_or_refused_and_never_more(
        sample in 0..3_usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = samples().swap_remove(sample);
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() * 4).max(1));
        let mut inventory = Inventory::new();
        inventory.add("damaged", &bytes);
        findings(&inventory, |all| assert_eq!(all.len(), inventory.entries().len()));
    }

    #[test]
    fn arbitrary_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut inventory = Inventory::new();
        inventory.add("noise", &bytes);
        inventory.add_der("noise", &bytes);
        inventory.add_private_key("noise", &bytes);
        prop_assert!(inventory.entries().is_empty());
    }
}
