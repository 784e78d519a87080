//! [`Crl`]: one certificate revocation list, read once.
//!
//! webpki is the strict reader of lists: what it does not read is not used. It does not show when a
//! list was made, its number, where its signature is, and the names of its distribution point;
//! those are read here, of lists that it has read.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use arc_swap::ArcSwap;
use der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use der::{Tag, Tagged};
use rustls::pki_types::{SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer, UnixTime};
use webpki::{
    BorrowedCertRevocationList, CertRevocationList, Error, RawPublicKeyEntity,
    UnsupportedSignatureAlgorithmContext,
};

use crate::certificate::distinguished_name;
use crate::certificate::extension::Extensions;
use crate::certificate::oid::Called;
use crate::content::Content;
use crate::tlv::{self, Elements, Kind, only, without_leading_zeros};

/// One complete and direct list of version 2 (RFC 5280, 5).
#[derive(Debug)]
pub(super) struct Crl {
    der: Vec<u8>,
    /// Where the signed part is.
    tbs: Range<usize>,
    /// Contents of the AlgorithmIdentifier, as algorithms say it of themselves.
    algorithm: Vec<u8>,
    signature: Vec<u8>,
    /// Contents of the Name, without tag and length, as in a trust anchor.
    pub(super) issuer: Vec<u8>,
    pub(super) this_update: UnixTime,
    pub(super) next_update: UnixTime,
    /// crlNumber (RFC 5280, 5.2.3) without leading zeros; `None` without the extension.
    number: Option<Vec<u8>>,
    pub(super) scope: Scope,
    /// Where the serial numbers of the revoked certificates are, without tag and length.
    serials: Vec<Range<usize>>,
}

/// What a list is about: everything that its issuer issued, or what its issuingDistributionPoint
/// leaves of that (RFC 5280, 5.2.5).
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The extension's value, as it is encoded. Lists of one issuer and scope replace each other.
    pub(super) encoded: Option<Vec<u8>>,
    /// The names of the distribution point, each a GeneralName as it is encoded.
    pub(super) names: Vec<Vec<u8>>,
    pub(super) only_end_entities: bool,
    pub(super) only_cas: bool,
}

/// Why a list is not used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It is a list, of a kind that says nothing here.
    SetAside(String),
    /// It cannot be read.
    Malformed(String),
}

impl Crl {
    pub(super) fn read(der: &[u8]) -> Result<Self, Unusable> {
        let unusable = |error| unusable(der, error);
        let list = BorrowedCertRevocationList::from_der(der).map_err(unusable)?;
        let entries = list.into_iter().map(|entry| entry.map_err(unusable));
        let serials = entries.map(|entry| Ok(place(entry?.serial_number, der)));
        let serials = serials.collect::<Result<_, _>>()?;
        let list = CertRevocationList::from(list);
        Self::with(&list, der, serials).map_err(|error| Unusable::Malformed(error.to_string()))
    }

