//! [`PeerRule`]: names peers.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use base16ct::lower::encode_string as hex;

use super::form::{Form, sha256};
use crate::error::Error;
use crate::text::Printable;

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
/// * **No wildcards** but in DNS names: `*` in any other rule is an error.
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
    pub(super) form: Form<'static>,
    /// SHA-256 of an issuer's SubjectPublicKeyInfo.
    pub(super) under: Option<[u8; 32]>,
}

impl PeerRule {
    /// A DNS name, or `*.` and a DNS name.
    ///
    /// # Errors
    ///
    /// Not a DNS name in A-labels without a trailing dot.
    pub fn dns_name(name: &str) -> Result<Self, Error> {
        Self::read("dns", name, Form::dns(name))
    }

    /// A URI such as a SPIFFE ID or `sip:example.com`, to be matched byte for byte.
    ///
    /// # Errors
    ///
    /// Not of the strict form that the type's documentation describes, or with `*` in it.
    pub fn uri(uri: &str) -> Result<Self, Error> {
        Self::read("uri", uri, Form::uri(uri))
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
        Self::read("spiffe-trust-domain", name, Form::spiffe_trust_domain(name))
    }

    /// An e-mail address, as in a user's certificate.
    ///
    /// # Errors
    ///
    /// Not of the form `local@domain`: letters, digits and `!#$%&'+/=?^_{|}~-` between single dots
    /// (RFC 5321, 4.1.2, without quotes and without `*`), and a DNS name in A-labels.
    pub fn email(address: &str) -> Result<Self, Error> {
        Self::read("email", address, Form::email(address))
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

    fn of(form: Form<'static>) -> Self {
        Self { form, under: None }
    }

    fn read(
        kind: &str,
        value: &str,
        form: Result<Form<'static>, &'static str>,
    ) -> Result<Self, Error> {
        let rule = || format!("{kind}:{}", Printable(value));
        form.map(Self::of).map_err(|reason| Error::InvalidPeerRule { rule: rule(), reason })
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
        let invalid = |reason| Error::InvalidPeerRule { rule: Printable(text).to_string(), reason };
        // No rule has a space in it.
        if let Some((rule, issuer)) = text.split_once(" under") {
            let key = issuer.strip_prefix(" spki-sha256:").and_then(sha256);
            let key = key.ok_or_else(|| invalid(BAD_ISSUER))?;
            return Ok(rule.parse::<Self>()?.under_spki_sha256(key));
        }
        let (kind, value) = text.split_once(':').ok_or_else(|| invalid(UNKNOWN_FORM))?;
        let form = match kind {
            "dns" => Form::dns(value),
            "uri" => Form::uri(value),
            "spiffe-trust-domain" => Form::spiffe_trust_domain(value),
            "email" => Form::email(value),
            "ip" => Form::ip(value),
            "spki-sha256" => Form::fingerprint(Form::SpkiSha256, value),
            "cert-sha256" => Form::fingerprint(Form::CertSha256, value),
            _ if kind.eq_ignore_ascii_case("cn") => return Err(invalid(BY_COMMON_NAME)),
            _ => return Err(invalid(UNKNOWN_FORM)),
        };
        Self::read(kind, value, form)
    }
}

impl fmt::Display for PeerRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.form.fmt(f)?;
        match &self.under {
            Some(fingerprint) => write!(f, " under spki-sha256:{}", hex(fingerprint)),
            None => Ok(()),
        }
    }
}

const UNKNOWN_FORM: &str =
    "needed is dns:, uri:, spiffe-trust-domain:, email:, ip:, spki-sha256: or cert-sha256:";
const BY_COMMON_NAME: &str = "no rule goes by the common name, for which no CA vouches; name the peer by a \
                              subjectAltName or by cert-sha256:";
const BAD_ISSUER: &str = "needed behind `under` is one spki-sha256: with its 64 hexadecimal digits, \
                          of an issuer's whole SubjectPublicKeyInfo, and nothing else";
