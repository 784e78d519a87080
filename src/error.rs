//! [`Error`]: what went wrong before a handshake, told to the operator.

use std::path::PathBuf;

use rustls::pki_types::pem;
use time::OffsetDateTime;

use crate::role::{Purpose, Role, eku_text};
use crate::text::{Printable, pem_text, utc};

/// What went wrong while credentials, roots, rules or policies were set up.
///
/// One variant is one thing the operator does next. `Display` is for operators: it names the
/// certificate, says what was found, what is needed and what to do. Errors of a *handshake* are
/// [`rustls::Error`]s, because the TLS alert is derived from their structure; see
/// [`Refusal`](crate::Refusal).
///
/// ```
/// use mtls_roles::{Error, Roots};
///
/// match Roots::from_pem_file("/nowhere/roots.pem") {
///     Err(error @ Error::Unreadable { .. }) => eprintln!("{error}"),
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read.
    #[error(
        "cannot read {}: {source}; check the path and its permissions",
        Printable(&file.display().to_string())
    )]
    #[non_exhaustive]
    Unreadable {
        /// The file, as it was named by the caller.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },

    /// A file is larger than what is read of one.
    #[error(
        "found more than {most} bytes in {}, needed are at most {most}; check that it is the file \
         that was meant, and split it if it is; nothing of it was used",
        Printable(&file.display().to_string())
    )]
    #[non_exhaustive]
    FileTooLarge {
        /// The file, as it was named by the caller.
        file: PathBuf,
        /// The bound, in bytes.
        most: usize,
    },

    /// Nothing of the wanted kind was there.
    #[error("found no {wanted} in {origin}: {reason}")]
    #[non_exhaustive]
    Missing {
        /// The file, or what stands for it.
        origin: String,
        /// What was looked for.
        wanted: &'static str,
        /// What is there instead, and what to do about it.
        reason: String,
    },

    /// A PEM block that would have been passed over.
    #[error("line {line} of {origin}: found `{found}`, {reason}; nothing of the file was used")]
    #[non_exhaustive]
    PemMark {
        /// The file, or what stands for it.
        origin: String,
        /// Line of the `BEGIN` mark, counted from 1.
        line: usize,
        /// The mark; `…` stands for what else is on its line.
        found: String,
        /// What is needed, and what to do about it.
        reason: String,
    },

    /// A PEM block that starts well and cannot be read.
    #[error(
        "line {line} of {origin}: the PEM block that starts here cannot be read: {}; \
         get the complete file again, nothing of it was used",
        pem_text(source)
    )]
    #[non_exhaustive]
    PemBlock {
        /// The file, or what stands for it.
        origin: String,
        /// Line of the `BEGIN` mark, counted from 1.
        line: usize,
        /// What the PEM reader said.
        source: pem::Error,
    },

    /// A certificate cannot be used, or is none.
    #[error("{certificate} cannot be used: {reason}")]
    #[non_exhaustive]
    UnusableCertificate {
        /// Which certificate.
        certificate: String,
        /// What stands in the way, and what to do about it.
        reason: String,
    },

    /// A certificate that another CA issued, and that is no CA, was given as a root.
    #[error(
        "{certificate} can match nothing as a root: it is no CA, and `{issuer}` issued it; trust the root of \
         that CA, and name this one peer with the rule cert-sha256:{fingerprint}"
    )]
    #[non_exhaustive]
    LeafAsRoot {
        /// Which certificate.
        certificate: String,
        /// Its issuer's name.
        issuer: String,
        /// SHA-256 of the certificate, in hexadecimal.
        fingerprint: String,
    },

    /// The private key is encrypted; this crate asks for no passphrase.
    #[error(
        "the private key in {origin} is encrypted; decrypt it first \
         (`openssl pkey -in KEY -out PLAIN`), or keep it in an HSM and use Credentials::from_signing_key"
    )]
    #[non_exhaustive]
    EncryptedKey {
        /// The file, or what stands for it.
        origin: String,
    },

    /// More than one private key, so which one is meant is unknown.
    #[error("found {count} private keys in {origin}, needed exactly one; remove the others")]
    #[non_exhaustive]
    SeveralKeys {
        /// The file, or what stands for it.
        origin: String,
        /// How many there are.
        count: usize,
    },

    /// The crypto provider does not take the private key.
    #[error("the crypto provider cannot use the private key in {origin} ({source}): {reason}")]
    #[non_exhaustive]
    UnusableKey {
        /// The file, or what stands for it.
        origin: String,
        /// What kind of key it is, and what to do about it.
        reason: String,
        /// What the provider said.
        source: rustls::Error,
    },

    /// The private key does not belong to the leaf.
    #[error(
        "the private key ({found}) is not the key of {certificate}, which is {needed}; needed is the \
         key that this certificate was requested with"
    )]
    #[non_exhaustive]
    KeyMismatch {
        /// The leaf.
        certificate: String,
        /// What kind of key the private key is.
        found: String,
        /// What kind of key the leaf has.
        needed: String,
    },

    /// A certificate signing request cannot be made.
    #[cfg(feature = "csr")]
    #[error(
        "cannot make a certificate request: found {found}; needed are names in ASCII (DNS, URI, \
         e-mail, IP) and a key of P-256, P-384, RSA or Ed25519 that signs; make the request with \
         the tools of the key's owner instead"
    )]
    #[non_exhaustive]
    CertificateRequest {
        /// What stands in the way.
        found: String,
    },

    /// The signing key does not tell its public key, so it cannot be compared with the leaf.
    #[error(
        "the signing key does not tell its public key, so whether it is the key of {certificate} \
         is unknown; make it implement SigningKey::public_key, or call \
         Credentials::from_signing_key_without_comparing"
    )]
    #[non_exhaustive]
    KeyNotComparable {
        /// The leaf.
        certificate: String,
    },

    /// The leaf is not the first certificate of its chain.
    #[error("found {found} first, needed there is the leaf, {leaf}; move it to the top")]
    #[non_exhaustive]
    LeafNotFirst {
        /// The certificate that comes first.
        found: String,
        /// The leaf: by the key, if that tells.
        leaf: String,
    },

    /// The leaf's key is of a kind that no handshake of rustls can use.
    #[error("no handshake of rustls can use the key of {certificate}, which is {found}; {advice}")]
    #[non_exhaustive]
    UnusableLeafKey {
        /// The leaf.
        certificate: String,
        /// The kind of its key.
        found: String,
        /// What to do about it.
        advice: &'static str,
    },

    /// The leaf is a CA's certificate.
    #[error(
        "{certificate} is a CA (cA TRUE), needed is an end-entity certificate: peers on rustls refuse \
         a CA that presents itself; have it issue one (`openssl req -x509` needs \
         -addext basicConstraints=critical,CA:FALSE)"
    )]
    #[non_exhaustive]
    LeafIsCa {
        /// The certificate that comes first.
        certificate: String,
    },

    /// The credentials may not be used in the role of their slot.
    #[error(
        "{certificate} is unfit for role {role}: found {}, needed {needed}; get a certificate with \
         {needed} for this slot (another root that still issues it, or a private CA){}",
        eku_text(found.as_deref()), or_relax(found.as_deref())
    )]
    #[non_exhaustive]
    Unfit {
        /// Which certificate of the chain.
        certificate: String,
        /// The role of the slot.
        role: Role,
        /// The purpose that the role needs under the slot's policy.
        needed: Purpose,
        /// The purposes that the certificate has; `None` without the extension.
        found: Option<Vec<Purpose>>,
    },

    /// The credentials have expired.
    #[error(
        "{certificate} expired at {}, now is {}; renew it and publish the renewed one",
        utc(*not_after), utc(*now)
    )]
    #[non_exhaustive]
    Expired {
        /// Which certificate of the chain.
        certificate: String,
        /// Last second of its validity.
        not_after: OffsetDateTime,
        /// The slot's clock.
        now: OffsetDateTime,
    },

    /// The credentials are not valid yet.
    #[error(
        "{certificate} is not valid before {}, now is {}; wait, or check this machine's clock",
        utc(*not_before), utc(*now)
    )]
    #[non_exhaustive]
    NotYetValid {
        /// Which certificate of the chain.
        certificate: String,
        /// First second of its validity.
        not_before: OffsetDateTime,
        /// The slot's clock.
        now: OffsetDateTime,
    },

    /// The clock could not be read, so validity is unknown.
    #[error(
        "the clock cannot be read, so whether the credentials are valid now is unknown; set it"
    )]
    NoClock,

    /// An EKU policy, as text, is not of its form.
    #[error("the EKU policy `{policy}` cannot be read: {reason}")]
    #[non_exhaustive]
    InvalidEkuPolicy {
        /// The policy, control characters escaped.
        policy: String,
        /// What is wrong with it and what is needed.
        reason: &'static str,
    },

    /// A peer rule is not of its form.
    #[error("peer rule `{rule}`: {reason}")]
    #[non_exhaustive]
    InvalidPeerRule {
        /// The rule, control characters escaped.
        rule: String,
        /// What is wrong with it and what is needed.
        reason: &'static str,
    },

    /// `accept_server_auth()` was given where role Client is not judged.
    #[error(
        "EkuPolicy::accept_server_auth() is for certificates in role client, found it for role \
         server; a server certificate needs serverAuth anyway, use EkuPolicy::rfc5280()"
    )]
    AcceptServerAuthForServers,

    /// A relaxed policy without anybody it is for.
    #[error(
        "a relaxed EKU policy for {role}s is given, but nobody to relax it for; add \
         .relax_for(rule) for each peer whose EKU may be wrong, or, over private roots, \
         .relax_for_any_peer_of_these_private_roots()"
    )]
    #[non_exhaustive]
    RelaxedForNobody {
        /// The role that is verified.
        role: Role,
    },

    /// A memo and a verifier of different crypto providers.
    #[error(
        "the signature memo of the verifier of {role}s was made for another crypto provider; make it \
         with SignatureMemo::new(&provider), with the provider of this verifier"
    )]
    #[non_exhaustive]
    MemoOfAnotherProvider {
        /// The role that is verified.
        role: Role,
    },

    /// Everybody was to be relaxed, over roots that are public.
    #[error(
        "cannot relax the EKU for any peer: {root} is public, or issued by a public root, so \
         anybody could get a certificate under it; name the peers with .relax_for(rule)"
    )]
    #[non_exhaustive]
    AnyPeerOverPublicRoots {
        /// The public root.
        root: String,
    },

    /// `ignore()` with a name, over roots that are public.
    #[error(
        "cannot ignore the EKU for `{rule}`: {root} is public, and only its serverAuth \
         certificates prove a name; use EkuPolicy::accept_server_auth(), or name the peer by \
         fingerprint"
    )]
    #[non_exhaustive]
    NameOverPublicRoots {
        /// The rule that names by name.
        rule: String,
        /// The public root.
        root: String,
    },

    /// A rule by URI, SPIFFE trust domain or e-mail, and every root is public.
    #[error(
        "cannot name a peer by `{rule}`: {root} is public, as is every other root here, and public CAs \
         validate names by DNS and IP only; name the peer with dns:, ip: or a fingerprint, or add \
         the private root below which such names are issued"
    )]
    #[non_exhaustive]
    RuleNeedsPrivateRoots {
        /// The rule.
        rule: String,
        /// The first public root.
        root: String,
    },

    /// A relaxed server verifier over roots that are public.
    #[error(
        "cannot relax the EKU of servers: {root} is public, and a certificate that is not for \
         servers proves no server name there; use EkuPolicy::rfc5280(), or private roots"
    )]
    #[non_exhaustive]
    RelaxedServersOverPublicRoots {
        /// The public root.
        root: String,
    },

    /// Clients are verified over public roots, and nothing says which of them.
    #[error(
        "client roots contain {root}, which is public: anybody can get a certificate under it; \
         say who may connect with .allow(rule), or call \
         .allow_anybody_with_a_public_certificate()"
    )]
    #[non_exhaustive]
    PublicRootsNeedRules {
        /// The public root.
        root: String,
    },

    /// The names of the client roots do not fit what a server sends to clients.
    #[error(
        "cannot name the {count} client roots to clients: found {bytes} bytes of names, needed are \
         at most {most}, or handshakes break; call .send_no_root_hints(), after which clients choose \
         their certificate without these names, or use fewer roots"
    )]
    #[non_exhaustive]
    RootHintsTooLarge {
        /// How many names there are.
        count: usize,
        /// What they take in the CertificateRequest, with the two bytes of each one's length.
        bytes: usize,
        /// The bound, in bytes.
        most: usize,
    },

    /// A revocation list cannot be used.
    #[error("{crl} cannot be used: {reason}")]
    #[non_exhaustive]
    UnusableCrl {
        /// Which list.
        crl: String,
        /// What is wrong with it, and what is needed.
        reason: String,
    },

    /// Revocation lists were replaced on a verifier that was built without any.
    #[error(
        "this verifier was built without revocation lists, so it cannot be given some now; \
         build it with .crls(lists)"
    )]
    NoRevocation,

    /// What belongs to a generation was to be changed.
    #[error(
        "this {part} is part of a generation, which never changes; give the recipe what is new \
         (write the files that it reads), or use a {part} that is in no generation"
    )]
    #[non_exhaustive]
    Sealed {
        /// What it is: a slot or a verifier.
        part: &'static str,
    },

    /// Files changed while they were read.
    #[error(
        "{files} changed while it was read, and again after that; nothing of it was used: write files \
         under another name and rename them, and leave them alone for a moment"
    )]
    #[non_exhaustive]
    Unsettled {
        /// The files and folders that did not settle.
        files: String,
    },

    /// What the caller's recipe says of what it read.
    #[error("the recipe of the generation refuses what it read: {reason}")]
    #[non_exhaustive]
    Recipe {
        /// The recipe's words.
        reason: String,
    },

    /// The caller's recipe panicked.
    #[error(
        "the recipe of the generation panicked: {message}; the last generation stays, mend the recipe \
         or what it reads"
    )]
    #[non_exhaustive]
    RecipePanicked {
        /// What it said.
        message: String,
    },

    /// Our own chain is refused by our own verifier of such peers.
    #[error(
        "our own {role} certificate would be refused by our own roots for {role}s: {reason}; publish \
         the new root before the first certificate below it, and remove the old one after the last"
    )]
    #[non_exhaustive]
    OwnChainRefused {
        /// The role of the slot.
        role: Role,
        /// What the verifier says.
        reason: String,
    },

    /// A folder for private keys that others may look into.
    #[error(
        "found mode {mode:03o} on {}, needed is 700 for the folder and 600 for the files in it, since \
         they hold private keys; `chmod go=` it, look for who could read it, and renew the keys if \
         somebody could",
        Printable(&path.display().to_string())
    )]
    #[non_exhaustive]
    OpenToOthers {
        /// The folder, or a file in it.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },

    /// A last good pair could not be kept on disk.
    #[error(
        "cannot keep the last good pair in {}: {source}; it serves, but a restart beside a renewal that \
         is refused would fail: check the folder and the space on its disk",
        Printable(&file.display().to_string())
    )]
    #[non_exhaustive]
    NotKept {
        /// The file that could not be written.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },

    /// There is no generation before the current one.
    #[error("this is the first generation: there is none before it to go back to")]
    NoGenerationBefore,

    /// rustls refuses the configuration.
    #[error(
        "rustls refuses this configuration: {0}; does the crypto provider have cipher suites for the TLS versions?"
    )]
    Config(#[source] rustls::Error),
}

/// An extension without any purpose is malformed, and no policy is about that.
fn or_relax(found: Option<&[Purpose]>) -> &'static str {
    match found {
        Some([]) => "",
        _ => ", or, if every peer accepts this one, give the slot a relaxed EKU policy",
    }
}

impl Error {
    /// An empty list was given.
    pub(crate) fn none_given(origin: &str, wanted: &'static str) -> Self {
        Self::Missing { origin: origin.into(), wanted, reason: "needed is at least one".into() }
    }

    /// For a recipe that reads formats of its own: why it refuses what it read, in an operator's words.
    ///
    /// ```
    /// let error = mtls_roles::Error::recipe("peers.txt, line 3: needed is one rule a line");
    /// assert!(error.to_string().contains("line 3"));
    /// ```
    pub fn recipe(reason: impl std::fmt::Display) -> Self {
        Self::Recipe { reason: Printable(&reason.to_string()).to_string() }
    }
}
