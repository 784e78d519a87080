//! [`Credentials`]: a certificate chain and its private key.

mod note;
mod chain;
mod paths;
mod fitness;

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Weak};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::sign::{CertifiedKey, SigningKey};
use time::OffsetDateTime;

use self::chain::Chain;
pub use self::fitness::Fitness;
pub use self::note::{Note, NoteKind};
use self::paths::Paths;
use crate::certificate::defect::{GivenAs, unusable_certificate};
use crate::certificate::{Certificate, key};
use crate::eku::{Preset, Requirement};
use crate::error::Error;
use crate::pem;
use crate::role::Role;

/// A certificate chain plus its private key: what a slot presents.
///
/// Once constructed, it is known that the first certificate is the leaf, that peers on rustls can read
/// it, and that the key is its key and can be used in a handshake. What stands behind the leaf is for
/// peers to choose from (RFC 8446, 4.4.2), in any order; of what nobody needs there are
/// [notes](Fitness::notes) when a slot [judges](crate::ServerSlot::judge) or publishes the credentials.
/// Cheap to clone.
///
/// *Not* checked: the signatures of the chain, whether any peer trusts its root, and revocation.
/// Validity and EKU depend on time and role: the slot judges them.
///
/// `Debug` shows the certificates' names and never the key. Two are equal if they are the same
/// certificates in the same order: the key is the leaf's.
///
/// ```no_run
/// use mtls_roles::Credentials;
/// # fn main() -> Result<(), mtls_roles::Error> {
/// let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let serving = Credentials::from_pem_files("server.pem", "server.key", &provider)?;
/// println!("{} until {}", serving.leaf().subject(), serving.valid_until());
/// # Ok(())
/// # }
/// ```
///
/// # Several as one
///
/// A server may have certificates for several names, or an RSA and an ECDSA certificate for one:
/// [`or`](Self::or) puts them together, and a slot judges, publishes and hands them back as one.
#[derive(Clone)]
pub struct Credentials(Arc<[Arc<Pair>]>);

/// Which credentials these are of all there are.
pub(crate) type Identity = Weak<[Arc<Pair>]>;

/// One chain with its key. Never none of them.
pub(crate) struct Pair {
    pub(crate) chain: Chain,
    /// What rustls presents.
    pub(crate) certified: Arc<CertifiedKey>,
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
    /// the key is encrypted, or not the leaf's; the leaf does not come first, or no handshake of
    /// rustls can use its key.
    ///
    /// # Security
    ///
    /// What was read of both files is wiped, and so is a key that was decoded and not used. Not wiped
    /// here is what the provider keeps of the key, and the PEM reader of rustls' types of a block's text.
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
            Certificate::read(der).map_err(|error| {
                unusable_certificate(index, &origin, der, GivenAs::Presented, error)
            })?;
        }
        Ok(chain)
    }

    fn read_pem(
        (chain, chain_origin): (&[u8], &str),
        (key, key_origin): (&[u8], &str),
        provider: &CryptoProvider,
    ) -> Result<Self, Error> {
        let ders = pem::ders(chain, chain_origin, &pem::CHAIN)?;
        let chain = Chain::read(&ders, chain_origin)?;
        let key = load_key(pem::private_key(key, key_origin)?, key_origin, &chain, provider)?;
        Self::new(chain, ders, key)
    }

    /// From DER: the chain, leaf first, and the private key in PKCS#8, PKCS#1 or SEC1 form.
    ///
    /// # Errors
    ///
    /// The chain is empty, the leaf does not parse or does not come first, the provider cannot use
    /// the key, or it is not the leaf's.
    pub fn from_der(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        provider: &CryptoProvider,
    ) -> Result<Self, Error> {
        let read = Chain::read(&chain, THE_CHAIN)?;
        let key = load_key(key, "the given DER", &read, provider)?;
        Self::new(read, chain, key)
    }

    /// From a chain, leaf first, and a key that need not be bytes: an HSM, a KMS.
    ///
    /// # Errors
    ///
    /// As [`from_der`](Self::from_der); the key does not tell its public key ([`SigningKey::public_key`]).
    pub fn from_signing_key(
        chain: Vec<CertificateDer<'static>>,
        key: Arc<dyn SigningKey>,
    ) -> Result<Self, Error> {
        let is_comparable = key.public_key().is_some();
        let credentials = Self::from_signing_key_without_comparing(chain, key)?;
        match is_comparable {
            true => Ok(credentials),
            false => {
                Err(Error::KeyNotComparable { certificate: credentials.first().chain.label(0) })
            }
        }
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
        Self::new(Chain::read(&chain, THE_CHAIN)?, chain, key)
    }

    fn new(
        chain: Chain,
        ders: Vec<CertificateDer<'static>>,
        key: Arc<dyn SigningKey>,
    ) -> Result<Self, Error> {
        chain.check(key.public_key().as_deref())?;
        let certified = Arc::new(CertifiedKey::new(ders, key));
        Ok(Self(Arc::new([Arc::new(Pair { chain, certified })])))
    }

    /// These, or else those, as one: a slot judges, publishes and hands them back together, and presents
    /// in each handshake what the peer asks for.
    ///
    /// A server slot goes by the server name (SNI), a client slot by the names of CAs that the server
    /// sends; where none of these fits, all are candidates. Presented is the first candidate whose key
    /// fits a signature scheme that the peer offers. To a server, which only hints at CAs, any other that
    /// fits is presented rather than nothing.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), mtls_roles::Error> {
    /// use mtls_roles::{Credentials, ServerSlot};
    /// # let provider = rustls::crypto::aws_lc_rs::default_provider();
    /// let ecdsa = Credentials::from_pem_files("ecdsa.pem", "ecdsa.key", &provider)?;
    /// let rsa = Credentials::from_pem_files("rsa.pem", "rsa.key", &provider)?;
    /// let slot = ServerSlot::new(ecdsa.or(rsa))?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self(self.0.iter().chain(&*others.0).cloned().collect())
    }

    /// Each by itself, in the order in which they were put together; one is only itself.
    pub fn each(&self) -> impl Iterator<Item = Self> {
        self.0.iter().map(|pair| Self(Arc::new([pair.clone()])))
    }

    /// The end-entity certificate; of several credentials the first's.
    pub fn leaf(&self) -> &Certificate {
        self.first().chain.leaf()
    }

    /// The chain, leaf first; of several credentials the first's. What cannot be read is presented,
    /// and is not among it.
    pub fn chain(&self) -> &[Certificate] {
        self.first().chain.certificates()
    }

    /// The last second, inclusive, UTC, at which each is valid: the leaf, and of what issued it the one
    /// that lasts longest.
    pub fn valid_until(&self) -> OffsetDateTime {
        let ends = self.0.iter().map(|pair| pair.valid_until());
        ends.min().unwrap_or(self.leaf().not_after())
    }

    /// Whether each is fit for a role under [`EkuPolicy::rfc5280`](crate::EkuPolicy::rfc5280), by
    /// every level of one of its paths.
    pub fn is_fit_for(&self, role: Role) -> bool {
        self.0.iter().all(|pair| pair.is_fit_for(role))
    }

    /// Whether any is fit for both roles: the combined certificate of old.
    pub fn is_combined(&self) -> bool {
        self.0.iter().any(|pair| pair.is_fit_for(Role::Server) && pair.is_fit_for(Role::Client))
    }

    /// Whether a slot may publish them.
    pub(crate) fn judge(
        &self,
        preset: Preset,
        role: Role,
        now: UnixTime,
    ) -> Result<Fitness, Error> {
        let each = self.0.iter().map(|pair| Fitness::of(&pair.chain, preset, role, now));
        let all = each.reduce(|all, next| Ok(all?.and(next?)));
        all.unwrap_or(Err(Error::none_given(THE_CHAIN, "certificate")))
    }

    pub(crate) fn first(&self) -> &Pair {
        // Never none.
        &self.0[0]
    }

    /// Each chain with its key.
    pub(crate) fn pairs(&self) -> &[Arc<Pair>] {
        &self.0
    }

    /// These very ones, for as long as somebody holds them; clones are the same.
    pub(crate) fn identity(&self) -> Identity {
        Arc::downgrade(&self.0)
    }
}

