//! [`Crls`]: certificate revocation lists; and the set of them that a verifier uses, until another
//! takes its place.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::pki_types::{CertificateRevocationListDer, SignatureVerificationAlgorithm, UnixTime};
use time::OffsetDateTime;
use webpki::{CertRevocationList, Error as Pki, OwnedCertRevocationList};

use super::crl::{Crl, Signers, Tries, Unusable};
use crate::error::Error;
use crate::observe::{KeptCrl, KeptCrlReason};
use crate::pem;
use crate::role::Role;
use crate::roots::Roots;
use crate::tlv::{self, Kind};

/// Certificate revocation lists that were read completely. Never empty.
///
/// Lists of a kind that says nothing here (delta, indirect or version 1 lists, lists for some
/// reasons only, or with a critical extension that is not understood) are set aside if there are
/// others, and [`notes`](Self::notes) tells of each; alone they are an error.
///
/// *Not* checked here: their signatures and their dates. Both are checked when a certificate is
/// looked up, since they depend on its issuer and on the time.
///
/// ```
/// use mtls_roles::Crls;
///
/// // No list is not an empty list: it is an error.
/// let error = Crls::from_pem(b"# none today\n").unwrap_err();
/// assert!(error.to_string().contains("no certificate revocation list"), "{error}");
/// ```
#[derive(Clone, Debug)]
pub struct Crls {
    crls: Vec<Arc<Crl>>,
    notes: Vec<String>,
    /// What they take the place of, when a verifier is built with them.
    lineage: Option<Arc<Lineage>>,
}

impl Crls {
    /// From a PEM file; every `BEGIN` mark must be an `X509 CRL` that can be read.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is larger than 64 MiB, has no list, or one of its blocks cannot be
    /// read or used.
    pub fn from_pem_file(file: impl AsRef<Path>) -> Result<Self, Error> {
        let file = file.as_ref();
        Self::from_named_pem(file, &pem::read_file(file, pem::MOST_OF_CRLS)?)
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
        Self::read(pem::ders(pem, origin, &pem::CRLS)?, origin)
    }

    /// From DER.
    ///
    /// # Errors
    ///
    /// There is none, one of them is malformed, or all of them are of a kind that cannot be used.
    pub fn from_der(
        lists: impl IntoIterator<Item = CertificateRevocationListDer<'static>>,
    ) -> Result<Self, Error> {
        Self::read(lists, "the given lists")
    }

    fn read(
        lists: impl IntoIterator<Item = CertificateRevocationListDer<'static>>,
        origin: &str,
    ) -> Result<Self, Error> {
        let (mut crls, mut set_aside) = (Vec::new(), Vec::new());
        for (index, der) in lists.into_iter().enumerate() {
            let crl = format!("revocation list {} of {origin}", index + 1);
            match Crl::read(&der) {
                Ok(read) => crls.push(Arc::new(read)),
                Err(Unusable::SetAside(reason)) => {
                    set_aside.push(Error::UnusableCrl { crl, reason })
                }
                Err(Unusable::Malformed(reason)) => {
                    return Err(Error::UnusableCrl { crl, reason });
                }
            }
        }
        if !crls.is_empty() {
            let notes = set_aside.iter().map(Error::to_string).collect();
            return Ok(Self { crls, notes, lineage: None });
        }
        let none = || Error::none_given(origin, pem::CRLS.wanted);
        Err(set_aside.into_iter().next().unwrap_or_else(none))
    }

    /// The lists that were set aside: which, why, and what is needed instead. For logs.
    ///
    /// They say of no certificate that it is good, nor that it is revoked.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// All of them as one set, the same objects; `None` of none.
    pub(crate) fn together<'a>(all: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        all.into_iter().cloned().reduce(|mut together, more| {
            together.crls.extend(more.crls);
            together.notes.extend(more.notes);
            together
        })
    }

    pub(crate) fn with_lineage(self, lineage: Arc<Lineage>) -> Self {
        Self { lineage: Some(lineage), ..self }
    }
}

