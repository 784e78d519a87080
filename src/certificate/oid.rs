//! What object identifiers are called: extensions, algorithms, curves. For messages.

use std::fmt;

use crate::text::Dotted;
use crate::tlv::{Elements, Kind};

/// An object identifier (its contents) as people know it: `nameConstraints (2.5.29.30)`, or the
/// number alone.
pub(crate) struct Called<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Called<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dotted = Dotted(self.0).to_string();
        match name(&dotted) {
            Some(name) => write!(f, "{name} ({dotted})"),
            None => f.write_str(&dotted),
        }
    }
}

/// An AlgorithmIdentifier (its contents) in words: `ecdsa-with-SHA512`.
pub(crate) fn algorithm(identifier: &[u8]) -> String {
    let read = || -> der::Result<String> {
        let mut fields = Elements::of(identifier);
        let id = fields.read(Kind::OBJECT_IDENTIFIER)?;
        let dotted = Dotted(id).to_string();
        Ok(match (dotted.as_str(), name(&dotted)) {
            (RSASSA_PSS, _) => format!("RSASSA-PSS with {}", pss_params(fields)?),
            (_, Some(name)) => name.into(),
            (_, None) => format!("the algorithm {dotted}"),
        })
    };
    read().unwrap_or_else(|_| "an algorithm that cannot be read".into())
}

const RSASSA_PSS: &str = "1.2.840.113549.1.1.10";

/// RSASSA-PSS-params (RFC 4055, 3.1): SHA-1 and 20 octets of salt unless they say otherwise. A salt that
/// is not as long as the hash is told, since TLS knows no other (RFC 8446, 4.2.3).
fn pss_params(mut fields: Elements<'_>) -> der::Result<String> {
    let mut params = match fields.are_finished() {
        true => fields,
        false => fields.enter(Kind::SEQUENCE)?,
    };
    let mut hash = "SHA-1".to_owned();
    if params.next_is(Kind::explicit(0)) {
        let mut algorithm = params.enter(Kind::explicit(0))?.enter(Kind::SEQUENCE)?;
        let dotted = Dotted(algorithm.read(Kind::OBJECT_IDENTIFIER)?).to_string();
        hash = name(&dotted).map_or(dotted, str::to_owned);
    }
    params.skip_optional(Kind::explicit(1))?; // maskGenAlgorithm
    let salt = match params.next_is(Kind::explicit(2)) {
        true => params.enter(Kind::explicit(2))?.read(Kind::INTEGER)?,
        false => &[20],
    };
    let salt = salt.iter().fold(0, |length: u64, byte| length << 8 | u64::from(*byte));
    let needed = match hash.as_str() {
        "SHA-1" => 20,
        "SHA-256" => 32,
        "SHA-384" => 48,
        "SHA-512" => 64,
        _ => salt,
    };
    Ok(match salt == needed {
        true => hash,
        false => format!("{hash} and a salt of {salt} bytes in place of {needed}"),
    })
}

