//! Whatever a file holds, reading it ends soon, and what was not read is told.

use std::time::{Duration, Instant};

use super::make::{Cast, base64, gzip, jks, pkcs12, zip};
use super::run::{audit, places_of};
use crate::common::pki::der::{octet_string, oid, sequence, unsigned};

/// Each row: a file, what is in it, and a part of the reason; none if nothing is to be told.
#[test]
fn a_hostile_file_costs_little_and_is_told() {
    let cast = Cast::new();
    let pem = cast.pem();
    let mut deep = pem.clone().into_bytes();
    for _ in 0..12 {
        deep = gzip(&deep);
    }
    let mut coded = pem.clone();
    for _ in 0..20 {
        coded = base64(coded);
    }
    let member = vec![b'a'; (64 << 20) + 1];
    let brackets = "[".repeat(100_000) + &base64(&pem);
    let ber = [0x30, 0x80].repeat(100_000);
    let store =
        [&0xfeed_feed_u32.to_be_bytes()[..], &[0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff]].concat();
    let marks = "-----BEGIN CERTIFICATE-----\n".repeat(200_000);
    let shared_dashes = b"-----BEGIN CERTIFICATE-----BEGIN CERTIFICATE-----BEGIN X";
    let tags = format!("-----BEGIN CERTIFICATE-----\n{}", "<a".repeat(1 << 20));
    let words = "MII ".repeat(1 << 20);
    let aliases: String = (0..10_000).map(|n| format!("a{n}: &a{n} [*a{n}]\n")).collect();
    let rows: Vec<(&str, Vec<u8>, &str)> = vec![
        ("deep.gz", deep, "more than 8 times"),
        ("coded", coded.into_bytes(), ""),
        ("bomb.zip", zip(&[("a.txt", &member)]), "larger than 64 MiB"),
        ("brackets.json", brackets.into_bytes(), ""),
        ("ber.p7b", ber, "no certificate"),
        ("counts.jks", store, "damaged"),
        ("marks.txt", marks.into_bytes(), ""),
        ("shared-dashes.txt", shared_dashes.to_vec(), ""),
        ("words.txt", words.into_bytes(), ""),
        ("tags.txt", tags.into_bytes(), ""),
        ("octets.txt", "30 82 01 00 30 ".repeat(1 << 17).into_bytes(), ""),
        ("numbers.txt", "48,".repeat(1 << 20).into_bytes(), ""),
        ("aliases.yaml", (aliases + &base64(&pem)).into_bytes(), ""),
        ("iterations.p12", heavy(&cast, 2_000_000_000), "more hashing"),
        ("long-alias.jks", jks(0xfeed_feed, &cast.der()), ""),
    ];
    let began = Instant::now();
    let told = audit(rows.iter().map(|(name, bytes, _)| (name, bytes)));
    assert!(began.elapsed() < Duration::from_secs(120), "{:?}", began.elapsed());
    let unreadable = told.unreadable();
    for (name, _, reason) in rows {
        let mut found = unreadable.iter().filter(|(place, _)| place.starts_with(name));
        match reason {
            "" => assert_eq!(found.next(), None, "{name}"),
            _ => assert!(found.any(|(_, found)| found.contains(reason)), "{name}: {unreadable:?}"),
        }
    }
    for found in ["coded", "brackets.json", "aliases.yaml", "long-alias.jks"] {
        let places = places_of(&told, "edge");
        assert!(places.iter().any(|place| place.starts_with(found)), "{found}: {places:?}");
    }
}

/// PKCS#12 that wants so many iterations of PBKDF2.
fn heavy(cast: &Cast, iterations: u32) -> Vec<u8> {
    let pkcs5 = |arc| oid(&[1, 2, 840, 113549, 1, 5, arc]);
    let derivation = sequence(&[octet_string(b"salt"), unsigned(&iterations.to_be_bytes())]);
    let cipher = sequence(&[oid(&[2, 16, 840, 1, 101, 3, 4, 1, 42]), octet_string(&[0; 16])]);
    let parameters = sequence(&[sequence(&[pkcs5(12), derivation]), cipher]);
    let algorithm = sequence(&[pkcs5(13), parameters]);
    pkcs12(&cast.der(), Some((&algorithm, &|_| vec![0; 64])))
}