/// The sets of the verifiers of a generation, in the order in which they were built: each made from the
/// one before it, and what the next one takes the place of.
#[derive(Debug)]
pub(crate) struct Lineage {
    before: Vec<Arc<CrlSet>>,
    now: UnixTime,
    made: Mutex<Vec<Made>>,
}

impl Lineage {
    pub(crate) fn after(before: Option<&Self>, now: UnixTime) -> Arc<Self> {
        let before = before.map(Self::sets).unwrap_or_default();
        Arc::new(Self { before, now, made: Mutex::default() })
    }

    /// The role of the peers, and the lists of the sets before that stay in use, and why.
    pub(crate) fn kept(&self) -> Vec<(Role, KeptCrl)> {
        let of = |made: &Made| {
            let role = made.role;
            made.kept.iter().map(move |kept| (role, kept.clone())).collect::<Vec<_>>()
        };
        self.made().iter().flat_map(of).collect()
    }

    /// Where no verifier used it, the set before.
    fn sets(&self) -> Vec<Arc<CrlSet>> {
        let made = self.made();
        let unused = self.before.iter().skip(made.len());
        made.iter().map(|made| &made.set).chain(unused).cloned().collect()
    }

    fn made(&self) -> MutexGuard<'_, Vec<Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Made {
    role: Role,
    set: Arc<CrlSet>,
    kept: Vec<KeptCrl>,
}

/// What one verifier uses: lists, found by issuer, point and serial number, and which keys have
/// signed them.
#[derive(Debug)]
pub(super) struct CrlSet {
    by_issuer: HashMap<Vec<u8>, IssuerCrls, RandomState>,
    /// webpki's own, where it is to look up revocation.
    stock: Option<Vec<CertRevocationList<'static>>>,
}

/// A list, and the keys that were tried on it.
#[derive(Clone, Debug)]
pub(super) struct TriedCrl {
    pub(super) crl: Arc<Crl>,
    signers: Arc<Signers>,
}

impl TriedCrl {
    fn new(crl: Arc<Crl>) -> Self {
        Self { crl, signers: Arc::default() }
    }

    /// Whether this key (the contents of a SubjectPublicKeyInfo) has signed it. Tried once, and
    /// remembered.
    pub(super) fn is_signed_by(&self, key: &[u8], tries: &Tries<'_>) -> Result<(), Pki> {
        self.signers.recall(key).unwrap_or_else(|| tries.make(&self.crl, &self.signers, key))
    }
}

impl CrlSet {
    /// `is_for_webpki`: webpki is to look up revocation in it, too.
    pub(super) fn new(crls: Crls, is_for_webpki: bool) -> Self {
        let crls = crls.crls.into_iter().map(TriedCrl::new).collect();
        Self::of(crls, is_for_webpki)
    }

    fn of(crls: Vec<TriedCrl>, is_for_webpki: bool) -> Self {
        let stock = is_for_webpki.then(|| {
            // webpki has read each of them before. It goes by the order in which they were given.
            let owned = |tried: &TriedCrl| OwnedCertRevocationList::from_der(tried.crl.der()).ok();
            crls.iter().filter_map(owned).map(Into::into).collect()
        });
        let mut by_issuer: HashMap<_, Vec<TriedCrl>> = HashMap::new();
        for tried in crls {
            let issuer = by_issuer.entry(tried.crl.issuer.clone());
            issuer.or_default().push(tried);
        }
        let by_issuer = by_issuer.into_iter().map(|(issuer, crls)| {
            let crls = IssuerCrls::new(&issuer, crls);
            (issuer, crls)
        });
        Self { by_issuer: by_issuer.collect(), stock }
    }

