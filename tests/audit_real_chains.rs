//! Verdicts on real certificates, checked by hand once against TIMELINE.md and INDEX.csv.
//!
//! All of `../shared/certs` is one inventory, so leaves and issuers are put together across files.

#![cfg(feature = "audit")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::shared;
use mtls_roles::Role;
use mtls_roles::audit::{
    Assessment, CertificateKind, Hierarchy, Inventory, PublicEvidence, Roles, Serving, Stack,
    Timeline,
};
use time::Date;
use time::macros::date;

fn inventory() -> Option<Inventory> {
    let mut inventory = Inventory::new();
    for file in files(&shared("certs")?) {
        let name = file.file_name().unwrap().to_str().unwrap();
        inventory.add(name, &fs::read(&file).unwrap());
    }
    assert!(inventory.unreadable().is_empty());
    Some(inventory)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    entries.sort();
    let below = |path: PathBuf| match path.is_dir() {
        true => files(&path),
        false => vec![path],
    };
    let files = entries.into_iter().flat_map(below);
    files.filter(|path| path.extension().is_some_and(|it| it == "pem")).collect()
}

/// One line for each certificate that `wanted` names, by its first place.
fn lines(
    kind: CertificateKind,
    wanted: &str,
    as_of: Date,
    serving: Serving,
) -> Option<Vec<String>> {
    let (inventory, timeline) = (inventory()?, Timeline::builtin());
    let assessment = Assessment::new(&inventory, &timeline, as_of, serving);
    let findings = assessment.findings().iter().filter(|it| it.entry.kind() == kind);
    let lines = findings.filter_map(|finding| {
        let source = &finding.entry.locations()[0].source;
        let causes: Vec<_> = finding.causes.iter().map(|cause| cause.id()).collect();
        source.contains(wanted).then(|| {
            let source = source.trim_end_matches(".pem").trim_end_matches(".chain");
            let (roles, verdict) = (finding.roles, finding.verdict);
            format!("{source}: {}, {roles}, {verdict} {causes:?}", finding.hierarchy)
        })
    });
    Some(lines.collect())
}

#[test]
fn leaves_with_both_purposes_break_at_renewal_and_those_of_servers_are_unaffected() {
    let day = date!(2026 - 03 - 13);
    let Some(found) = lines(CertificateKind::Leaf, "", day, Serving::Suggested) else {
        return;
    };
    assert_eq!(
        found,
        [
            r#"akamai.com: public, server+client, breaks at renewal (works until 2026-07-07T23:59:59Z) ["digicert-on-request", "digicert-end", "chrome-leaf"]"#,
            "apple.com: public, server, unaffected []",
            "aws.amazon.com: public, server, unaffected []",
            "bing.com: public, server, unaffected []",
            "cloudflare.com: public, server, unaffected []",
            r#"docs.python.org: public, server+client, breaks at renewal (works until 2027-02-14T13:03:45Z) ["globalsign-end", "chrome-leaf"]"#,
            r#"facebook.com: public, server+client, breaks at renewal (works until 2026-03-25T23:59:59Z) ["digicert-on-request", "digicert-end", "chrome-leaf"]"#,
            "fastly.com: public, server, unaffected []",
            r#"s3.amazonaws.com: public, server+client, breaks at renewal (works until 2026-05-15T23:59:59Z) ["amazon-end", "chrome-leaf"]"#,
            "storage.googleapis.com: public, server, unaffected []",
        ]
    );
}

#[test]
fn on_the_day_of_the_facts_most_of_them_have_expired() {
    let Some(found) = lines(CertificateKind::Leaf, "", date!(2026 - 11 - 21), Serving::Suggested)
    else {
        return;
    };
    let python = found.iter().position(|line| line.starts_with("docs.python.org")).unwrap();
    for (index, line) in found.iter().enumerate() {
        let expected = match index == python {
            true => {
                r#"breaks at renewal (works until 2027-02-14T13:03:45Z) ["globalsign-end", "chrome-leaf"]"#
            }
            false => r#"already unfit ["expired"]"#,
        };
        assert!(line.ends_with(expected), "{line}");
    }
}

