//! What an audit costs: 100,000 certificates, each in a PEM of its own, beside parsing them alone
//! with x509-parser and beside `openssl x509`.
//!
//! The promise: at most 2.3 times as long as x509-parser takes for the same bytes, both on two
//! cores. It is asserted here; `cargo bench --bench audit -- --test` runs it with few certificates
//! and asserts nothing.

use std::hint::black_box;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use mtls_roles::audit::{Assessment, Inventory, Serving, Timeline};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SerialNumber,
};
use time::macros::{date, datetime};
use x509_parser::prelude::{FromDer, X509Certificate, parse_x509_pem};

const CORES: usize = 2;
const CERTIFICATES: usize = 100_000;
const ISSUERS: usize = 100;
const ROUNDS: usize = 5;
const PROMISED: f64 = 2.3;
/// A process for each certificate: more would only say the same.
const FOR_OPENSSL: usize = 200;

fn main() {
    let is_smoke_run = std::env::args().any(|argument| argument == "--test");
    let count = if is_smoke_run { 1_000 } else { CERTIFICATES };
    let sources = generate(count);
    let timeline = Timeline::builtin();
    let inventory = inventory(&sources, add_pem);
    assert_eq!(inventory.entries().len(), count + ISSUERS + 1);
    let assess =
        || Assessment::new(&inventory, &timeline, date!(2026 - 11 - 21), Serving::Suggested);

    let parsed_der = fastest(|| parse(&sources, parse_der));
    let parsed_pem = fastest(|| parse(&sources, parse_pem));
    let read_der = fastest(|| self::inventory(&sources, add_der));
    let read_pem = fastest(|| self::inventory(&sources, add_pem));
    let assessed = fastest(assess);

    report("x509-parser, DER", count, parsed_der);
    report("x509-parser, PEM", count, parsed_pem);
    report("inventory, DER", count, read_der);
    report("inventory, PEM", count, read_pem);
    report("assessment", count, assessed);
    match openssl(&sources) {
        Some(took) => report("openssl x509", FOR_OPENSSL.min(count), took),
        None => println!("openssl x509: SKIPPED, openssl is not installed"),
    }
    for (form, read, parsed) in [("DER", read_der, parsed_der), ("PEM", read_pem, parsed_pem)] {
        let ratio = (read + assessed).as_secs_f64() / parsed.as_secs_f64();
        println!("from {form}: {ratio:.2} times as long as parsing alone; promised are {PROMISED}");
        assert!(is_smoke_run || ratio <= PROMISED, "the promise is broken");
    }
}

fn report(what: &str, count: usize, took: Duration) {
    let each = took.as_secs_f64() * 1e6 / count as f64;
    println!("{what:>18}: {took:>10.1?} for {count:>6}, {each:>8.2} µs each");
}

/// Without what it costs to free the result.
fn fastest<T>(mut run: impl FnMut() -> T) -> Duration {
    let rounds = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        let result = black_box(run());
        let took = start.elapsed();
        drop(result);
        took
    });
    rounds.min().unwrap_or_default()
}

struct Source {
    name: String,
    pem: String,
    der: Vec<u8>,
}

fn parse(sources: &[Source], parse: fn(&Source)) {
    thread::scope(|scope| {
        for share in sources.chunks(sources.len().div_ceil(CORES)) {
            scope.spawn(move || share.iter().for_each(parse));
        }
    });
}

fn parse_der(source: &Source) {
    black_box(X509Certificate::from_der(&source.der).unwrap());
}

fn parse_pem(source: &Source) {
    let (_, pem) = parse_x509_pem(source.pem.as_bytes()).unwrap();
    black_box(pem.parse_x509().unwrap());
}

fn add_der(inventory: &mut Inventory, source: &Source) {
    inventory.add_der(&source.name, &source.der);
}

fn add_pem(inventory: &mut Inventory, source: &Source) {
    inventory.add(&source.name, source.pem.as_bytes());
}

fn inventory(sources: &[Source], add: fn(&mut Inventory, &Source)) -> Inventory {
    let read = move |share: &[Source]| {
        let mut inventory = Inventory::new();
        share.iter().for_each(|source| add(&mut inventory, source));
        inventory
    };
    thread::scope(|scope| {
        let shares = sources.chunks(sources.len().div_ceil(CORES));
        let shares: Vec<_> = shares.map(|share| scope.spawn(move || read(share))).collect();
        let mut shares = shares.into_iter().map(|share| share.join().unwrap());
        let first = shares.next().unwrap_or_default();
        shares.fold(first, |mut all, share| {
            all.merge(share);
            all
        })
    })
}

fn openssl(sources: &[Source]) -> Option<Duration> {
    let dir = std::env::temp_dir().join(format!("mtls-roles-bench-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let files = sources.iter().take(FOR_OPENSSL).enumerate().map(|(index, source)| {
        let file = dir.join(format!("{index}.pem"));
        std::fs::write(&file, &source.pem).unwrap();
        file
    });
    let files: Vec<_> = files.collect();
    let start = Instant::now();
    let done = files.iter().all(|file| {
        let mut openssl = Command::new("openssl");
        let openssl = openssl.args(["x509", "-noout", "-text", "-in"]).arg(file);
        openssl.stdout(Stdio::null()).status().is_ok_and(|it| it.success())
    });
    let took = start.elapsed();
    std::fs::remove_dir_all(&dir).unwrap();
    done.then_some(took)
}

/// Leaves as public CAs issue them, and their issuers; one key for all, since nobody looks.
fn generate(count: usize) -> Vec<Source> {
    let key = KeyPair::generate().unwrap();
    let root = ca("Root", 1);
    let root_certificate = root.self_signed(&key).unwrap();
    let root = Issuer::from_params(&root, &key);
    let mut sources = vec![source("root", &root_certificate)];
    for at in 0..ISSUERS {
        let issuer_key = KeyPair::generate().unwrap();
        let issuer = ca(&format!("Issuer {at}"), 1_000 + at as u64);
        let certificate = issuer.signed_by(&issuer_key, &root).unwrap();
        sources.push(source(&format!("issuer-{at}"), &certificate));
        let issuer = Issuer::from_params(&issuer, &issuer_key);
        for leaf in (at..count).step_by(ISSUERS) {
            let certificate = self::leaf(leaf).signed_by(&key, &issuer).unwrap();
            sources.push(source(&format!("host-{leaf}"), &certificate));
        }
    }
    sources
}

fn ca(name: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::OrganizationName, "Example Trust Services");
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from(serial));
    params
}

fn leaf(at: usize) -> CertificateParams {
    let names = [format!("host-{at}.example.com"), format!("www.host-{at}.example.com")];
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CountryName, "DE");
    params.distinguished_name.push(DnType::OrganizationName, "Example");
    params.distinguished_name.push(DnType::CommonName, format!("host-{at}.example.com"));
    params.serial_number = Some(SerialNumber::from(1_000_000 + at as u64));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    params.not_before = datetime!(2026-10-01 0:00 UTC);
    params.not_after = datetime!(2027-03-01 0:00 UTC);
    // The CA/Browser Forum's "domain validated", as in a public leaf: 2.23.140.1.2.1.
    let policy = [0x30, 10, 0x30, 8, 6, 6, 0x67, 0x81, 0x0c, 1, 2, 1];
    let policy = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 32], policy.to_vec());
    params.custom_extensions.push(policy);
    params
}

fn source(name: &str, certificate: &rcgen::Certificate) -> Source {
    Source { name: format!("{name}.pem"), pem: certificate.pem(), der: certificate.der().to_vec() }
}
