//! What to give to peers: the roots that they must trust to accept our certificates, and the issuers
//! between, for each role; PEM behind words for people, so that any TLS stack loads it as it is.

use std::collections::HashMap;
use std::io::{self, Write};

use base64ct::{Base64, Encoding};
use mtls_roles::Role;
use mtls_roles::audit::{CertificateKind, Entry, Finding, Roles};

use crate::report::{Report, counted, is_expired, short_name};

/// A certificate above some of ours.
struct Shared<'a> {
    entry: &'a Entry,
    is_public: bool,
    /// Our certificates below it.
    below: Vec<String>,
}

/// Nothing is missing if every chain of ours has its root.
pub fn is_complete(report: &Report<'_>) -> bool {
    Roles::BOTH.iter().all(|role| ours(report, role).all(|finding| finding.path.is_complete))
}

pub fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# As of {}. {}", report.assessment.as_of(), report.reading_day())?;
    writeln!(out, "# Compare the fingerprints on another way than this file came, by telephone.")?;
    for role in Roles::BOTH.iter() {
        let (roots, issuers): (Vec<_>, Vec<_>) = shared(report, role)
            .into_iter()
            // A self-signed leaf is its own root.
            .partition(|it| it.entry.kind() != CertificateKind::Intermediate);
        writeln!(out, "\n# ==== Peers that verify us as {role} ({})", role.purpose())?;
        for missing in ours(report, role).filter(|finding| !finding.path.is_complete) {
            let (name, issuer) = (short_name(missing.entry), above(missing));
            writeln!(out, "# MISSING: the root of {name}: its chain ends below `{issuer}`")?;
        }
        if ours(report, role).next().is_none() {
            writeln!(out, "# nothing: no certificate of ours is fit for it")?;
        }
        for root in &roots {
            certificate("ROOT, to be trusted", root, out)?;
        }
        for issuer in &issuers {
            certificate("INTERMEDIATE, needed where we do not present it", issuer, out)?;
        }
    }
    Ok(())
}

/// Leaf certificates that serve in a role and are fit for it; of those that only a server showed, the
/// ones whose role was told: others are the peers'.
fn ours<'r, 'a>(report: &'r Report<'a>, role: Role) -> impl Iterator<Item = &'a Finding<'a>> + 'r {
    report.findings.iter().copied().filter(move |finding| {
        let mut places = finding.entry.locations().iter();
        let is_ours = finding.entry.told_roles().is_some()
            || places.any(|place| !report.found.hosts.contains_key(&*place.source));
        let is_leaf = finding.entry.kind() == CertificateKind::Leaf && !is_expired(finding);
        is_leaf && is_ours && finding.serves.contains(role) && finding.roles.contains(role)
    })
}

/// Each once, in the order of the report.
fn shared<'a>(report: &Report<'a>, role: Role) -> Vec<Shared<'a>> {
    let mut shared: Vec<Shared<'_>> = vec![];
    let mut known = HashMap::new();
    for finding in ours(report, role) {
        // A self-signed leaf is what its peers trust.
        let above = match finding.path.entries.len() {
            1 if finding.path.is_complete => &finding.path.entries[..],
            _ => &finding.path.entries[1..],
        };
        for entry in above {
            let at = *known.entry(entry.sha256()).or_insert(shared.len());
            if at == shared.len() {
                let is_public = finding.hierarchy.is_public();
                shared.push(Shared { entry, is_public, below: vec![] });
            }
            shared[at].below.push(short_name(finding.entry));
        }
    }
    shared
}

/// Who is named at the end of an incomplete chain.
fn above(finding: &Finding<'_>) -> String {
    let last = finding.path.entries.last();
    last.map(|last| last.certificate().issuer()).unwrap_or_default()
}

/// Names told; more of them are counted.
const NAMES: usize = 5;

fn certificate(what: &str, shared: &Shared<'_>, out: &mut dyn Write) -> io::Result<()> {
    let certificate = shared.entry.certificate();
    writeln!(out, "\n# {what}")?;
    writeln!(out, "# name:    {}", shared.entry.label())?;
    if shared.is_public {
        writeln!(out, "# public:  peers have it, unless their store has dropped it")?;
    }
    let (begin, end) = (certificate.not_before().date(), certificate.not_after().date());
    writeln!(out, "# valid:   {begin} to {end}, serial {}", certificate.serial())?;
    let names = shared.below.iter().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    let more = match shared.below.len().saturating_sub(NAMES) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    writeln!(out, "# for:     {}: {names}{more}", counted(shared.below.len(), "certificate"))?;
    for (label, half) in ["# SHA-256:", "#         "].iter().zip(shared.entry.sha256().chunks(16)) {
        writeln!(out, "{label} {}", spoken(half))?;
    }
    pem(certificate.der(), out)
}

/// Four digits at a time.
fn spoken(bytes: &[u8]) -> String {
    let groups = bytes.chunks(2).map(base16ct::upper::encode_string);
    groups.collect::<Vec<_>>().join(" ")
}

fn pem(der: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let text = Base64::encode_string(der);
    writeln!(out, "-----BEGIN CERTIFICATE-----")?;
    let mut rest = &text[..];
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        writeln!(out, "{line}")?;
        rest = more;
    }
    writeln!(out, "-----END CERTIFICATE-----")
}