    /// Reads what webpki does not show (RFC 5280, 5.1).
    fn with(
        list: &CertRevocationList<'_>,
        der: &[u8],
        serials: Vec<Range<usize>>,
    ) -> der::Result<Self> {
        const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 0x14];
        let mut parts = Elements::of_sequence(der)?;
        let tbs = parts.read_encoded(Kind::SEQUENCE)?;
        let algorithm = parts.read(Kind::SEQUENCE)?;
        // webpki takes signatures of whole octets only; the first octet says so.
        let signature = parts.read(Kind::BIT_STRING)?.get(1..).unwrap_or_default();
        let mut fields = Elements::of_sequence(tbs)?;
        fields.read(Kind::INTEGER)?; // version
        fields.read(Kind::SEQUENCE)?; // signature
        fields.read(Kind::SEQUENCE)?; // issuer
        let this_update = instant(fields.any()?)?;
        let next_update = instant(fields.any()?)?;
        fields.skip_optional(Kind::SEQUENCE)?; // revokedCertificates
        let extensions = Extensions::of(fields.read(Kind::explicit(0))?)?;
        let number = match extensions.first(CRL_NUMBER)? {
            Some(number) => {
                Some(without_leading_zeros(only(number.value, Kind::INTEGER)?).to_vec())
            }
            None => None,
        };
        Ok(Self {
            der: der.to_vec(),
            tbs: place(tbs, der),
            algorithm: algorithm.to_vec(),
            signature: signature.to_vec(),
            issuer: list.issuer().to_vec(),
            this_update,
            next_update,
            number,
            scope: list
                .issuing_distribution_point()
                .map(Scope::read)
                .transpose()?
                .unwrap_or_default(),
            serials,
        })
    }

    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The serial numbers of the revoked certificates.
    pub(super) fn serials(&self) -> impl Iterator<Item = &[u8]> {
        self.serials.iter().map(|serial| &self.der[serial.clone()])
    }

    /// One of them, by its place.
    pub(super) fn serial(&self, entry: usize) -> &[u8] {
        &self.der[self.serials[entry].clone()]
    }

    /// The later, the newer: by thisUpdate, then by crlNumber. No number is older than any number.
    pub(super) fn age(&self) -> impl Ord + '_ {
        // Longer is larger, since there are no leading zeros.
        let number = self.number.as_deref().map(|number| (number.len(), number));
        (self.this_update, number)
    }

    /// Whether the other is about the same certificates: the newer of them replaces the other, if
    /// one key has signed both.
    pub(super) fn has_scope_of(&self, other: &Self) -> bool {
        self.issuer == other.issuer && self.scope.encoded == other.scope.encoded
    }

    /// What messages call it.
    pub(super) fn label(&self) -> String {
        let part = match self.scope.encoded {
            Some(_) => ", one of several",
            None => "",
        };
        let issuer = distinguished_name(&self.issuer);
        format!("revocation list of `{issuer}`{part}")
    }

    /// Whether this key (the contents of a SubjectPublicKeyInfo) has signed it.
    fn check_signature(
        &self,
        key: &[u8],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<(), Error> {
        let key = SubjectPublicKeyInfoDer::from(tlv::encoded(Kind::SEQUENCE, key));
        let key = RawPublicKeyEntity::try_from(&key)?;
        let mut mismatch = None;
        for algorithm in algorithms
            .iter()
            .filter(|algorithm| algorithm.signature_alg_id().as_ref() == self.algorithm)
        {
            match key.verify_signature(*algorithm, &self.der[self.tbs.clone()], &self.signature) {
                Err(Error::UnsupportedSignatureAlgorithmForPublicKeyContext(context)) => {
                    mismatch = Some(context);
                }
                Err(Error::InvalidSignatureForPublicKey) => {
                    return Err(Error::InvalidCrlSignatureForPublicKey);
                }
                verified => return verified,
            }
        }
        Err(match mismatch {
            Some(context) => Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(context),
            None => Error::UnsupportedCrlSignatureAlgorithmContext(
                UnsupportedSignatureAlgorithmContext {
                    signature_algorithm_id: self.algorithm.clone(),
                    supported_algorithms: algorithms
                        .iter()
                        .map(|algorithm| algorithm.signature_alg_id())
                        .collect(),
                },
            ),
        })
    }
}

impl Scope {
    /// `encoded` is an IssuingDistributionPoint that webpki has read: it has a full name, and
    /// neither reasons nor other issuers.
    fn read(encoded: &[u8]) -> der::Result<Self> {
        let mut scope = Self { encoded: Some(encoded.to_vec()), ..Self::default() };
        let mut fields = Elements::of_sequence(encoded)?;
        while !fields.are_finished() {
            if fields.next_is(Kind::explicit(0)) {
                let names = full_name(fields.read(Kind::explicit(0))?)?;
                scope.names = names.into_iter().map(<[u8]>::to_vec).collect();
            } else if fields.next_is(Kind::implicit(1)) {
                scope.only_end_entities = fields.read(Kind::implicit(1))? == [0xff];
            } else if fields.next_is(Kind::implicit(2)) {
                scope.only_cas = fields.read(Kind::implicit(2))? == [0xff];
            } else {
                fields.any()?;
            }
        }
        Ok(scope)
    }
}

/// The names of a DistributionPointName (RFC 5280, 4.2.1.13), each as it is encoded; none if it is
/// relative to the issuer's.
pub(super) fn full_name(encoded: &[u8]) -> der::Result<Vec<&[u8]>> {
    let mut name = Elements::of(encoded);
    let mut all = Vec::new();
    if name.next_is(Kind::explicit(0)) {
        let mut names = name.enter(Kind::explicit(0))?;
        while !names.are_finished() {
            all.push(names.any_encoded()?);
        }
    }
    Ok(all)
}

