//! [`Content`]: what DER is, by its first elements, where something else was wanted.

use crate::tlv::{Elements, Kind};

/// What operators have in files and take for one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Certificate,
    /// OpenSSL's TRUSTED CERTIFICATE: behind the certificate stands what it is trusted for.
    TrustedCertificate,
    Request,
    Crl,
    PublicKey,
    /// In PKCS#8, PKCS#1 or SEC1 form.
    PrivateKey,
    EncryptedKey,
    Pkcs7,
    Pkcs12,
}

impl Content {
    /// `None` if it is none of them.
    pub(crate) fn of(der: &[u8]) -> Option<Self> {
        Self::find(der).ok().flatten()
    }

    fn find(der: &[u8]) -> der::Result<Option<Self>> {
        const SIGNED: &[u8] = &[0x30, 0x30, 0x03];
        let mut all = Elements::of(der);
        let outer = all.enter(Kind::SEQUENCE)?;
        let kinds: Vec<u8> = kinds(outer)?;
        Ok(Some(match kinds.as_slice() {
            SIGNED => match signed(outer)? {
                Self::Certificate if all.next_is(Kind::SEQUENCE) => Self::TrustedCertificate,
                Self::Certificate if !all.are_finished() => return Ok(None),
                signed => signed,
            },
            [0x30, 0x03] => Self::PublicKey,
            [0x30, 0x04] => Self::EncryptedKey,
            [0x02, 0x30, 0x04, ..] | [0x02, 0x02, 0x02, _, ..] | [0x02, 0x04, ..] => {
                Self::PrivateKey
            }
            [0x02, 0x02] => Self::PublicKey,
            [0x02, 0x30] | [0x02, 0x30, 0x30] => Self::Pkcs12,
            [0x06, 0xa0] => Self::Pkcs7,
            _ => return Ok(None),
        }))
    }

    /// With its article.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Certificate => "a certificate",
            Self::TrustedCertificate => "a certificate with OpenSSL's trust settings",
            Self::Request => "a certificate request (CSR, PKCS#10)",
            Self::Crl => "a certificate revocation list",
            Self::PublicKey => "a public key",
            Self::PrivateKey => "a private key",
            Self::EncryptedKey => "an encrypted private key",
            Self::Pkcs7 => "a PKCS#7 bundle (.p7b)",
            Self::Pkcs12 => "a PKCS#12 store (.p12, .pfx)",
        }
    }

    /// How to get from a file of this in DER form to one in PEM form.
    pub(crate) fn to_pem(self) -> &'static str {
        match self {
            Self::Certificate => "openssl x509 -inform DER -in FILE -out FILE.pem",
            Self::TrustedCertificate => {
                "openssl x509 -inform DER -in FILE -clrtrust -clrreject -out FILE.pem"
            }
            Self::Request => "openssl req -inform DER -in FILE -out FILE.pem",
            Self::Crl => "openssl crl -inform DER -in FILE -out FILE.pem",
            Self::PublicKey => "openssl pkey -pubin -inform DER -in FILE -out FILE.pem",
            Self::PrivateKey | Self::EncryptedKey => {
                "openssl pkey -inform DER -in FILE -out FILE.pem"
            }
            Self::Pkcs7 => "openssl pkcs7 -inform DER -print_certs -in FILE -out FILE.pem",
            Self::Pkcs12 => "openssl pkcs12 -in FILE -nodes -out FILE.pem",
        }
    }
}

/// A certificate, a request or a list, by what stands in the signed part (RFC 5280, 4.1 and 5.1; RFC
/// 2986, 4.1).
fn signed(mut outer: Elements<'_>) -> der::Result<Content> {
    const TIMES: [u8; 2] = [0x17, 0x18];
    let tbs = outer.enter(Kind::SEQUENCE)?;
    let kinds = kinds(tbs)?;
    let is_list = kinds.strip_prefix(&[0x02]).unwrap_or(&kinds);
    Ok(match (kinds.as_slice(), is_list) {
        (_, [0x30, 0x30, time, ..]) if TIMES.contains(time) => Content::Crl,
        ([0x02, 0x30, 0x30] | [0x02, 0x30, 0x30, 0xa0], _) => Content::Request,
        _ => Content::Certificate,
    })
}

/// The tags of these elements.
fn kinds(mut elements: Elements<'_>) -> der::Result<Vec<u8>> {
    let mut kinds = Vec::new();
    while !elements.are_finished() {
        kinds.extend(elements.any_encoded()?.first());
    }
    Ok(kinds)
}
