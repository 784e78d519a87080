//! Why rustls' verifier does not take a certificate that is well-formed, or is none: in words, for
//! those who gave it.

use super::key;
use super::name::SubjectAltName;
use super::oid::{self, Called};
use super::view::View;
use crate::content::Content;
use crate::error::Error;
use crate::tlv::{Elements, Kind};

/// What a certificate is given for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GivenAs {
    /// In a chain: leaf or issuer.
    Presented,
    /// As a trust anchor, of which webpki takes version 1, too, and unknown critical extensions.
    AsRoot,
}

/// What messages call one of several certificates from one place.
pub(crate) fn certificate_at(index: usize, origin: &str, der: &[u8]) -> String {
    let number = index + 1;
    match View::read(der) {
        Ok(view) => format!("certificate {number} of {origin} ({})", view.label()),
        Err(_) => format!("certificate {number} of {origin}"),
    }
}

/// That one of several certificates from one place is of no use for what it was given for.
pub(crate) fn unusable_certificate(
    index: usize,
    origin: &str,
    der: &[u8],
    given: GivenAs,
    refused: impl std::fmt::Display,
) -> Error {
    let certificate = certificate_at(index, origin, der);
    Error::UnusableCertificate { certificate, reason: defect(der, given, refused) }
}

/// What stands in the way and what to do about it; `refused` is what rustls said.
pub(crate) fn defect(der: &[u8], given: GivenAs, refused: impl std::fmt::Display) -> String {
    if let Some(content) = Content::of(der).filter(|content| *content != Content::Certificate) {
        return format!("it is {}, {}", content.name(), in_place_of_certificate(content));
    }
    match find(der, given) {
        Ok(Some(defect)) => defect,
        Ok(None) => format!("rustls refuses it ({refused}); have it issued anew"),
        Err(error) => format!(
            "it is no certificate in DER, or it is damaged ({error}); get it again from where it was issued"
        ),
    }
}

fn in_place_of_certificate(content: Content) -> &'static str {
    match content {
        Content::TrustedCertificate => {
            "which rustls knows nothing of; take them off: openssl x509 -clrtrust -clrreject -in FILE \
             -out FILE.pem"
        }
        Content::Request => "needed is the certificate that the CA issued for it",
        Content::Pkcs7 => {
            "needed are its certificates: openssl pkcs7 -print_certs -in FILE -out FILE.pem"
        }
        Content::Pkcs12 => {
            "needed are its certificates and its key: openssl pkcs12 -in FILE -nodes -out FILE.pem"
        }
        _ => "needed is a certificate",
    }
}

/// What a certificate has that may be the reason of a refusal: `signed_with` is an AlgorithmIdentifier (its
/// contents) that was refused.
pub(crate) fn suspects(der: &[u8], signed_with: Option<&[u8]>) -> Vec<String> {
    let mut found = Vec::new();
    match (Content::of(der), find(der, GivenAs::Presented)) {
        (None | Some(Content::Certificate), Ok(defect)) => found.extend(defect),
        _ => found.push(defect(der, GivenAs::Presented, "it is not read")),
    }
    let Ok(view) = View::read(der) else {
        return found;
    };
    let key = key::public_key(view.spki);
    if !key::is_usable(view.spki) {
        found.push(format!("its key is {key}; {}", key::advice(&key)));
    }
    if let Some(refused) = signed_with
        && signature_algorithm(der).is_ok_and(|algorithm| algorithm == refused)
    {
        found.push(format!("it is signed with {}", oid::algorithm(refused)));
    }
    if let Ok(Some(most)) = view.path_len() {
        found.push(format!("its pathLenConstraint is {most}"));
    }
    if let Ok(forms) = view.constrained_names()
        && !forms.is_empty()
    {
        found.push(constraints_on(&forms));
    }
    found
}