/// As RFC 5280 and its successors write it.
#[rustfmt::skip] // One name, one line.
pub(crate) fn name(dotted: &str) -> Option<&'static str> {
    Some(match dotted {
        "2.5.29.9" => "subjectDirectoryAttributes",
        "2.5.29.14" => "subjectKeyIdentifier",
        "2.5.29.15" => "keyUsage",
        "2.5.29.16" => "privateKeyUsagePeriod",
        "2.5.29.17" => "subjectAltName",
        "2.5.29.18" => "issuerAltName",
        "2.5.29.19" => "basicConstraints",
        "2.5.29.20" => "cRLNumber",
        "2.5.29.21" => "reasonCode",
        "2.5.29.23" => "holdInstructionCode",
        "2.5.29.24" => "invalidityDate",
        "2.5.29.27" => "deltaCRLIndicator",
        "2.5.29.28" => "issuingDistributionPoint",
        "2.5.29.29" => "certificateIssuer",
        "2.5.29.30" => "nameConstraints",
        "2.5.29.31" => "cRLDistributionPoints",
        "2.5.29.32" => "certificatePolicies",
        "2.5.29.33" => "policyMappings",
        "2.5.29.35" => "authorityKeyIdentifier",
        "2.5.29.36" => "policyConstraints",
        "2.5.29.37" => "extKeyUsage",
        "2.5.29.46" => "freshestCRL",
        "2.5.29.54" => "inhibitAnyPolicy",
        "2.5.29.55" => "targetInformation",
        "2.5.29.56" => "noRevAvail",
        "1.3.6.1.5.5.7.1.1" => "authorityInfoAccess",
        "1.3.6.1.5.5.7.1.3" => "qcStatements",
        "1.3.6.1.5.5.7.1.7" => "ipAddrBlocks",
        "1.3.6.1.5.5.7.1.8" => "autonomousSysIds",
        "1.3.6.1.5.5.7.1.11" => "subjectInfoAccess",
        "1.3.6.1.5.5.7.1.14" => "proxyCertInfo",
        "1.3.6.1.5.5.7.1.24" => "tlsFeature",
        "1.3.6.1.5.5.7.1.26" => "tnAuthList",
        "1.3.6.1.5.5.7.48.1.5" => "ocsp-nocheck",
        "1.3.6.1.4.1.311.20.2" => "Microsoft's enrollCerttype",
        "1.3.6.1.4.1.311.21.1" => "Microsoft's CA version",
        "1.3.6.1.4.1.311.21.7" => "Microsoft's certificateTemplate",
        "1.3.6.1.4.1.311.21.10" => "Microsoft's applicationPolicies",
        "1.3.6.1.4.1.11129.2.4.2" => "signedCertificateTimestampList",
        "1.3.6.1.4.1.11129.2.4.3" => "the poison of a precertificate",
        "2.16.840.1.113730.1.1" => "netscape-cert-type",
        "2.16.840.1.113730.1.13" => "netscape-comment",

        "1.2.840.113549.1.1.1" => "RSA",
        "1.2.840.113549.1.1.2" => "md2WithRSAEncryption",
        "1.2.840.113549.1.1.3" => "md4WithRSAEncryption",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "sha1WithRSAEncryption",
        RSASSA_PSS => "RSASSA-PSS",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
        "1.2.840.113549.1.1.15" => "sha512-224WithRSAEncryption",
        "1.2.840.113549.1.1.16" => "sha512-256WithRSAEncryption",
        "1.2.840.10040.4.1" => "DSA",
        "1.2.840.10040.4.3" => "dsa-with-SHA1",
        "2.16.840.1.101.3.4.3.1" => "dsa-with-SHA224",
        "2.16.840.1.101.3.4.3.2" => "dsa-with-SHA256",
        "2.16.840.1.101.3.4.3.3" => "dsa-with-SHA384",
        "2.16.840.1.101.3.4.3.4" => "dsa-with-SHA512",
        "1.2.840.10046.2.1" => "Diffie-Hellman",
        "1.2.840.10045.2.1" => "EC",
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.1" => "ecdsa-with-SHA224",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "2.16.840.1.101.3.4.3.9" => "ecdsa-with-SHA3-224",
        "2.16.840.1.101.3.4.3.10" => "ecdsa-with-SHA3-256",
        "2.16.840.1.101.3.4.3.11" => "ecdsa-with-SHA3-384",
        "2.16.840.1.101.3.4.3.12" => "ecdsa-with-SHA3-512",
        "2.16.840.1.101.3.4.3.13" => "RSA-with-SHA3-224",
        "2.16.840.1.101.3.4.3.14" => "RSA-with-SHA3-256",
        "2.16.840.1.101.3.4.3.15" => "RSA-with-SHA3-384",
        "2.16.840.1.101.3.4.3.16" => "RSA-with-SHA3-512",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        "2.16.840.1.101.3.4.3.20" => "SLH-DSA-SHA2-128s",
        "2.16.840.1.101.3.4.3.21" => "SLH-DSA-SHA2-128f",
        "2.16.840.1.101.3.4.3.24" => "SLH-DSA-SHA2-256s",
        "2.16.840.1.101.3.4.3.26" => "SLH-DSA-SHAKE-128s",
        "2.16.840.1.101.3.4.4.2" => "ML-KEM-768",
        "1.3.101.110" => "X25519",
        "1.3.101.111" => "X448",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        "1.2.156.10197.1.501" => "SM2-with-SM3",
        "1.2.643.2.2.19" => "GOST R 34.10-2001",
        "1.2.643.7.1.1.1.1" => "GOST R 34.10-2012 (256 bits)",
        "1.2.643.7.1.1.1.2" => "GOST R 34.10-2012 (512 bits)",
        "1.2.643.7.1.1.3.2" => "GOST R 34.10-2012 (256 bits) with Streebog",
        "1.2.643.7.1.1.3.3" => "GOST R 34.10-2012 (512 bits) with Streebog",
        _ if is_slh_dsa(dotted) => "SLH-DSA",

        "1.2.840.10045.3.1.1" => "P-192",
        "1.3.132.0.33" => "P-224",
        "1.2.840.10045.3.1.7" => "P-256",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        "1.3.132.0.10" => "secp256k1",
        "1.3.36.3.3.2.8.1.1.1" => "brainpoolP160r1",
        "1.3.36.3.3.2.8.1.1.3" => "brainpoolP192r1",
        "1.3.36.3.3.2.8.1.1.5" => "brainpoolP224r1",
        "1.3.36.3.3.2.8.1.1.7" => "brainpoolP256r1",
        "1.3.36.3.3.2.8.1.1.8" => "brainpoolP256t1",
        "1.3.36.3.3.2.8.1.1.9" => "brainpoolP320r1",
        "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1",
        "1.3.36.3.3.2.8.1.1.12" => "brainpoolP384t1",
        "1.3.36.3.3.2.8.1.1.13" => "brainpoolP512r1",
        "1.3.36.3.3.2.8.1.1.14" => "brainpoolP512t1",
        "1.2.156.10197.1.301" => "SM2",

        "1.2.840.113549.2.5" => "MD5",
        "1.3.14.3.2.26" => "SHA-1",
        "2.16.840.1.101.3.4.2.1" => "SHA-256",
        "2.16.840.1.101.3.4.2.2" => "SHA-384",
        "2.16.840.1.101.3.4.2.3" => "SHA-512",
        "2.16.840.1.101.3.4.2.4" => "SHA-224",
        _ => return None,
    })
}

