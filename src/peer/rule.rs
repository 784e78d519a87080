//! [`PeerRule`]: its forms, and what is refused when one is written down.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use rustls::pki_types::DnsName;

use crate::error::Error;
use crate::text::{self, Printable};

/// Names verified peers, by typed name or by fingerprint.
///
/// * Types never cross, and the common name is never looked at.
/// * Names come from the verified leaf only. If any entry of its subjectAltName cannot be read,
///   no name of it matches.
/// * **DNS**: `edge.example.com` matches that name, in any case, and nothing else; above all not a
///   certificate for `*.example.com`, which every host there may hold. `*.example.com` matches
///   names with exactly one more label, and certificates for `*.example.com`.
/// * **URI**: equal byte for byte. Both must be of the strict form `scheme://host/path`: no port,
///   user information, query, fragment or percent-encoding, no empty, `.` or `..` segments, host
///   and scheme in lower case (SPIFFE ID, 2). A certificate with several URIs matches no URI rule
///   (SPIFFE X.509-SVID, 2). A SPIFFE trust domain matches as a whole.
/// * **IP**: the same address of the same family: an IPv4-mapped IPv6 address is not IPv4.
/// * **Fingerprints**: SHA-256 of the whole certificate, or of its whole SubjectPublicKeyInfo.
///
/// Written as text, as on a command line or in a configuration file, a rule is `dns:NAME`,
/// `uri:URI`, `spiffe-trust-domain:NAME`, `ip:ADDRESS`, `spki-sha256:HEX` or `cert-sha256:HEX`.
///
/// ```
/// use mtls_roles::PeerRule;
/// let rule = PeerRule::dns_name("edge.example.com")?;
/// assert_eq!(rule.to_string(), "dns:edge.example.com");
/// assert_eq!(rule, "dns:EDGE.example.com".parse()?);
/// assert!(PeerRule::dns_name("bücher.example").is_err()); // write xn--bcher-kva.example
/// # Ok::<(), mtls_roles::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PeerRule(pub(super) Form);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// In lower case.
    Dns(String),
    /// What stands behind `*.`, in lower case.
    DnsWildcard(String),
    Uri(String),
    SpiffeTrustDomain(String),
    Ip(IpAddr),
    SpkiSha256([u8; 32]),
    CertSha256([u8; 32]),
}

impl PeerRule {
    /// A DNS name, or `*.` and a DNS name.
    ///
    /// # Errors
    ///
    /// Not a DNS name in A-labels without a trailing dot.
    pub fn dns_name(name: &str) -> Result<Self, Error> {
        let refuse = |reason| Err(invalid("dns", name, reason));
        let lower = name.to_ascii_lowercase();
        let (form, host): (fn(String) -> Form, _) = match lower.strip_prefix("*.") {
            Some(host) => (Form::DnsWildcard, host),
            None => (Form::Dns, lower.as_str()),
        };
        if !host.is_ascii() {
            return refuse("found characters outside ASCII, needed are A-labels (xn--…)");
        }
        if host.ends_with('.') {
            return refuse("found a trailing dot, write the name without it");
        }
        if host.contains('*') {
            return refuse("`*` can only be the whole first label, as in *.example.com");
        }
        match DnsName::try_from(host) {
            Ok(_) => Ok(Self(form(host.to_owned()))),
            Err(_) => refuse("this is not a DNS name"),
        }
    }

    /// A URI such as a SPIFFE ID, to be matched byte for byte.
    ///
    /// # Errors
    ///
    /// Not of the strict form that the type's documentation describes.
    pub fn uri(uri: &str) -> Result<Self, Error> {
        match StrictUri::parse(uri) {
            Ok(_) => Ok(Self(Form::Uri(uri.to_owned()))),
            Err(reason) => Err(invalid("uri", uri, reason)),
        }
    }

    /// Every SPIFFE ID of a trust domain: `example.org` stands for `spiffe://example.org` and
    /// `spiffe://example.org/…`.
    ///
    /// # Errors
    ///
    /// Not the name of a trust domain: lower-case letters, digits, `.`, `-` and `_`.
    pub fn spiffe_trust_domain(name: &str) -> Result<Self, Error> {
        match is_host(name) {
            true => Ok(Self(Form::SpiffeTrustDomain(name.to_owned()))),
            false => Err(invalid("spiffe-trust-domain", name, BAD_HOST)),
        }
    }

    /// An IP address.
    pub fn ip_address(address: IpAddr) -> Self {
        Self(Form::Ip(address))
    }

