//! [`Roots`]: the trust anchors for peers in one role.

pub(crate) mod public;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use base16ct::lower::encode_string as hex;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use rustls::{DistinguishedName, RootCertStore};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::certificate::defect::{GivenAs, certificate_at, unusable_certificate};
use crate::certificate::distinguished_name;
use crate::certificate::view::{IssuerFacts, View};
use crate::error::Error;
use crate::pem;

/// The trust anchors for peers in one role. Never empty, never partly read. Cheap to clone.
///
/// Roots for clients and roots for servers are separate arguments of separate verifiers, and
/// nothing falls back to the system's or to public roots: those come from
/// [`public_web`](Self::public_web), so that they are never trusted for clients by accident.
///
/// A root without basicConstraints cA TRUE is trusted for itself only: it may be presented as a
/// peer's self-signed certificate, and issues nothing. (Stock rustls accepts a leaf that such a
/// certificate issued.) Which these are, [`trusted_for_itself_only`](Self::trusted_for_itself_only)
/// tells: ask when you load roots, or the first handshake tells.
///
/// *Not* checked: the validity of a root, as in webpki and RFC 5280, 6.1.1 (d).
///
/// ```
/// use mtls_roles::Roots;
///
/// # let (roots, _) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/peer.rs"));
/// let roots = Roots::from_der(roots)?;
/// assert_eq!((roots.len(), roots.public_root()), (1, None));
/// // Read completely or not at all:
/// assert!(Roots::from_pem(b"-----BEGIN TRUSTED CERTIFICATE-----\n").is_err());
/// # Ok::<(), mtls_roles::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Roots(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Those with the same subject stand together.
    anchors: Vec<TrustAnchor<'static>>,
    /// Beside each anchor, what is known of it.
    facts: Vec<RootFacts>,
    /// Where the anchors with a subject stand.
    by_subject: HashMap<Vec<u8>, Range<usize>>,
    /// What messages call the first root that is known to be public.
    public: Option<String>,
}

/// What is known of one root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RootFacts {
    pub(crate) trusted_for: TrustedFor,
    /// It is a public root, or was issued by one, or says so.
    pub(crate) is_public: bool,
    /// First and last second; `None` of an anchor that came without its certificate.
    validity: Option<(OffsetDateTime, OffsetDateTime)>,
}

impl RootFacts {
    pub(crate) const fn of_public_anchor() -> Self {
        Self { trusted_for: TrustedFor::Unknown, is_public: true, validity: None }
    }
}

/// How far the trust in a root reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TrustedFor {
    /// A CA: for what it issues.
    Issuing(IssuerFacts),
    /// Not a CA: for this very certificate.
    ItselfOnly(CertificateDer<'static>),
    /// A trust anchor that came without its certificate: for what it issues, as in rustls.
    Unknown,
}

impl Roots {
    /// From a PEM file of certificates.
    ///
    /// Every `BEGIN` mark must be a certificate that can be read. The reader of rustls passes over
    /// `TRUSTED CERTIFICATE`, indented blocks and two marks on one line; here they are errors, so that
    /// no root is missing silently. A byte-order mark, UTF-16 and the label `X509 CERTIFICATE` are
    /// read.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is larger than 16 MiB, has no certificate, or one of its blocks
    /// cannot be read; one of the certificates can match nothing as a root, because another CA issued
    /// it and it is no CA itself.
    pub fn from_pem_file(file: impl AsRef<Path>) -> Result<Self, Error> {
        let file = file.as_ref();
        Self::from_named_pem(file, &pem::read_file(file, pem::MOST_OF_CERTIFICATES)?)
    }

    /// From the text of a PEM file that was read already: errors name it.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem).
    pub fn from_named_pem(file: impl AsRef<Path>, pem: &[u8]) -> Result<Self, Error> {
        Self::read_pem(pem, &pem::origin(file.as_ref()))
    }

