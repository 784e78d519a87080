//! [`Crls`]: certificate revocation lists, and when a new set may replace the old one.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use rustls::CertRevocationListError;
use rustls::pki_types::CertificateRevocationListDer;
use webpki::{
    CertRevocationList, ExpirationPolicy, OwnedCertRevocationList, RevocationCheckDepth,
    RevocationOptions, RevocationOptionsBuilder, UnknownStatusPolicy,
};

use super::list_memory::ListMemory;
use super::map::crl_error;
use crate::certificate::distinguished_name;
use crate::certificate::extension::Extensions;
use crate::element::{Elements, Kind, only, without_leading_zeros};
use crate::error::Error;
use crate::memo::SignatureMemo;
use crate::pem;
use crate::text;

/// Certificate revocation lists that were read completely. Never empty.
///
/// *Not* checked here: their signatures and their expiry. Both are checked when a certificate is
/// looked up, since they depend on its issuer and on the time.
#[derive(Clone, Debug)]
pub struct Crls {
    lists: Vec<Crl>,
    share_an_issuer: bool,
}

#[derive(Clone, Debug)]
struct Crl {
    list: Arc<CertRevocationList<'static>>,
    scope: Scope,
    /// crlNumber (RFC 5280, 5.2.3) without leading zeros; `None` without the extension.
    number: Option<Vec<u8>>,
}

/// What numbers are counted within: an issuer, and its issuingDistributionPoint if it has several
/// lists (RFC 5280, 5.2.3: "a given CRL scope and CRL issuer").
#[derive(Clone, Debug, PartialEq, Eq)]
struct Scope {
    issuer: Vec<u8>,
    distribution_point: Option<Vec<u8>>,
}

impl Crls {
    /// From a PEM file; every `BEGIN` mark must be an `X509 CRL` that can be read.
    ///
    /// # Errors
    ///
    /// The file cannot be read, has no list, or one of its blocks cannot be read or used.
    pub fn from_pem_file(file: impl AsRef<Path>) -> Result<Self, Error> {
        let file = file.as_ref();
        Self::read_pem(&pem::read_file(file)?, &pem::origin(file))
    }

    /// From PEM text.
    ///
    /// # Errors
    ///
    /// As [`from_pem_file`](Self::from_pem_file).
    pub fn from_pem(pem: &[u8]) -> Result<Self, Error> {
        Self::read_pem(pem, "the given PEM")
    }

    fn read_pem(pem: &[u8], origin: &str) -> Result<Self, Error> {
        const CRLS: pem::Labels = pem::Labels {
            read: &["X509 CRL"],
            passed_over: &[],
        };
        let blocks = pem::blocks(pem, origin, &CRLS)?;
        Self::read(blocks.into_iter().map(|block| block.der.into()), origin)
    }

    /// From DER.
    ///
    /// # Errors
    ///
    /// There is none, or one of them cannot be used: malformed, a delta or an indirect list.
    pub fn from_der(
        lists: impl IntoIterator<Item = CertificateRevocationListDer<'static>>,
    ) -> Result<Self, Error> {
        Self::read(lists, "the given lists")
    }

    fn read(
        lists: impl IntoIterator<Item = CertificateRevocationListDer<'static>>,
        origin: &str,
    ) -> Result<Self, Error> {
        let lists: Vec<_> = lists
            .into_iter()
            .enumerate()
            .map(|(index, der)| Crl::read(&der, index, origin))
            .collect::<Result<_, _>>()?;
        match lists.is_empty() {
            true => Err(Error::Missing {
                origin: origin.into(),
                wanted: "certificate revocation list",
            }),
            false => Ok(Self {
                share_an_issuer: share_an_issuer(&lists),
                lists,
            }),
        }
    }

    /// In the order they were given, as webpki takes them.
    pub(super) fn references(&self) -> Vec<&CertRevocationList<'static>> {
        self.lists.iter().map(|crl| crl.list.as_ref()).collect()
    }

    pub(super) fn issued_by(
        &self,
        subject: &[u8],
    ) -> impl Iterator<Item = &CertRevocationList<'static>> {
        let lists = self
            .lists
            .iter()
            .filter(move |crl| crl.scope.issuer == subject);
        lists.map(|crl| crl.list.as_ref())
    }

    /// Whether an issuer has several lists, so that their order would matter to webpki.
    pub(super) fn share_an_issuer(&self) -> bool {
        self.share_an_issuer
    }

    /// Whether this set may take the place of an older one.
    fn check_succeeds(&self, old: &Self) -> Result<(), Error> {
        old.lists.iter().try_for_each(|old| {
            let same_scope = self.lists.iter().filter(|new| new.scope == old.scope);
            let newest = same_scope.max_by(|a, b| order(&a.number).cmp(&order(&b.number)));
            let newest = newest.ok_or_else(|| Error::CrlLost {
                crl: old.scope.label(),
            })?;
            match order(&newest.number) < order(&old.number) {
                true => Err(Error::CrlGoesBack {
                    crl: old.scope.label(),
                    found: number_text(&newest.number),
                    needed: number_text(&old.number),
                }),
                false => Ok(()),
            }
        })
    }
}