    /// The SHA-256 of the peer's whole SubjectPublicKeyInfo: survives a renewal with the same key.
    pub fn spki_sha256(fingerprint: [u8; 32]) -> Self {
        Self(Form::SpkiSha256(fingerprint))
    }

    /// The SHA-256 of the peer's whole certificate.
    pub fn cert_sha256(fingerprint: [u8; 32]) -> Self {
        Self(Form::CertSha256(fingerprint))
    }

    /// Whether the peer is named by what its certificate says, which is worth as much as its
    /// issuer's checks, and not by a fingerprint.
    pub(crate) fn is_by_name(&self) -> bool {
        !matches!(self.0, Form::SpkiSha256(_) | Form::CertSha256(_))
    }
}

impl FromStr for PeerRule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let Some((kind, value)) = text.split_once(':') else {
            return Err(unknown_form(text));
        };
        match kind {
            "dns" => Self::dns_name(value),
            "uri" => Self::uri(value),
            "spiffe-trust-domain" => Self::spiffe_trust_domain(value),
            "ip" => match value.parse() {
                Ok(address) => Ok(Self::ip_address(address)),
                Err(_) => Err(invalid(kind, value, "this is not an IP address")),
            },
            "spki-sha256" => fingerprint(kind, value).map(Self::spki_sha256),
            "cert-sha256" => fingerprint(kind, value).map(Self::cert_sha256),
            _ => Err(unknown_form(text)),
        }
    }
}

impl fmt::Display for PeerRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Dns(name) => write!(f, "dns:{name}"),
            Form::DnsWildcard(host) => write!(f, "dns:*.{host}"),
            Form::Uri(uri) => write!(f, "uri:{uri}"),
            Form::SpiffeTrustDomain(name) => write!(f, "spiffe-trust-domain:{name}"),
            Form::Ip(address) => write!(f, "ip:{address}"),
            Form::SpkiSha256(fingerprint) => write!(f, "spki-sha256:{}", text::hex(fingerprint)),
            Form::CertSha256(fingerprint) => write!(f, "cert-sha256:{}", text::hex(fingerprint)),
        }
    }
}

fn invalid(kind: &str, value: &str, reason: &'static str) -> Error {
    Error::InvalidPeerRule {
        rule: format!("{kind}:{}", Printable(value)),
        reason,
    }
}

fn unknown_form(text: &str) -> Error {
    Error::InvalidPeerRule {
        rule: Printable(text).to_string(),
        reason: "needed is dns:, uri:, spiffe-trust-domain:, ip:, spki-sha256: or cert-sha256:",
    }
}

/// 64 hexadecimal digits, with or without the colons that OpenSSL prints between bytes.
fn fingerprint(kind: &str, value: &str) -> Result<[u8; 32], Error> {
    let hex: Vec<u8> = value.bytes().filter(|byte| *byte != b':').collect();
    let mut bytes = [0; 32];
    let digits = || hex.iter().map(|digit| char::from(*digit).to_digit(16));
    if hex.len() != 64 || digits().any(|digit| digit.is_none()) {
        let reason = "needed are the 64 hexadecimal digits of a SHA-256, all of them";
        return Err(invalid(kind, value, reason));
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
        for digit in pair {
            *byte = *byte << 4 | char::from(*digit).to_digit(16).unwrap_or(0) as u8;
        }
    }
    Ok(bytes)
}

/// A URI of the strict form `scheme://host/path`.
pub(super) struct StrictUri<'a> {
    pub(super) scheme: &'a str,
    pub(super) host: &'a str,
}

const BAD_HOST: &str =
    "needed is a host of lower-case letters, digits, `.`, `-` and `_`, without port or user";

impl<'a> StrictUri<'a> {
    pub(super) fn parse(uri: &'a str) -> Result<Self, &'static str> {
        let (scheme, rest) = uri
            .split_once("://")
            .ok_or("needed is scheme://host/path")?;
        let (host, path) = match rest.split_once('/') {
            Some((host, path)) => (host, Some(path)),
            None => (rest, None),
        };
        if !is_scheme(scheme) {
            return Err("needed is a scheme of lower-case letters and digits");
        }
        if !is_host(host) {
            return Err(BAD_HOST);
        }
        if !path.is_none_or(|path| path.split('/').all(is_segment)) {
            return Err(
                "needed are path segments of letters, digits, `.`, `-` and `_`, none of them \
                 empty, `.` or `..`; no query, fragment or percent-encoding",
            );
        }
        Ok(Self { scheme, host })
    }
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
}

fn is_segment(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..")
        && segment
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}
