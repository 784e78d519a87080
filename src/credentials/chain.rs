//! [`Chain`]: the certificates that are presented, as they stand in their file.

use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;

use super::note::{Note, NoteKind};
use crate::certificate::Certificate;
use crate::certificate::defect::{Given, certificate_at, constraint_on, defect};
use crate::certificate::key::{KeyKind, advice, public_key};
use crate::certificate::view::View;
use crate::error::Error;
use crate::tlv::{Kind, only};

/// The certificates that are presented. rustls reads the leaf only, so the others need to be no more
/// than DER: of what else they are, there are notes.
pub(crate) struct Chain {
    /// Those that can be read, the leaf first.
    certificates: Vec<Certificate>,
    /// Beside each of them.
    blocks: Vec<Block>,
    unreadable: Vec<(usize, Note)>,
    /// The file, or what stands for it.
    origin: String,
}

struct Block {
    /// Counted from 1; those that cannot be read have one, too.
    place: usize,
    /// Why webpki refuses it, and with it peers built on rustls.
    refused: Option<String>,
}

impl Chain {
    pub(super) fn read(ders: &[CertificateDer<'_>], origin: &str) -> Result<Self, Error> {
        let (certificates, blocks, unreadable) = (vec![], vec![], vec![]);
        let mut chain = Self { certificates, blocks, unreadable, origin: origin.into() };
        for (place, der) in (1..).zip(ders) {
            chain.add(place, der)?;
        }
        if chain.certificates.is_empty() {
            return Err(Error::none_given(origin, "certificate"));
        }
        Ok(chain)
    }

    fn add(&mut self, place: usize, der: &CertificateDer<'_>) -> Result<(), Error> {
        let read = match Certificate::read(der) {
            Ok(read) => read,
            Err(error) => return self.add_unreadable(place, der, &error),
        };
        let refused = ParsedCertificate::try_from(der).err();
        let refused = refused.map(|error| defect(der, Given::Presented, error));
        let refused = refused.or_else(|| self.constraint_on_leaf(der));
        self.certificates.push(read);
        self.blocks.push(Block { place, refused });
        Ok(())
    }

    fn constraint_on_leaf(&self, issuer: &[u8]) -> Option<String> {
        let leaf = View::read(self.certificates.first()?.der()).ok()?;
        constraint_on(&leaf, &View::read(issuer).ok()?)
    }

    fn add_unreadable(
        &mut self,
        place: usize,
        der: &[u8],
        error: &der::Error,
    ) -> Result<(), Error> {
        if place == 1 || only(der, Kind::SEQUENCE).is_err() {
            return Err(unusable(place - 1, &self.origin, der, error));
        }
        let certificate = certificate_at(place - 1, &self.origin, der);
        let kind = NoteKind::Unreadable { reason: defect(der, Given::Presented, error) };
        self.unreadable.push((place, Note { certificate, kind }));
        Ok(())
    }

    pub(crate) fn leaf(&self) -> &Certificate {
        // `read` refuses a chain without one.
        &self.certificates[0]
    }

    /// Those that can be read, the leaf first.
    pub(crate) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The others, with the place of each.
    pub(super) fn unreadable(&self) -> &[(usize, Note)] {
        &self.unreadable
    }

    /// Where a certificate stands, counted from 1.
    pub(super) fn place(&self, index: usize) -> usize {
        self.blocks[index].place
    }

    /// Why webpki refuses it.
    pub(super) fn refused(&self, index: usize) -> Option<&String> {
        self.blocks[index].refused.as_ref()
    }

    /// What messages call a certificate.
    pub(super) fn label(&self, index: usize) -> String {
        let (place, name) = (self.place(index), self.certificates[index].label());
        format!("certificate {place} of {} ({name})", self.origin)
    }

    /// What a leaf must be for rustls: readable by webpki, and its key one that a handshake can use.
    /// Whether it is a CA is the slot's to mind.
    pub(super) fn check_leaf(&self) -> Result<(), Error> {
        let certificate = self.label(0);
        if let Some(reason) = self.refused(0).cloned() {
            return Err(Error::UnusableCertificate { certificate, reason });
        }
        let spki = self.spki(0);
        match KeyKind::read(spki) {
            Ok(key) if key.is_usable() => Ok(()),
            _ => {
                let found = public_key(spki);
                let advice = advice(&found);
                Err(Error::UnusableLeafKey { certificate, found, advice })
            }
        }
    }

    fn spki(&self, index: usize) -> &[u8] {
        // What was read once can be read again.
        View::read(self.certificates[index].der()).map_or(&[], |view| view.spki)
    }

    /// Whether the first certificate is the leaf, and the key its key. A key that does not tell its
    /// public key may be anybody's.
    pub(super) fn check(&self, key: Option<&[u8]>) -> Result<(), Error> {
        let is_of_key = |index: usize| key.is_none_or(|key| self.spki(index) == key);
        let is_ca = |index: usize| self.certificates[index].is_ca();
        let is_first = is_of_key(0) && (key.is_some() || !is_ca(0));
        let is_leaf = |index: &usize| is_of_key(*index) && !is_ca(*index);
        let leaf = (1..self.certificates.len()).find(is_leaf).filter(|_| !is_first);
        if let Some(leaf) = leaf {
            let (found, leaf) = (self.label(0), self.label(leaf));
            return Err(Error::LeafNotFirst { found, leaf });
        }
        self.check_leaf()?;
        match key {
            Some(key) if !is_first => Err(Error::KeyMismatch {
                certificate: self.label(0),
                found: match (1..self.certificates.len()).find(|index| is_of_key(*index)) {
                    Some(ca) => format!("{}, that of {}", public_key(key), self.label(ca)),
                    None => public_key(key),
                },
                needed: public_key(self.spki(0)),
            }),
            _ => Ok(()),
        }
    }
}

pub(super) fn unusable(index: usize, origin: &str, der: &[u8], refused: &der::Error) -> Error {
    Error::UnusableCertificate {
        certificate: certificate_at(index, origin, der),
        reason: defect(der, Given::Presented, refused),
    }
}