/// Why rustls refuses a leaf below an issuer: for a DNS name or an IP address that is kept out, or, whatever
/// name is permitted, for one of another form that is constrained, which it does not compare.
pub(crate) fn constraint_on(leaf: &View<'_>, issuer: &View<'_>) -> Option<String> {
    let forms = issuer.constrained_names().ok()?;
    let names: Vec<_> = leaf.alt_names().ok()?.filter_map(Result::ok).collect();
    if let Some(name) = names.iter().find(|name| issuer.keeps_out(name)) {
        return Some(format!(
            "its name constraints (nameConstraints, 2.5.29.30) keep out `{name}`, which the leaf is for; \
             needed is a CA that may issue for it"
        ));
    }
    let is_there = |form: &&str| match *form {
        "directory names" => !leaf.subject.is_empty(),
        "e-mail addresses" => names.iter().any(|name| matches!(name, SubjectAltName::Email(_))),
        "URIs" => names.iter().any(|name| matches!(name, SubjectAltName::Uri(_))),
        _ => false,
    };
    let met: Vec<_> = forms.into_iter().filter(is_there).collect();
    (!met.is_empty()).then(|| {
        let constraints = constraints_on(&met);
        format!("{constraints}, which rustls does not compare: it refuses each, permitted or not")
    })
}

fn constraints_on(forms: &[&str]) -> String {
    format!("it has name constraints (nameConstraints, 2.5.29.30) on {}", forms.join(", "))
}

fn signature_algorithm(der: &[u8]) -> der::Result<&[u8]> {
    let mut certificate = Elements::of_sequence(der)?;
    certificate.read(Kind::SEQUENCE)?;
    certificate.read(Kind::SEQUENCE)
}

/// In the order in which webpki would find it.
fn find(der: &[u8], given: GivenAs) -> der::Result<Option<String>> {
    let mut certificate = Elements::of_sequence(der)?;
    let mut tbs = certificate.enter(Kind::SEQUENCE)?;
    let version = match tbs.next_is(Kind::explicit(0)) {
        true => tbs.enter(Kind::explicit(0))?.read(Kind::INTEGER)?.last().map_or(0, |v| v + 1),
        false => 1,
    };
    if version != 3 && (given == GivenAs::Presented || version != 1) {
        return Ok(Some(format!(
            "it is of X.509 version {version}, which has no extensions; needed is version 3: have it \
             issued with extensions (OpenSSL: `-extfile FILE`, or `-copy_extensions copy` with x509 -req)"
        )));
    }
    tbs.read(Kind::INTEGER)?; // serialNumber
    let inner = tbs.read(Kind::SEQUENCE)?;
    let outer = certificate.read(Kind::SEQUENCE)?;
    if inner != outer {
        return Ok(Some(format!(
            "it names two algorithms for its one signature, {} inside the signed part and {} outside; have \
             it issued anew",
            oid::algorithm(inner),
            oid::algorithm(outer)
        )));
    }
    for _ in ["issuer", "validity", "subject", "subjectPublicKeyInfo"] {
        tbs.read(Kind::SEQUENCE)?;
    }
    if tbs.next_is(Kind::implicit(1)) || tbs.next_is(Kind::implicit(2)) {
        return Ok(Some(
            "it has an issuerUniqueID or subjectUniqueID, fields of X.509 version 2 that no CA may write \
             (RFC 5280, 4.1.2.8) and rustls does not read; have it issued without"
                .into(),
        ));
    }
    let view = View::read(der)?;
    if let Some(extension) = view.unknown_critical_extension()?
        && given == GivenAs::Presented
    {
        return Ok(Some(critical(extension)));
    }
    if let Some(extension) = view.duplicate_extension()? {
        return Ok(Some(format!(
            "it has the extension {} twice (RFC 5280, 4.2 forbids that); have it issued with one",
            Called(extension)
        )));
    }
    if let Some(extension) = view.unreadable_extension() {
        return Ok(Some(format!("its extension {extension} is malformed; have it issued anew")));
    }
    if view.purposes()?.is_some_and(|mut purposes| purposes.next().is_none()) {
        return Ok(Some(
            "its extension extKeyUsage (2.5.29.37) lists no purpose (RFC 5280, 4.2.1.12 asks for one at least); \
             have it issued with one, or without the extension"
                .into(),
        ));
    }
    if let Err(error) = view.validity() {
        return Ok(Some(format!(
            "its validity cannot be read ({error}); needed are times in UTC to the second (RFC 5280, 4.1.2.5), \
             have it issued anew"
        )));
    }
    Ok(None)
}

fn critical(extension: &[u8]) -> String {
    const PRECERTIFICATE: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 3];
    match extension == PRECERTIFICATE {
        true => format!(
            "it has {}: it is for transparency logs only; needed is the certificate itself",
            Called(extension)
        ),
        false => format!(
            "its extension {} is critical, and rustls, which does not process it, must refuse the \
             certificate (RFC 5280, 4.2); have it issued with this extension not critical, or without it",
            Called(extension)
        ),
    }
}
