//! An inventory holds each certificate once, puts chains together across sources, notices private
//! keys, and is stopped by nothing.

use std::fmt::Write as _;

use crate::common::clock::NOW;
use crate::common::pki::{Ca, CaSpec, Eku, KeyKind, der};
use crate::world::{combined, file, findings, inventory};
use mtls_roles::audit::{Hierarchy, Inventory, Location, Roles, Verdict};
use proptest::prelude::*;
use time::Duration;

fn block(label: &str, content: &str) -> String {
    format!("-----BEGIN {label}-----\n{content}\n-----END {label}-----\n")
}

#[test]
fn a_certificate_in_several_places_is_one_entry_with_all_of_them() {
    let (root, other) = (Ca::root_named("root"), Ca::root_named("other"));
    let mut inventory = Inventory::new();
    inventory.add("root.der", &root.der());
    inventory.add("both.pem", format!("text\r\n{}{}", other.pem(), root.pem()).as_bytes());
    inventory.add_der("edge.example.com:443", &root.der());
    let places = inventory.entries()[0].locations().iter().map(ToString::to_string);
    let in_both = format!("both.pem:{}", 2 + other.pem().lines().count());
    assert_eq!(places.collect::<Vec<_>>(), ["root.der", &in_both, "edge.example.com:443"]);
    assert_eq!(inventory.entries().len(), 2);
    assert!(inventory.unreadable().is_empty());
}

/// The digit 0 is the tag of a SEQUENCE, too.
#[test]
fn text_that_begins_as_der_does_is_text() {
    let root = Ca::root_named("root");
    for preface in ["0 certificates expire soon\n", "0\n", "0", "00\n"] {
        let inventory = file(format!("{preface}\n{}", root.pem()));
        let found = (inventory.entries().len(), inventory.unreadable().len());
        assert_eq!(found, (1, 0), "{preface}");
    }
    let reason = file("0 is the first byte of DER").unreadable()[0].reason.clone();
    assert!(reason.starts_with("it is no certificate in DER"), "{reason}");
    let within = file(der::sequence(&[der::octet_string(format!("\n{}", root.pem()).as_bytes())]));
    assert_eq!((within.entries().len(), within.unreadable().len()), (0, 1), "DER holds any text");
    let broken = file([&root.der()[..20], root.pem().as_bytes()].concat());
    assert_eq!((broken.entries().len(), broken.unreadable().len()), (0, 1), "a block within DER");
}

#[test]
fn merged_inventories_are_as_if_read_in_one() {
    let root = Ca::root_named("root");
    let leaf = root.leaf(combined("leaf"));
    let (chain, key) = (leaf.chain_pem(&[&root]), root.pem() + &leaf.key_pem());
    let files = [("a.pem", &*chain), ("b.pem", &*key), ("c.txt", "nothing")];
    let read = |files: &[(&str, &str)]| {
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

/// Each row: an id, certificates in the order of finding, and the path of the leaf among them.
#[test]
fn paths_are_put_together_across_sources_by_name_and_key_and_reach_a_root_if_they_can() {
    let (root, absent) = (Ca::root_named("root"), Ca::root_named("absent"));
    let issuer = CaSpec::new("issuer").valid(NOW - Duration::DAY, NOW + Duration::days(90));
    let issuer = root.sub(issuer);
    let longer = absent.cross_sign(&issuer, CaSpec::new(""));
    let namesake = root.sub(CaSpec::new("issuer"));
    let keyless = Ca::root(CaSpec::new("keyless").without_basic_constraints());
    let [leaf, below_keyless] = [&issuer, &keyless].map(|ca| ca.leaf(combined("leaf")).der());
    let issuers = [root, issuer, longer, namesake, keyless];
    let [root, issuer, longer, namesake, keyless] = issuers.map(|ca| ca.der());
    #[rustfmt::skip]
    let rows = [
        ("upwards",                     vec![&leaf, &issuer, &root],          "leaf issuer root"),
        ("downwards",                   vec![&root, &issuer, &leaf],          "leaf issuer root"),
        ("the leaf between",            vec![&issuer, &leaf, &root],          "leaf issuer root"),
        ("a root before a longer life", vec![&leaf, &longer, &issuer, &root], "leaf issuer root"),
        ("a namesake's key",            vec![&leaf, &namesake, &root],        "leaf"),
        ("no key identifier",           vec![&below_keyless, &keyless],       "leaf keyless"),
    ];
    for (id, ders, needed) in rows {
        let mut inventory = Inventory::new();
        ders.iter().for_each(|der| inventory.add_der("it", der));
        findings(&inventory, |all| {
            let leaf = all.iter().find(|it| it.entry.label() == "CN=leaf").unwrap();
            let labels: Vec<_> = leaf.path.entries.iter().map(|it| it.label()).collect();
            assert_eq!(labels.join(" ").replace("CN=", ""), needed, "{id}");
        });
    }
}

#[test]
fn of_several_issuers_the_chain_is_fit_then_complete_then_lasts_longest() {
    let root = Ca::root_named("root");
    let issuer = root.sub(CaSpec::new("issuer").eku(Eku::server()));
    let leaf = issuer.leaf(combined("leaf"));
    let mut inventory = inventory([leaf.der(), issuer.der(), root.der()]);
    assert_eq!(findings(&inventory, |all| all[0].roles), Roles::SERVER);
    // The same name and key, issued again: fit for both roles, and then one that lasts longer.
    let short = CaSpec::new("").valid(NOW - Duration::DAY, NOW + Duration::DAY);
    inventory.add_der("short", &root.cross_sign(&issuer, short).der());
    findings(&inventory, |all| {
        assert_eq!(all[0].roles, Roles::BOTH);
        assert_eq!(all[0].path.entries[1].sha256(), all[3].entry.sha256());
        assert!(matches!(all[0].verdict, Verdict::BreaksOn(_)));
    });
    inventory.add_der("long", &root.cross_sign(&issuer, CaSpec::new("")).der());
    findings(&inventory, |all| {
        assert_eq!(all[0].path.entries[1].sha256(), all[4].entry.sha256());
        assert_eq!(all[0].verdict, Verdict::Unaffected);
    });
}

#[test]
fn issuers_in_a_circle_end() {
    let (a, b) = (Ca::root_named("a"), Ca::root_named("b"));
    let by_b = b.cross_sign(&a, CaSpec::new("")).der();
    let by_a = a.cross_sign(&b, CaSpec::new("")).der();
    findings(&inventory([a.leaf(combined("leaf")).der(), by_b, by_a]), |all| {
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|finding| !finding.path.is_complete));
        assert_eq!((all[0].hierarchy, all[0].roles), (Hierarchy::Unknown, Roles::BOTH));
    });
}