impl Pair {
    fn is_fit_for(&self, role: Role) -> bool {
        let asked = Requirement::rfc5280(role);
        let certificates = self.chain.certificates();
        let fits = |index: usize| asked.violation_at(index, &certificates[index]);
        let path = Paths::of(certificates).find(|index| fits(index).map_or(Ok(()), Err));
        path.is_ok()
    }

    /// Of the certificates whose validity a slot judges.
    fn valid_until(&self) -> OffsetDateTime {
        let (certificates, leaf) = (self.chain.certificates(), self.chain.leaf().not_after());
        let paths = Paths::of(certificates);
        let end = |issuer| match paths.is_anchor(issuer) {
            true => leaf,
            false => leaf.min(certificates[issuer].not_after()),
        };
        paths.issuers_of(0).map(end).max().unwrap_or(leaf)
    }
}

impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        let others = other.0.iter().map(|pair| &pair.certified.cert);
        self.0.iter().map(|pair| &pair.certified.cert).eq(others)
    }
}

impl Eq for Credentials {}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for pair in self.0.iter() {
            let labels: Vec<_> = pair.chain.certificates().iter().map(Certificate::label).collect();
            f.debug_struct("Credentials").field("chain", &labels).finish_non_exhaustive()?;
        }
        Ok(())
    }
}

/// What messages call a chain that came from no file.
const THE_CHAIN: &str = "the chain";

fn load_key(
    key: PrivateKeyDer<'static>,
    origin: &str,
    chain: &Chain,
    provider: &CryptoProvider,
) -> Result<Arc<dyn SigningKey>, Error> {
    let reason = match key::private_key(key.secret_der()) {
        Some(words) => format!("it is {words}; {}", key::advice(&words)),
        None => {
            "it is no key in PKCS#8, PKCS#1 or SEC1 form, or damaged; get the complete file again"
                .into()
        }
    };
    provider.key_provider.load_private_key(key).map_err(|source| {
        // A key that no handshake can use stands in the certificate, too, and is renewed with it.
        let unusable = || Error::UnusableKey { origin: origin.into(), reason, source };
        chain.check_leaf().err().unwrap_or_else(unusable)
    })
}
