//! [`Unusable`]: why a list is not used, in the words of operators.

use webpki::Error;

use super::crl::{CRL_NUMBER, ISSUING_DISTRIBUTION_POINT, TbsCertList};
use crate::certificate::extension::Extensions;
use crate::certificate::oid::Called;
use crate::content::Content;
use crate::tlv::Kind;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It is a list, of a kind that says nothing here.
    SetAside(String),
    /// It cannot be read.
    Malformed(String),
}

impl Unusable {
    /// Of what webpki does not take, with this error.
    pub(super) fn of(der: &[u8], error: &Error) -> Self {
        Self::Malformed(match (Content::of(der), error) {
            (None, _) => format!(
                "it is no revocation list in DER, or it is damaged ({error}); get it again from its issuer"
            ),
            (Some(Content::Crl), Error::InvalidCrlNumber) => {
                "its crlNumber (2.5.29.20) is negative or longer than 20 octets, which RFC 5280, 5.2.3 \
                 forbids; have the CA begin to count anew"
                    .into()
            }
            (Some(Content::Crl), Error::InvalidSerialNumber) => {
                "the serial number of an entry is longer than 20 octets (RFC 5280, 4.1.2.2); have it issued anew"
                    .into()
            }
            (Some(Content::Crl), Error::UnsupportedRevocationReason) => {
                "an entry has a reasonCode (2.5.29.21) that does not exist; have it issued anew".into()
            }
            (Some(Content::Crl), Error::SignatureAlgorithmMismatch) => {
                "it names two algorithms for its one signature; have it issued anew".into()
            }
            (Some(Content::Crl), Error::BadDerTime) => {
                "one of its times is not in UTC to the second (RFC 5280, 5.1.2.4); have it issued anew".into()
            }
            (Some(Content::Crl), error) => match kind(der, error) {
                Ok(Some(kind)) => return Self::SetAside(kind),
                Ok(None) | Err(_) => format!(
                    "it has a part that rustls does not read ({error}): is it damaged? get it again from its issuer"
                ),
            },
            (Some(other), _) => format!("it is {}, needed is a revocation list", other.name()),
        })
    }
}

/// Of a list of a kind that says nothing here: which, and what is needed instead.
fn kind(der: &[u8], error: &Error) -> der::Result<Option<String>> {
    let crl = TbsCertList::read(der)?;
    let kind = match error {
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
            let extension = critical_extension(&crl).ok().flatten();
            let extension = extension.map_or_else(String::new, |id| format!(", {}", Called(id)));
            return Ok(Some(format!(
                "it, or an entry of it, has a critical extension that is not understood{extension}; needed is \
                 one without it"
            )));
        }
        // webpki has no error of their own for these.
        _ if !crl.has_version => {
            "it is of version 1; needed is version 2: with OpenSSL, set crl_extensions (and crlnumber) \
             in openssl.cnf"
        }
        _ if crl.next_update.is_none() => {
            "it does not say when the next one comes (nextUpdate); needed is one that does"
        }
        Error::MalformedExtensions if crl.extensions.are_none() => {
            "it has no extensions, and RFC 5280, 5.2 asks for crlNumber (2.5.29.20) and authorityKeyIdentifier \
             (2.5.29.35) in each: with OpenSSL, set crl_extensions (and crlnumber) in openssl.cnf"
        }
        _ if crl.scope()?.only_attribute_certificates => {
            "it is about attribute certificates only (onlyContainsAttributeCerts)"
        }
        _ => return Ok(None),
    };
    Ok(Some(kind.into()))
}

/// The OID of the first critical extension that webpki does not understand, of the list or of an entry.
fn critical_extension<'a>(crl: &TbsCertList<'a>) -> der::Result<Option<&'a [u8]>> {
    const OF_CRLS: &[&[u8]] = &[CRL_NUMBER, &[0x55, 0x1d, 0x1b], ISSUING_DISTRIBUTION_POINT];
    const OF_ENTRIES: &[&[u8]] = &[&[0x55, 0x1d, 0x15], &[0x55, 0x1d, 0x18], &[0x55, 0x1d, 0x1d]];
    let mut found = crl.extensions.critical_beside(OF_CRLS)?;
    let mut entries = crl.entries;
    while found.is_none() && !entries.are_finished() {
        let mut entry = entries.enter(Kind::SEQUENCE)?;
        entry.any()?;
        entry.any()?;
        if !entry.are_finished() {
            found = Extensions::of(entry.any_encoded()?)?.critical_beside(OF_ENTRIES)?;
        }
    }
    Ok(found)
}