    /// From PEM text.
    ///
    /// # Errors
    ///
    /// As [`from_pem_file`](Self::from_pem_file).
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        Self::read_pem(pem, "the given PEM")
    }

    fn read_pem(pem: &[u8], origin: &str) -> Result<Self, Error> {
        Self::read(pem::ders(pem, origin, &pem::CERTIFICATES)?, origin)
    }

    /// From certificates in DER.
    ///
    /// # Errors
    ///
    /// There is none, one of them cannot be read, or can match nothing as a root.
    pub fn from_der(
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
    ) -> Result<Self, Error> {
        Self::read(certificates, "the given certificates")
    }

    fn read(
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
        origin: &str,
    ) -> Result<Self, Error> {
        let mut store = RootCertStore::empty();
        let mut facts = Vec::new();
        for (index, der) in certificates.into_iter().enumerate() {
            let unusable = |refused: &dyn fmt::Display| {
                unusable_certificate(index, origin, &der, GivenAs::AsRoot, refused)
            };
            let view = View::read(&der).map_err(|error| unusable(&error))?;
            let trusted_for = match view.is_ca() {
                true => TrustedFor::Issuing(view.issuer_facts().map_err(|error| unusable(&error))?),
                false if view.issuer != view.subject => {
                    return Err(Error::LeafAsRoot {
                        certificate: certificate_at(index, origin, &der),
                        issuer: distinguished_name(view.issuer),
                        fingerprint: hex(&Sha256::digest(&der)),
                    });
                }
                false => TrustedFor::ItselfOnly(der.clone()),
            };
            let is_public = public::includes(&view);
            // Nothing depends on it but what is told.
            let validity = view.validity().ok();
            facts.push(RootFacts { trusted_for, is_public, validity });
            store.add(der.clone()).map_err(|error| unusable(&error))?;
        }
        Self::new(store, facts, origin)
    }

    /// From the trust anchors of a rustls store.
    ///
    /// A trust anchor is a name, a key and name constraints: it has lost its root's extensions and
    /// issuer. So it is *not* found out that a root is no CA, has an unknown critical extension, may not
    /// sign, or is public by its issuer or policy and not by its key. Prefer certificates.
    ///
    /// # Errors
    ///
    /// The store is empty.
    pub fn from_root_cert_store(store: RootCertStore) -> Result<Self, Error> {
        let facts = |anchor: &TrustAnchor<'_>| RootFacts {
            trusted_for: TrustedFor::Unknown,
            is_public: public::has_key(&anchor.subject_public_key_info),
            validity: None,
        };
        let facts = store.roots.iter().map(facts).collect();
        Self::new(store, facts, "the given RootCertStore")
    }

    /// The public roots of the web: Mozilla's, as of the crate `webpki-roots` that is built in.
    ///
    /// # Security
    ///
    /// For *servers* this is what browsers do. As roots for *clients*, anybody on the internet can
    /// get a certificate under them; a client verifier over them wants rules, or does not build.
    pub fn public_web() -> Self {
        let roots = public::ANCHORS.iter().cloned();
        let roots = roots.map(|anchor| (anchor, RootFacts::of_public_anchor())).collect();
        Self(Arc::new(Inner::new(roots, Some("the root store of the web".into()))))
    }

    fn new(store: RootCertStore, facts: Vec<RootFacts>, origin: &str) -> Result<Self, Error> {
        let roots: Vec<_> = store.roots.into_iter().zip(facts).collect();
        if roots.is_empty() {
            return Err(Error::none_given(origin, "certificate"));
        }
        let public = roots.iter().find(|(_, facts)| facts.is_public);
        let public = public.map(|(anchor, _)| label(&anchor.subject));
        Ok(Self(Arc::new(Inner::new(roots, public))))
    }

    /// How many there are.
    #[allow(clippy::len_without_is_empty)] // Never empty.
    pub fn len(&self) -> usize {
        self.0.anchors.len()
    }

    /// The first root that is known to be public, or to be issued by a public root.
    ///
    /// Known by key (or by its issuer's name) from the crate `webpki-roots`, or by a CA/Browser Forum
    /// policy (2.23.140.1) that its certificate carries. Lists go stale: `None` does not prove that
    /// roots are private.
    pub fn public_root(&self) -> Option<&str> {
        self.0.public.as_deref()
    }

    /// Whether every root is known to be public.
    pub(crate) fn are_public(&self) -> bool {
        self.0.facts.iter().all(|facts| facts.is_public)
    }

    /// The roots that issue nothing, since nothing in them says cA TRUE: what messages call them.
    ///
    /// A certificate that a peer signed itself belongs here. Of a root of version 1, which cannot say
    /// cA TRUE, or one made without basicConstraints, everything that it issued will be refused: have
    /// it made anew. Roots that came from a rustls store are never here: a trust anchor does not tell.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), mtls_roles::Error> {
    /// let roots = mtls_roles::Roots::from_pem_file("clients.pem")?;
    /// for root in roots.trusted_for_itself_only() {
    ///     eprintln!("{root} is no CA: it is trusted for itself only");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn trusted_for_itself_only(&self) -> impl Iterator<Item = String> + '_ {
        let is_here = |root: &RootFacts| matches!(root.trusted_for, TrustedFor::ItselfOnly(_));
        self.each().filter(move |(_, root)| is_here(root)).map(|(anchor, _)| label(&anchor.subject))
    }

    /// What messages call each root, and what tells it from its namesakes: its key.
    pub(crate) fn names(&self) -> impl Iterator<Item = (String, &[u8])> {
        self.each().map(|(anchor, _)| (label(&anchor.subject), &*anchor.subject_public_key_info))
    }

    /// What messages call each root whose validity is known, and its first and last second.
    pub(crate) fn validities(
        &self,
    ) -> impl Iterator<Item = (String, (OffsetDateTime, OffsetDateTime))> {
        self.each().filter_map(|(anchor, root)| Some((label(&anchor.subject), root.validity?)))
    }

    /// The names of the roots, as hints for clients, if they fit.
    pub(crate) fn hints(&self) -> Result<Vec<DistinguishedName>, Error> {
        let subjects = self.0.anchors.iter().map(|anchor| anchor.subject.as_ref());
        let hints: Vec<_> = subjects.map(DistinguishedName::in_sequence).collect();
        // Each name has a length of two bytes before it (RFC 5246, 7.4.4; RFC 8446, 4.2.4).
        let bytes = hints.iter().map(|name| 2 + name.as_ref().len()).sum();
        match bytes > MOST_OF_HINTS {
            true => {
                Err(Error::RootHintsTooLarge { count: hints.len(), bytes, most: MOST_OF_HINTS })
            }
            false => Ok(hints),
        }
    }

    fn each(&self) -> impl Iterator<Item = (&TrustAnchor<'static>, &RootFacts)> {
        self.0.anchors.iter().zip(&self.0.facts)
    }

    pub(crate) fn anchors(&self) -> &[TrustAnchor<'static>] {
        &self.0.anchors
    }

    /// What is known of one of these anchors. Its bytes are looked for in their place, since two roots may
    /// be equal as anchors.
    pub(crate) fn facts(&self, anchor: &TrustAnchor<'_>) -> &RootFacts {
        const NONE: &RootFacts = &RootFacts::of_public_anchor();
        let key = |anchor: &TrustAnchor<'_>| anchor.subject_public_key_info.as_ptr();
        let is_it = |place: &usize| key(&self.0.anchors[*place]) == key(anchor);
        // So few are compared faster than a name is looked up.
        let place = (0..self.len().min(8)).find(is_it);
        let place = place.or_else(|| self.named(&anchor.subject)?.find(is_it));
        place.map_or(NONE, |place| &self.0.facts[place])
    }

    /// Where the anchors with this subject stand; `None` if there is none.
    pub(crate) fn named(&self, subject: &[u8]) -> Option<Range<usize>> {
        self.0.by_subject.get(subject).cloned()
    }
}

