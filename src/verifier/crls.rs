//! [`Crls`]: certificate revocation lists, read; and their [`Lineage`] across generations.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::pki_types::{CertificateRevocationListDer, SignatureVerificationAlgorithm, UnixTime};

use super::crl::Crl;
use super::crl_set::CrlSet;
use super::tried::TriedCrl;
use super::unusable::Unusable;
use crate::error::Error;
use crate::observe::KeptCrl;
use crate::pem;
use crate::role::Role;
use crate::roots::Roots;

/// Certificate revocation lists that were read completely. Never empty.
///
/// Lists of a kind that says nothing here (delta, indirect or version 1 lists, lists for some
/// reasons only, or with a critical extension that is not understood) are set aside if there are
/// others, and [`notes`](Self::notes) tells of each; alone they are an error.
///
/// *Not* checked here: their signatures and their dates. Both are checked when a certificate is
/// looked up, since they depend on its issuer and on the time.
///
/// ```
/// use mtls_roles::Crls;
///
/// // No list is not an empty list: it is an error.
/// let error = Crls::from_pem(b"# none today\n").unwrap_err();
/// assert!(error.to_string().contains("no certificate revocation list"), "{error}");
/// ```
#[derive(Clone, Debug)]
pub struct Crls {
    pub(super) crls: Vec<Arc<Crl>>,
    notes: Vec<String>,
    /// What they take the place of, when a verifier is built with them.
    lineage: Option<Arc<Lineage>>,
}

impl Crls {
    /// From a PEM file; every `BEGIN` mark must be an `X509 CRL` that can be read.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is larger than 64 MiB, has no list, or one of its blocks cannot be
    /// read or used.
    pub fn from_pem_file(file: impl AsRef<Path>) -> Result<Self, Error> {
        let file = file.as_ref();
        Self::from_named_pem(file, &pem::read_file(file, pem::MOST_OF_CRLS)?)
    }

    /// From the text of a PEM file that was read already: errors name it.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem).
    pub fn from_named_pem(file: impl AsRef<Path>, pem: &[u8]) -> Result<Self, Error> {
        let origin = pem::origin(file.as_ref());
        Self::read(pem::ders(pem, &origin, &pem::CRLS)?, &origin)
    }

    /// From PEM text.
    ///
    /// # Errors
    ///
    /// As [`from_pem_file`](Self::from_pem_file).
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        const ORIGIN: &str = "the given PEM";
        Self::read(pem::ders(pem, ORIGIN, &pem::CRLS)?, ORIGIN)
    }

    /// From DER.
    ///
    /// # Errors
    ///
    /// There is none, one of them is malformed, or all of them are of a kind that cannot be used.
    pub fn from_der(
        crls: impl IntoIterator<Item = CertificateRevocationListDer<'static>>,
    ) -> Result<Self, Error> {
        Self::read(crls, "the given lists")
    }

    fn read(
        crls: impl IntoIterator<Item = CertificateRevocationListDer<'static>>,
        origin: &str,
    ) -> Result<Self, Error> {
        let (mut usable, mut set_aside) = (Vec::new(), Vec::new());
        for (index, der) in crls.into_iter().enumerate() {
            let crl = format!("revocation list {} of {origin}", index + 1);
            match Crl::read(&der).map_err(|error| Unusable::of(&der, &error)) {
                Ok(read) => usable.push(Arc::new(read)),
                Err(Unusable::SetAside(reason)) => {
                    set_aside.push(Error::UnusableCrl { crl, reason });
                }
                Err(Unusable::Malformed(reason)) => {
                    return Err(Error::UnusableCrl { crl, reason });
                }
            }
        }
        if !usable.is_empty() {
            let notes = set_aside.iter().map(Error::to_string).collect();
            return Ok(Self { crls: usable, notes, lineage: None });
        }
        let none = || Error::none_given(origin, pem::CRLS.wanted);
        Err(set_aside.into_iter().next().unwrap_or_else(none))
    }

    /// The lists that were set aside: which, why, and what is needed instead. For logs.
    ///
    /// They say of no certificate that it is good, nor that it is revoked.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// All of them as one set, the same objects; `None` of none.
    pub(crate) fn together<'a>(all: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        all.into_iter().cloned().reduce(|mut together, more| {
            together.crls.extend(more.crls);
            together.notes.extend(more.notes);
            together
        })
    }

    pub(crate) fn with_lineage(self, lineage: Arc<Lineage>) -> Self {
        Self { lineage: Some(lineage), ..self }
    }

    /// The set of a verifier that is built with them.
    pub(super) fn into_set(
        self,
        is_for_webpki: bool,
        role: Role,
        roots: &Roots,
        algorithms: &[&dyn SignatureVerificationAlgorithm],
    ) -> Arc<CrlSet> {
        let Some(lineage) = self.lineage else {
            let crls = self.crls.into_iter().map(TriedCrl::new);
            return Arc::new(CrlSet::new(crls.collect(), is_for_webpki));
        };
        let (mut made, nothing) = (lineage.made(), Arc::default());
        let before = lineage.before.get(made.len()).unwrap_or(&nothing);
        let set = match !is_for_webpki && before.is_of(&self.crls) {
            true => before.clone(),
            false => {
                let now = lineage.now;
                Arc::new(before.replaced_by(self.crls, is_for_webpki, roots, algorithms, now))
            }
        };
        made.push((role, set.clone()));
        set
    }
}

/// The sets of the verifiers of a generation, in the order in which they were built: each made from the
/// one before it, and what the next one takes the place of.
#[derive(Debug)]
pub(crate) struct Lineage {
    before: Vec<Arc<CrlSet>>,
    now: UnixTime,
    /// With the role of the peers.
    made: Mutex<Vec<(Role, Arc<CrlSet>)>>,
}

impl Lineage {
    pub(crate) fn after(before: Option<&Self>, now: UnixTime) -> Arc<Self> {
        let before = before.map(Self::sets).unwrap_or_default();
        Arc::new(Self { before, now, made: Mutex::default() })
    }

    /// The role of the peers, and the lists of the sets before that stay in use, and why.
    pub(crate) fn kept(&self) -> Vec<(Role, KeptCrl)> {
        let made = self.made();
        let kept =
            made.iter().flat_map(|(role, set)| set.kept.iter().map(|kept| (*role, kept.clone())));
        kept.collect()
    }

    /// Where no verifier used it, the set before.
    fn sets(&self) -> Vec<Arc<CrlSet>> {
        let made = self.made();
        let unused = self.before.iter().skip(made.len());
        made.iter().map(|(_, set)| set).chain(unused).cloned().collect()
    }

    fn made(&self) -> MutexGuard<'_, Vec<(Role, Arc<CrlSet>)>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
