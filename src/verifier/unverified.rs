//! What is said of a chain that was refused, by webpki's reading of it: who presented it, and which
//! certificate stands in the way, for what.
//!
//! No path is verified here. webpki says where the parts of a certificate are; names, keys and
//! algorithms among them are put into words of bounded length, and nothing is decided on what they say.

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError as Refused, Error, OtherError};
use sha2::{Digest, Sha256};
use webpki::{EndEntityCert, Error as Pki};

use super::crl::offset;
use super::eku::Ignored;
use crate::certificate::{distinguished_name, key, oid, string_types};
use crate::refusal::UnverifiedLeaf;
use crate::roots::Roots;
use crate::text::{Printable, utc};
use crate::tlv::{self, Kind};

/// So many names of a leaf are told: a stranger chooses how many there are.
const MOST_NAMES: usize = 8;

/// So many characters of a name are told.
const MOST_OF_NAME: usize = 256;

/// Of more bytes than this a distinguished name has more characters than are told.
const MOST_BYTES_OF_NAME: usize = 4 * MOST_OF_NAME;

/// So many certificates are looked at: who presents more presents what nobody needs.
const MOST_CERTIFICATES: usize = 16;

/// Among so many roots one is looked for that is called alike: more would cost a stranger's handshake more.
const MOST_ROOTS: usize = 64;

/// Who presented it, it says.
pub(super) fn leaf(der: &CertificateDer<'_>) -> UnverifiedLeaf {
    let names = EndEntityCert::try_from(der).map(|leaf| names(&leaf)).unwrap_or_default();
    UnverifiedLeaf { sha256: Sha256::digest(der).into(), names }
}

fn names(leaf: &EndEntityCert<'_>) -> Vec<String> {
    let dns = leaf.valid_dns_names().map(|name| format!("dns:{}", Printable(name)));
    // To escape all of one that is as long as the message that it came in would cost more than the handshake.
    let uris = leaf.valid_uri_names().map(|name| format!("uri:{}", Printable(&cut(name))));
    let subject = Some(shown(leaf.subject())).filter(|subject| !subject.is_empty());
    let names = subject.into_iter().chain(dns).chain(uris).take(MOST_NAMES);
    names.map(|name| cut(&name)).collect()
}

/// A distinguished name, which may be as long as the message that it came in.
fn shown(name: &[u8]) -> String {
    match name.len() {
        0..=MOST_BYTES_OF_NAME => cut(&distinguished_name(name)),
        length => format!("a name of {length} bytes"),
    }
}

fn cut(name: &str) -> String {
    name.chars().take(MOST_OF_NAME).collect()
}

/// A chain that was refused, and what it was refused by.
pub(super) struct Chain<'a> {
    ders: Vec<&'a CertificateDer<'a>>,
    /// Those that webpki reads, in their places.
    read: Vec<Option<EndEntityCert<'a>>>,
    roots: &'a Roots,
    now: UnixTime,
}

