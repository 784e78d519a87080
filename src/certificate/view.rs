//! [`View`]: one certificate, read in place and without allocating.
//!
//! webpki shows neither the EKU nor the validity nor the IP and e-mail names of a certificate, so
//! they are read here. No more than webpki accepts is required: object identifiers are compared as
//! bytes, and fields that nobody asks for stay unread.

use std::net::IpAddr;

use base16ct::lower::encode_string as hex;
use der::asn1::AnyRef;
use der::{Decode, SliceReader, Tag, Tagged};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime};

use super::extension::{Extension, Extensions};
use super::name::{SubjectAltName, distinguished_name};
use super::oid::Called;
use crate::role::Purpose;
use crate::tlv::{Elements, Kind, only};

/// The fields of one certificate (RFC 5280, 4.1), borrowed from its DER.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    der: &'a [u8],
    /// Contents of the INTEGER, big-endian two's complement.
    pub(crate) serial: &'a [u8],
    /// Contents of the Name, without tag and length, as in a trust anchor.
    pub(crate) issuer: &'a [u8],
    validity: &'a [u8],
    /// Contents of the Name, without tag and length, as in a trust anchor.
    pub(crate) subject: &'a [u8],
    /// The SubjectPublicKeyInfo with tag and length.
    pub(crate) spki: &'a [u8],
    extensions: Extensions<'a>,
}

/// Where something stands in a certificate, for those who keep that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    len: u32,
}

impl Span {
    /// In the same certificate.
    pub(crate) fn of(self, der: &[u8]) -> &[u8] {
        let (start, len) = (self.start as usize, self.len as usize);
        der.get(start..start + len).unwrap_or_default()
    }
}

/// The object identifiers of the extensions that are read here, as DER contents.
mod oid {
    pub(super) const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];
    pub(super) const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
    pub(super) const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
    pub(super) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
    pub(super) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x1e];
    pub(super) const CRL_DISTRIBUTION_POINTS: &[u8] = &[0x55, 0x1d, 0x1f];
    /// What webpki 0.103 understands in a certificate (`Cert::remember_extension`).
    pub(super) const PROCESSED: &[&[u8]] = &[
        KEY_USAGE,
        SUBJECT_ALT_NAME,
        BASIC_CONSTRAINTS,
        NAME_CONSTRAINTS,
        CRL_DISTRIBUTION_POINTS,
        EXT_KEY_USAGE,
    ];
    pub(super) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
    pub(super) const CERTIFICATE_POLICIES: &[u8] = &[0x55, 0x1d, 0x20];
    pub(super) const EXT_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
    /// Signed certificate timestamps, 1.3.6.1.4.1.11129.2.4.2 (RFC 6962, 3.3).
    pub(super) const SCT_LIST: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];
    /// 2.23.140.1, the arc of the CA/Browser Forum's policies (Baseline Requirements, 7.1.6.1).
    pub(super) const CABF_POLICIES: &[u8] = &[0x67, 0x81, 0x0c, 0x01];
}

/// Bit 5 of a keyUsage.
pub(crate) const KEY_CERT_SIGN: u8 = 0x80 >> 5;

/// Bit 6 of a keyUsage.
const CRL_SIGN: u8 = 0x80 >> 6;

impl<'a> View<'a> {
    /// Reads versions 1 to 3; a root may be of version 1.
    pub(crate) fn read(der: &'a [u8]) -> der::Result<Self> {
        let mut certificate = Elements::of_sequence(der)?;
        let mut tbs = certificate.enter(Kind::SEQUENCE)?;
        tbs.skip_optional(Kind::explicit(0))?; // version
        let serial = tbs.read(Kind::INTEGER)?;
        tbs.read(Kind::SEQUENCE)?; // signature
        let issuer = tbs.read(Kind::SEQUENCE)?;
        let validity = tbs.read(Kind::SEQUENCE)?;
        let subject = tbs.read(Kind::SEQUENCE)?;
        let spki = tbs.read_encoded(Kind::SEQUENCE)?;
        tbs.skip_optional(Kind::implicit(1))?; // issuerUniqueID
        tbs.skip_optional(Kind::implicit(2))?; // subjectUniqueID
        let extensions = match tbs.are_finished() {
            true => Extensions::NONE,
            false => Extensions::of(tbs.read(Kind::explicit(3))?)?,
        };
        Ok(Self { der, serial, issuer, validity, subject, spki, extensions })
    }

