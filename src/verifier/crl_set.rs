//! [`CrlSet`]: the lists that one verifier uses, found by issuer, point and serial number.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::iter;
use std::ops::Range;
use std::sync::Arc;

use webpki::{CertRevocationList, OwnedCertRevocationList};

use super::crl::{Crl, full_name};
use super::tried::TriedCrl;
use crate::certificate::view::View;
use crate::observe::KeptCrl;
use crate::tlv::{self, Elements, Kind};

#[derive(Debug, Default)]
pub(super) struct CrlSet {
    by_issuer: HashMap<Vec<u8>, IssuerCrls, RandomState>,
    /// Lists of the set before that it keeps, and why.
    pub(super) kept: Vec<KeptCrl>,
    /// webpki's own, where it is to look up revocation.
    stock: Option<Vec<CertRevocationList<'static>>>,
}

impl CrlSet {
    /// `is_for_webpki`: webpki is to look up revocation in it, too.
    pub(super) fn new(crls: Vec<TriedCrl>, is_for_webpki: bool) -> Self {
        let stock = is_for_webpki.then(|| {
            // webpki has read each of them before. It goes by the order in which they were given.
            let owned = |tried: &TriedCrl| OwnedCertRevocationList::from_der(tried.crl.der()).ok();
            crls.iter().filter_map(owned).map(Into::into).collect()
        });
        let mut by_issuer: HashMap<_, Vec<TriedCrl>> = HashMap::new();
        for tried in crls {
            by_issuer.entry(tried.crl.issuer.clone()).or_default().push(tried);
        }
        let by_issuer = by_issuer.into_iter().map(|(name, crls)| {
            let crls = IssuerCrls::new(&name, crls);
            (name, crls)
        });
        Self { by_issuer: by_issuer.collect(), kept: Vec::new(), stock }
    }

    /// Whether it has these very objects and no others, and not for webpki, which goes by their order.
    /// Then it need not be made again (`benches/reload`).
    pub(super) fn is_of(&self, crls: &[Arc<Crl>]) -> bool {
        let own: HashSet<_> = self.all().map(|own| Arc::as_ptr(&own.crl)).collect();
        let given: HashSet<_> = crls.iter().map(Arc::as_ptr).collect();
        self.stock.is_none() && self.kept.is_empty() && own == given
    }

    /// The lists of each issuer name.
    pub(super) fn issuers(&self) -> impl Iterator<Item = (&Vec<u8>, &IssuerCrls)> {
        self.by_issuer.iter()
    }

    pub(super) fn of_issuer(&self, name: &[u8]) -> Option<&IssuerCrls> {
        self.by_issuer.get(name)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &TriedCrl> {
        self.by_issuer.values().flat_map(|issuer| &issuer.crls)
    }

    /// In webpki's form; `None` where it is not to look up revocation.
    pub(super) fn stock(&self) -> Option<Vec<&CertRevocationList<'static>>> {
        Some(self.stock.as_ref()?.iter().collect())
    }
}

/// The lists of one issuer name.
#[derive(Debug)]
pub(super) struct IssuerCrls {
    /// Its name as a GeneralName: `[4] EXPLICIT Name` (RFC 5280, 4.2.1.6).
    own_name: Vec<u8>,
    /// Those of one scope stand together, newest first; those without a point before the others.
    crls: Vec<TriedCrl>,
    /// Where those of a scope stand whose point has this name (a GeneralName as it is encoded).
    by_name: HashMap<Vec<u8>, Vec<Range<usize>>, RandomState>,
    revoked: Vec<Revoked>,
    hasher: RandomState,
}

/// That a list revokes a certificate. In the order of the hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Revoked {
    serial_hash: u64,
    /// Its place among the lists.
    crl: usize,
    /// Its place in the list.
    entry: usize,
}

impl IssuerCrls {
    fn new(name: &[u8], mut crls: Vec<TriedCrl>) -> Self {
        crls.sort_by(|a, b| {
            let by_scope = a.crl.scope.encoded.cmp(&b.crl.scope.encoded);
            by_scope.then_with(|| b.crl.age().cmp(&a.crl.age()))
        });
        let hasher = RandomState::default();
        let own_name = tlv::encoded(Kind::explicit(4), &tlv::encoded(Kind::SEQUENCE, name));
        Self { own_name, by_name: by_name(&crls), revoked: revoked(&crls, &hasher), hasher, crls }
    }