    /// The set of a verifier that is built with these lists.
    pub(super) fn built(
        crls: Crls,
        is_for_webpki: bool,
        role: Role,
        roots: &Roots,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Arc<Self> {
        let Some(lineage) = crls.lineage.clone() else {
            return Arc::new(Self::new(crls, is_for_webpki));
        };
        let mut made = lineage.made();
        let (set, kept) = match lineage.before.get(made.len()) {
            None => (Self::new(crls, is_for_webpki), Vec::new()),
            Some(before) if before.is_of(&crls, is_for_webpki) => {
                made.push(Made { role, set: before.clone(), kept: Vec::new() });
                return before.clone();
            }
            Some(before) => {
                let tries = Tries::new(algorithms, usize::MAX);
                let trust = Trust { roots, tries, now: lineage.now };
                before.replaced_by(crls, is_for_webpki, &trust)
            }
        };
        let set = Arc::new(set);
        made.push(Made { role, set: set.clone(), kept });
        set
    }

    /// Whether it has these very lists and no other, for the same use.
    fn is_of(&self, crls: &Crls, is_for_webpki: bool) -> bool {
        let own: HashSet<_> = self.all().map(|own| Arc::as_ptr(&own.crl)).collect();
        let new: HashSet<_> = crls.crls.iter().map(Arc::as_ptr).collect();
        own == new && self.all().count() == crls.crls.len() && self.is_for_webpki() == is_for_webpki
    }

    /// Whose lists these are, since when and until when.
    pub(super) fn expiries(
        &self,
    ) -> impl Iterator<Item = (String, OffsetDateTime, OffsetDateTime)> {
        self.all().map(|TriedCrl { crl, .. }| {
            (crl.label(), instant(crl.this_update), instant(crl.next_update))
        })
    }

    fn all(&self) -> impl Iterator<Item = &TriedCrl> {
        self.by_issuer.values().flat_map(|issuer| &issuer.crls)
    }

    pub(super) fn of_issuer(&self, name: &[u8]) -> Option<&IssuerCrls> {
        self.by_issuer.get(name)
    }

    pub(super) fn is_for_webpki(&self) -> bool {
        self.stock.is_some()
    }

    /// In webpki's form; `None` where it is not to look up revocation.
    pub(super) fn stock(&self) -> Option<Vec<&CertRevocationList<'static>>> {
        Some(self.stock.as_ref()?.iter().collect())
    }

    /// The set that takes the place of this one: the new lists, and what they lack.
    ///
    /// The newest list that a key has signed for a point stays until its nextUpdate, unless one that
    /// the same key has signed is as new: so nothing is rolled back by an older list, frozen by a
    /// forged one, or forgotten with a lost file.
    pub(super) fn replaced_by(
        &self,
        new: Crls,
        is_for_webpki: bool,
        trust: &Trust<'_>,
    ) -> (Self, Vec<KeptCrl>) {
        let old: HashMap<&[u8], &TriedCrl> = self.all().map(|old| (old.crl.der(), old)).collect();
        // What has not changed is the same object, and who signed it is known.
        let fresh = new.crls.into_iter().map(|crl| match old.get(crl.der()) {
            Some(old) => TriedCrl::clone(old),
            None => TriedCrl::new(crl),
        });
        let fresh: Vec<_> = fresh.collect();
        let next = Self::of(fresh.clone(), is_for_webpki);
        let issuers = self.by_issuer.values();
        let kept = issuers.flat_map(|issuer| {
            let keys = issuer.crls.iter().flat_map(|old| old.signers.keys()).collect();
            let replaced = Replaced { trust, next: &next, keys };
            issuer.scopes().flat_map(|scope| replaced.kept(scope)).collect::<Vec<_>>()
        });
        let (kept, told): (Vec<_>, Vec<_>) = kept.unzip();
        match kept.is_empty() {
            true => (next, told),
            false => (Self::of([fresh, kept].concat(), is_for_webpki), told),
        }
    }
}

/// What a verifier knows of the keys that sign lists, at one instant.
pub(super) struct Trust<'a> {
    pub(super) roots: &'a Roots,
    pub(super) tries: Tries<'a>,
    pub(super) now: UnixTime,
}

/// The old lists of one issuer, and the set that takes their place.
struct Replaced<'a> {
    trust: &'a Trust<'a>,
    next: &'a CrlSet,
    /// Those that have signed any of them.
    keys: HashSet<Vec<u8>>,
}

