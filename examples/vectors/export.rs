//! The suite for programs that read no JSON: a line for each vector, a file for each certificate.

use std::fs;
use std::io;
use std::path::Path;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::format::{Suite, Vector};

/// `DIR/vectors.tsv`, `DIR/NAME.pem`, `DIR/NAME.crl` and `DIR/NAME.key`.
pub fn write(suite: &Suite, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (pems, extension) in
        [(&suite.certificates, "pem"), (&suite.crls, "crl"), (&suite.keys, "key")]
    {
        for (name, pem) in pems {
            fs::write(folder.join(format!("{name}.{extension}")), pem)?;
        }
    }
    let lines: String = suite.all().map(|vector| line(vector) + "\n").collect();
    fs::write(folder.join("vectors.tsv"), lines)
}

/// Fields divided by tabs: id, role, seconds, chain, roots, lists, server name, policy, its end in
/// seconds, `any-private` or nothing, `anybody` or nothing, and the rules: to relax, to allow, to
/// expect; and the key of a slot. Names are divided by commas, rules by semicolons; what is not there is `-`.
fn line(vector: &Vector) -> String {
    let policy = &vector.policy;
    let list = |items: &[String], by: &str| match items.is_empty() {
        true => "-".to_owned(),
        false => items.join(by),
    };
    let flag = |is_set: bool, word: &str| if is_set { word.to_owned() } else { "-".into() };
    [
        vector.id.clone(),
        vector.role.clone(),
        seconds(&vector.time),
        list(&vector.chain, ","),
        list(&vector.roots, ","),
        list(&vector.crls, ","),
        vector.server_name.clone().unwrap_or_else(|| "-".into()),
        policy.eku.clone(),
        policy.until.as_deref().map_or_else(|| "-".into(), seconds),
        flag(policy.relax_for_any_private_peer, "any-private"),
        flag(policy.allow_anybody_public, "anybody"),
        list(&policy.relax_for, ";"),
        list(&policy.allow, ";"),
        list(&policy.expect, ";"),
        vector.slot_key.clone().unwrap_or_else(|| "-".into()),
    ]
    .join("\t")
}

fn seconds(instant: &str) -> String {
    let instant = OffsetDateTime::parse(instant, &Rfc3339).expect("an instant");
    instant.unix_timestamp().to_string()
}
