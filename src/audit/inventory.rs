//! [`Inventory`]: the certificates that were found, each once.

use std::collections::HashMap;

use super::entry::{CertificateKind, Entry, Location};
use super::private_key::{KeyHalf, PrivateKey, of_public_key};
use super::roles::Roles;
use crate::certificate::view::View;
use crate::pem::{self, KEY_LABELS, Mark};
use crate::text::{Printable, pem_text};

/// The certificates that were found, each once, with all the places it was found in.
///
/// Nothing stops the reading: what cannot be read is kept as [`Unreadable`]. Private keys are
/// noticed and never kept.
///
/// ```
/// use mtls_roles::audit::Inventory;
///
/// let mut inventory = Inventory::new();
/// inventory.add("notes.txt", b"nothing of the kind");
/// assert_eq!(inventory.unreadable()[0].location.to_string(), "notes.txt");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    entries: Vec<Entry>,
    by_sha256: HashMap<[u8; 32], usize>,
    unreadable: Vec<Unreadable>,
    private_keys: Vec<PrivateKey>,
    by_half: HashMap<KeyHalf, Vec<usize>>,
}

/// PEM blocks beside certificates and keys that are no fault of a file.
const PASSED_OVER: &[&str] = &[
    "CERTIFICATE REQUEST",
    "NEW CERTIFICATE REQUEST",
    "X509 CRL",
    "PUBLIC KEY",
    "RSA PUBLIC KEY",
    "DH PARAMETERS",
    "X9.42 DH PARAMETERS",
    "EC PARAMETERS",
];

impl Inventory {
    /// An empty inventory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what a file holds: PEM blocks, or one certificate or private key in DER.
    ///
    /// `source` names it in reports. Requests, CRLs, public keys and parameters are passed over;
    /// any other block, a block that cannot be read, and bytes that are neither PEM nor DER, are
    /// each one [`Unreadable`].
    pub fn add(&mut self, source: &str, bytes: &[u8]) {
        let whole = Location::from(source);
        let added = self.add_binary(&whole, bytes);
        let marks = match added.is_ok() || pem::is_der(bytes) {
            // DER may hold any text.
            true => Vec::new(),
            false => pem::marks(bytes),
        };
        if marks.is_empty() {
            return self.note(whole, added);
        }
        for mark in marks {
            let location = whole.clone().on_line(mark.line);
            let added = self.add_block(&location, &mark);
            self.note(location, added);
        }
    }

    /// Adds one certificate in DER, from PKCS#12 or a handshake for example.
    pub fn add_der(&mut self, location: impl Into<Location>, der: &[u8]) {
        let location = location.into();
        let added = self.add_certificate(&location, der);
        self.note(location, added);
    }

    /// Notes that a private key was found: `key` is its DER (PKCS#8, PKCS#1 or SEC1). Only a hash
    /// of its public half is kept, where the key carries it.
    pub fn add_private_key(&mut self, location: impl Into<Location>, key: &[u8]) {
        let location = location.into();
        let added = self.add_key(&location, key);
        self.note(location, added);
    }

    /// Notes that a private key was found whose bytes are a secret that the caller cannot open.
    pub fn add_encrypted_private_key(&mut self, location: impl Into<Location>) {
        self.insert_key(PrivateKey::encrypted(location.into()));
    }

    /// Notes what the caller could not read: a file without permission, a host without an answer.
    pub fn add_unreadable(&mut self, location: impl Into<Location>, reason: &str) {
        let reason = Printable(reason).to_string();
        self.note(location.into(), Err(reason));
    }

    fn add_binary(&mut self, location: &Location, bytes: &[u8]) -> Result<(), String> {
        let entry = Entry::read(bytes, location.clone());
        let Err(error) = entry.map(|entry| self.insert(entry)) else {
            return Ok(());
        };
        let key = self.add_key(location, bytes);
        key.map_err(|_| match bytes.starts_with(&[0x30]) {
            true => format!("it is no certificate in DER: {error}"),
            false => "it is neither PEM nor a certificate in DER".into(),
        })
    }