impl Replaced<'_> {
    /// Of the old lists of one scope, newest first, those that stay beside the next ones.
    fn kept(&self, old: &[TriedCrl]) -> Vec<(TriedCrl, KeptCrl)> {
        let mut settled: Vec<(Vec<u8>, &Crl)> = Vec::new();
        let mut kept = Vec::new();
        for old in old.iter().filter(|old| old.crl.this_update <= self.trust.now) {
            let mut keys = self.keys_of(old);
            // Those that are equally new all count.
            keys.retain(|key| {
                let is_newer = |(by, newest): &(_, &Crl)| by == key && newest.age() > old.crl.age();
                !settled.iter().any(is_newer)
            });
            let reason = keys.iter().find_map(|key| self.lacks(old, key));
            settled.extend(keys.into_iter().map(|key| (key, &*old.crl)));
            if let Some(reason) = reason
                && old.crl.next_update > self.trust.now
            {
                let told =
                    KeptCrl { crl: old.crl.label(), reason, until: instant(old.crl.next_update) };
                kept.push((old.clone(), told));
            }
        }
        kept
    }

    /// The keys that have signed an old list, as far as they are known: those that were tried, else
    /// of the roots' and of those that signed others of this issuer. The latter are tried only where
    /// nothing newer is in sight, or each of a thousand shards would cost a signature.
    fn keys_of(&self, old: &TriedCrl) -> Vec<Vec<u8>> {
        let known = old.signers.keys();
        if !known.is_empty() {
            return known;
        }
        let roots = self.trust.roots;
        let named = roots.named(&old.crl.issuer).unwrap_or_default();
        let anchors = roots.anchors().get(named).unwrap_or_default();
        let keys = anchors.iter().map(|anchor| anchor.subject_public_key_info.to_vec());
        let has_successor = self.begun(old).any(|new| new.crl.age() >= old.crl.age());
        let others = self.keys.iter().filter(|_| !has_successor).cloned();
        let is_signer = |key: &Vec<u8>| old.is_signed_by(key, &self.trust.tries).is_ok();
        keys.chain(others).filter(is_signer).collect()
    }

    /// The new lists in the place of an old one, newest first; a list of the future is none yet.
    fn begun(&self, old: &TriedCrl) -> impl Iterator<Item = &TriedCrl> {
        let issuer = self.next.of_issuer(&old.crl.issuer);
        let scope = issuer.and_then(|issuer| issuer.scope_of(&old.crl)).unwrap_or_default();
        scope.iter().filter(|new| new.crl.this_update <= self.trust.now)
    }

    /// Why the next set has none in the place of this list that this key has signed and is as new;
    /// `None` if it has.
    fn lacks(&self, old: &TriedCrl, key: &[u8]) -> Option<KeptCrlReason> {
        let mut reason = KeptCrlReason::Missing;
        for new in self.begun(old) {
            if new.is_signed_by(key, &self.trust.tries).is_err() {
                reason = KeptCrlReason::NotSigned;
            } else if new.crl.age() < old.crl.age() {
                return Some(KeptCrlReason::Older);
            } else {
                return None;
            }
        }
        Some(reason)
    }
}

/// The lists of one issuer name.
#[derive(Debug)]
pub(super) struct IssuerCrls {
    /// Those of one scope stand together, newest first.
    crls: Vec<TriedCrl>,
    /// Where those of one scope stand; those without a distribution point first.
    scopes: Vec<Range<usize>>,
    /// Scopes whose point has this name (a GeneralName as it is encoded).
    by_name: HashMap<Vec<u8>, Vec<usize>, RandomState>,
    /// Scopes without a point, or whose point is the issuer's own name: those of certificates that
    /// name no point (RFC 5280, 6.3.3).
    pointless: Vec<usize>,
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
    fn new(issuer: &[u8], mut crls: Vec<TriedCrl>) -> Self {
        crls.sort_by(|a, b| {
            let by_scope = a.crl.scope.encoded.cmp(&b.crl.scope.encoded);
            by_scope.then_with(|| b.crl.age().cmp(&a.crl.age()))
        });
        let mut this = Self {
            scopes: Vec::new(),
            by_name: HashMap::default(),
            pointless: Vec::new(),
            revoked: Vec::new(),
            hasher: RandomState::default(),
            crls,
        };
        this.find_scopes(&directory_name(issuer));
        this.find_revoked();
        this
    }

