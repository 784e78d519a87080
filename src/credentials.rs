//! [`Credentials`]: a certificate chain and its private key.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Weak};

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::{InconsistentKeys, crypto::CryptoProvider};
use time::OffsetDateTime;

use crate::certificate::Certificate;
use crate::certificate::defect::{self, Given, defect};
use crate::certificate::key::{self, KeyKind};
use crate::certificate::view::View;
use crate::eku::{self, Preset};
use crate::error::Error;
use crate::pem;
use crate::role::Role;

/// A certificate chain plus its private key: what a slot presents.
///
/// Once constructed, it is known that every certificate parses, that the chain is in order (leaf
/// first, each followed by its issuer, compared by name), that there is one leaf, and that the key
/// belongs to it. Cheap to clone.
///
/// *Not* checked: the signatures of the chain, whether any peer trusts its root, and revocation.
/// Validity and EKU are judged by the slot that publishes the credentials, since they depend on
/// the time and on the role.
///
/// `Debug` shows the certificates' names and never the key.
///
/// ```no_run
/// use mtls_roles::Credentials;
/// # fn main() -> Result<(), mtls_roles::Error> {
/// let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let serving = Credentials::from_pem_files("server.pem", "server.key", &provider)?;
/// println!("{} until {}", serving.leaf().subject(), serving.leaf().not_after());
/// # Ok(())
/// # }
/// ```
///
/// Two are equal if they are the same certificates in the same order: the key is the leaf's.
#[derive(Clone)]
pub struct Credentials(Arc<Inner>);

pub(crate) struct Inner {
    certified: Arc<CertifiedKey>,
    chain: Vec<Certificate>,
}

impl Credentials {
    /// From a PEM file with the chain, leaf first, and one with the private key.
    ///
    /// Both may be the same file. In the chain file every block must be a certificate or a
    /// private key (passed over), in the key file there must be exactly one private key.
    ///
    /// # Errors
    ///
    /// A file cannot be read, is empty or larger than 16 MiB, or holds a block that cannot be read;
    /// the key is encrypted or not the leaf's; the chain is out of order. Nothing is half used.
    ///
    /// # Security
    ///
    /// What was read of both files is wiped, and so is a key that was decoded and not used. The key
    /// that is used goes to the provider; that one, and the PEM reader of rustls' types, which
    /// copies the text of a block, keep their memory in their own ways.
    pub fn from_pem_files(
        chain: impl AsRef<Path>,
        key: impl AsRef<Path>,
        provider: &CryptoProvider,
    ) -> Result<Self, Error> {
        let read = |file| pem::read_file(file, pem::MOST_OF_CERTIFICATES);
        let (chain, key) = (chain.as_ref(), key.as_ref());
        Self::from_named_pem((chain, &read(chain)?), (key, &read(key)?), provider)
    }

    /// From PEM text: the chain, leaf first, and the private key.
    ///
    /// # Errors
    ///
    /// As [`from_pem_files`](Self::from_pem_files).
    pub fn from_pem(chain: &[u8], key: &[u8], provider: &CryptoProvider) -> Result<Self, Error> {
        Self::read_pem((chain, "the given chain PEM"), (key, "the given key PEM"), provider)
    }

    /// As [`from_pem`](Self::from_pem), of files that were read already: errors name them.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem).
    pub fn from_named_pem(
        (chain_file, chain): (impl AsRef<Path>, &[u8]),
        (key_file, key): (impl AsRef<Path>, &[u8]),
        provider: &CryptoProvider,
    ) -> Result<Self, Error> {
        let origins = (pem::origin(chain_file.as_ref()), pem::origin(key_file.as_ref()));
        Self::read_pem((chain, &origins.0), (key, &origins.1), provider)
    }