    fn add_block(&mut self, location: &Location, mark: &Mark<'_>) -> Result<(), String> {
        let decoded = || match mark.decode() {
            Ok(block) => Ok(block.der),
            Err(error) => Err(pem_text(&error)),
        };
        let is_key = |label| KEY_LABELS.contains(&label);
        match mark.label() {
            Some("CERTIFICATE") => self.add_certificate(location, &decoded()?),
            Some(label)
                if label == "ENCRYPTED PRIVATE KEY"
                    || is_key(label) && mark.has_encrypted_text() =>
            {
                self.add_encrypted_private_key(location.clone());
                Ok(())
            }
            Some(label) if is_key(label) => self.add_key(location, &decoded()?),
            Some(label) if PASSED_OVER.contains(&label) => Ok(()),
            _ => Err(format!(
                "found `{}`, needed `-----BEGIN CERTIFICATE-----` alone on its line",
                mark.shown()
            )),
        }
    }

    fn add_certificate(&mut self, location: &Location, der: &[u8]) -> Result<(), String> {
        let entry = Entry::read(der, location.clone());
        let entry = entry.map_err(|error| format!("the certificate cannot be read: {error}"));
        entry.map(|entry| self.insert(entry))
    }

    fn add_key(&mut self, location: &Location, key: &[u8]) -> Result<(), String> {
        let key = PrivateKey::read(location.clone(), key);
        let key = key.ok_or_else(|| "the private key is not in PKCS#8, PKCS#1 or SEC1 form".into());
        key.map(|key| self.insert_key(key))
    }

    fn insert_key(&mut self, key: PrivateKey) {
        if let Some(half) = key.half {
            let keys = self.by_half.entry(half).or_default();
            keys.push(self.private_keys.len());
        }
        self.private_keys.push(key);
    }

    fn note(&mut self, location: Location, added: Result<(), String>) {
        let unreadable = added.err().map(|reason| Unreadable { location, reason });
        self.unreadable.extend(unreadable);
    }

    fn insert(&mut self, entry: Entry) {
        let next = self.entries.len();
        let index = *self.by_sha256.entry(entry.sha256()).or_insert(next);
        match self.entries.get_mut(index) {
            Some(known) => known.locations.extend(entry.locations),
            None => self.entries.push(entry),
        }
    }

    /// Takes over all that another inventory holds, as if it had been added here: sources can be
    /// read on several threads.
    pub fn merge(&mut self, other: Self) {
        self.entries.reserve(other.entries.len());
        self.by_sha256.reserve(other.entries.len());
        for entry in other.entries {
            self.insert(entry);
        }
        self.unreadable.extend(other.unreadable);
        for key in other.private_keys {
            self.insert_key(key);
        }
    }

    /// Says what the leaf certificates of some places are used as, which only their owner knows.
    /// One that is told of at several places is used as all of it.
    ///
    /// It holds under [`Serving::Suggested`](super::Serving::Suggested), in place of the suggestion.
    pub fn tell_roles(&mut self, of: impl Fn(&Location) -> Option<Roles>) {
        for entry in &mut self.entries {
            let told = entry.locations.iter().filter_map(&of).chain(entry.told_roles);
            let told: Roles = told.flat_map(Roles::iter).collect();
            let is_told = told != Roles::NONE && entry.kind() == CertificateKind::Leaf;
            entry.told_roles = is_told.then_some(told);
        }
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

    /// The private keys that belong to a certificate, where that can be known without a crypto
    /// provider: a key in RSA form, or one that carries its public half (SEC1 and PKCS#8 as
    /// OpenSSL writes them). Their number is known without looking at them: one key may be
    /// everywhere.
    pub fn private_keys_of(&self, entry: &Entry) -> impl ExactSizeIterator<Item = &PrivateKey> {
        // Read again, since most inventories have few keys and many certificates.
        let view = View::read(entry.certificate().der());
        let half = view.ok().and_then(|view| of_public_key(view.spki));
        let keys = half.and_then(|half| self.by_half.get(&half));
        let indices = keys.map_or(&[][..], Vec::as_slice);
        indices.iter().map(|index| &self.private_keys[*index])
    }
}

/// Something that could not be read.
///
/// ```
/// use mtls_roles::audit::Inventory;
///
/// let mut inventory = Inventory::new();
/// inventory.add_unreadable("edge.example.com:443", "no answer");
/// assert_eq!(inventory.unreadable()[0].reason, "no answer");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// Where it is.
    pub location: Location,
    /// What is wrong with it, for operators; control characters are escaped.
    pub reason: String,
}