#[test]
fn a_chain_longer_than_any_verifier_follows_is_cut() {
    let mut above = Ca::root_named("root");
    let mut inventory = inventory([above.der()]);
    for depth in 0..40 {
        above = above.sub(CaSpec::new(&format!("{depth}")));
        inventory.add_der("ca", &above.der());
    }
    inventory.add_der("leaf", &above.leaf(combined("leaf")).der());
    findings(&inventory, |all| {
        let path = &all.last().unwrap().path;
        assert_eq!((path.entries.len(), path.is_complete), (17, false));
    });
}

#[test]
fn a_thousand_namesakes_are_told_apart_by_key_even_in_a_row() {
    let mut above = Ca::root_named("same");
    let mut inventory = Inventory::new();
    for _ in 0..1_000 {
        above = above.sub(CaSpec::new("same"));
        inventory.add_der("leaf", &above.leaf(combined("leaf").key(&above.key)).der());
        inventory.add_der("ca", &above.der());
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

/// Each row: an id, the bytes, how the reason begins.
#[test]
fn what_cannot_be_read_is_a_finding_with_place_and_reason_and_the_rest_is_read() {
    const NEITHER: &str = "it is neither PEM nor a certificate in DER";
    const NO_END: &str = "found no `-----END CERTIFICATE-----` before the next block or the end";
    const NO_BEGIN: &str = "found `-----BEGIN TRUSTED CERTIFICATE-----`, needed `-----BEGIN CERTIFICATE-----` alone on its line";
    const NO_KEY: &str = "the private key is not in PKCS#8, PKCS#1 or SEC1 form";
    let root = Ca::root_named("root");
    let (pem, der) = (root.pem(), root.der());
    let cut: String = pem.split_inclusive('\n').take(3).collect();
    #[rustfmt::skip]
    let rows: [(&str, Vec<u8>, &str); 8] = [
        ("empty",             vec![], NEITHER),
        ("text",              b"hello".into(), NEITHER),
        ("cut der",           der[..der.len() - 1].into(), "it is no certificate in DER: "),
        ("damaged",           pem.replacen("MI", "M!", 1).into(), "found damaged base64"),
        ("without end",       cut.into(), NO_END),
        ("trusted",           pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE").into(), NO_BEGIN),
        ("not a certificate", block("CERTIFICATE", "MAA=").into(), "the certificate cannot be read: "),
        ("not a key",         block("PRIVATE KEY", "MAA=").into(), NO_KEY),
    ];
    for (id, bytes, reason) in rows {
        let mut inventory = Inventory::new();
        inventory.add(id, &bytes);
        let [found] = inventory.unreadable() else { panic!("{id}: {inventory:?}") };
        assert!(found.reason.starts_with(reason), "{id}: {}", found.reason);
        assert_eq!(&*found.location.source, id);
        // In front of a good one, it hides nothing.
        if bytes.starts_with(b"-----") {
            inventory.add("both", &[&bytes, pem.as_bytes()].concat());
            let found = (inventory.entries().len(), inventory.unreadable().len());
            assert_eq!(found, (1, 2), "{id}");
        }
    }
}

#[test]
fn requests_lists_public_keys_and_parameters_are_passed_over() {
    let labels = ["CERTIFICATE REQUEST", "X509 CRL", "PUBLIC KEY", "EC PARAMETERS"];
    let inventory = file(labels.map(|label| block(label, "MAA=")).concat());
    assert_eq!((inventory.entries().len(), inventory.unreadable()), (0, &[][..]));
}

#[test]
fn a_private_key_is_matched_to_its_certificate_and_no_byte_of_it_is_kept() {
    let root = Ca::root_named("root");
    // Where the private half begins: behind the header, and in RSA behind the modulus, too.
    for (kind, start) in [(KeyKind::P256, 38), (KeyKind::P384, 38), (KeyKind::Rsa2048, 400)] {
        let [leaf, other] = ["a", "b"].map(|name| root.leaf(combined(name).kind(kind)));
        let mut inventory = inventory([leaf.der(), other.der()]);
        inventory.add("a.key", leaf.key_pem().as_bytes());
        inventory.add("a.key.der", leaf.key_der().secret_der());
        let keys = |index: usize| {
            let keys = inventory.private_keys_of(&inventory.entries()[index]);
            keys.map(|it| it.location.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(keys(0), ["a.key:1", "a.key.der"], "{kind:?}");
        assert_eq!(keys(1), [""; 0], "{kind:?}");
        let key = leaf.key_der();
        let secret = &key.secret_der()[start..start + 8];
        let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let decimal = format!("{secret:?}");
        for secret in [&*hex, decimal.trim_matches(['[', ']'])] {
            assert!(!format!("{inventory:?}").contains(secret), "{kind:?}");
        }
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
        let mut inventory = inventory([leaf.der()]);
        inventory.add_private_key("key", &key);
        assert_eq!((inventory.private_keys().len(), inventory.unreadable()), (1, &[][..]));
        assert_eq!(inventory.private_keys_of(&inventory.entries()[0]).count(), matched);
    }
}

#[test]
fn an_encrypted_key_is_noticed_as_such() {
    let rfc1421 = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMAA=";
    for (label, content) in [("RSA PRIVATE KEY", rfc1421), ("ENCRYPTED PRIVATE KEY", "MAA=")] {
        let inventory = file(block(label, content));
        assert!(inventory.private_keys()[0].is_encrypted);
        assert!(inventory.unreadable().is_empty());
    }
}

#[test]
fn what_a_certificate_says_is_escaped_wherever_it_is_printed() {
    let root = Ca::root_named("\u{1b}[2Kevil\u{202e}");
    let mut inventory = Inventory::new();
    inventory.add_der("a\nb", &root.leaf(combined("leaf").eku(Eku::any())).der());
    inventory.add_der("root", &root.der());
    inventory.add_unreadable(Location::from("c\u{1b}").at("\r"), "no\u{7}");
    let unreadable = &inventory.unreadable()[0];
    let mut printed = format!("{} {}", unreadable.location, unreadable.reason);
    findings(&inventory, |all| {
        for finding in all {
            printed += &finding.entry.label();
            write!(printed, "{}", finding.entry.locations()[0]).unwrap();
            finding.causes.iter().for_each(|cause| write!(printed, "{cause}").unwrap());
        }
    });
    assert!(printed.contains("evil"));
    assert!(!printed.chars().any(|c| c.is_control() || c == '\u{202e}'), "{printed:?}");
}

/// A chain with its key, as PEM and as DER, to be damaged.
fn samples() -> [Vec<u8>; 3] {
    let root = Ca::root_named("root");
    let leaf = root.leaf(combined("leaf"));
    let pem = leaf.chain_pem(&[&root]) + &leaf.key_pem();
    [pem.into(), leaf.der().to_vec(), leaf.key_der().secret_der().to_vec()]
}

proptest! {
    #[test]
    fn damaged_bytes_are_read_or_refused_and_never_more(
        sample in 0..3_usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = samples()[sample].clone();
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() * 4).max(1));
        let inventory = file(bytes);
        findings(&inventory, |all| assert_eq!(all.len(), inventory.entries().len()));
    }

    #[test]
    fn arbitrary_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut inventory = file(&bytes);
        inventory.add_der("noise", &bytes);
        inventory.add_private_key("noise", &bytes);
        prop_assert!(inventory.entries().is_empty());
    }
}