#[test]
fn the_new_intermediates_of_lets_encrypt_are_unfit_for_clients_and_the_old_ones_are_not() {
    let day = date!(2026 - 11 - 21);
    let as_client = Serving::In(Roles::CLIENT);
    let Some(found) = lines(CertificateKind::Intermediate, "", day, as_client) else {
        return;
    };
    let of = |names: &[&str]| {
        let lines = found.iter().filter(|line| names.iter().any(|name| line.starts_with(name)));
        lines.cloned().collect::<Vec<_>>()
    };
    assert_eq!(
        of(&["gen-y", "2024_"]),
        [
            "2024_e5: public, server+client, unaffected []",
            "2024_e7-cross: public, server+client, unaffected []",
            "2024_r10: public, server+client, unaffected []",
            "2024_r13: public, server+client, unaffected []",
            r#"gen-y_int-ye1: public, server, already unfit ["unfit"]"#,
            r#"gen-y_int-yr1: public, server, already unfit ["unfit"]"#,
            "gen-y_root-x2-by-x1: public, server+client, unaffected []",
            r#"gen-y_root-ye-by-x2: public, server, already unfit ["unfit"]"#,
        ]
    );
    // The sub-CAs of the field notices' table, by their own EKU (TIMELINE.md, 5).
    assert_eq!(
        of(&["DigiCert_Assured", "HydrantID", "IdenTrust", "SSL_com", "Sectigo"]),
        [
            "DigiCert_Assured_ID_CA_G2_93c381cb: public, server+client, unaffected []",
            "DigiCert_Assured_ID_Client_CA_G2_9e12d6e1: public, client, unaffected []",
            "HydrantID_Server_CA_O1_8bb2f688: public, server+client, unaffected []",
            "IdenTrust_Public_Sector_Server_CA_1_288b3546: public, server+client, unaffected []",
            "SSL_com_Client_Certificate_Intermediate_CA_RSA_R2_b6e44a69: public, client, unaffected []",
            "Sectigo_RSA_Client_Authentication_and_Secure_Email_CA_aaf25230: public, client, unaffected []",
            "Sectigo_RSA_Domain_Validation_Secure_Server_CA_7fa4ff68: public, server+client, unaffected []",
        ]
    );
}

#[test]
fn asked_as_clients_the_leaves_of_servers_are_unfit() {
    let day = date!(2026 - 03 - 13);
    let Some(found) = lines(CertificateKind::Leaf, "", day, Serving::In(Roles::CLIENT)) else {
        return;
    };
    let unfit = found.iter().filter(|line| line.ends_with(r#"already unfit ["unfit"]"#));
    let unfit: Vec<_> = unfit.map(|line| line.split(':').next().unwrap()).collect();
    let servers = [
        "apple.com",
        "aws.amazon.com",
        "bing.com",
        "cloudflare.com",
        "fastly.com",
        "storage.googleapis.com",
    ];
    assert_eq!(unfit, servers);
}

#[test]
fn nothing_real_is_taken_for_private_and_every_stack_accepts_every_server() {
    let Some(inventory) = inventory() else {
        return;
    };
    let timeline = Timeline::builtin();
    let assessment =
        Assessment::new(&inventory, &timeline, date!(2026 - 03 - 13), Serving::Suggested);
    for finding in assessment.findings() {
        let label = finding.entry.label();
        assert!(matches!(finding.hierarchy, Hierarchy::Public(_)), "{label}");
        let Some(forecast) = &finding.forecast else {
            continue;
        };
        for stack in Stack::ALL {
            assert!(forecast.accepts(stack, Role::Server), "{label}, {stack}");
            let as_client = forecast.accepts(stack, Role::Client);
            // Akamai's and Meta's key usage has digitalSignature, so Java agrees with the others.
            assert_eq!(as_client, finding.roles.contains(Role::Client), "{label}, {stack}");
        }
    }
}

#[test]
fn what_makes_a_hierarchy_public_is_said_the_surest_sign_first() {
    let Some(inventory) = inventory() else {
        return;
    };
    let timeline = Timeline::builtin();
    let assessment =
        Assessment::new(&inventory, &timeline, date!(2026 - 03 - 13), Serving::Suggested);
    for (source, sign) in [
        ("docs.python.org.chain.pem", PublicEvidence::RootKey),
        ("isrgrootx1.pem", PublicEvidence::RootKey),
        ("gen-y_int-ye1.pem", PublicEvidence::RootKey),
        // Its root is in no list yet, and is named by the timeline.
        ("gen-y_int-yr1.pem", PublicEvidence::RootName),
        ("Go_Daddy_Secure_Certificate_Authority_G2_973a4127.pem", PublicEvidence::RootName),
    ] {
        let mut findings = assessment.findings().iter();
        let finding = findings.find(|it| &*it.entry.locations()[0].source == source);
        assert_eq!(finding.unwrap().hierarchy, Hierarchy::Public(sign), "{source}");
    }
}
