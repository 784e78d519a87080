//! [`Crl`]: one certificate revocation list, read once.
//!
//! webpki is the strict reader of lists: what it does not read is not used. It does not show when a
//! list was made, its number, where its signature is, and the names of its distribution point;
//! those are read here, of lists that it has read.

use std::ops::Range;

use der::asn1::{AnyRef, GeneralizedTime, UtcTime};
use der::{Tag, Tagged};
use rustls::pki_types::{SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer, UnixTime};
use webpki::{
    BorrowedCertRevocationList, Error, RawPublicKeyEntity, UnsupportedSignatureAlgorithmContext,
};

use crate::certificate::distinguished_name;
use crate::certificate::extension::Extensions;
use crate::tlv::{self, Elements, Kind, only, without_leading_zeros};

/// One complete and direct list of version 2 (RFC 5280, 5).
#[derive(Debug)]
pub(super) struct Crl {
    der: Vec<u8>,
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
    /// The extension's value, as it is encoded. Of lists of one issuer for which it is the same the newer
    /// replaces the other, if one key has signed both.
    pub(super) encoded: Option<Vec<u8>>,
    /// The names of the distribution point, each a GeneralName as it is encoded.
    pub(super) names: Vec<Vec<u8>>,
    pub(super) only_end_entities: bool,
    pub(super) only_cas: bool,
    /// webpki takes no such list.
    pub(super) only_attribute_certificates: bool,
}

impl Crl {
    /// The error is webpki's, since our reader takes whatever it takes.
    pub(super) fn read(der: &[u8]) -> Result<Self, Error> {
        // webpki shows slices of what it was given.
        let place = |part: &[u8]| {
            let start = part.as_ptr().addr() - der.as_ptr().addr();
            start..start + part.len()
        };
        let crl = BorrowedCertRevocationList::from_der(der)?;
        let serials = crl.into_iter().map(|entry| Ok(place(entry?.serial_number)));
        let serials = serials.collect::<Result<_, _>>()?;
        Self::with(der, serials).map_err(|_| Error::BadDer)
    }

    fn with(der: &[u8], serials: Vec<Range<usize>>) -> der::Result<Self> {
        let fields = TbsCertList::read(der)?;
        let number = fields.extensions.first(CRL_NUMBER)?;
        let number = number.map(|number| only(number.value, Kind::INTEGER)).transpose()?;
        Ok(Self {
            der: der.to_vec(),
            issuer: fields.issuer.to_vec(),
            this_update: fields.this_update,
            next_update: fields.next_update.ok_or_else(|| Tag::GeneralizedTime.value_error())?,
            number: number.map(|number| without_leading_zeros(number).to_vec()),
            scope: fields.scope()?,
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

    /// One of the future is none.
    pub(super) fn has_begun(&self, now: UnixTime) -> bool {
        self.this_update <= now
    }

    /// The later, the newer: by thisUpdate, then by crlNumber. No number is older than any number.
    pub(super) fn age(&self) -> impl Ord + '_ {
        // Longer is larger, since there are no leading zeros.
        let number = self.number.as_deref().map(|number| (number.len(), number));
        (self.this_update, number)
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

    /// Whether this key (the contents of a SubjectPublicKeyInfo) has signed it. As webpki does it,
    /// which keeps it to itself.
    pub(super) fn check_signature(
        &self,
        key: &[u8],
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Result<(), Error> {
        let key = SubjectPublicKeyInfoDer::from(tlv::encoded(Kind::SEQUENCE, key));
        let key = RawPublicKeyEntity::try_from(&key)?;
        let [tbs, identifier, signature] = signed_parts(&self.der).map_err(|_| Error::BadDer)?;
        let ids = algorithms.iter().map(|algorithm| algorithm.signature_alg_id());
        let mut error =
            Error::UnsupportedCrlSignatureAlgorithmContext(UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: identifier.to_vec(),
                supported_algorithms: ids.collect(),
            });
        for algorithm in algorithms {
            if algorithm.signature_alg_id().as_ref() != identifier {
                continue;
            }
            match key.verify_signature(*algorithm, tbs, signature) {
                Err(Error::UnsupportedSignatureAlgorithmForPublicKeyContext(found)) => {
                    error = Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(found);
                }
                Err(Error::InvalidSignatureForPublicKey) => {
                    return Err(Error::InvalidCrlSignatureForPublicKey);
                }
                verified => return verified,
            }
        }
        Err(error)
    }
}

impl Scope {
    /// What webpki has read has a full name, and neither reasons nor other issuers.
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
            } else if fields.next_is(Kind::implicit(5)) {
                scope.only_attribute_certificates = fields.read(Kind::implicit(5))? == [0xff];
            } else {
                fields.any()?;
            }
        }
        Ok(scope)
    }
}

/// The fields of a list of whatever version (RFC 5280, 5.1.2).
pub(super) struct TbsCertList<'a> {
    pub(super) has_version: bool,
    issuer: &'a [u8],
    this_update: UnixTime,
    pub(super) next_update: Option<UnixTime>,
    pub(super) entries: Elements<'a>,
    pub(super) extensions: Extensions<'a>,
}

pub(super) const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 0x14];
pub(super) const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 0x1c];

impl<'a> TbsCertList<'a> {
    pub(super) fn read(der: &'a [u8]) -> der::Result<Self> {
        let [tbs, ..] = signed_parts(der)?;
        let mut fields = Elements::of_sequence(tbs)?;
        let has_version = fields.next_is(Kind::INTEGER);
        fields.skip_optional(Kind::INTEGER)?;
        fields.read(Kind::SEQUENCE)?; // signature
        let issuer = fields.read(Kind::SEQUENCE)?;
        let this_update = instant(fields.any()?)?;
        let has_next_update =
            fields.next_is(Kind::UTC_TIME) || fields.next_is(Kind::GENERALIZED_TIME);
        Ok(Self {
            has_version,
            issuer,
            this_update,
            next_update: has_next_update.then(|| instant(fields.any()?)).transpose()?,
            entries: match fields.next_is(Kind::SEQUENCE) {
                true => fields.enter(Kind::SEQUENCE)?,
                false => Elements::of(&[]),
            },
            extensions: match fields.are_finished() {
                true => Extensions::NONE,
                false => Extensions::of(fields.read(Kind::explicit(0))?)?,
            },
        })
    }

    pub(super) fn scope(&self) -> der::Result<Scope> {
        let point = self.extensions.first(ISSUING_DISTRIBUTION_POINT)?;
        point.map_or_else(|| Ok(Scope::default()), |point| Scope::read(point.value))
    }
}

/// What is signed; the contents of the AlgorithmIdentifier, as algorithms say it of themselves; the
/// signature.
fn signed_parts(der: &[u8]) -> der::Result<[&[u8]; 3]> {
    let mut parts = Elements::of_sequence(der)?;
    let tbs = parts.read_encoded(Kind::SEQUENCE)?;
    let algorithm = parts.read(Kind::SEQUENCE)?;
    // webpki takes signatures of whole octets only; the first octet says so.
    let signature = parts.read(Kind::BIT_STRING)?.get(1..).unwrap_or_default();
    Ok([tbs, algorithm, signature])
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

fn instant(time: AnyRef<'_>) -> der::Result<UnixTime> {
    let since_epoch = match time.tag() {
        Tag::UtcTime => time.decode_as::<UtcTime>()?.to_unix_duration(),
        _ => time.decode_as::<GeneralizedTime>()?.to_unix_duration(),
    };
    Ok(UnixTime::since_unix_epoch(since_epoch))
}
