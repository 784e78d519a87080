//! `examples/inventory`, the estate that the README audits: what it holds, and what becomes of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::pki::{Ca, CaSpec, Eku, LeafSpec};
use crate::common::programs::run;
use crate::program;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

const LONG_AGO: OffsetDateTime = datetime!(2020-01-01 0:00 UTC);
const FAR: OffsetDateTime = datetime!(2040-01-01 0:00 UTC);

/// Each row: file, organisation of its issuer, root, name, whether it is public, EKU, issued, days,
/// verdict on 2026-11-21. The issuers are of no CA: names, dates and marks of the real ones, keys
/// that were thrown away.
#[rustfmt::skip]
type Row = (&'static str, &'static str, &'static str, &'static str, bool, Eku, OffsetDateTime, i64, &'static str);

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    let (both, server) = (Eku::both, Eku::server);
    let go_daddy = "Go Daddy Root Certificate Authority - G2";
    let oct = datetime!(2026-10-01 0:00 UTC);
    vec![
        ("mail/smtp-out.pem",    "Let's Encrypt",    "Example Public Root", "smtp-out.example.com",     true,  both(),   datetime!(2026-05-31 0:00 UTC), 90, "already_unfit"),
        ("mail/imap.pem",        "Let's Encrypt",    "Example Public Root", "imap.example.com",         true,  server(), oct, 90,  "unaffected"),
        ("sip/edge2.pem",        "DigiCert Inc",     "Example Public Root", "edge2.sip.example.com",    true,  both(),   oct, 199, "breaks_at_renewal"),
        ("sip/expressway-e.pem", "GoDaddy.com, Inc.", go_daddy,             "expressway-e.example.com", true,  both(),   oct, 199, "breaks_on"),
        ("web/www.pem",          "DigiCert Inc",     "Example Public Root", "www.example.com",          true,  server(), oct, 199, "unaffected"),
        ("mesh/core.pem",        "Example",          "Example Private Root", "core.example.com",        false, both(),   oct, 365, "unaffected"),
    ]
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/inventory"))
}

/// Writes the estate anew when [`agreed`](crate::common::agreed) files are.
fn write() {
    for (file, organisation, root, name, is_public, eku, issued, days, _) in rows() {
        let root = Ca::root(CaSpec::new(root).valid(LONG_AGO, FAR));
        let issuer = CaSpec::new("Issuing CA").organisation(organisation);
        let issuer = root.sub(issuer.valid(LONG_AGO, FAR));
        let until = issued + Duration::days(days) - Duration::SECOND;
        let leaf = LeafSpec::new(name).dns(name).eku(eku).valid(issued, until);
        let leaf = issuer.leaf(if is_public { leaf.web_pki() } else { leaf });
        let path = folder().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, [leaf.cert_pem(), issuer.pem(), root.pem()].concat()).unwrap();
    }
}

#[test]
fn the_estate_of_the_readme_has_a_certificate_of_each_verdict() {
    if std::env::var_os("MTLS_ROLES_AGREE").is_some() {
        write();
    }
    let mut audit = Command::new(program("audit"));
    audit.args(["--format", "json", "--as-of", "2026-11-21"]).arg(folder());
    let lines = run(audit, b"").lines();
    for (file, .., name, _, _, _, _, verdict) in rows() {
        let found: Vec<_> =
            lines.iter().filter(|line| line["subject"] == format!("CN={name}")).collect();
        let [found] = found[..] else { panic!("{name}: {} times", found.len()) };
        assert_eq!(found["verdict"], verdict, "{name}: {found}");
        assert!(found["source"].to_string().contains(file), "{name}: {found}");
    }
}
