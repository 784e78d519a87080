//! [`Entry`]: one certificate of an inventory, with all the places it was found in.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::details::{KeyUsage, NetscapeType, PublicKey, policies_and_timestamps, usages};
use super::roles::Roles;
use crate::certificate::view::{Span, View};
use crate::certificate::{Certificate, PathCheck, SubjectAltName};
use crate::roots::public;
use crate::text::Printable;

/// One certificate of an inventory: what is read of it, and where it was found.
///
/// ```
/// use mtls_roles::audit::{CertificateKind, Inventory};
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// let mut inventory = Inventory::new();
/// inventory.add("edge.pem", pem.as_bytes());
/// let entry = &inventory.entries()[0];
/// assert_eq!(entry.label(), "CN=edge.example.com");
/// assert_eq!(entry.kind(), CertificateKind::Leaf);
/// assert_eq!(entry.key().to_string(), "EC P-256");
/// assert_eq!(entry.key_usage().unwrap().to_string(), "digitalSignature");
/// assert_eq!(entry.policies(), ["2.23.140.1.2.1"]);
/// ```
#[derive(Clone, Debug)]
pub struct Entry {
    certificate: Certificate,
    pub(super) locations: Vec<Location>,
    usages: OnceLock<(Option<KeyUsage>, Option<NetscapeType>)>,
    authority_key_id: Option<Span>,
    is_root: bool,
    pub(super) has_public_root_key: bool,
    pub(super) path_check: Option<PathCheck>,
    /// Signed certificate timestamps, or a policy of the CA/Browser Forum.
    pub(super) is_web_pki: bool,
    pub(super) told_roles: Option<Roles>,
}

impl Entry {
    pub(super) fn read(der: &[u8], location: Location) -> der::Result<Self> {
        let view = View::read(der)?;
        let certificate = Certificate::from_view(&view)?;
        Ok(Self {
            locations: vec![location],
            usages: OnceLock::new(),
            authority_key_id: view.authority_key_id().map(|id| view.part(id)),
            is_root: view.is_own_issuer(),
            path_check: PathCheck::of_leaf(&view),
            has_public_root_key: public::has_key_of(&view),
            is_web_pki: view.is_web_pki(),
            told_roles: None,
            certificate,
        })
    }

    /// Subject, issuer, serial, names, purposes and validity.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// SHA-256 of the whole certificate. Computed anew by each call.
    pub fn sha256(&self) -> [u8; 32] {
        self.certificate.sha256()
    }

    /// Where it was found, in the order of finding; at least one.
    pub fn locations(&self) -> &[Location] {
        &self.locations
    }

    /// The algorithm and size of its key. Read anew by each call.
    pub fn key(&self) -> PublicKey {
        let view = View::read(self.certificate.der());
        PublicKey::read(view.map_or(&[], |view| view.spki))
    }