/// The twelve sets of parameters and their pre-hashed forms (FIPS 205).
fn is_slh_dsa(dotted: &str) -> bool {
    let last = dotted.strip_prefix("2.16.840.1.101.3.4.3.").and_then(|last| last.parse().ok());
    last.is_some_and(|last: u8| (20..=46).contains(&last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_name_is_called_by_it_and_by_its_number() {
        assert_eq!(Called(&[0x55, 0x1d, 0x20]).to_string(), "certificatePolicies (2.5.29.32)");
        assert_eq!(Called(&[0x2a, 3, 4]).to_string(), "1.2.3.4");
    }

    #[test]
    fn an_algorithm_says_its_hash() {
        let pss = |params: &[&[u8]]| {
            let params: Vec<_> = params.concat();
            let start = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10, 0x30];
            [&start[..], &[params.len() as u8], &params[..]].concat()
        };
        let sha256: &[u8] = &[0xa0, 13, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
        let (as_long, as_long_as_can_be) = ([0xa2, 3, 2, 1, 32], [0xa2, 4, 2, 2, 0, 222]);
        let (usual, longest) = (pss(&[sha256, &as_long]), pss(&[sha256, &as_long_as_can_be]));
        let rows: [(&[u8], &str); 7] = [
            (&usual, "RSASSA-PSS with SHA-256"),
            (&longest, "RSASSA-PSS with SHA-256 and a salt of 222 bytes in place of 32"),
            (&pss(&[sha256]), "RSASSA-PSS with SHA-256 and a salt of 20 bytes in place of 32"),
            (&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5, 5, 0], "sha1WithRSAEncryption"),
            (&[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4], "ecdsa-with-SHA512"),
            (
                &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10, 0x30, 0],
                "RSASSA-PSS with SHA-1",
            ),
            (&[6, 3, 0x2a, 3, 4], "the algorithm 1.2.3.4"),
        ];
        for (identifier, words) in rows {
            assert_eq!(algorithm(identifier), words);
        }
    }
}
