//! [`Chain`]: the certificates that are presented, as they stand in their file.

use std::collections::BTreeMap;

use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;

use super::note::{Note, NoteKind};
use crate::certificate::Certificate;
use crate::certificate::defect::{
    GivenAs, certificate_at, constraint_on, defect, unusable_certificate,
};
use crate::certificate::key::{KeyKind, advice, public_key};
use crate::certificate::view::View;
use crate::error::Error;
use crate::tlv::{Kind, only};

/// The certificates that are presented. rustls reads the leaf only, so the others need to be no more
/// than DER: of what else they are, there are notes.
pub(crate) struct Chain {
    /// Those that can be read, the leaf first. Never none.
    certificates: Vec<Certificate>,
    /// Beside each of them, its place among all blocks, counted from 1.
    places: Vec<usize>,
    /// The notes on the others, by place.
    unreadable: BTreeMap<usize, Note>,
    /// The file, or what stands for it.
    origin: String,
}

impl Chain {
    pub(super) fn read(ders: &[CertificateDer<'_>], origin: &str) -> Result<Self, Error> {
        let (mut certificates, mut places, mut unreadable) = (vec![], vec![], BTreeMap::new());
        for (index, der) in ders.iter().enumerate() {
            let place = index + 1;
            match Certificate::read(der) {
                Ok(certificate) => {
                    certificates.push(certificate);
                    places.push(place);
                }
                Err(error) if place == 1 || only(der, Kind::SEQUENCE).is_err() => {
                    return Err(unusable_certificate(
                        index,
                        origin,
                        der,
                        GivenAs::Presented,
                        error,
                    ));
                }
                Err(error) => {
                    let kind =
                        NoteKind::Unreadable { reason: defect(der, GivenAs::Presented, error) };
                    let certificate = certificate_at(index, origin, der);
                    unreadable.insert(place, Note { certificate, kind });
                }
            }
        }
        if certificates.is_empty() {
            return Err(Error::none_given(origin, "certificate"));
        }
        Ok(Self { certificates, places, unreadable, origin: origin.into() })
    }

    pub(crate) fn leaf(&self) -> &Certificate {
        &self.certificates[0]
    }

    /// Those that can be read, the leaf first.
    pub(crate) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    pub(super) fn unreadable(&self) -> &BTreeMap<usize, Note> {
        &self.unreadable
    }

    /// Where a certificate stands, counted from 1.
    pub(super) fn place(&self, index: usize) -> usize {
        self.places[index]
    }

    /// What messages call a certificate.
    pub(super) fn label(&self, index: usize) -> String {
        let (place, name) = (self.place(index), self.certificates[index].label());
        format!("certificate {place} of {} ({name})", self.origin)
    }

    /// Why rustls refuses a certificate, or the leaf below it.
    pub(super) fn refused(&self, index: usize) -> Option<String> {
        let der = self.certificates[index].der();
        let refused = ParsedCertificate::try_from(der).err();
        let refused = refused.map(|error| defect(der, GivenAs::Presented, error));
        refused.or_else(|| {
            let leaf = View::read(self.leaf().der()).ok()?;
            constraint_on(&leaf, &View::read(der).ok()?)
        })
    }

    /// What a leaf must be for rustls: readable by webpki, and its key one that a handshake can use.
    /// Whether it is a CA is the slot's to mind.
    pub(super) fn check_leaf(&self) -> Result<(), Error> {
        let certificate = self.label(0);
        if let Some(reason) = self.refused(0) {
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
        let is_of_key = |index: &usize| key.is_none_or(|key| self.spki(*index) == key);
        let is_ca = |index: &usize| self.certificates[*index].is_ca();
        let mut issuers = 1..self.certificates.len();
        let is_first = is_of_key(&0) && (key.is_some() || !is_ca(&0));
        let is_leaf = |index: &usize| is_of_key(index) && !is_ca(index);
        if !is_first && let Some(leaf) = issuers.clone().find(is_leaf) {
            let (found, leaf) = (self.label(0), self.label(leaf));
            return Err(Error::LeafNotFirst { found, leaf });
        }
        self.check_leaf()?;
        let Some(key) = key.filter(|_| !is_first) else {
            return Ok(());
        };
        let ca = issuers.find(is_of_key).map(|ca| format!(", that of {}", self.label(ca)));
        Err(Error::KeyMismatch {
            certificate: self.label(0),
            found: public_key(key) + &ca.unwrap_or_default(),
            needed: public_key(self.spki(0)),
        })
    }
}