impl Crl {
    fn read(der: &[u8], index: usize, origin: &str) -> Result<Self, Error> {
        let unusable = |reason: String| Error::UnusableCrl {
            crl: format!("revocation list {} of {origin}", index + 1),
            reason,
        };
        let list = OwnedCertRevocationList::from_der(der)
            .map_err(|error| unusable(defect(crl_error(error))))?;
        let number = crl_number(der).map_err(|error| unusable(error.to_string()))?;
        let list = CertRevocationList::from(list);
        Ok(Self {
            scope: Scope {
                issuer: list.issuer().to_vec(),
                distribution_point: list.issuing_distribution_point().map(<[_]>::to_vec),
            },
            number,
            list: Arc::new(list),
        })
    }
}

impl Scope {
    fn label(&self) -> String {
        let part = match &self.distribution_point {
            Some(_) => ", one of several",
            None => "",
        };
        format!(
            "revocation list of `{}`{part}",
            distinguished_name(&self.issuer)
        )
    }
}

fn share_an_issuer(lists: &[Crl]) -> bool {
    let mut seen = HashSet::new();
    !lists.iter().all(|crl| seen.insert(&crl.scope.issuer))
}

/// Longer is larger, since there are no leading zeros; no number is older than any number.
fn order(number: &Option<Vec<u8>>) -> Option<(usize, &[u8])> {
    number
        .as_ref()
        .map(|number| (number.len(), number.as_slice()))
}

fn number_text(number: &Option<Vec<u8>>) -> String {
    match number.as_deref() {
        None => "none".into(),
        Some([]) => "0x00".into(),
        Some(number) => format!("0x{}", text::hex(number)),
    }
}

/// What operators know it as.
fn defect(error: CertRevocationListError) -> String {
    use CertRevocationListError as Crl;
    let known = match error {
        Crl::ParseError => "it is not well-formed",
        Crl::UnsupportedDeltaCrl => "it is a delta list",
        Crl::UnsupportedIndirectCrl => "it is an indirect list",
        Crl::UnsupportedCrlVersion => "it is not of version 2",
        Crl::UnsupportedCriticalExtension => "it has an unknown critical extension",
        Crl::InvalidCrlNumber => "its crlNumber is negative or longer than 20 octets",
        other => return format!("{other:?}"),
    };
    known.into()
}

/// The crlNumber extension of a list that webpki has parsed (RFC 5280, 5.1 and 5.2.3).
fn crl_number(der: &[u8]) -> der::Result<Option<Vec<u8>>> {
    const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 0x14];
    let mut tbs = Elements::of_sequence(der)?.enter(Kind::SEQUENCE)?;
    while !tbs.are_finished() && !tbs.next_is(Kind::explicit(0)) {
        tbs.any()?;
    }
    let extensions = match tbs.are_finished() {
        true => return Ok(None),
        false => Extensions::of(tbs.read(Kind::explicit(0))?)?,
    };
    let Some(number) = extensions.first(CRL_NUMBER)? else {
        return Ok(None);
    };
    let number = only(number.value, Kind::INTEGER)?;
    Ok(Some(without_leading_zeros(number).to_vec()))
}

/// The lists of one verifier and how they are used.
#[derive(Debug)]
pub(super) struct Revocation {
    lists: ArcSwap<Lists>,
    memo: Option<SignatureMemo>,
    /// Held while a set is compared with the one it replaces.
    replacing: Mutex<()>,
    choices: Choices,
}

/// One set, as long as it is in use.
#[derive(Debug)]
pub(super) struct Lists {
    pub(super) crls: Crls,
    /// Which of their signatures were good. With the memo, or not at all.
    pub(super) memory: Option<ListMemory>,
}

impl Lists {
    fn new(crls: Crls, memo: Option<&SignatureMemo>) -> Self {
        Self {
            crls,
            memory: memo.map(ListMemory::new),
        }
    }
}

/// What rustls lets one choose; the defaults are its defaults.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choices {
    pub(super) depth: RevocationCheckDepth,
    pub(super) status: UnknownStatusPolicy,
    pub(super) expiration: ExpirationPolicy,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            depth: RevocationCheckDepth::Chain,
            status: UnknownStatusPolicy::Deny,
            expiration: ExpirationPolicy::Ignore,
        }
    }
}

impl Choices {
    pub(super) fn options<'c>(
        self,
        crls: &'c [&'c CertRevocationList<'c>],
    ) -> Result<RevocationOptions<'c>, webpki::Error> {
        // Without lists webpki would check nothing; a set is never empty, so this cannot fail.
        let options = RevocationOptionsBuilder::new(crls)
            .map_err(|_| webpki::Error::UnknownRevocationStatus)?;
        Ok(options
            .with_depth(self.depth)
            .with_status_policy(self.status)
            .with_expiration_policy(self.expiration)
            .build())
    }
}

impl Revocation {
    pub(super) fn new(crls: Crls, choices: Choices, memo: Option<SignatureMemo>) -> Self {
        Self {
            lists: ArcSwap::from_pointee(Lists::new(crls, memo.as_ref())),
            memo,
            replacing: Mutex::new(()),
            choices,
        }
    }

    /// The lists as they are now.
    pub(super) fn lists(&self) -> arc_swap::Guard<Arc<Lists>> {
        self.lists.load()
    }

    pub(super) fn choices(&self) -> Choices {
        self.choices
    }

    pub(super) fn replace(&self, new: Crls) -> Result<(), Error> {
        let _replacing = self
            .replacing
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        new.check_succeeds(&self.lists.load().crls)?;
        let lists = Lists::new(new, self.memo.as_ref());
        self.lists.store(Arc::new(lists));
        Ok(())
    }
}
