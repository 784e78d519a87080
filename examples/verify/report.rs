//! The verdict, for people and for programs.

use std::fmt::Write;

use base16ct::lower::encode_string as hex;
use mtls_roles::{
    Certificate, EkuOutcome, EkuViolation, PathCheck, PathViolation, Purpose, Refusal,
    RefusalClass, Role, VerifiedPeer,
};
use rustls::{CertificateError, Error, OtherError};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Accepting;
use crate::presenting::Presenting;
use crate::printable::printable;

/// What the slot says, then what the peer says: verdict first, then why, then what to do; notes last.
pub fn text(role: Role, presenting: Option<&Presenting>, accepting: Option<&Accepting>) -> String {
    let presenting = presenting.map(|presenting| presenting.text(role));
    let accepting = accepting.map(|accepting| verdict_text(role, accepting));
    presenting.into_iter().chain(accepting).collect::<Vec<_>>().join("\n\n")
}

fn verdict_text(role: Role, accepting: &Accepting) -> String {
    let mut text = match &accepting.verdict {
        Ok(peer) => accepted_text(role, peer),
        Err(refusal) => refused_text(role, refusal, &accepting.explained),
    };
    for note in &accepting.notes {
        let _ = write!(text, "\nnote:   {note}");
    }
    text
}

fn accepted_text(role: Role, peer: &VerifiedPeer) -> String {
    let (why, todo) = match peer.eku() {
        EkuOutcome::Relaxed(violation) => (
            format!("{violation}; the EKU policy is relaxed for this peer"),
            format!(
                "have it get a certificate with {} before the relaxation ends",
                violation.needed
            ),
        ),
        _ => ("its extended key usage is as the policy asks".into(), "nothing".into()),
    };
    let leaf = peer.leaf();
    let mut names: Vec<_> = peer.alt_names().iter().map(ToString::to_string).collect();
    if names.is_empty() {
        names.push("none that can be read: only a fingerprint names this peer".into());
    }
    let path = peer.path().iter().map(Certificate::label);
    let path = path.chain([peer.anchor().to_owned()]);
    let path: Vec<_> = path.map(|name| format!("`{name}`")).collect();
    format!(
        "ACCEPTED as {role}\n\
         why:    {why}\n\
         to do:  {todo}\n\
         peer:   {}\n\
         names:  {}\n\
         valid:  {} to {}\n\
         path:   {}\n\
         rules:  cert-sha256:{}\n        spki-sha256:{}",
        leaf.label(),
        // One a line: a comma may be part of a name.
        names.join("\n        "),
        instant(leaf.not_before()),
        instant(leaf.not_after()),
        path.join(" issued by "),
        hex(&leaf.sha256()),
        hex(&leaf.spki_sha256()),
    )
}

fn refused_text(role: Role, refusal: &Refusal, explained: &[String]) -> String {
    let mut text = format!("REFUSED as {role}\nwhy:    {}\n", refusal.reason());
    for line in explained {
        let _ = writeln!(text, "        {line}");
    }
    let _ = writeln!(text, "to do:  {}", todo(role, refusal));
    let _ = write!(text, "rustls: {}", rustls(refusal.error()));
    text
}

/// What rustls says, without the algorithms that `why` has in words and rustls as lists of bytes.
fn rustls(error: &Error) -> String {
    use CertificateError::{
        UnsupportedSignatureAlgorithmContext, UnsupportedSignatureAlgorithmForPublicKeyContext,
    };
    let text = printable(&error.to_string());
    match error {
        Error::InvalidCertificate(
            UnsupportedSignatureAlgorithmContext { .. }
            | UnsupportedSignatureAlgorithmForPublicKeyContext { .. },
        ) => text.split(" {").next().unwrap_or_default().to_owned(),
        _ => text,
    }
}

