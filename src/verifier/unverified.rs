//! What is said of a chain that was refused, by webpki's reading of it: who presented it, and which
//! certificate stands in the way, for what.
//!
//! No path is verified here. webpki says where the parts of a certificate are; names, keys and
//! algorithms among them are put into words of bounded length, and nothing is decided on what they say.

use rustls::pki_types::{CertificateDer, UnixTime};
use sha2::{Digest, Sha256};
use webpki::{EndEntityCert, Error, InvalidNameContext, KeyUsage};

use super::signatures::Signatures;
use crate::certificate::{distinguished_name, key, oid, string_types};
use crate::refusal::UnverifiedLeaf;
use crate::roots::Roots;
use crate::text::{Printable, offset, utc};
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

/// A chain that was refused.
pub(super) struct RefusedChain<'a> {
    ders: Vec<&'a CertificateDer<'a>>,
    /// Those that webpki reads, with their places.
    read: Vec<(usize, EndEntityCert<'a>)>,
    roots: &'a Roots,
    now: UnixTime,
}

impl<'a> RefusedChain<'a> {
    pub(super) fn new(
        leaf: &'a CertificateDer<'a>,
        intermediates: &'a [CertificateDer<'a>],
        roots: &'a Roots,
        now: UnixTime,
    ) -> Self {
        let ders = std::iter::once(leaf).chain(intermediates).take(MOST_CERTIFICATES);
        let ders: Vec<_> = ders.collect();
        let read = ders.iter().map(|der| EndEntityCert::try_from(*der)).enumerate();
        let read = read.filter_map(|(place, read)| Some((place, read.ok()?))).collect();
        Self { ders, read, roots, now }
    }

    /// In words: which certificate, what is found, what is needed. `None` if the error says it all, or
    /// nothing more is known.
    pub(super) fn reason(
        &self,
        error: &Error,
        signatures: Option<&Signatures<'_>>,
    ) -> Option<String> {
        let about = |which: String, words: &str| format!("{which} {words}");
        Some(match error {
            Error::UnknownIssuer => self.missing_issuer()?,
            Error::InvalidSignatureForPublicKey => self.bad_signature(signatures?)?,
            Error::CertNotValidForName(context) => self.other_name(context),
            Error::CertExpired { time, not_after } => {
                let (which, until, now) = (self.blamed(error), instant(*not_after), instant(*time));
                format!("{which} expired at {until}, now is {now}")
            }
            Error::CertNotValidYet { time, not_before } => {
                let (which, from, now) = (self.blamed(error), instant(*not_before), instant(*time));
                format!("{which} is not valid before {from}, now is {now}")
            }
            Error::InvalidCertValidity => {
                "the validity of a certificate ends before it begins; have it issued anew".into()
            }
            Error::UnsupportedSignatureAlgorithmContext(context) => format!(
                "{} is signed with {}, which this crypto provider does not verify; have it issued anew with \
                 one of {}",
                self.called(|_, _| self.ders.len() == 1),
                oid::algorithm(&context.signature_algorithm_id),
                listed(context.supported_algorithms.iter().map(|id| oid::algorithm(id)))
            ),
            Error::UnsupportedSignatureAlgorithmForPublicKeyContext(context) => {
                let key = key::of_algorithm(&context.public_key_algorithm_id);
                format!(
                    "{} is signed with {} by a key that is {key}, which this crypto provider does not take \
                     together; {}",
                    self.called(|_, _| self.ders.len() == 1),
                    oid::algorithm(&context.signature_algorithm_id),
                    key::advice(&key)
                )
            }
            Error::CaUsedAsEndEntity => about(
                self.leaf(),
                "is a CA (basicConstraints cA TRUE), and a CA is no peer's certificate; needed is one with \
                 cA FALSE, or without basicConstraints (`openssl req -x509` makes a CA unless it is given \
                 -addext basicConstraints=critical,CA:FALSE)",
            ),
            Error::EndEntityUsedAsCa => about(
                self.called(|place, it| place > 0 && self.has_issued(it) && !self.is_ca(it)),
                "issued another and is no CA; needed is basicConstraints with cA TRUE in it",
            ),
            Error::PathLenConstraintViolated => {
                "more issuers follow one another than the pathLenConstraint of a CA among them allows; have \
                 the leaf issued by a CA higher up, or that CA issued anew with room for those below it"
                    .into()
            }
            Error::MaximumPathDepthExceeded => {
                "more issuers follow one another than the six that rustls takes between leaf and root".into()
            }
            Error::NameConstraintViolation => format!(
                "the name constraints (nameConstraints, 2.5.29.30) of an issuer do not admit {}; rustls goes by \
                 those for DNS names and IP addresses, and where there are some for directory, URI or e-mail \
                 names it must refuse every certificate that has such a name: needed are other names, or a CA \
                 without these constraints",
                self.leaf()
            ),
            Error::MalformedNameConstraint
            | Error::InvalidNetworkMaskConstraint
            | Error::MalformedDnsIdentifier => format!(
                "the name constraints (nameConstraints, 2.5.29.30) of an issuer, or a name of {} that they are \
                 about, are not of the form of RFC 5280, 4.2.1.10: a DNS name ends without a dot, a network \
                 has a mask without gaps",
                self.leaf()
            ),
            Error::EmptyEkuExtension => {
                "a certificate of the chain has an extended key usage (extKeyUsage, 2.5.29.37) without any \
                 purpose; have it issued with one, or without the extension"
                    .into()
            }
            Error::MaximumSignatureChecksExceeded
            | Error::MaximumPathBuildCallsExceeded
            | Error::MaximumNameConstraintComparisonsExceeded => {
                "its certificates can be put together in more ways than are tried; present the leaf and its \
                 issuers only"
                    .into()
            }
            Error::CertDistrusted => "a key of the chain is one that rustls distrusts by name".into(),
            Error::UnsupportedCriticalExtension => about(
                self.unread(error),
                "has a critical extension that rustls does not process, so it must be refused (RFC 5280, \
                 4.2); have it issued with that extension not critical, or without it",
            ),
            Error::UnsupportedCertVersion => about(
                self.unread(error),
                "is not of X.509 version 3; have it issued with extensions (OpenSSL: `-extfile FILE`)",
            ),
            Error::SignatureAlgorithmMismatch => about(
                self.unread(error),
                "names two algorithms for its one signature; have it issued anew",
            ),
            // What is wrong with a purpose, or said in lists, is told elsewhere.
            Error::RequiredEkuNotFoundContext(_)
            | Error::CertRevoked
            | Error::UnknownRevocationStatus
            | Error::CrlExpired { .. }
            | Error::InvalidCrlSignatureForPublicKey
            | Error::UnsupportedCrlSignatureAlgorithmContext(_)
            | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_)
            | Error::IssuerNotCrlSigner => return None,
            _ => {
                let which = self.unread(error);
                format!("{which} has a part that rustls does not read ({error}); have it issued anew")
            }
        })
    }

    /// The first certificate that webpki does not even read, for this reason or for others.
    fn unread(&self, error: &Error) -> String {
        let refused = |der: &&CertificateDer<'_>| EndEntityCert::try_from(*der).err();
        let refused: Vec<_> = self.ders.iter().map(refused).collect();
        let place = refused.iter().position(|found| found.as_ref() == Some(error));
        match place.or_else(|| refused.iter().position(Option::is_some)) {
            Some(place) => format!("certificate {} of those presented", place + 1),
            None => SOME.into(),
        }
    }

    /// Up to which issuer the chain leads, and why no further.
    fn missing_issuer(&self) -> Option<String> {
        let mut path = vec![self.read.first()?];
        let ((place, last), issuer) = loop {
            let last = *path.last()?;
            let issuer = last.1.issuer();
            let is_next = |other: &&(usize, EndEntityCert<'_>)| {
                other.1.subject() == issuer && path.iter().all(|seen| seen.0 != other.0)
            };
            match self.read.iter().find(is_next) {
                Some(next) => path.push(next),
                None => break (last, issuer),
            }
        };
        let (certificate, name) = (called(*place, last), shown(issuer));
        if last.subject() == issuer {
            return Some(format!("{certificate} is self-issued and not among the roots"));
        }
        let mut presented = self.read.iter().map(|(_, other)| other.subject());
        if presented.clone().any(|subject| subject == issuer) {
            return Some(format!(
                "the issuers of the chain have issued each other up to {certificate}, by `{name}`, and none of \
                 them is a root; trust one"
            ));
        }
        let roots = self.roots.anchors().iter().take(MOST_ROOTS).map(|root| root.subject.as_ref());
        let wanted = simplified(&name);
        let alike = presented.by_ref().chain(roots).find(|subject| {
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
    fn bad_signature(&self, signatures: &Signatures<'_>) -> Option<String> {
        let is_bad = |it: &EndEntityCert<'_>| signatures.are_bad_in(&it.der());
        let (place, certificate) = self.read.iter().find(|(_, it)| is_bad(it))?;
        let name = certificate.issuer();
        let presented = self.read.iter().filter(|(_, it)| it.subject() == name);
        let presented = presented.map(|(_, it)| it.subject_public_key_info().to_vec());
        let roots = self.roots.named(name).into_iter().flatten();
        let roots = roots.filter_map(|place| self.roots.anchors().get(place));
        let roots = roots.map(|root| tlv::encoded(Kind::SEQUENCE, &root.subject_public_key_info));
        let (which, name) = (called(*place, certificate), shown(name));
        Some(match presented.chain(roots).find(|key| !key::is_usable(key)) {
            Some(key) => {
                let key = key::public_key(&key);
                format!(
                    "the key of the issuer of {which}, `{name}`, is {key}, with which no signature is believed; {}",
                    key::advice(&key)
                )
            }
            None => format!(
                "the signature of {which} is not by the key of the issuer that it names, `{name}`: was the CA \
                 renewed with a new key, or the certificate changed? give the issuer's certificate that belongs \
                 to it"
            ),
        })
    }

    fn other_name(
        &self,
        InvalidNameContext { expected, presented }: &InvalidNameContext,
    ) -> String {
        let (which, expected) = (self.leaf(), expected.to_str());
        let needed = Printable(&expected);
        if presented.is_empty() {
            return format!(
                "{which} has no name in a subjectAltName, and its common name is not looked at; needed is \
                 `{needed}` there"
            );
        }
        let names = presented.iter().map(|name| presented_name(name, &expected));
        format!("{which} is for {}, not for `{needed}`", listed(names))
    }

    /// What messages call the first of those that webpki reads of which this is true.
    fn called(&self, is: impl Fn(usize, &EndEntityCert<'_>) -> bool) -> String {
        let found = self.read.iter().find(|(place, it)| is(*place, it));
        found.map_or(SOME.into(), |(place, it)| called(*place, it))
    }

    fn leaf(&self) -> String {
        self.called(|place, _| place == 0)
    }

    /// The one that webpki refuses with this error even as a leaf without roots: it looks first of all at
    /// the validity, then at basicConstraints.
    fn blamed(&self, error: &Error) -> String {
        self.called(|_, it| self.is_refused_alone(it, error))
    }

    fn is_ca(&self, certificate: &EndEntityCert<'_>) -> bool {
        self.is_refused_alone(certificate, &Error::CaUsedAsEndEntity)
    }

    fn is_refused_alone(&self, certificate: &EndEntityCert<'_>, error: &Error) -> bool {
        let usage = KeyUsage::client_auth();
        let alone = certificate.verify_for_usage(&[], &[], &[], self.now, usage, None, None);
        alone.err().as_ref() == Some(error)
    }

    fn has_issued(&self, certificate: &EndEntityCert<'_>) -> bool {
        self.read.iter().any(|(_, other)| other.issuer() == certificate.subject())
    }
}

const SOME: &str = "a certificate of the chain";

fn called(place: usize, certificate: &EndEntityCert<'_>) -> String {
    let number = place + 1;
    match names(certificate).first() {
        Some(name) => format!("certificate {number} (`{name}`)"),
        None => format!("certificate {number}"),
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