impl Inner {
    /// Puts those with the same subject together, and changes their order no further.
    fn new(roots: Vec<(TrustAnchor<'static>, RootFacts)>, public: Option<String>) -> Self {
        let mut ranks = HashMap::new();
        let ranked = roots.into_iter().map(|(anchor, facts)| {
            let next = ranks.len();
            let rank: usize = *ranks.entry(anchor.subject.to_vec()).or_insert(next);
            (rank, (anchor, facts))
        });
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        let place = |rank| ranked.partition_point(|(other, _)| *other < rank);
        let by_subject = ranks
            .into_iter()
            .map(|(subject, rank)| (subject, place(rank)..place(rank + 1)))
            .collect();
        let (anchors, facts) = ranked.into_iter().map(|(_, root)| root).unzip();
        Self { anchors, facts, by_subject, public }
    }
}

/// A client on rustls holds the whole flight of a server at once, in 65,535 bytes; 16 KiB of them are
/// left to the certificates that the server presents, and to what is small. (A message of the same
/// bound has room for 65,494 bytes of names in TLS 1.3, and for 65,502 in TLS 1.2, beside 13
/// signature schemes: handshakes break before.)
const MOST_OF_HINTS: usize = 0xffff - 0x4000;

fn label(subject: &[u8]) -> String {
    format!("root `{}`", distinguished_name(subject))
}