/// Where a part of `der` is in it.
fn place(part: &[u8], der: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr() - der.as_ptr().addr();
    start..start + part.len()
}

fn instant(time: AnyRef<'_>) -> der::Result<UnixTime> {
    let since_epoch = match time.tag() {
        Tag::UtcTime => time.decode_as::<UtcTime>()?.to_unix_duration(),
        _ => time.decode_as::<GeneralizedTime>()?.to_unix_duration(),
    };
    Ok(UnixTime::since_unix_epoch(since_epoch))
}

/// What is wrong with a list that webpki does not take, as operators know it.
fn unusable(der: &[u8], error: Error) -> Unusable {
    if Content::of(der) != Some(Content::Crl) {
        return Unusable::Malformed(malformed(der, &error));
    }
    let reason = match error {
        Error::UnsupportedDeltaCrl => {
            "it is a delta list, which holds only what changed since another; needed is the complete one"
        }
        Error::UnsupportedIndirectCrl => {
            "it is an indirect list, about certificates of other issuers; needed is one of the issuer itself"
        }
        Error::UnsupportedRevocationReasonsPartitioning => {
            "it covers some revocation reasons only (onlySomeReasons); needed is one for all reasons"
        }
        Error::UnsupportedCrlIssuingDistributionPoint => {
            "its issuingDistributionPoint has no full name; needed is one that names the point by URI, or a \
             list without the extension"
        }
        Error::UnsupportedCriticalExtension => {
            let extension = critical_extension(der).ok().flatten();
            let extension = extension.map_or_else(String::new, |id| format!(", {}", Called(id)));
            return Unusable::SetAside(format!(
                "it, or an entry of it, has a critical extension that is not understood{extension}; needed is \
                 one without it"
            ));
        }
        Error::InvalidCrlNumber => {
            return Unusable::Malformed(
                "its crlNumber (2.5.29.20) is negative or longer than 20 octets, which RFC 5280, 5.2.3 \
                 forbids; have the CA begin to count anew"
                    .into(),
            );
        }
        error => match unnamed_by_webpki(der) {
            Ok(Some(reason)) => reason,
            Ok(None) | Err(_) => return Unusable::Malformed(malformed(der, &error)),
        },
    };
    Unusable::SetAside(reason.into())
}

/// It is no list, or one in which webpki meets something that it does not read.
fn malformed(der: &[u8], error: &Error) -> String {
    match (Content::of(der), error) {
        (Some(Content::Crl), Error::InvalidSerialNumber) => {
            "the serial number of an entry is longer than 20 octets (RFC 5280, 4.1.2.2); have it issued anew"
                .into()
        }
        (Some(Content::Crl), Error::UnsupportedRevocationReason) => {
            "an entry has a reasonCode (2.5.29.21) that does not exist; have it issued anew".into()
        }
        (Some(Content::Crl), error) => format!(
            "it has a part that rustls does not read ({error}): is it damaged? get it again from its issuer"
        ),
        (Some(other), _) => format!("it is {}, needed is a revocation list", other.name()),
        (None, _) => {
            format!("it is no revocation list in DER, or it is damaged ({error}); get it again from its issuer")
        }
    }
}

