//! What object identifiers are called: extensions, algorithms, curves. For messages.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

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
pub(crate) fn name(dotted: &str) -> Option<&'static str> {
    static NAMES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
        let lines = include_str!("oids.txt").lines();
        lines.filter_map(|line| line.split_once(' ')).collect()
    });
    NAMES.get(dotted).copied().or_else(|| is_slh_dsa(dotted).then_some("SLH-DSA"))
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
        let template = Called(&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 21, 7]).to_string();
        assert_eq!(template, "Microsoft's certificateTemplate (1.3.6.1.4.1.311.21.7)");
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