    /// The lists, of any scope, that name this serial number.
    pub(super) fn naming(&self, serial: &[u8]) -> impl Iterator<Item = &TriedCrl> {
        let hash = self.hasher.hash_one(serial);
        let start = self.revoked.partition_point(|revoked| revoked.serial_hash < hash);
        self.revoked[start..]
            .iter()
            .take_while(move |revoked| revoked.serial_hash == hash)
            .map(|revoked| (&self.crls[revoked.crl], revoked.entry))
            .filter_map(move |(tried, entry)| (tried.crl.serial(entry) == serial).then_some(tried))
    }

    /// Scope by scope, newest first.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &[TriedCrl]> {
        scopes(&self.crls)
    }

    /// The lists that replace each other with this one, newest first.
    pub(super) fn scope_of(&self, crl: &Crl) -> &[TriedCrl] {
        let start = self.crls.partition_point(|tried| tried.crl.scope.encoded < crl.scope.encoded);
        let others = &self.crls[start..];
        &others[..others.partition_point(|tried| tried.crl.scope.encoded == crl.scope.encoded)]
    }

    /// The lists for a certificate, scope by scope, newest first (RFC 5280, 6.3.3 (b)): those
    /// without a point, and those whose point is one of its own; if it names none, its issuer's name.
    pub(super) fn about<'c>(
        &'c self,
        certificate: &View<'c>,
    ) -> impl Iterator<Item = &'c [TriedCrl]> {
        let without_point = self.crls.iter().take_while(|tried| tried.crl.scope.encoded.is_none());
        let names = match self.by_name.is_empty() {
            true => Vec::new(),
            false => points(certificate).unwrap_or_else(|| vec![&self.own_name]),
        };
        let at_point = names.into_iter().filter_map(|name| self.by_name.get(name)).flatten();
        iter::once(0..without_point.count()).chain(at_point.cloned()).map(|scope| &self.crls[scope])
    }
}

fn scopes(crls: &[TriedCrl]) -> impl Iterator<Item = &[TriedCrl]> {
    crls.chunk_by(|a, b| a.crl.scope.encoded == b.crl.scope.encoded)
}

fn by_name(crls: &[TriedCrl]) -> HashMap<Vec<u8>, Vec<Range<usize>>, RandomState> {
    let mut by_name: HashMap<_, Vec<_>, _> = HashMap::default();
    let mut start = 0;
    for scope in scopes(crls) {
        let end = start + scope.len();
        for name in scope.first().iter().flat_map(|tried| &tried.crl.scope.names) {
            by_name.entry(name.clone()).or_default().push(start..end);
        }
        start = end;
    }
    by_name
}

fn revoked(crls: &[TriedCrl], hasher: &RandomState) -> Vec<Revoked> {
    let entries = crls.iter().enumerate().flat_map(|(crl, tried)| {
        let serials = tried.crl.serials().enumerate();
        serials.map(move |(entry, serial)| (crl, entry, hasher.hash_one(serial)))
    });
    let entries = entries.map(|(crl, entry, serial_hash)| Revoked { serial_hash, crl, entry });
    let mut revoked: Vec<_> = entries.collect();
    revoked.sort_unstable();
    revoked
}

/// The names of a certificate's distribution points, each a GeneralName as it is encoded; `None`
/// without the extension (RFC 5280, 4.2.1.13).
///
/// Not those of points for some reasons only, or with lists by others: no list there can say that
/// the certificate is good. What cannot be read has no name.
fn points<'a>(certificate: &View<'a>) -> Option<Vec<&'a [u8]>> {
    let value = certificate.crl_distribution_points().transpose()?;
    let names = || -> der::Result<Vec<&[u8]>> {
        let mut points = Elements::of_sequence(value?)?;
        let mut names = Vec::new();
        while !points.are_finished() {
            let mut point = points.enter(Kind::SEQUENCE)?;
            if point.next_is(Kind::explicit(0)) {
                let full_name = full_name(point.read(Kind::explicit(0))?)?;
                if point.are_finished() {
                    names.extend(full_name);
                }
            }
        }
        Ok(names)
    };
    Some(names().unwrap_or_default())
}