/// The OID of the first critical extension that webpki does not understand, of the list or of an entry.
fn critical_extension(der: &[u8]) -> der::Result<Option<&[u8]>> {
    const OF_LISTS: &[&[u8]] = &[&[0x55, 0x1d, 0x14], &[0x55, 0x1d, 0x1b], &[0x55, 0x1d, 0x1c]];
    const OF_ENTRIES: &[&[u8]] = &[&[0x55, 0x1d, 0x15], &[0x55, 0x1d, 0x18], &[0x55, 0x1d, 0x1d]];
    let mut fields = Elements::of_sequence(der)?.enter(Kind::SEQUENCE)?;
    let mut entries = None;
    while !fields.are_finished() {
        if fields.next_is(Kind::explicit(0)) {
            let extensions = Extensions::of(fields.read(Kind::explicit(0))?)?;
            if let Some(found) = extensions.critical_beside(OF_LISTS)? {
                return Ok(Some(found));
            }
        } else if fields.next_is(Kind::SEQUENCE) {
            // The last SEQUENCE, behind the algorithm and the issuer, has the entries.
            entries = Some(fields.enter(Kind::SEQUENCE)?);
        } else {
            fields.any()?;
        }
    }
    let mut entries = entries.unwrap_or(Elements::of(&[]));
    while !entries.are_finished() {
        let mut entry = entries.enter(Kind::SEQUENCE)?;
        entry.any()?;
        entry.any()?;
        if !entry.are_finished()
            && let Some(found) =
                Extensions::of(entry.any_encoded()?)?.critical_beside(OF_ENTRIES)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The kinds for which webpki has no error of their own.
fn unnamed_by_webpki(der: &[u8]) -> der::Result<Option<&'static str>> {
    const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 0x1c];
    let mut fields = Elements::of_sequence(der)?.enter(Kind::SEQUENCE)?;
    if !fields.next_is(Kind::INTEGER) {
        return Ok(Some(
            "it is of version 1; needed is version 2: with OpenSSL, set crl_extensions (and crlnumber) \
             in openssl.cnf",
        ));
    }
    fields.read(Kind::INTEGER)?;
    fields.read(Kind::SEQUENCE)?;
    fields.read(Kind::SEQUENCE)?;
    instant(fields.any()?)?;
    if !fields.next_is(Kind::UTC_TIME) && !fields.next_is(Kind::GENERALIZED_TIME) {
        return Ok(Some(
            "it does not say when the next one comes (nextUpdate); needed is one that does",
        ));
    }
    fields.any()?;
    fields.skip_optional(Kind::SEQUENCE)?;
    let extensions = Extensions::of(fields.read(Kind::explicit(0))?)?;
    let Some(point) = extensions.first(ISSUING_DISTRIBUTION_POINT)? else {
        return Ok(None);
    };
    let mut point = Elements::of_sequence(point.value)?;
    while !point.are_finished() {
        if point.next_is(Kind::implicit(5)) {
            return Ok(Some(
                "it is about attribute certificates only (onlyContainsAttributeCerts)",
            ));
        }
        point.any()?;
    }
    Ok(None)
}

/// Which keys have signed a list, and which have not, as far as they were tried by one verifier.
#[derive(Debug, Default)]
pub(super) struct Signers(ArcSwap<Vec<Tried>>);

#[derive(Clone, Debug)]
struct Tried {
    key: Arc<[u8]>,
    outcome: Result<(), Error>,
}

/// So many keys are remembered that have signed a list, and so many that have not. More CAs of one
/// name are more than anybody has; theirs are tried each time.
const MOST_REMEMBERED: usize = 8;

impl Signers {
    /// Whether the key has signed the list; `None` if it was not tried.
    pub(super) fn recall(&self, key: &[u8]) -> Option<Result<(), Error>> {
        let all = self.0.load();
        let tried = all.iter().find(|tried| *tried.key == *key)?;
        Some(tried.outcome.clone())
    }

    /// The keys that have signed it.
    pub(super) fn keys(&self) -> Vec<Vec<u8>> {
        let all = self.0.load();
        let signed = all.iter().filter(|tried| tried.outcome.is_ok());
        signed.map(|tried| tried.key.to_vec()).collect()
    }

    fn remember(&self, key: &[u8], outcome: &Result<(), Error>) {
        let tried = Tried { key: key.into(), outcome: outcome.clone() };
        self.0.rcu(|all| {
            let mut all = Vec::clone(all);
            let alike = all.iter().filter(|other| other.outcome.is_ok() == outcome.is_ok());
            if alike.count() < MOST_REMEMBERED {
                all.push(tried.clone());
            }
            all
        });
    }
}

/// How often keys may still be tried on lists, and with which algorithms.
pub(super) struct Tries<'a> {
    algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
    left: Cell<usize>,
}

impl<'a> Tries<'a> {
    pub(super) fn new(
        algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
        at_most: usize,
    ) -> Self {
        Self { algorithms, left: at_most.into() }
    }

    /// Tries this key, and remembers what came of it.
    pub(super) fn make(&self, crl: &Crl, signers: &Signers, key: &[u8]) -> Result<(), Error> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.ok_or(Error::MaximumSignatureChecksExceeded)?);
        let outcome = crl.check_signature(key, self.algorithms);
        signers.remember(key, &outcome);
        outcome
    }
}