    /// The certificate itself.
    pub(crate) fn der(&self) -> &'a [u8] {
        self.der
    }

    /// Where something that was read of it stands in it.
    pub(crate) fn part(&self, part: &[u8]) -> Span {
        // What has more than 256 MiB is read by nobody: `der` refuses it.
        let start = part.as_ptr().addr() - self.der.as_ptr().addr();
        Span { start: start as u32, len: part.len() as u32 }
    }

    /// First and last second of validity, both inclusive (RFC 5280, 4.1.2.5).
    pub(crate) fn validity(&self) -> der::Result<(OffsetDateTime, OffsetDateTime)> {
        let mut reader = SliceReader::new(self.validity)?;
        Ok((instant(&mut reader)?, instant(&mut reader)?))
    }

    /// The purposes of the EKU extension as OID contents; `None` without the extension.
    pub(crate) fn purposes(
        &self,
    ) -> der::Result<Option<impl Iterator<Item = der::Result<&'a [u8]>>>> {
        let Some(value) = self.extension(oid::EXT_KEY_USAGE)? else {
            return Ok(None);
        };
        let purposes = Elements::of_sequence(value)?;
        Ok(Some(purposes.map(|purpose| {
            let purpose = purpose?;
            purpose.tag().assert_eq(Tag::ObjectIdentifier)?;
            Ok(purpose.value())
        })))
    }

    /// Whether the EKU extension is there and lists this purpose.
    pub(crate) fn has_purpose(&self, wanted: &Purpose) -> der::Result<bool> {
        for purpose in self.purposes()?.into_iter().flatten() {
            if purpose? == wanted.oid_bytes() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The entries of the subjectAltName extension; none without the extension.
    ///
    /// An entry that cannot be read is an error, and whoever meets it must not use the others.
    pub(crate) fn alt_names(
        &self,
    ) -> der::Result<impl Iterator<Item = der::Result<SubjectAltName<&'a str>>>> {
        let names = self.elements(oid::SUBJECT_ALT_NAME)?;
        Ok(names.map(|name| SubjectAltName::read(name?)))
    }

    /// basicConstraints with cA TRUE (RFC 5280, 4.2.1.9).
    pub(crate) fn is_ca(&self) -> bool {
        self.basic_constraints().is_ok_and(|(is_ca, _)| is_ca)
    }

    /// How many issuers may follow below it, if basicConstraints says so (RFC 5280, 4.2.1.9).
    pub(super) fn path_len(&self) -> der::Result<Option<u8>> {
        let (_, mut fields) = self.basic_constraints()?;
        match fields.are_finished() {
            true => Ok(None),
            false => Ok(fields.read(Kind::INTEGER)?.last().copied()),
        }
    }

    /// cA, and what follows it there.
    fn basic_constraints(&self) -> der::Result<(bool, Elements<'a>)> {
        let mut fields = self.elements(oid::BASIC_CONSTRAINTS)?;
        let is_ca = fields.next_is(Kind::BOOLEAN) && fields.read(Kind::BOOLEAN)? == [0xff];
        Ok((is_ca, fields))
    }

    /// The key identifier of the subject (RFC 5280, 4.2.1.2). One that cannot be read is none.
    pub(crate) fn subject_key_id(&self) -> Option<&'a [u8]> {
        let value = self.extension(oid::SUBJECT_KEY_IDENTIFIER).ok()??;
        only(value, Kind::OCTET_STRING).ok()
    }

    /// The key identifier of the issuer (RFC 5280, 4.2.1.1). One that cannot be read is none.
    pub(crate) fn authority_key_id(&self) -> Option<&'a [u8]> {
        let mut fields = self.elements(oid::AUTHORITY_KEY_IDENTIFIER).ok()?;
        fields.read(Kind::implicit(0)).ok()
    }

    /// Whether it is its own issuer: by name, and unless its key identifiers deny it.
    pub(crate) fn is_own_issuer(&self) -> bool {
        let (issuer, own) = (self.authority_key_id(), self.subject_key_id());
        let is_denied = issuer.is_some() && own.is_some() && issuer != own;
        self.issuer == self.subject && !is_denied
    }

    /// Whether the certificate says of itself that it belongs to the web's PKI: it carries signed
    /// certificate timestamps or a CA/Browser Forum policy. What cannot be read counts as such.
    pub(crate) fn is_web_pki(&self) -> bool {
        self.extension(oid::SCT_LIST).map_or(true, |scts| scts.is_some()) || self.has_cabf_policy()
    }

    /// Whether it carries a CA/Browser Forum policy. Policies that cannot be read count as one.
    pub(crate) fn has_cabf_policy(&self) -> bool {
        let found = || -> der::Result<bool> {
            let mut policies = self.elements(oid::CERTIFICATE_POLICIES)?;
            while !policies.are_finished() {
                let policy = policies.enter(Kind::SEQUENCE)?.read(Kind::OBJECT_IDENTIFIER)?;
                if policy.starts_with(oid::CABF_POLICIES) {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        found().unwrap_or(true)
    }

    /// The first eight bits of the keyUsage extension (RFC 5280, 4.2.1.3), the first one the highest;
    /// all that certificates of TLS have a use for.
    pub(crate) fn key_usage(&self) -> der::Result<Option<u8>> {
        let Some(value) = self.extension(oid::KEY_USAGE)? else {
            return Ok(None);
        };
        // The first octet counts the unused bits of the last, which are zero (X.690, 11.2.1).
        match *only(value, Kind::BIT_STRING)? {
            [0] => Ok(Some(0)),
            [unused @ 0..=7, ref bits @ .., last] if last.trailing_zeros() >= unused.into() => {
                Ok(Some(bits.first().copied().unwrap_or(last)))
            }
            _ => Err(Tag::BitString.value_error().into()),
        }
    }

    /// The value of the cRLDistributionPoints extension (RFC 5280, 4.2.1.13).
    pub(crate) fn crl_distribution_points(&self) -> der::Result<Option<&'a [u8]>> {
        self.extension(oid::CRL_DISTRIBUTION_POINTS)
    }

    /// Whether there are name constraints, and they constrain something (RFC 5280, 4.2.1.10).
    pub(crate) fn name_constraints(&self) -> der::Result<Option<NameConstraints>> {
        let Some(value) = self.extension(oid::NAME_CONSTRAINTS)? else {
            return Ok(None);
        };
        let subtrees = Elements::of_sequence(value)?;
        if subtrees.are_finished() {
            return Ok(Some(NameConstraints::Empty));
        }
        // GeneralSubtrees ::= SEQUENCE SIZE (1..MAX) OF GeneralSubtree
        for field in subtrees {
            if field?.value().is_empty() {
                return Ok(Some(NameConstraints::Empty));
            }
        }
        Ok(Some(NameConstraints::Present))
    }

    /// On which forms of names there are constraints, in words.
    pub(super) fn constrained_names(&self) -> der::Result<Vec<&'static str>> {
        let mut forms = Vec::new();
        for (_, base) in self.subtrees()? {
            let form = match number(base.tag()) {
                1 => "e-mail addresses",
                2 => "DNS names",
                4 => "directory names",
                6 => "URIs",
                7 => "IP addresses",
                _ => "names of other forms",
            };
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        Ok(forms)
    }

    /// Whether name constraints keep out a DNS name or an IP address, which webpki compares (RFC 5280,
    /// 4.2.1.10).
    pub(super) fn keeps_out(&self, name: &SubjectAltName<&str>) -> bool {
        let is_within = |excludes: bool, base: &AnyRef<'_>| match (name, number(base.tag())) {
            (SubjectAltName::Dns(name), 2) => Some(
                is_dns_within(name, base.value()) || excludes && is_covered(name, base.value()),
            ),
            (SubjectAltName::Ip(ip), 7) => Some(is_ip_within(*ip, base.value())),
            _ => None,
        };
        // What cannot be read is refused for that.
        let subtrees = self.subtrees().unwrap_or_default();
        let met = subtrees.iter().filter_map(|(excludes, base)| {
            let is_within = is_within(*excludes, base)?;
            Some((*excludes, is_within))
        });
        let (excluded, permitted): (Vec<_>, Vec<_>) = met.partition(|(excludes, _)| *excludes);
        let is_within = |met: &(bool, bool)| met.1;
        let is_permitted = permitted.is_empty() || permitted.iter().any(is_within);
        !is_permitted || excluded.iter().any(is_within)
    }

    /// The bases of the name constraints; `true`: what is below one is excluded.
    fn subtrees(&self) -> der::Result<Vec<(bool, AnyRef<'a>)>> {
        let mut all = Vec::new();
        for subtrees in self.elements(oid::NAME_CONSTRAINTS)? {
            let subtrees = subtrees?;
            for subtree in Elements::of(subtrees.value()) {
                let base = Elements::of(subtree?.value()).any()?;
                all.push((number(subtrees.tag()) == 1, base));
            }
        }
        Ok(all)
    }

    /// What people call the certificate, as [`Certificate::label`](super::Certificate::label).
    pub(crate) fn label(&self) -> String {
        let first = || self.alt_names().ok()?.next()?.ok();
        match (self.subject, first()) {
            ([], Some(name)) => name.to_string(),
            ([], None) => format!("serial {}", hex(self.serial)),
            (subject, _) => distinguished_name(subject),
        }
    }

    /// The OID of a critical extension that is not one of those that webpki processes.
    pub(crate) fn unknown_critical_extension(&self) -> der::Result<Option<&'a [u8]>> {
        self.extensions.critical_beside(oid::PROCESSED)
    }

    /// The OID of an extension that is there twice.
    pub(super) fn duplicate_extension(&self) -> der::Result<Option<&'a [u8]>> {
        self.extensions.duplicate()
    }

    /// The first extension that is read here and cannot be: what it is called.
    pub(crate) fn unreadable_extension(&self) -> Option<String> {
        let names = || self.alt_names()?.try_for_each(|name| name.map(drop));
        let purposes = || self.purposes()?.into_iter().flatten().try_for_each(|it| it.map(drop));
        let points = || {
            self.crl_distribution_points()?.map_or(Ok(()), |it| only(it, Kind::SEQUENCE).map(drop))
        };
        let read = [
            (oid::BASIC_CONSTRAINTS, self.path_len().map(drop)),
            (oid::EXT_KEY_USAGE, purposes()),
            (oid::KEY_USAGE, self.key_usage().map(drop)),
            (oid::SUBJECT_ALT_NAME, names()),
            (oid::NAME_CONSTRAINTS, self.name_constraints().map(drop)),
            (oid::CRL_DISTRIBUTION_POINTS, points()),
        ];
        let unread = read.iter().find(|(_, read)| read.is_err());
        unread.map(|(extension, _)| Called(extension).to_string())
    }

    /// What the certificate says that its holder may do as an issuer.
    pub(crate) fn issuer_facts(&self) -> der::Result<IssuerFacts> {
        let usage = self.key_usage()?;
        Ok(IssuerFacts {
            may_sign_certificates: usage.is_none_or(|usage| usage & KEY_CERT_SIGN != 0),
            may_sign_crls: usage.is_none_or(|usage| usage & CRL_SIGN != 0),
            is_named: !self.subject.is_empty(),
            has_empty_name_constraints: self.name_constraints()? == Some(NameConstraints::Empty),
            unknown_critical_extension: self
                .unknown_critical_extension()?
                .map(|extension| Called(extension).to_string()),
        })
    }

    /// What stands in an extension that is a SEQUENCE; nothing without the extension.
    fn elements(&self, wanted: &[u8]) -> der::Result<Elements<'a>> {
        self.extension(wanted)?.map_or(Ok(Elements::of(&[])), Elements::of_sequence)
    }

    /// The value of the first extension with this OID.
    pub(crate) fn extension(&self, wanted: &[u8]) -> der::Result<Option<&'a [u8]>> {
        let extension = self.first_extension(wanted)?;
        Ok(extension.map(|extension| extension.value))
    }

    pub(crate) fn first_extension(&self, wanted: &[u8]) -> der::Result<Option<Extension<'a>>> {
        self.extensions.first(wanted)
    }
}