fn todo(role: Role, refusal: &Refusal) -> String {
    let needed = role.purpose();
    match refusal.class() {
        RefusalClass::Eku => format!(
            "get a certificate with {needed} (another root, or a private CA), or relax the EKU for \
             this peer: --eku ignore --relax-for RULE"
        ),
        RefusalClass::UnknownIssuer => {
            "check that the chain has its intermediates and that --roots has its root".into()
        }
        RefusalClass::Validity => "renew the certificate, or check the clock and --time".into(),
        RefusalClass::Revoked => "replace the certificate and its key".into(),
        RefusalClass::RevocationUnknown => {
            "add a current revocation list of every issuer to --crls".into()
        }
        RefusalClass::Name => {
            "get a certificate for the name in --name, or correct it; a server that is known otherwise is \
             named by --expect RULE"
                .into()
        }
        RefusalClass::PeerRule if role == Role::Server => {
            "expect this server with --expect, if it is the right one; over public roots a name counts only \
             beside serverAuth, and a rule that is bound to an issuer below it only"
                .into()
        }
        RefusalClass::PeerRule => {
            "name this peer with --allow, if it may connect; over public roots a name counts only \
             beside serverAuth, and a rule that is bound to an issuer below it only"
                .into()
        }
        RefusalClass::PathCheck if is_about_the_key(refusal.error()) => {
            "make a key that a handshake can use, and a certificate for it: without our check the handshake \
             itself would fail"
                .into()
        }
        RefusalClass::PathCheck => {
            "ask the issuer for a certificate without this defect; until then --stock, or \
             stock_path_checks() in code, checks paths as rustls alone does; the manual's page on \
             conformance has the reasons"
                .into()
        }
        RefusalClass::Undetermined => {
            "present the leaf and its issuers only; the EKU is wrong in any case".into()
        }
        _ => "change what stands behind `why`; no EKU policy lets it pass".into(),
    }
}

fn is_about_the_key(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(OtherError(inner))) = error else {
        return false;
    };
    let violation = inner.downcast_ref::<PathViolation>();
    violation.is_some_and(|violation| violation.check == PathCheck::WeakLeafKey)
}

/// One object. `presenting` is there if a key was given, `verdict` and what belongs to it if roots were.
pub fn json(role: Role, presenting: Option<&Presenting>, accepting: Option<&Accepting>) -> Value {
    let mut report = match accepting {
        Some(accepting) => verdict_json(role, accepting),
        None => json!({ "role": role.to_string() }),
    };
    if let Some(presenting) = presenting {
        report["presenting"] = presenting.json();
    }
    report
}

/// `peer`, `path` and `anchor` are of the verified path; a refused chain has none. What nobody verified is
/// in `presented` and `explained`. `notes` are about the roots and the lists.
fn verdict_json(role: Role, accepting: &Accepting) -> Value {
    let notes = &accepting.notes;
    match &accepting.verdict {
        Ok(peer) => json!({
            "verdict": "accepted",
            "role": role.to_string(),
            "eku": match peer.eku() {
                EkuOutcome::Relaxed(_) => "relaxed",
                _ => "enforced",
            },
            "violation": peer.eku().violation().map(violation),
            "error": null,
            "peer": certificate(peer.leaf()),
            "path": peer.path().iter().map(certificate).collect::<Vec<_>>(),
            "anchor": peer.anchor(),
            "notes": notes,
        }),
        Err(refusal) => json!({
            "verdict": "refused",
            "role": role.to_string(),
            "eku": null,
            "violation": refusal.violation().map(violation),
            "error": {
                "kind": refusal.class().name(),
                "message": refusal.reason(),
                "explained": accepting.explained,
                "presented": refusal.presented().map(ToString::to_string),
                "rustls": printable(&refusal.error().to_string()),
            },
            "peer": null,
            "path": [],
            "anchor": null,
            "notes": notes,
        }),
    }
}

fn violation(violation: &EkuViolation) -> Value {
    json!({
        "certificate": violation.certificate,
        "position": violation.position,
        "needed": violation.needed.to_string(),
        "found": violation.found.as_deref().map(names),
    })
}

fn certificate(certificate: &Certificate) -> Value {
    let sans = certificate.alt_names();
    json!({
        "subject": certificate.subject(),
        "sans": sans.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "eku": certificate.purposes().map(names),
        "notBefore": instant(certificate.not_before()),
        "notAfter": instant(certificate.not_after()),
        "sha256": hex(&certificate.sha256()),
        "spkiSha256": hex(&certificate.spki_sha256()),
    })
}

fn names(purposes: &[Purpose]) -> Vec<String> {
    purposes.iter().map(Purpose::to_string).collect()
}

pub fn instant(instant: OffsetDateTime) -> String {
    // A certificate's validity ends in the year 9999 at the latest, which RFC 3339 can say.
    instant.format(&Rfc3339).unwrap_or_else(|_| instant.to_string())
}