    /// The certificates of a PEM file that was read already, for the calls that take DER: every
    /// `BEGIN` mark is a certificate, or it is an error.
    ///
    /// # Errors
    ///
    /// As [`from_pem`](Self::from_pem), as far as it is about the chain's file.
    pub fn chain_from_pem(
        file: impl AsRef<Path>,
        pem: &[u8],
    ) -> Result<Vec<CertificateDer<'static>>, Error> {
        let origin = pem::origin(file.as_ref());
        let chain: Vec<CertificateDer<'static>> = pem::ders(pem, &origin, &pem::CERTIFICATES)?;
        for (index, der) in chain.iter().enumerate() {
            Certificate::read(der).map_err(|error| unusable(index, &origin, der, &error))?;
        }
        Ok(chain)
    }

    fn read_pem(
        (chain, chain_origin): (&[u8], &str),
        (key, key_origin): (&[u8], &str),
        provider: &CryptoProvider,
    ) -> Result<Self, Error> {
        let chain = pem::ders(chain, chain_origin, &pem::CHAIN)?;
        let key = load_key(pem::private_key(key, key_origin)?, key_origin, provider)?;
        Self::new(chain, chain_origin, key)
    }

    /// From DER: the chain, leaf first, and the private key in PKCS#8, PKCS#1 or SEC1 form.
    ///
    /// # Errors
    ///
    /// A certificate does not parse, the chain is empty or out of order, the provider cannot use
    /// the key, or it is not the leaf's.
    pub fn from_der(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        provider: &CryptoProvider,
    ) -> Result<Self, Error> {
        let key = load_key(key, "the given DER", provider)?;
        Self::new(chain, THE_CHAIN, key)
    }

    /// From a chain, leaf first, and a key that need not be bytes: an HSM, a KMS.
    ///
    /// # Errors
    ///
    /// As [`from_der`](Self::from_der), and if the key does not tell its public key
    /// ([`SigningKey::public_key`]).
    pub fn from_signing_key(
        chain: Vec<CertificateDer<'static>>,
        key: Arc<dyn SigningKey>,
    ) -> Result<Self, Error> {
        Self::new(chain, THE_CHAIN, key)
    }

    /// As [`from_signing_key`](Self::from_signing_key), for a key that does not tell its public
    /// key: whether it belongs to the leaf shows in the first handshake. A key that does tell it
    /// is compared.
    ///
    /// # Errors
    ///
    /// As [`from_der`](Self::from_der).
    pub fn from_signing_key_without_comparing(
        chain: Vec<CertificateDer<'static>>,
        key: Arc<dyn SigningKey>,
    ) -> Result<Self, Error> {
        let credentials = Self::read(chain, THE_CHAIN, key)?;
        match credentials.compare_key() {
            Err(Error::KeyNotComparable { .. }) => Ok(credentials),
            compared => compared.map(|()| credentials),
        }
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        origin: &str,
        key: Arc<dyn SigningKey>,
    ) -> Result<Self, Error> {
        let credentials = Self::read(chain, origin, key)?;
        credentials.compare_key()?;
        Ok(credentials)
    }

    fn read(
        ders: Vec<CertificateDer<'static>>,
        origin: &str,
        key: Arc<dyn SigningKey>,
    ) -> Result<Self, Error> {
        let chain: Vec<_> = ders
            .iter()
            .enumerate()
            .map(|(index, der)| read_certificate(index, origin, der))
            .collect::<Result<_, _>>()?;
        check_order(&chain)?;
        Ok(Self(Arc::new(Inner { certified: Arc::new(CertifiedKey::new(ders, key)), chain })))
    }

    fn compare_key(&self) -> Result<(), Error> {
        let certificate = self.label(0);
        match self.0.certified.keys_match() {
            Ok(()) => Ok(()),
            Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
                Err(Error::KeyNotComparable { certificate })
            }
            Err(_) => Err(self.mismatch(certificate)),
        }
    }

    fn mismatch(&self, certificate: String) -> Error {
        let leaf = View::read(self.leaf().der()).map(|leaf| leaf.spki).unwrap_or_default();
        let key = self.0.certified.key.public_key();
        let is_usable = KeyKind::read(leaf).is_ok_and(KeyKind::is_usable);
        let needed = key::public_key(leaf);
        Error::KeyMismatch {
            certificate,
            found: key.map_or_else(String::new, |key| key::public_key(&key)),
            advice: match is_usable {
                true => "needed is the key that this certificate was requested with",
                false => key::advice(&needed),
            },
            needed,
        }
    }

    /// The end-entity certificate.
    pub fn leaf(&self) -> &Certificate {
        // `check_order` refuses an empty chain.
        &self.0.chain[0]
    }

    /// The chain, leaf first.
    pub fn chain(&self) -> &[Certificate] {
        &self.0.chain
    }

    /// The last second, inclusive, UTC, at which they are valid: the leaf and its issuers.
    pub fn valid_until(&self) -> OffsetDateTime {
        let ends = self.path().iter().map(Certificate::not_after);
        ends.fold(self.leaf().not_after(), OffsetDateTime::min)
    }

    /// Whether the chain is fit for a role under [`EkuPolicy::rfc5280`](crate::EkuPolicy::rfc5280),
    /// every level counted.
    pub fn is_fit_for(&self, role: Role) -> bool {
        eku::decide(Preset::Rfc5280, role, self.path()).is_ok()
    }

    /// Whether the chain is fit for both roles: the combined certificate of old.
    pub fn is_combined(&self) -> bool {
        self.is_fit_for(Role::Server) && self.is_fit_for(Role::Client)
    }

    /// The chain below its root: what peers judge the EKU of. A root that was sent along is left
    /// out, since whoever trusts it has it already.
    pub(crate) fn path(&self) -> &[Certificate] {
        match &self.0.chain[..] {
            [path @ .., root] if !path.is_empty() && root.is_self_issued() => path,
            path => path,
        }
    }

    /// What messages call a certificate of the chain.
    pub(crate) fn label(&self, index: usize) -> String {
        label(index, &self.0.chain[index])
    }

    /// These very ones, for as long as somebody holds them; clones are the same.
    pub(crate) fn identity(&self) -> Weak<Inner> {
        Arc::downgrade(&self.0)
    }

    /// What rustls presents.
    pub(crate) fn certified_key(&self) -> &Arc<CertifiedKey> {
        &self.0.certified
    }
}

impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        self.0.certified.cert == other.0.certified.cert
    }
}

impl Eq for Credentials {}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<_> = self.0.chain.iter().map(Certificate::label).collect();
        f.debug_struct("Credentials").field("chain", &labels).finish_non_exhaustive()
    }
}

/// What messages call a chain that came from no file.
const THE_CHAIN: &str = "the chain";

fn label(index: usize, certificate: &Certificate) -> String {
    format!("certificate {} ({})", index + 1, certificate.label())
}

fn load_key(
    key: PrivateKeyDer<'static>,
    origin: &str,
    provider: &CryptoProvider,
) -> Result<Arc<dyn SigningKey>, Error> {
    let reason = match key::private_key(key.secret_der()) {
        Some(words) => format!("it is {words}; {}", key::advice(&words)),
        None => {
            "it is no key in PKCS#8, PKCS#1 or SEC1 form, or damaged; get the complete file again"
                .into()
        }
    };
    provider.key_provider.load_private_key(key).map_err(|source| Error::UnusableKey {
        origin: origin.into(),
        reason,
        source,
    })
}

/// By our own reader, for what is told; by webpki's, since that is what peers built on rustls use.
fn read_certificate(
    index: usize,
    origin: &str,
    der: &CertificateDer<'_>,
) -> Result<Certificate, Error> {
    let unusable = |refused: &dyn fmt::Display| unusable(index, origin, der, refused);
    let certificate = Certificate::read(der).map_err(|error| unusable(&error))?;
    ParsedCertificate::try_from(der).map_err(|error| unusable(&error))?;
    Ok(certificate)
}

fn unusable(index: usize, origin: &str, der: &[u8], refused: &dyn fmt::Display) -> Error {
    Error::UnusableCertificate {
        certificate: defect::certificate_at(index, origin, der),
        reason: defect(der, Given::Presented, refused),
    }
}

fn check_order(chain: &[Certificate]) -> Result<(), Error> {
    if chain.is_empty() {
        return Err(Error::none_given("the given chain", "certificate"));
    }
    for (index, pair) in chain.windows(2).enumerate() {
        let [certificate, next] = pair else { continue };
        if certificate.is_issued_in_the_name_of(next) {
            continue;
        }
        let (after, found) = (label(index, certificate), label(index + 1, next));
        // A leaf behind a CA that it did not issue: the chain is upside down.
        return Err(match next.is_ca() || certificate.is_ca() {
            true => Error::OutOfOrder { after, found, needed: certificate.issuer().into() },
            false => Error::SeveralLeaves { after, found },
        });
    }
    Ok(())
}
