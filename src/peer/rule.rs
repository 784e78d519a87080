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
/// * **URI**: equal byte for byte. Both are of the strict form `scheme://host:port/path`, the host in
///   lower case, or, where there is no authority, `scheme:name` as in `sip:example.com` (RFC 5922) or
///   `urn:…`: the scheme in lower case, no user information before a host, no query, fragment or
///   percent-encoding, no empty, `.` or `..` segments. A SPIFFE ID has no port, and letters, digits,
///   `.`, `-` and `_` in its path (SPIFFE ID, 2). A certificate with several URIs matches no URI rule
///   (SPIFFE X.509-SVID, 2). A SPIFFE trust domain matches as a whole.
/// * **E-mail**: the same address; the case of its domain does not matter, that of what stands before
///   the `@` does (RFC 5280, 7.5).
/// * **IP**: the same address of the same family: an IPv4-mapped IPv6 address is not IPv4.
/// * **Fingerprints**: SHA-256 of the whole certificate, or of its whole SubjectPublicKeyInfo.
/// * **Over public roots** a name counts only on a leaf whose EKU lists serverAuth, and only by DNS or
///   IP: nothing else is validated by every public CA. Public is a path whose root is known to be
///   public or to be issued by a public root, or with a CA certificate that is, or that carries a
///   CA/Browser Forum policy (2.23.140.1). Fingerprints count everywhere.
/// * **Bound to an issuer**, any of these matches below that issuer only: see
///   [`under_spki_sha256`](Self::under_spki_sha256).
///
/// Written as text, as on a command line or in a configuration file, a rule is `dns:NAME`,
/// `uri:URI`, `spiffe-trust-domain:NAME`, `email:ADDRESS`, `ip:ADDRESS`, `spki-sha256:HEX` or
/// `cert-sha256:HEX`, and each of them bound is `RULE under spki-sha256:HEX`.
///
/// # Security
///
/// A name is worth as much as the checks of whoever issued it, and a rule that is not bound takes it
/// from every CA below every root of the verifier, as far as no name constraints forbid it.
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
pub struct PeerRule {
    pub(super) form: Form,
    /// SHA-256 of an issuer's SubjectPublicKeyInfo.
    pub(super) under: Option<[u8; 32]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// In lower case.
    Dns(String),
    /// What stands behind `*.`, in lower case.
    DnsWildcard(String),
    Uri(String),
    SpiffeTrustDomain(String),
    /// Its domain in lower case.
    Email(String),
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
            Ok(_) => Ok(Self::of(form(host.to_owned()))),
            Err(_) => refuse("this is not a DNS name"),
        }
    }

    /// A URI such as a SPIFFE ID or `sip:example.com`, to be matched byte for byte.
    ///
    /// # Errors
    ///
    /// Not of the strict form that the type's documentation describes.
    pub fn uri(uri: &str) -> Result<Self, Error> {
        match StrictUri::parse(uri) {
            Ok(_) => Ok(Self::of(Form::Uri(uri.to_owned()))),
            Err(reason) => Err(invalid("uri", uri, reason)),
        }
    }

    /// Every SPIFFE ID of a trust domain: `example.org` stands for `spiffe://example.org` and
    /// `spiffe://example.org/…`.
    ///
    /// # Security
    ///
    /// SPIFFE ties each trust domain to CAs of its own. A verifier with the roots of several does not:
    /// unless this rule is bound with [`under_spki_sha256`](Self::under_spki_sha256), the CA of any of
    /// them can issue names of all the others. Envoy's SPIFFE validator keeps them apart by a bundle
    /// for each trust domain; here it is one bound rule for each of its CAs.
    ///
    /// # Errors
    ///
    /// Not the name of a trust domain: lower-case letters, digits, `.`, `-` and `_`.
    pub fn spiffe_trust_domain(name: &str) -> Result<Self, Error> {
        match is_host(name) {
            true => Ok(Self::of(Form::SpiffeTrustDomain(name.to_owned()))),
            false => Err(invalid("spiffe-trust-domain", name, BAD_TRUST_DOMAIN)),
        }
    }

    /// An e-mail address, as in a user's certificate.
    ///
    /// # Errors
    ///
    /// Not of the form `local@domain`: letters, digits and `!#$%&'*+/=?^_{|}~-` between single dots
    /// (RFC 5321, 4.1.2, without quotes), and a DNS name in A-labels.
    pub fn email(address: &str) -> Result<Self, Error> {
        match email_address(address) {
            Some(address) => Ok(Self::of(Form::Email(address))),
            None => Err(invalid("email", address, BAD_EMAIL)),
        }
    }

    /// An IP address.
    pub fn ip_address(address: IpAddr) -> Self {
        Self::of(Form::Ip(address))
    }

    /// The SHA-256 of the peer's whole SubjectPublicKeyInfo: survives a renewal with the same key.
    pub fn spki_sha256(fingerprint: [u8; 32]) -> Self {
        Self::of(Form::SpkiSha256(fingerprint))
    }

    /// The SHA-256 of the peer's whole certificate.
    pub fn cert_sha256(fingerprint: [u8; 32]) -> Self {
        Self::of(Form::CertSha256(fingerprint))
    }

    /// The same rule, for peers below one issuer: on the verified path some certificate above the
    /// leaf, or the root, must have this key, given as the SHA-256 of its whole SubjectPublicKeyInfo.
    ///
    /// If the peer has several paths, because CAs are cross-signed, any of them will do, in whatever
    /// order it presents them. The leaf's own key does not count, nor does a certificate beside the
    /// path; a self-signed leaf that is its own root is below its own key, which has signed it. A
    /// rule has one such issuer: a second call replaces it.
    ///
    /// ```
    /// use mtls_roles::PeerRule;
    /// let ca = [0xab; 32];
    /// let rule = PeerRule::spiffe_trust_domain("example.org")?.under_spki_sha256(ca);
    /// let text = format!("spiffe-trust-domain:example.org under spki-sha256:{}", "ab".repeat(32));
    /// assert_eq!(rule.to_string(), text);
    /// assert_eq!(rule, text.parse()?);
    /// # Ok::<(), mtls_roles::Error>(())
    /// ```
    pub fn under_spki_sha256(mut self, fingerprint: [u8; 32]) -> Self {
        self.under = Some(fingerprint);
        self
    }

    fn of(form: Form) -> Self {
        Self { form, under: None }
    }

    /// Whether the peer is named by what its certificate says, which is worth as much as its
    /// issuer's checks, and not by a fingerprint.
    pub(crate) fn is_by_name(&self) -> bool {
        !matches!(self.form, Form::SpkiSha256(_) | Form::CertSha256(_))
    }

    /// Whether the peer is named in a way that public CAs do not validate.
    pub(crate) fn needs_private_roots(&self) -> bool {
        matches!(self.form, Form::Uri(_) | Form::SpiffeTrustDomain(_) | Form::Email(_))
    }
}

