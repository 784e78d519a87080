//! The keys of the vectors: P-256, each derived from its name, signing without chance (RFC 6979).

use base16ct::lower::encode_string as hex;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use sha2::{Digest, Sha256};

use super::der;

/// A private key that anybody can derive: nothing may ever trust it.
pub struct Key(SigningKey);

impl Key {
    pub fn named(name: &str) -> Self {
        let scalar = Sha256::digest(format!("mtls-roles test vectors, key {name}"));
        Self(SigningKey::from_slice(&scalar).expect("no digest of ours is zero or too large"))
    }

    /// SubjectPublicKeyInfo (RFC 5480, 2).
    pub fn spki(&self) -> Vec<u8> {
        der::sequence(&[algorithm(), bits(&self.point())])
    }

    pub fn spki_sha256(&self) -> String {
        hex(&Sha256::digest(self.spki()))
    }

    /// The key identifier (RFC 7093, 2, method 1).
    pub fn id(&self) -> Vec<u8> {
        Sha256::digest(self.point())[..20].to_vec()
    }

    /// ecdsa-with-SHA256, as a BIT STRING.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature: Signature = self.0.sign(message);
        let (r, s) = signature.split_bytes();
        bits(&der::sequence(&[der::unsigned(&r), der::unsigned(&s)]))
    }

    /// PKCS#8 (RFC 5958), for those who play the vectors over a wire.
    pub fn pem(&self) -> String {
        let version = |version| der::unsigned(&[version]);
        let public = der::tlv(0xa1, &bits(&self.point()));
        let scalar = der::octet_string(&self.0.to_bytes());
        let private = der::sequence(&[version(1), scalar, public]);
        let key = der::sequence(&[version(0), algorithm(), der::octet_string(&private)]);
        pem("PRIVATE KEY", &key)
    }

    fn point(&self) -> Vec<u8> {
        self.0.verifying_key().to_sec1_point(false).as_bytes().to_vec()
    }
}

/// id-ecPublicKey on P-256.
fn algorithm() -> Vec<u8> {
    der::sequence(&[der::oid(&[1, 2, 840, 10045, 2, 1]), der::oid(&[1, 2, 840, 10045, 3, 1, 7])])
}

/// ecdsa-with-SHA256.
pub fn signature_algorithm() -> Vec<u8> {
    der::sequence(&[der::oid(&[1, 2, 840, 10045, 4, 3, 2])])
}

/// What was signed, with its signature: a certificate or a list.
pub fn signed(tbs: Vec<u8>, key: &Key) -> Vec<u8> {
    let signature = key.sign(&tbs);
    der::sequence(&[tbs, signature_algorithm(), signature])
}

fn bits(content: &[u8]) -> Vec<u8> {
    der::tlv(0x03, &[&[0], content].concat())
}

pub fn pem(label: &str, der: &[u8]) -> String {
    use base64ct::{Base64, Encoding};
    let base64 = Base64::encode_string(der);
    let lines = base64.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line));
    let lines: Vec<_> = lines.collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
