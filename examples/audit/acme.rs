//! What to do about it with an ACME client, as commands.

use mtls_roles::SubjectAltName;
use mtls_roles::audit::{Advice, Entry};

use crate::report::Report;

/// For each of five clients: the server slot, the client slot, the guard.
pub const COMMANDS: &str = include_str!("acme.txt");

/// Whether somebody is advised to use two certificates.
pub fn is_worth_saying(report: &Report<'_>) -> bool {
    let mut advice = report.findings.iter().flat_map(|finding| &*finding.advice);
    advice.any(|advice| matches!(advice, Advice::TwoSlots))
}

/// The request for the client slot's certificate, with the names of this one.
pub fn request(entry: &Entry) -> Option<String> {
    let names = entry.alt_names().0;
    let names = names.iter().filter_map(|name| match name {
        SubjectAltName::Dns(name) if is_plain(name) => Some(format!("DNS:{name}")),
        SubjectAltName::Ip(address) => Some(format!("IP:{address}")),
        _ => None,
    });
    let names: Vec<_> = names.take(100).collect();
    (!names.is_empty()).then(|| {
        format!(
            "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout \
             client.key -out client.csr -subj / -addext extendedKeyUsage=clientAuth -addext \
             subjectAltName={}",
            names.join(",")
        )
    })
}

/// Whether a shell takes it for one word. A certificate's names are whatever its issuer wrote.
fn is_plain(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !name.is_empty() && name.bytes().all(is_plain)
}