impl FromStr for PeerRule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        // No rule has a space in it.
        if let Some((rule, issuer)) = text.split_once(" under") {
            let key = issuer.strip_prefix(" spki-sha256:").and_then(sha256);
            let key = key.ok_or_else(|| Error::InvalidPeerRule {
                rule: Printable(text).to_string(),
                reason: "needed behind `under` is one spki-sha256: with its 64 hexadecimal digits, \
                         of an issuer's whole SubjectPublicKeyInfo, and nothing else",
            })?;
            return Ok(rule.parse::<Self>()?.under_spki_sha256(key));
        }
        let Some((kind, value)) = text.split_once(':') else {
            return Err(unknown_form(text));
        };
        match kind {
            "dns" => Self::dns_name(value),
            "uri" => Self::uri(value),
            "spiffe-trust-domain" => Self::spiffe_trust_domain(value),
            "email" => Self::email(value),
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
        match &self.form {
            Form::Dns(name) => write!(f, "dns:{name}"),
            Form::DnsWildcard(host) => write!(f, "dns:*.{host}"),
            Form::Uri(uri) => write!(f, "uri:{uri}"),
            Form::SpiffeTrustDomain(name) => write!(f, "spiffe-trust-domain:{name}"),
            Form::Email(address) => write!(f, "email:{address}"),
            Form::Ip(address) => write!(f, "ip:{address}"),
            Form::SpkiSha256(fingerprint) => write!(f, "spki-sha256:{}", text::hex(fingerprint)),
            Form::CertSha256(fingerprint) => write!(f, "cert-sha256:{}", text::hex(fingerprint)),
        }?;
        match &self.under {
            Some(fingerprint) => write!(f, " under spki-sha256:{}", text::hex(fingerprint)),
            None => Ok(()),
        }
    }
}

fn invalid(kind: &str, value: &str, reason: &'static str) -> Error {
    Error::InvalidPeerRule { rule: format!("{kind}:{}", Printable(value)), reason }
}

