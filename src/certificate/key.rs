//! Keys: what kind one is, in words too, and whether a rustls handshake can use it.

use std::fmt;
use std::ops::RangeInclusive;

use super::oid;
use crate::text::Dotted;
use crate::tlv::{Elements, Kind, without_leading_zeros};

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0, 34];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0, 35];
const ED448: &[u8] = &[0x2b, 0x65, 0x71];
/// Those that the providers of rustls verify (`RSA_PKCS1_2048_8192_…`).
const RSA_BITS: RangeInclusive<usize> = 2048..=8192;

/// What kind of key stands in a SubjectPublicKeyInfo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind<'a> {
    /// RSA, by its modulus without leading zeros.
    Rsa(&'a [u8]),
    /// RSA that is good for RSASSA-PSS and nothing else.
    RsaPss(&'a [u8]),
    /// Elliptic curve, by the OID of a named curve; empty if it has no name.
    Ec(&'a [u8]),
    /// Any other, by the OID of its algorithm.
    Other(&'a [u8]),
}

impl<'a> KeyKind<'a> {
    /// Reads a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7; RFC 3279; RFC 5480).
    pub(crate) fn read(spki: &'a [u8]) -> der::Result<Self> {
        let mut spki = Elements::of_sequence(spki)?;
        let kind = Self::of_algorithm(spki.enter(Kind::SEQUENCE)?)?;
        let mut modulus = || modulus(spki.read(Kind::BIT_STRING)?);
        match kind {
            Self::Other(RSA_ENCRYPTION) => modulus().map(Self::Rsa),
            Self::Other(RSASSA_PSS) => modulus().map(Self::RsaPss),
            kind => Ok(kind),
        }
    }

    /// As far as the elements of an AlgorithmIdentifier tell, where no modulus is.
    fn of_algorithm(mut identifier: Elements<'a>) -> der::Result<Self> {
        match identifier.read(Kind::OBJECT_IDENTIFIER)? {
            EC_PUBLIC_KEY => curve(identifier).map(Self::Ec),
            id => Ok(Self::Other(id)),
        }
    }

    /// Whether rustls knows a handshake signature by such a key. Algorithms of the future are the
    /// provider's to know.
    pub(crate) fn is_usable(self) -> bool {
        match self {
            Self::Rsa(modulus) => RSA_BITS.contains(&bits(modulus)),
            Self::Ec(curve) => [P256, P384, P521].contains(&curve),
            Self::RsaPss(_) => false,
            Self::Other(id) => ![DSA, ED448].contains(&id),
        }
    }
}

/// `RSA 2048`, `EC P-256`, `EC with explicit parameters`, `Ed25519`.
impl fmt::Display for KeyKind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Rsa(modulus) => write!(f, "RSA {}", bits(modulus)),
            Self::RsaPss(_) => f.write_str("RSASSA-PSS"),
            Self::Ec([]) => f.write_str("EC with explicit parameters"),
            Self::Ec(curve) => match oid::name(&Dotted(curve).to_string()) {
                Some(name) => write!(f, "EC {name}"),
                None => write!(f, "EC with the curve {}", Dotted(curve)),
            },
            Self::Other(id) => match oid::name(&Dotted(id).to_string()) {
                Some(name) => f.write_str(name),
                None => write!(f, "algorithm {}", Dotted(id)),
            },
        }
    }
}

/// Whether rustls believes a signature by this key (a SubjectPublicKeyInfo), in a handshake too. One that
/// cannot be read signs nothing.
pub(crate) fn is_usable(spki: &[u8]) -> bool {
    KeyKind::read(spki).is_ok_and(KeyKind::is_usable)
}

/// The AlgorithmIdentifier (its contents) of a public key in words: `EC P-521`, `RSA`.
pub(crate) fn of_algorithm(identifier: &[u8]) -> String {
    let kind = KeyKind::of_algorithm(Elements::of(identifier));
    kind.map_or("of a kind that cannot be read".into(), |kind| kind.to_string())
}

/// The public key of a SubjectPublicKeyInfo in words, as [`KeyKind`] says it.
pub(crate) fn public_key(spki: &[u8]) -> String {
    KeyKind::read(spki).map_or("a key that cannot be read".into(), |key| key.to_string())
}

/// A private key in words, in whatever form it is (RFC 5958, RFC 8017, RFC 5915); `None` if it cannot be
/// read.
pub(crate) fn private_key(key: &[u8]) -> Option<String> {
    let read = || -> der::Result<String> {
        let mut fields = Elements::of_sequence(key)?;
        fields.read(Kind::INTEGER)?; // version
        Ok(if fields.next_is(Kind::INTEGER) {
            rsa(fields)?
        } else if fields.next_is(Kind::OCTET_STRING) {
            fields.read(Kind::OCTET_STRING)?;
            match fields.next_is(Kind::explicit(0)) {
                true => KeyKind::Ec(curve(fields.enter(Kind::explicit(0))?)?).to_string(),
                false => "EC without the name of its curve".into(),
            }
        } else {
            match KeyKind::of_algorithm(fields.enter(Kind::SEQUENCE)?)? {
                KeyKind::Other(RSA_ENCRYPTION) => rsa_private_key(fields.read(Kind::OCTET_STRING)?)
                    .unwrap_or_else(|_| "RSA, damaged".into()),
                kind => kind.to_string(),
            }
        })
    };
    read().ok()
}

/// RSAPrivateKey (RFC 8017, A.1.2), and none of the other forms: in a PKCS#8 there is no second one.
fn rsa_private_key(key: &[u8]) -> der::Result<String> {
    let mut fields = Elements::of_sequence(key)?;
    fields.read(Kind::INTEGER)?; // version
    rsa(fields)
}