/// What a certificate says that its holder may do as an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IssuerFacts {
    /// There is no keyUsage, or it has keyCertSign.
    pub(crate) may_sign_certificates: bool,
    /// There is no keyUsage, or it has cRLSign (RFC 5280, 6.3.3 (f)).
    pub(crate) may_sign_crls: bool,
    pub(crate) is_named: bool,
    pub(crate) has_empty_name_constraints: bool,
    /// What it is called, if there is one.
    pub(crate) unknown_critical_extension: Option<String>,
}

/// What a nameConstraints extension amounts to; what it constrains is webpki's to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameConstraints {
    /// Without any subtree, or with an empty list of them.
    Empty,
    Present,
}

/// Of a context-specific tag; of another one 0.
fn number(tag: Tag) -> u32 {
    match tag {
        Tag::ContextSpecific { number, .. } => number.value(),
        _ => 0,
    }
}

/// A base with a dot before it is for what is below it only.
fn is_dns_within(name: &str, base: &[u8]) -> bool {
    let (above, end) = name.as_bytes().split_at(name.len().saturating_sub(base.len()));
    let has_dot = base.first().is_none_or(|first| *first == b'.') || above.ends_with(b".");
    end.eq_ignore_ascii_case(base) && (above.is_empty() || has_dot)
}

