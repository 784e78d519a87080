//! [`Presented`]: an input as a chain and sets of revocation lists. [`Told`]: a list as another
//! parser reads it.

use mtls_roles::Roots;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use crate::{certificates, now, parts};

pub type Lists = Vec<CertificateRevocationListDer<'static>>;

/// Root, leaf, intermediates; then sets of lists, an empty part in front of each.
pub struct Presented<'a> {
    pub root: CertificateDer<'static>,
    pub roots: Roots,
    /// Leaf first.
    pub chain: Vec<CertificateDer<'a>>,
    pub sets: Vec<Lists>,
}

impl<'a> Presented<'a> {
    /// `None` without a root that can be read and is private, without a leaf, and with so many intermediates that
    /// our limit of steps is another verdict than webpki's.
    pub fn read(input: &'a [u8]) -> Option<Self> {
        let parts = parts(input);
        let mut groups = parts.split(|part| part.is_empty());
        let (root, chain) = groups.next()?.split_first()?;
        if !(1..=4).contains(&chain.len()) {
            return None;
        }
        let root = CertificateDer::from(*root).into_owned();
        let lists = |lists: &[&[u8]]| lists.iter().map(|list| list.to_vec().into()).collect();
        let roots = Roots::from_der([root.clone()]).ok()?;
        if roots.public_root().is_some() {
            return None;
        }
        Some(Self { roots, root, chain: certificates(chain), sets: groups.map(lists).collect() })
    }
}

/// What makes lists replace each other.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    issuer: Vec<u8>,
    /// The value of issuingDistributionPoint.
    scope: Option<Vec<u8>>,
    this_update: i64,
    next_update: i64,
    /// Big-endian, the longer the larger.
    number: Option<(usize, Vec<u8>)>,
}

impl Told {
    /// `None` if x509-parser does not read it.
    pub fn of(list: &[u8]) -> Option<Self> {
        let (_, list) = CertificateRevocationList::from_der(list).ok()?;
        let scope = list.extensions().iter().find(|it| it.oid.to_id_string() == "2.5.29.28");
        let number = list.crl_number().map(|number| number.to_bytes_be());
        Some(Self {
            issuer: list.issuer().as_raw().to_vec(),
            scope: scope.map(|scope| scope.value.to_vec()),
            this_update: list.last_update().timestamp(),
            next_update: list.next_update()?.timestamp(),
            number: number.map(|number| (number.len(), number)),
        })
    }

    pub fn has_begun(&self) -> bool {
        self.this_update <= now().as_secs() as i64
    }

    pub fn is_current(&self) -> bool {
        self.has_begun() && (now().as_secs() as i64) < self.next_update
    }

    fn is_about_the_same(&self, other: &Self) -> bool {
        (&self.issuer, &self.scope) == (&other.issuer, &other.scope)
    }

    fn age(&self) -> impl Ord + '_ {
        (self.this_update, self.number.as_ref())
    }

    pub fn is_older_than(&self, other: &Self) -> bool {
        self.is_about_the_same(other) && self.age() < other.age()
    }

    /// Whether the other, being as new, may stand in its place.
    pub fn gives_way_to(&self, other: &Self) -> bool {
        other.has_begun() && self.is_about_the_same(other) && self.age() <= other.age()
    }
}