    fn find_scopes(&mut self, own_name: &[u8]) {
        let mut start = 0;
        for scope in self.crls.chunk_by(|a, b| a.crl.has_scope_of(&b.crl)) {
            let index = self.scopes.len();
            self.scopes.push(start..start + scope.len());
            start += scope.len();
            let Some(TriedCrl { crl, .. }) = scope.first() else {
                continue;
            };
            let names = &crl.scope.names;
            if names.is_empty() || names.iter().any(|name| name == own_name) {
                self.pointless.push(index);
            }
            for name in names {
                self.by_name.entry(name.clone()).or_default().push(index);
            }
        }
    }

    fn find_revoked(&mut self) {
        let entries = self.crls.iter().enumerate().flat_map(|(crl, tried)| {
            let serials = tried.crl.serials().enumerate();
            serials.map(move |(entry, serial)| (crl, entry, serial))
        });
        self.revoked = entries
            .map(|(crl, entry, serial)| Revoked {
                serial_hash: self.hasher.hash_one(serial),
                crl,
                entry,
            })
            .collect();
        self.revoked.sort_unstable();
    }

    /// The lists, of any scope, that name this serial number.
    pub(super) fn naming(&self, serial: &[u8]) -> impl Iterator<Item = &TriedCrl> {
        let hash = self.hasher.hash_one(serial);
        let start = self.revoked.partition_point(|revoked| revoked.serial_hash < hash);
        self.revoked[start..]
            .iter()
            .take_while(move |revoked| revoked.serial_hash == hash)
            .map(|revoked| (&self.crls[revoked.crl], revoked.entry))
            .filter(move |(tried, entry)| tried.crl.serial(*entry) == serial)
            .map(|(tried, _)| tried)
    }

    /// Whether any of them is for one point and not for others.
    pub(super) fn have_points(&self) -> bool {
        !self.by_name.is_empty()
    }

    fn scopes(&self) -> impl Iterator<Item = &[TriedCrl]> {
        self.scopes.iter().map(|scope| &self.crls[scope.clone()])
    }

    /// The lists that replace each other with this one, newest first.
    pub(super) fn scope_of(&self, crl: &Crl) -> Option<&[TriedCrl]> {
        let start = self.crls.partition_point(|tried| tried.crl.scope.encoded < crl.scope.encoded);
        let others = &self.crls[start..];
        let end = others.partition_point(|tried| tried.crl.has_scope_of(crl));
        others.get(..end).filter(|scope| !scope.is_empty())
    }

    /// The lists for a certificate whose points have these names, scope by scope, newest first;
    /// `None` for a certificate that names no point (RFC 5280, 6.3.3 (b)).
    pub(super) fn at<'c>(
        &'c self,
        names: Option<&[&[u8]]>,
    ) -> impl Iterator<Item = &'c [TriedCrl]> {
        let mut found = Vec::new();
        match names {
            None => found.clone_from(&self.pointless),
            Some(names) => {
                let without_point = self.crls.first();
                if without_point.is_some_and(|tried| tried.crl.scope.names.is_empty()) {
                    found.push(0);
                }
                found.extend(names.iter().filter_map(|name| self.by_name.get(*name)).flatten());
            }
        }
        found.into_iter().map(|scope| &self.crls[self.scopes[scope].clone()])
    }
}

/// A Name as a GeneralName: `[4] EXPLICIT Name` (RFC 5280, 4.2.1.6).
fn directory_name(name: &[u8]) -> Vec<u8> {
    let name = tlv::encoded(Kind::SEQUENCE, name);
    tlv::encoded(Kind::explicit(4), &name)
}

pub(super) fn instant(time: UnixTime) -> OffsetDateTime {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
