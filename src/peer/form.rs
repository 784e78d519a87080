//! [`Form`]: what a rule names a peer by, and what is refused when it is written down.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use base16ct::lower::encode_string as hex;
use rustls::pki_types::DnsName;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form<'a> {
    /// In lower case.
    Dns(Cow<'a, str>),
    /// What stands behind `*.`, in lower case.
    DnsWildcard(Cow<'a, str>),
    Uri(Cow<'a, str>),
    SpiffeTrustDomain(Cow<'a, str>),
    /// Its domain in lower case.
    Email(Cow<'a, str>),
    Ip(IpAddr),
    SpkiSha256([u8; 32]),
    CertSha256([u8; 32]),
}

impl Form<'static> {
    pub(super) fn dns(name: &str) -> Result<Self, &'static str> {
        let lower = name.to_ascii_lowercase();
        let (form, host): (fn(Cow<'static, str>) -> Self, _) = match lower.strip_prefix("*.") {
            Some(host) => (Self::DnsWildcard, host),
            None => (Self::Dns, lower.as_str()),
        };
        if !host.is_ascii() {
            return Err("found characters outside ASCII, needed are A-labels (xn--…)");
        }
        if host.ends_with('.') {
            return Err("found a trailing dot, write the name without it");
        }
        if host.contains('*') {
            return Err("`*` can only be the whole first label, as in *.example.com");
        }
        match DnsName::try_from(host) {
            Ok(_) => Ok(form(host.to_owned().into())),
            Err(_) if host.parse::<IpAddr>().is_ok() => {
                Err("this is an IP address, write ip: before it")
            }
            Err(_) => Err("this is not a DNS name"),
        }
    }

    pub(super) fn uri(uri: &str) -> Result<Self, &'static str> {
        without_wildcard(uri)?;
        spiffe_trust_domain(uri).map(|_| Self::Uri(uri.to_owned().into()))
    }

    pub(super) fn spiffe_trust_domain(name: &str) -> Result<Self, &'static str> {
        without_wildcard(name)?;
        match is_host(name) {
            true => Ok(Self::SpiffeTrustDomain(name.to_owned().into())),
            false => Err(BAD_TRUST_DOMAIN),
        }
    }

    pub(super) fn email(address: &str) -> Result<Self, &'static str> {
        without_wildcard(address)?;
        match email_address(address) {
            Some(address) => Ok(Self::Email(address.into_owned().into())),
            None => {
                Err("needed is local@domain, the domain in A-labels and without a trailing dot")
            }
        }
    }

    pub(super) fn ip(address: &str) -> Result<Self, &'static str> {
        address.parse().map(Self::Ip).map_err(|_| "this is not an IP address")
    }

    pub(super) fn fingerprint(form: fn([u8; 32]) -> Self, hex: &str) -> Result<Self, &'static str> {
        let needed = "needed are the 64 hexadecimal digits of a SHA-256, all of them";
        sha256(hex).map(form).ok_or(needed)
    }
}

impl fmt::Display for Form<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::DnsWildcard(host) => write!(f, "dns:*.{host}"),
            Self::Uri(uri) => write!(f, "uri:{uri}"),
            Self::SpiffeTrustDomain(name) => write!(f, "spiffe-trust-domain:{name}"),
            Self::Email(address) => write!(f, "email:{address}"),
            Self::Ip(address) => write!(f, "ip:{address}"),
            Self::SpkiSha256(fingerprint) => write!(f, "spki-sha256:{}", hex(fingerprint)),
            Self::CertSha256(fingerprint) => write!(f, "cert-sha256:{}", hex(fingerprint)),
        }
    }
}

/// A mailbox and a URI may have `*` in them (RFC 5322, 3.2.3; RFC 3986, 2.2). A rule that took it for what it
/// is would look as if it named many, and name nobody.
fn without_wildcard(text: &str) -> Result<(), &'static str> {
    match text.contains('*') {
        true => Err("`*` stands for nothing in such a rule, only dns: has wildcards, as in \
                     dns:*.example.com; name each peer by a rule of its own, or all of a SPIFFE trust \
                     domain by spiffe-trust-domain:"),
        false => Ok(()),
    }
}

