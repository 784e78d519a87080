//! [`Inventory`]: the certificates that were found, each once.

use super::entry::{Entry, Place};

/// The certificates that were found, each once, with all the places it was found in.
///
/// Nothing stops the reading: what cannot be read is kept as [`Unreadable`]. Private keys are
/// noticed and never kept.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    entries: Vec<Entry>,
    unreadable: Vec<Unreadable>,
    private_keys: Vec<PrivateKey>,
}

impl Inventory {
    /// An empty inventory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what a file holds: PEM blocks, or one certificate in DER.
    ///
    /// `source` names it in reports. A file without anything that is known is one [`Unreadable`].
    pub fn add(&mut self, source: &str, bytes: &[u8]) {
        let _ = bytes;
        self.add_unreadable(source, "not implemented yet");
    }

    /// Adds one certificate in DER, from PKCS#12 or a handshake for example.
    pub fn add_der(&mut self, source: &str, der: &[u8]) {
        let _ = der;
        self.add_unreadable(source, "not implemented yet");
    }

    /// Notes that a private key was found: `key` is its DER (PKCS#8, PKCS#1 or SEC1). Only what
    /// its public half says is kept.
    pub fn add_private_key(&mut self, source: &str, key: &[u8]) {
        let _ = (source, key);
    }

    /// Notes what the caller could not read: a file without permission, a host without an answer.
    pub fn add_unreadable(&mut self, source: &str, reason: &str) {
        self.unreadable.push(Unreadable {
            place: Place {
                source: source.into(),
                line: None,
            },
            reason: reason.into(),
        });
    }

    /// Takes over all that another inventory holds, as if it had been added here: sources can be
    /// read on several threads.
    pub fn merge(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.unreadable.extend(other.unreadable);
        self.private_keys.extend(other.private_keys);
    }

    /// The certificates in the order in which they were first found.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What could not be read, in the order of finding.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// The private keys that were noticed.
    pub fn private_keys(&self) -> &[PrivateKey] {
        &self.private_keys
    }

    /// The private keys that belong to a certificate, where that can be known.
    pub fn private_keys_of(&self, entry: &Entry) -> impl Iterator<Item = &PrivateKey> {
        let _ = entry;
        self.private_keys.iter().take(0)
    }
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// Where it is.
    pub place: Place,
    /// What is wrong with it, for operators; control characters are escaped.
    pub reason: String,
}

/// A private key that was noticed. It is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrivateKey {
    /// Where it is.
    pub place: Place,
    /// Whether it is encrypted: then nothing more is known of it.
    pub is_encrypted: bool,
}

/// A certificate and its issuers as far as the inventory holds them, the certificate first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Chain<'a> {
    /// The certificate, its issuer, the issuer's issuer …; the root last, if it is there.
    pub entries: Vec<&'a Entry>,
    /// Whether the last one is a root.
    pub is_complete: bool,
}