    /// The keyUsage extension; `None` without it. One that cannot be read has no names.
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.usages().0
    }

    /// The policies it was issued under (RFC 5280, 4.2.1.4), by name, or by OID. Read anew by each
    /// call; none, if any part of the certificate is one that x509-parser does not read.
    pub fn policies(&self) -> Vec<String> {
        policies_and_timestamps(self.certificate.der()).0
    }

    /// How many signed certificate timestamps it carries (RFC 6962, 3.3). Their signatures are not
    /// checked. Otherwise as [`policies`](Self::policies).
    pub fn timestamps(&self) -> usize {
        policies_and_timestamps(self.certificate.der()).1
    }

    /// The names of the subjectAltName extension in their order, and whether all of them could be
    /// read: one that is malformed hides no other here. Read anew by each call.
    pub fn alt_names(&self) -> (Vec<SubjectAltName>, bool) {
        let view = View::read(self.certificate.der());
        let Ok(names) = view.and_then(|view| Ok(view.alt_names()?.collect::<Vec<_>>())) else {
            return (vec![], false);
        };
        let is_whole = names.iter().all(Result::is_ok);
        (names.into_iter().flatten().map(SubjectAltName::into_owned).collect(), is_whole)
    }

    /// Whether it is a leaf, an issuer below a root, or a root.
    pub fn kind(&self) -> CertificateKind {
        match (self.certificate.is_ca(), self.is_root()) {
            (false, _) => CertificateKind::Leaf,
            (true, false) => CertificateKind::Intermediate,
            (true, true) => CertificateKind::Root,
        }
    }

    /// What its owner said that it is used as, if anything: [`Inventory::tell_roles`].
    ///
    /// [`Inventory::tell_roles`]: super::Inventory::tell_roles
    pub fn told_roles(&self) -> Option<Roles> {
        self.told_roles
    }

    /// What people call it: the subject, else the first alternative name, else the serial number.
    /// Control characters are escaped.
    pub fn label(&self) -> String {
        self.certificate.label()
    }

    pub(super) fn authority_key_id(&self) -> Option<&[u8]> {
        self.authority_key_id.map(|part| part.of(self.certificate.der()))
    }

    /// Read anew by each call: it is asked of issuers only, and they are few.
    pub(super) fn subject_key_id(&self) -> Option<&[u8]> {
        View::read(self.certificate.der()).ok()?.subject_key_id()
    }

    pub(super) fn netscape_type(&self) -> Option<NetscapeType> {
        self.usages().1
    }

    fn usages(&self) -> &(Option<KeyUsage>, Option<NetscapeType>) {
        let read = || usages(self.certificate.der());
        self.usages.get_or_init(read)
    }

    /// Whether it is its own issuer.
    pub(super) fn is_root(&self) -> bool {
        self.is_root
    }

    /// Whether a path ends here: at a root, or where a public root's key is, whoever signed that, too.
    pub(super) fn ends_path(&self) -> bool {
        self.is_root || self.has_public_root_key
    }

    /// Whether it is a certificate for a public root's key that another CA issued.
    pub(super) fn is_cross_sign(&self) -> bool {
        self.has_public_root_key && !self.is_root
    }

    /// Whether it may stand above another: a CA, or a root from before there were extensions.
    pub(super) fn can_issue(&self) -> bool {
        self.certificate.is_ca() || self.is_root()
    }
}

/// Where something was found: `edge.pem:12`, `edge.example.com:443`, `backup.zip: ssl/edge.pem:1`.
///
/// `Display` escapes control characters. Made from the name of a source.
///
/// ```
/// use mtls_roles::audit::{Inventory, Location};
///
/// let mut inventory = Inventory::new();
/// inventory.add("notes\n.txt", b"nothing");
/// let location = &inventory.unreadable()[0].location;
/// assert_eq!((&*location.source, location.line), ("notes\n.txt", None));
/// assert_eq!(location.to_string(), r"notes\u{a}.txt");
/// let inside = Location::from("secret.yaml").at("default/web data.tls.crt");
/// assert_eq!(inside.to_string(), "secret.yaml: default/web data.tls.crt");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Location {
    /// The file, or what stands for it, as the caller named it.
    pub source: Arc<str>,
    /// The place inside it, if it is one of several things there: a member, an alias, a key.
    pub place: Option<Arc<str>>,
    /// Line of the `BEGIN` mark, counted from 1; `None` for DER.
    pub line: Option<usize>,
}

impl Location {
    /// A place inside.
    #[must_use]
    pub fn at(self, place: &str) -> Self {
        Self { place: Some(place.into()), ..self }
    }

    /// A line, counted from 1.
    #[must_use]
    pub fn on_line(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }
}

impl<S: AsRef<str> + ?Sized> From<&S> for Location {
    fn from(source: &S) -> Self {
        Self { source: source.as_ref().into(), place: None, line: None }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Printable(&self.source))?;
        if let Some(place) = &self.place {
            write!(f, ": {}", Printable(place))?;
        }
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// What a certificate is in its chain.
///
/// ```
/// use mtls_roles::audit::{CertificateKind, Inventory};
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// let mut inventory = Inventory::new();
/// inventory.add("edge.pem", pem.as_bytes());
/// let kinds: Vec<_> = inventory.entries().iter().map(|entry| entry.kind()).collect();
/// use CertificateKind::*;
/// assert_eq!(kinds, [Leaf, Intermediate, Root]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateKind {
    /// An end-entity certificate: no basicConstraints, or cA FALSE.
    Leaf,
    /// A CA that another issued.
    Intermediate,
    /// A CA that is its own issuer.
    Root,
}

impl fmt::Display for CertificateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leaf => "leaf",
            Self::Intermediate => "intermediate",
            Self::Root => "root",
        })
    }
}