fn rsa(mut from_modulus: Elements<'_>) -> der::Result<String> {
    let modulus = from_modulus.read(Kind::INTEGER)?;
    Ok(KeyKind::Rsa(without_leading_zeros(modulus)).to_string())
}

/// The OID of a curve in ECParameters (RFC 5480, 2.1.1); empty if it has no name.
fn curve<'a>(mut parameters: Elements<'a>) -> der::Result<&'a [u8]> {
    match parameters.next_is(Kind::OBJECT_IDENTIFIER) {
        true => parameters.read(Kind::OBJECT_IDENTIFIER),
        false => Ok(&[]),
    }
}

/// What to do about a key that is not taken, by its words.
pub(crate) fn advice(key: &str) -> &'static str {
    match key {
        "EC with explicit parameters" => {
            "rustls reads curves by their names only: `openssl ec -in KEY -param_enc named_curve -out NEW` \
             writes the key so, and the certificate has to be issued anew for it"
        }
        "RSASSA-PSS" => {
            "no handshake of rustls takes keys that are for RSASSA-PSS alone: make an ordinary RSA key \
             (rsaEncryption), which signs with PSS in TLS too, and a certificate for it"
        }
        "EC P-521" => {
            "of the providers of rustls, aws-lc-rs takes P-521 and ring does not: use aws-lc-rs, or a key on \
             P-256 or P-384"
        }
        key if key.starts_with("RSA") => {
            "needed is RSA of 2048 to 8192 bits: make a new key, and a certificate for it"
        }
        _ => "needed is EC P-256 or P-384, Ed25519, or RSA of 2048 bits or more",
    }
}

/// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }, in a BIT STRING.
fn modulus(key: &[u8]) -> der::Result<&[u8]> {
    // The first octet counts unused bits.
    let key = key.get(1..).unwrap_or_default();
    let modulus = Elements::of_sequence(key)?.read(Kind::INTEGER)?;
    Ok(without_leading_zeros(modulus))
}

/// Of a number without leading zero octets.
pub(crate) fn bits(number: &[u8]) -> usize {
    let unused = number.first().map_or(0, |byte| byte.leading_zeros());
    8 * number.len() - unused as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv::encoded;

    fn spki(algorithm: &[Vec<u8>], key: Vec<u8>) -> Vec<u8> {
        let algorithm = encoded(Kind::SEQUENCE, &algorithm.concat());
        let key = encoded(Kind::BIT_STRING, &[vec![0], key].concat());
        encoded(Kind::SEQUENCE, &[algorithm, key].concat())
    }

    fn rsa_key(bytes: usize) -> Vec<u8> {
        let modulus = encoded(Kind::INTEGER, &[vec![0], vec![0xc5; bytes]].concat());
        encoded(Kind::SEQUENCE, &modulus)
    }

    /// A file of some megabytes could hold enough of them for any stack.
    #[test]
    fn a_private_key_in_private_keys_is_read_to_the_first_of_them() {
        let algorithm = encoded(Kind::SEQUENCE, &encoded(Kind::OBJECT_IDENTIFIER, RSA_ENCRYPTION));
        let within = |key: Vec<u8>| {
            let version = encoded(Kind::INTEGER, &[0]);
            let key = encoded(Kind::OCTET_STRING, &key);
            encoded(Kind::SEQUENCE, &[version, algorithm.clone(), key].concat())
        };
        let modulus = encoded(Kind::INTEGER, &[vec![0], vec![0xc5; 256]].concat());
        let plain = encoded(Kind::SEQUENCE, &[encoded(Kind::INTEGER, &[0]), modulus].concat());
        assert_eq!(private_key(&plain).as_deref(), Some("RSA 2048"));
        assert_eq!(private_key(&within(plain.clone())).as_deref(), Some("RSA 2048"));
        assert_eq!(private_key(&within(within(plain))).as_deref(), Some("RSA, damaged"));
    }

    #[test]
    fn a_key_is_called_by_its_kind_and_usable_if_rustls_knows_a_signature_by_it() {
        let oid = |id: &[u8]| encoded(Kind::OBJECT_IDENTIFIER, id);
        let ec = |parameters| spki(&[oid(EC_PUBLIC_KEY), parameters], vec![4]);
        let of = |id: &[u8]| spki(&[oid(id)], rsa_key(256));
        let secp256k1 = [0x2b, 0x81, 0x04, 0, 10];
        for (spki, name, is_usable) in [
            (spki(&[oid(RSA_ENCRYPTION)], rsa_key(255)), "RSA 2040", false),
            (spki(&[oid(RSA_ENCRYPTION)], rsa_key(256)), "RSA 2048", true),
            (spki(&[oid(RSA_ENCRYPTION)], rsa_key(1024)), "RSA 8192", true),
            (spki(&[oid(RSA_ENCRYPTION)], rsa_key(1025)), "RSA 8200", false),
            (of(RSASSA_PSS), "RSASSA-PSS", false),
            (of(DSA), "DSA", false),
            (of(ED448), "Ed448", false),
            (of(&[0x2b, 0x65, 0x70]), "Ed25519", true),
            (of(&[0x2a, 3]), "algorithm 1.2.3", true),
            (ec(oid(P256)), "EC P-256", true),
            (ec(oid(P384)), "EC P-384", true),
            (ec(oid(P521)), "EC P-521", true),
            (ec(oid(&secp256k1)), "EC secp256k1", false),
            (ec(encoded(Kind::SEQUENCE, &[])), "EC with explicit parameters", false),
        ] {
            let key = KeyKind::read(&spki).unwrap();
            assert_eq!((key.to_string().as_str(), key.is_usable()), (name, is_usable));
        }
    }
}