/// 64 hexadecimal digits, with or without the colons that OpenSSL prints between bytes.
pub(super) fn sha256(hex: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    let read = base16ct::mixed::decode(hex.replace(':', ""), &mut hash).ok()?.len();
    (read == hash.len()).then_some(hash)
}

/// An address with its domain in lower case; `None` if it is none.
pub(super) fn email_address(address: &str) -> Option<Cow<'_, str>> {
    let (local, domain) = address.rsplit_once('@')?;
    let is_atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'+/=?^_{|}~-".contains(&b);
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atext);
    let is_domain = !domain.ends_with('.') && DnsName::try_from(domain).is_ok();
    (local.split('.').all(is_atom) && is_domain).then(|| match lower_case(domain) {
        Cow::Borrowed(_) => address.into(),
        Cow::Owned(domain) => format!("{local}@{domain}").into(),
    })
}

pub(super) fn lower_case(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => name.to_ascii_lowercase().into(),
        false => name.into(),
    }
}

const BAD_TRUST_DOMAIN: &str =
    "needed is a host of lower-case letters, digits, `.`, `-` and `_`, without port or user";

/// Reads a URI of the strict form `scheme://host:port/path`, or `scheme:name`: its trust domain, if it is a
/// SPIFFE ID.
pub(super) fn spiffe_trust_domain(uri: &str) -> Result<Option<&str>, &'static str> {
    let needed = "needed is scheme://host/path, or scheme:name as in sip:example.com";
    let (scheme, rest) = uri.split_once(':').ok_or(needed)?;
    match is_scheme(scheme) {
        true if scheme == "spiffe" => spiffe_id(rest).map(Some),
        true => any_uri(rest).map(|()| None),
        false => Err("needed is a scheme of lower-case letters and digits"),
    }
}

/// SPIFFE ID, 2.
fn spiffe_id(rest: &str) -> Result<&str, &'static str> {
    let rest = rest.strip_prefix("//").ok_or("needed is spiffe://trust-domain/path")?;
    let (domain, path) = authority_and_path(rest);
    let is_segment = |segment: &str| is_segment(segment) && segment.bytes().all(is_of_id);
    match path.is_none_or(|path| path.split('/').all(is_segment)) {
        _ if !is_host(domain) => Err(BAD_TRUST_DOMAIN),
        true => Ok(domain),
        false => {
            Err("needed are path segments of letters, digits, `.`, `-` and `_`, none of them \
                      empty, `.` or `..`; no query, fragment or percent-encoding")
        }
    }
}

fn any_uri(rest: &str) -> Result<(), &'static str> {
    let (host, path) = match rest.strip_prefix("//").map(authority_and_path) {
        Some((authority, path)) => match authority.rsplit_once(':') {
            Some((host, port)) if is_port(port) => (Some(host), path),
            _ => (Some(authority), path),
        },
        None => (None, Some(rest)),
    };
    match path.is_none_or(|path| path.split('/').all(is_segment)) {
        _ if !host.is_none_or(is_host) => {
            Err("needed is a host of lower-case letters, digits, `.`, `-` and `_`, without user")
        }
        true => Ok(()),
        false => {
            Err("needed behind the scheme or the host is no query, fragment, percent-encoding or \
                      space, and no segment between slashes that is empty, `.` or `..`")
        }
    }
}

fn authority_and_path(rest: &str) -> (&str, Option<&str>) {
    rest.split_once('/').map_or((rest, None), |(authority, path)| (authority, Some(path)))
}

fn is_scheme(scheme: &str) -> bool {
    let is_scheme = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b);
    scheme.starts_with(|c: char| c.is_ascii_lowercase()) && scheme.bytes().all(is_scheme)
}

fn is_port(port: &str) -> bool {
    let is_number = port.bytes().all(|b| b.is_ascii_digit());
    is_number && !port.starts_with('0') && port.parse::<u16>().is_ok()
}

fn is_host(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|b| is_of_id(b) && !b.is_ascii_uppercase())
}

fn is_of_id(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"._-".contains(&b)
}

/// RFC 3986, 3.3, without percent-encoding.
fn is_segment(segment: &str) -> bool {
    let is_pchar = |b: u8| is_of_id(b) || b"~!$&'()*+,;=:@".contains(&b);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(is_pchar)
}