/// Whether a wildcard stands for the very base, too.
fn is_covered(name: &str, base: &[u8]) -> bool {
    let domain = name.strip_prefix('*').unwrap_or("?");
    let dot = base.iter().position(|byte| *byte == b'.').unwrap_or(base.len());
    dot > 0 && base[dot..].eq_ignore_ascii_case(domain.as_bytes())
}

/// The base is an address and its mask.
fn is_ip_within(ip: IpAddr, base: &[u8]) -> bool {
    let octets = match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let (network, mask) = base.split_at(base.len() / 2);
    let mut all = octets.iter().zip(network).zip(mask);
    network.len() == octets.len()
        && all.all(|((octet, network), mask)| octet & mask == network & mask)
}

/// UTCTime or GeneralizedTime in the form of DER, to the second (RFC 5280, 4.1.2.5). Years before 1970
/// are read, too: some roots are valid since then.
fn instant(reader: &mut SliceReader<'_>) -> der::Result<OffsetDateTime> {
    let time = AnyRef::decode(reader)?;
    let wrong = || der::Error::from(time.tag().value_error());
    let pair = |pair: &[u8]| str::from_utf8(pair).ok()?.parse::<u8>().ok();
    let is_digit = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
    let digits = time.value().strip_suffix(b"Z").filter(|text| is_digit(text)).ok_or_else(wrong)?;
    let pairs: Vec<_> = digits.chunks(2).filter_map(pair).collect();
    let (year, rest) = match (time.tag(), &pairs[..]) {
        (Tag::UtcTime, [year, rest @ ..]) if *year < 50 => (2000 + i32::from(*year), rest),
        (Tag::UtcTime, [year, rest @ ..]) => (1900 + i32::from(*year), rest),
        (Tag::GeneralizedTime, [century, year, rest @ ..]) => {
            (i32::from(*century) * 100 + i32::from(*year), rest)
        }
        _ => return Err(wrong()),
    };
    let (&[month, day, hour, minute, second], 0) = (rest, digits.len() % 2) else {
        return Err(wrong());
    };
    let date = Month::try_from(month).and_then(|month| Date::from_calendar_date(year, month, day));
    let instant = date.and_then(|date| date.with_hms(hour, minute, second));
    instant.map(PrimitiveDateTime::assume_utc).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::tlv::encoded;

    const EMPTY: &[u8] = &[];

    #[test]
    fn years_of_two_digits_are_those_from_1950_to_2049() {
        let read = |kind, text: &str| {
            let time = encoded(kind, text.as_bytes());
            instant(&mut SliceReader::new(&time).unwrap()).ok()
        };
        for (kind, text, needed) in [
            (Kind::UTC_TIME, "491231235959Z", Some(datetime!(2049-12-31 23:59:59 UTC))),
            (Kind::UTC_TIME, "500101000000Z", Some(datetime!(1950-01-01 0:00 UTC))),
            (Kind::GENERALIZED_TIME, "20500101000000Z", Some(datetime!(2050-01-01 0:00 UTC))),
            (Kind::UTC_TIME, "4912312359Z", None),
            (Kind::UTC_TIME, "491231235959+0000", None),
            (Kind::UTC_TIME, "491331235959Z", None),
            (Kind::GENERALIZED_TIME, "491231235959Z", None),
        ] {
            assert_eq!(read(kind, text), needed, "{text}");
        }
    }

    #[test]
    fn a_ca_says_true_as_der_has_it_whatever_stands_behind_that() {
        for (value, is_ca, path_len) in [
            (&[0x30, 0][..], false, Some(None)),
            (&[0x30, 3, 1, 1, 0xff], true, Some(None)),
            (&[0x30, 3, 1, 1, 0], false, Some(None)),
            (&[0x30, 3, 1, 1, 1], false, Some(None)),
            (&[0x30, 6, 1, 1, 0xff, 2, 1, 3], true, Some(Some(3))),
            (&[0x30, 3, 2, 1, 3], false, Some(Some(3))),
            (&[0x30, 5, 1, 1, 0xff, 5, 0], true, None),
            (&[0x30, 1, 1], false, None),
        ] {
            let (id, value) = (oid::BASIC_CONSTRAINTS, encoded(Kind::OCTET_STRING, value));
            let fields = [encoded(Kind::OBJECT_IDENTIFIER, id), value].concat();
            let extension = encoded(Kind::SEQUENCE, &fields);
            let extensions = encoded(Kind::SEQUENCE, &extension);
            let extensions = Extensions::of(&extensions).unwrap();
            let (der, serial, issuer, validity) = (EMPTY, EMPTY, EMPTY, EMPTY);
            let (subject, spki) = (EMPTY, EMPTY);
            let view = View { der, serial, issuer, validity, subject, spki, extensions };
            assert_eq!((view.is_ca(), view.path_len().ok()), (is_ca, path_len), "{fields:?}");
        }
    }
}