impl<'a> Chain<'a> {
    pub(super) fn new(
        leaf: &'a CertificateDer<'a>,
        intermediates: &'a [CertificateDer<'a>],
        roots: &'a Roots,
        now: UnixTime,
    ) -> Self {
        let ders = std::iter::once(leaf).chain(intermediates).take(MOST_CERTIFICATES);
        let ders: Vec<_> = ders.collect();
        let read = ders.iter().map(|der| EndEntityCert::try_from(*der).ok()).collect();
        Self { ders, read, roots, now }
    }

    /// In words: which certificate, what is found, what is needed. `None` if the error says it all, or
    /// nothing more is known.
    pub(super) fn reason(&self, error: &Error) -> Option<String> {
        let Error::InvalidCertificate(error) = error else {
            return None;
        };
        Some(match error {
            Refused::UnknownIssuer => self.missing_issuer()?,
            Refused::ExpiredContext { time, not_after } => format!(
                "{} expired at {}, now is {}",
                self.which(|error| matches!(error, Pki::CertExpired { not_after: at, .. } if at == not_after)),
                instant(*not_after),
                instant(*time)
            ),
            Refused::NotValidYetContext { time, not_before } => format!(
                "{} is not valid before {}, now is {}",
                self.which(|error| matches!(error, Pki::CertNotValidYet { not_before: at, .. } if at == not_before)),
                instant(*not_before),
                instant(*time)
            ),
            Refused::Expired => {
                "the validity of a certificate ends before it begins; have it issued anew".into()
            }
            Refused::BadSignature => self.bad_signature(),
            Refused::UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id,
                supported_algorithms,
            } => format!(
                "{} is signed with {}, which this crypto provider does not verify; have it issued anew with \
                 one of {}",
                self.one(),
                oid::algorithm(signature_algorithm_id),
                listed(supported_algorithms.iter().map(|id| oid::algorithm(id)))
            ),
            Refused::UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id,
                public_key_algorithm_id,
            } => {
                let key = key::of_algorithm(public_key_algorithm_id);
                format!(
                    "{} is signed with {} by a key that is {key}, which this crypto provider does not take \
                     together; {}",
                    self.one(),
                    oid::algorithm(signature_algorithm_id),
                    key::advice(&key)
                )
            }
            Refused::NotValidForNameContext { expected, presented } => self.other_name(
                &expected.to_str(),
                presented,
            ),
            Refused::BadEncoding => self.unread(&Pki::BadDer),
            Refused::Other(OtherError(inner)) => self.of_webpki(inner.downcast_ref::<Pki>()?)?,
            _ => return None,
        })
    }

    /// Errors of webpki for which rustls has no variant of its own.
    fn of_webpki(&self, error: &Pki) -> Option<String> {
        Some(match error {
            Pki::CaUsedAsEndEntity => format!(
                "{} is a CA (basicConstraints cA TRUE), and a CA is no peer's certificate; needed is one with \
                 cA FALSE, or without basicConstraints (`openssl req -x509` makes a CA unless it is given \
                 -addext basicConstraints=critical,CA:FALSE)",
                self.certificate(0)
            ),
            Pki::EndEntityUsedAsCa => {
                let is_issuer = |index: &usize| self.has_issued(*index) && !self.is_ca(*index);
                let which = (1..self.ders.len()).find(is_issuer);
                format!(
                    "{} issued another and is no CA; needed is basicConstraints with cA TRUE in it",
                    which.map_or("a certificate of the chain".into(), |index| self.certificate(index))
                )
            }
            Pki::PathLenConstraintViolated => {
                "more issuers follow one another than the pathLenConstraint of a CA among them allows; have \
                 the leaf issued by a CA higher up, or that CA issued anew with room for those below it"
                    .into()
            }
            Pki::MaximumPathDepthExceeded => {
                "more issuers follow one another than the six that rustls takes between leaf and root".into()
            }
            Pki::NameConstraintViolation => format!(
                "the name constraints (nameConstraints, 2.5.29.30) of an issuer do not admit {}; rustls goes by \
                 those for DNS names and IP addresses, and where there are some for directory, URI or e-mail \
                 names it must refuse every certificate that has such a name: needed are other names, or a CA \
                 without these constraints",
                self.certificate(0)
            ),
            Pki::MalformedNameConstraint
            | Pki::InvalidNetworkMaskConstraint
            | Pki::MalformedDnsIdentifier => format!(
                "the name constraints (nameConstraints, 2.5.29.30) of an issuer, or a name of {} that they are \
                 about, are not of the form of RFC 5280, 4.2.1.10: a DNS name ends without a dot, a network \
                 has a mask without gaps",
                self.certificate(0)
            ),
            Pki::EmptyEkuExtension => {
                "a certificate of the chain has an extended key usage (extKeyUsage, 2.5.29.37) without any \
                 purpose; have it issued with one, or without the extension"
                    .into()
            }
            Pki::MaximumSignatureChecksExceeded
            | Pki::MaximumPathBuildCallsExceeded
            | Pki::MaximumNameConstraintComparisonsExceeded => {
                "its certificates can be put together in more ways than are tried; present the leaf and its \
                 issuers only"
                    .into()
            }
            Pki::CertDistrusted => "a key of the chain is one that rustls distrusts by name".into(),
            error => self.unread(error),
        })
    }

    /// The first certificate that webpki does not even read, for this reason or for others.
    fn unread(&self, error: &Pki) -> String {
        let refused = |der: &CertificateDer<'_>| EndEntityCert::try_from(der).err();
        let index = self.ders.iter().position(|der| refused(der).as_ref() == Some(error));
        let index = index.or_else(|| self.ders.iter().position(|der| refused(der).is_some()));
        let which = index.map_or("a certificate of the chain".into(), |index| {
            format!("certificate {} of those presented", index + 1)
        });
        match error {
            Pki::UnsupportedCriticalExtension => format!(
                "{which} has a critical extension that rustls does not process, so it must be refused (RFC 5280, \
                 4.2); have it issued with that extension not critical, or without it"
            ),
            Pki::UnsupportedCertVersion => format!(
                "{which} is not of X.509 version 3; have it issued with extensions (OpenSSL: `-extfile FILE`)"
            ),
            Pki::SignatureAlgorithmMismatch => {
                format!("{which} names two algorithms for its one signature; have it issued anew")
            }
            error => format!(
                "{which} has a part that rustls does not read ({error}); have it issued anew"
            ),
        }
    }

    /// Up to which issuer the chain leads, and why no further.
    fn missing_issuer(&self) -> Option<String> {
        let read = &self.read;
        let (mut last, mut seen) = (0, vec![0]);
        let issuer = loop {
            let issuer = read.get(last)?.as_ref()?.issuer();
            let next = |index: &usize| {
                let other = read.get(*index).and_then(Option::as_ref);
                !seen.contains(index) && other.is_some_and(|other| other.subject() == issuer)
            };
            match (0..read.len()).find(next) {
                Some(index) => {
                    seen.push(index);
                    last = index;
                }
                None => break issuer,
            }
        };
        let (certificate, name) = (self.certificate(last), shown(issuer));
        if read.get(last)?.as_ref()?.subject() == issuer {
            return Some(format!("{certificate} is self-issued and not among the roots"));
        }
        if self.roots.named(issuer).is_some() {
            return Some(format!(
                "{certificate} says that `{name}` issued it, and the root of that name did not"
            ));
        }
        if read.iter().flatten().any(|other| other.subject() == issuer) {
            return Some(format!(
                "the issuers of the chain have issued each other up to {certificate}, by `{name}`, and none of \
                 them is a root; trust one"
            ));
        }
        let presented = read.iter().flatten().map(|other| other.subject());
        let roots = self.roots.anchors().iter().take(MOST_ROOTS).map(|root| root.subject.as_ref());
        let wanted = simplified(&name);
        let alike = presented.chain(roots).find(|subject| {
            subject.len() <= MOST_BYTES_OF_NAME && simplified(&shown(subject)) == wanted
        });
        Some(match alike {
            Some(other) => format!(
                "{certificate} says that `{name}` ({}) issued it, and the issuer calls itself `{}` ({}): rustls \
                 compares names byte for byte; have one of them issued anew with the name as the other has it",
                string_types(issuer),
                shown(other),
                string_types(other)
            ),
            None => format!(
                "the issuer of {certificate}, `{name}`, is neither presented nor a root; present its certificate \
                 too, or trust it"
            ),
        })
    }

    /// A key that is too small is a bad signature to the crypto providers of rustls.
    fn bad_signature(&self) -> String {
        let read = &self.read;
        let issuers: Vec<&[u8]> = read.iter().flatten().map(|it| it.issuer()).collect();
        let presented = read.iter().flatten().filter(|it| issuers.contains(&it.subject()));
        let presented =
            presented.map(|it| (shown(it.subject()), it.subject_public_key_info().to_vec()));
        let roots = issuers.iter().filter_map(|name| self.roots.named(name)).flatten();
        let roots = roots.filter_map(|index| self.roots.anchors().get(index)).map(|root| {
            let key = tlv::encoded(Kind::SEQUENCE, &root.subject_public_key_info);
            (shown(&root.subject), key)
        });
        let mut keys = presented.chain(roots);
        match keys.find(|(_, key)| !key::is_usable(key)) {
            Some((name, key)) => {
                let key = key::public_key(&key);
                format!(
                    "the key of the issuer `{name}` is {key}, with which no signature is believed; {}",
                    key::advice(&key)
                )
            }
            None => format!(
                "a signature is not by the key of the issuer that it names ({}): was the CA renewed with a \
                 new key, or the certificate changed? give the issuer's certificate that belongs to it",
                listed(issuers.iter().map(|name| format!("`{}`", shown(name))))
            ),
        }
    }

    fn other_name(&self, expected: &str, presented: &[String]) -> String {
        let expected = Printable(expected);
        let which = self.certificate(0);
        match presented.is_empty() {
            true => format!(
                "{which} has no name in a subjectAltName, and its common name is not looked at; needed is \
                 `{expected}` there"
            ),
            false => {
                let names =
                    presented.iter().map(|name| presented_name(name, &expected.to_string()));
                format!("{which} is for {}, not for `{expected}`", listed(names))
            }
        }
    }

    /// What messages call one of the certificates.
    fn certificate(&self, index: usize) -> String {
        let name = self.read.get(index).and_then(Option::as_ref);
        let name = name.and_then(|certificate| names(certificate).into_iter().next());
        let number = index + 1;
        match name {
            Some(name) => format!("certificate {number} (`{name}`)"),
            None => format!("certificate {number}"),
        }
    }

    /// One of them, and which if there is but one.
    fn one(&self) -> String {
        match self.ders.len() {
            1 => self.certificate(0),
            _ => "a certificate of the chain".into(),
        }
    }

    /// The one of which webpki says this.
    fn which(&self, is: impl Fn(&Pki) -> bool) -> String {
        let says = |index: &usize| self.asked_alone(*index).is_some_and(|error| is(&error));
        let index = (0..self.ders.len()).find(says);
        index.map_or("a certificate of the chain".into(), |index| self.certificate(index))
    }

    /// What webpki says of one of them as a leaf without roots: first of all of its validity, then of
    /// its basicConstraints.
    fn asked_alone(&self, index: usize) -> Option<Pki> {
        let alone = self.read.get(index)?.as_ref()?;
        alone.verify_for_usage(&[], &[], &[], self.now, Ignored, None, None).err()
    }

    fn is_ca(&self, index: usize) -> bool {
        self.asked_alone(index) == Some(Pki::CaUsedAsEndEntity)
    }

    fn has_issued(&self, index: usize) -> bool {
        let read = &self.read;
        let subject = read.get(index).and_then(Option::as_ref).map(|it| it.subject());
        read.iter().flatten().any(|other| Some(other.issuer()) == subject)
    }
}