fn unknown_form(text: &str) -> Error {
    let is_common_name = text.get(..3).is_some_and(|kind| kind.eq_ignore_ascii_case("cn:"));
    Error::InvalidPeerRule {
        rule: Printable(text).to_string(),
        reason: match is_common_name {
            true => {
                "no rule goes by the common name, for which no CA vouches; name the peer by a \
                 subjectAltName or by cert-sha256:"
            }
            false => {
                "needed is dns:, uri:, spiffe-trust-domain:, email:, ip:, spki-sha256: or cert-sha256:"
            }
        },
    }
}

fn fingerprint(kind: &str, value: &str) -> Result<[u8; 32], Error> {
    let reason = "needed are the 64 hexadecimal digits of a SHA-256, all of them";
    sha256(value).ok_or_else(|| invalid(kind, value, reason))
}

/// 64 hexadecimal digits, with or without the colons that OpenSSL prints between bytes.
fn sha256(hex: &str) -> Option<[u8; 32]> {
    let digits = hex.chars().filter(|digit| *digit != ':');
    let digits: Vec<_> = digits.map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let pairs =
        digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | *digit as u8));
    match digits.len() {
        64 => pairs.collect::<Vec<u8>>().try_into().ok(),
        _ => None,
    }
}

/// An address with its domain in lower case; `None` if it is none.
pub(super) fn email_address(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let is_atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_{|}~-".contains(&b);
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atext);
    let is_domain = !domain.ends_with('.') && DnsName::try_from(domain).is_ok();
    (local.split('.').all(is_atom) && is_domain)
        .then(|| format!("{local}@{}", domain.to_ascii_lowercase()))
}

const BAD_EMAIL: &str = "needed is local@domain, the domain in A-labels and without a trailing dot";

/// A URI of the strict form `scheme://host:port/path`, or `scheme:name`.
pub(super) struct StrictUri<'a> {
    pub(super) scheme: &'a str,
    /// Without its port; none without an authority.
    pub(super) host: Option<&'a str>,
}

const SPIFFE: &str = "spiffe";

const BAD_HOST: &str =
    "needed is a host of lower-case letters, digits, `.`, `-` and `_`, without user";
const BAD_TRUST_DOMAIN: &str =
    "needed is a host of lower-case letters, digits, `.`, `-` and `_`, without port or user";

impl<'a> StrictUri<'a> {
    pub(super) fn parse(uri: &'a str) -> Result<Self, &'static str> {
        let needed = "needed is scheme://host/path, or scheme:name as in sip:example.com";
        let (scheme, rest) = uri.split_once(':').ok_or(needed)?;
        if !is_scheme(scheme) {
            return Err("needed is a scheme of lower-case letters and digits");
        }
        let Some(rest) = rest.strip_prefix("//") else {
            return match scheme {
                SPIFFE => Err("needed is spiffe://trust-domain/path"),
                _ => Self::without_authority(scheme, rest),
            };
        };
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, Some(path)),
            None => (rest, None),
        };
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if scheme != SPIFFE && is_port(port) => host,
            _ => authority,
        };
        if !is_host(host) {
            return Err(match scheme {
                SPIFFE => BAD_TRUST_DOMAIN,
                _ => BAD_HOST,
            });
        }
        let is_segment = match scheme {
            SPIFFE => is_spiffe_segment,
            _ => is_segment,
        };
        match path.is_none_or(|path| path.split('/').all(is_segment)) {
            true => Ok(Self { scheme, host: Some(host) }),
            false if scheme == SPIFFE => {
                Err("needed are path segments of letters, digits, `.`, `-` and `_`, none of them \
                 empty, `.` or `..`; no query, fragment or percent-encoding")
            }
            false => Err(BAD_SEGMENTS),
        }
    }

    fn without_authority(scheme: &'a str, name: &'a str) -> Result<Self, &'static str> {
        match name.split('/').all(is_segment) {
            true => Ok(Self { scheme, host: None }),
            false => Err(BAD_SEGMENTS),
        }
    }
}

const BAD_SEGMENTS: &str = "needed behind the scheme or the host is no query, fragment, percent-encoding or space, and no segment \
     between slashes that is empty, `.` or `..`";

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b))
}

fn is_port(port: &str) -> bool {
    !port.starts_with('0')
        && port.parse::<u16>().is_ok()
        && port.bytes().all(|b| b.is_ascii_digit())
}

fn is_host(host: &str) -> bool {
    !host.is_empty()
        && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
}

fn is_spiffe_segment(segment: &str) -> bool {
    is_segment(segment) && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// RFC 3986, 3.3, without percent-encoding.
fn is_segment(segment: &str) -> bool {
    let is_pchar = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&b);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(is_pchar)
}