/// A name as webpki shows it, `DnsName("edge.example.com")`, in the words of rules, and why it may seem
/// to be the expected one.
fn presented_name(shown: &str, expected: &str) -> String {
    let inside = |kind: &str| shown.strip_prefix(kind)?.strip_suffix(')');
    let text = |kind: &str| inside(kind)?.strip_prefix('"')?.strip_suffix('"');
    if let Some(name) = text("DnsName(") {
        let is_below =
            |host: &str| expected.strip_suffix(host).is_some_and(|label| label.ends_with('.'));
        let note = match name.strip_prefix("*.") {
            _ if name.ends_with('.') => " (ends in a dot, so it matches nothing)",
            Some(host) if is_below(host) => " (`*` stands for one label)",
            Some(host) if host == expected => " (which is not the name itself)",
            _ if name == expected => " (a DNS name, where an IP address is needed)",
            _ => "",
        };
        return format!("dns:{}{note}", Printable(name));
    }
    match (inside("IpAddress("), text("UniformResourceIdentifier(")) {
        (Some(address), _) => format!("ip:{}", Printable(address)),
        (None, Some(uri)) => format!("uri:{} (a URI is no server's name)", Printable(uri)),
        (None, None) => "a name of another kind".into(),
    }
}

/// Without what RFC 5280, 7.1 does not compare: case, and how many spaces there are.
fn simplified(name: &str) -> String {
    name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first of them, each once.
fn listed(names: impl Iterator<Item = String>) -> String {
    let mut told: Vec<String> = Vec::new();
    for name in names.map(|name| cut(&name)) {
        if told.contains(&name) {
            continue;
        }
        if told.len() == MOST_NAMES {
            return format!("{} and others", told.join(", "));
        }
        told.push(name);
    }
    told.join(", ")
}

fn instant(at: UnixTime) -> String {
    utc(offset(at))
}
