//! [`Forecast`]: which TLS stacks would accept a chain as server and as client.
//!
//! One row for each thing that a stack refuses. Each was read in the source that is named beside
//! it and seen in the real thing (`tests/audit/forecast.rs`): rustls-webpki 0.103.16, OpenSSL 3.0,
//! Go 1.19, Java 17, GnuTLS 3.7.

use std::fmt;

use super::details::KeyUsage;
use super::entry::Entry;
use super::paths::{CertificationPath, MOST_PURPOSES};
use crate::role::{Purpose, Role, eku_text};

/// Which TLS stacks would accept a chain as server and as client, as far as EKU, key usage and
/// Netscape certificate type decide it.
///
/// *Not* foretold: signatures, names, validity, algorithms, revocation, and what an application
/// asks for beside. Of an incomplete chain, what is not in the inventory is taken to be no
/// obstacle.
///
/// ```
/// use mtls_roles::audit::{Assessment, Inventory, Serving, Stack, Timeline};
/// use mtls_roles::Role;
/// use time::macros::date;
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// # let mut inventory = Inventory::new();
/// # inventory.add("edge.pem", pem.as_bytes());
/// # let timeline = Timeline::builtin();
/// let assessment = Assessment::new(&inventory, &timeline, date!(2026-11-21), Serving::Suggested);
/// let forecast = assessment.findings()[0].forecast().unwrap();
/// assert!(forecast.accepts(Stack::OpenSsl, Role::Client));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    obstacles: Vec<Obstacle>,
}

impl Forecast {
    pub(super) fn of(path: &CertificationPath<'_>) -> Self {
        let stacks = Stack::ALL.into_iter();
        let cells = stacks.flat_map(|stack| Role::BOTH.map(|role| (stack, role)));
        let obstacles = cells.filter_map(|(stack, role)| first_obstacle(path, stack, role));
        let obstacles = obstacles.collect();
        Self { obstacles }
    }

    /// Whether a stack would accept the chain in a role.
    pub fn accepts(&self, stack: Stack, role: Role) -> bool {
        self.obstacle(stack, role).is_none()
    }

    /// Why a stack would refuse it.
    pub fn obstacle(&self, stack: Stack, role: Role) -> Option<&Obstacle> {
        let mut obstacles = self.obstacles.iter();
        obstacles.find(|it| it.stack == stack && it.role == role)
    }
}

/// A TLS implementation that verifies chains.
///
/// ```
/// use mtls_roles::audit::Stack;
///
/// let ids = Stack::ALL.map(Stack::id);
/// assert_eq!(ids, ["rustls", "openssl", "go", "java", "gnutls"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stack {
    /// rustls with rustls-webpki 0.103.
    Rustls,
    /// OpenSSL 3.
    OpenSsl,
    /// Go's crypto/x509.
    Go,
    /// Java's PKIX trust manager.
    Java,
    /// GnuTLS 3.7 and later, with a purpose given.
    GnuTls,
}

impl Stack {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Rustls, Self::OpenSsl, Self::Go, Self::Java, Self::GnuTls];

    /// The stable name in reports: `rustls`, `openssl`, `go`, `java`, `gnutls`.
    pub const fn id(self) -> &'static str {
        self.names().0
    }

    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Rustls => ("rustls", "rustls"),
            Self::OpenSsl => ("openssl", "OpenSSL"),
            Self::Go => ("go", "Go"),
            Self::Java => ("java", "Java"),
            Self::GnuTls => ("gnutls", "GnuTLS"),
        }
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.names().1)
    }
}

/// Why a stack would refuse a chain in a role.
///
/// ```
/// use mtls_roles::audit::{Assessment, Inventory, Serving, Stack, Timeline};
/// use mtls_roles::Role;
/// use time::macros::date;
///
/// # let pem = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/edge.rs"));
/// # let mut inventory = Inventory::new();
/// # inventory.add("edge.pem", pem.as_bytes());
/// # let timeline = Timeline::builtin();
/// let assessment = Assessment::new(&inventory, &timeline, date!(2026-11-21), Serving::Suggested);
/// let forecast = assessment.findings()[0].forecast().unwrap();
/// assert_eq!(forecast.obstacle(Stack::Go, Role::Server), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Obstacle {
    /// Who would refuse it.
    pub stack: Stack,
    /// In which role.
    pub role: Role,
    /// Stable name of the rule.
    pub rule: &'static str,
    /// Which certificate of the chain: 0 is the leaf.
    pub position: usize,
    /// What it was found to have, for people.
    pub found: String,
}

/// `leaf has extended key usage serverAuth`.
impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = match self.position {
            0 => "leaf".to_owned(),
            above => format!("certificate {} of the chain", above + 1),
        };
        write!(f, "{whose} has {}", self.found)
    }
}

/// One thing that a stack asks for where on the path, and refuses a certificate without; by its id.
struct Rule(&'static str, Stack, u8, Asks);

const LEAF: u8 = 1;
/// Between leaf and root.
const ISSUER: u8 = 2;
const ROOT: u8 = 4;

/// Of an extension, where it is there.
enum Asks {
    /// The purpose of the role in the EKU, or what also passes for it.
    Purpose(&'static [Also]),
    /// One of these bits for a client, one of those for a server.
    KeyUsage(KeyUsage, KeyUsage),
    /// The Netscape certificate type of the role.
    NetscapeType,
    /// That it is not critical: to whoever does not know it, it is an unknown critical one.
    NetscapeNotCritical,
}

/// What passes for a purpose.
#[derive(Clone, Copy)]
enum Also {
    AnyPurpose,
    EmptyEku,
    /// For serverAuth, an older name of it: Server Gated Cryptography.
    Sgc(&'static [u8]),
}

use Also::{AnyPurpose, EmptyEku};

/// 1.3.6.1.4.1.311.10.3.3.
const MICROSOFT_SGC: Also = Also::Sgc(&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 10, 3, 3]);
/// 2.16.840.1.113730.4.1.
const NETSCAPE_SGC: Also = Also::Sgc(&[0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 4, 1]);

const SIGN: KeyUsage = KeyUsage::DIGITAL_SIGNATURE;
const CERT_SIGN: KeyUsage = KeyUsage::KEY_CERT_SIGN;
/// v3_purp.c: `KU_TLS` for a server. Reported by OpenSSL as the same error 26 as the EKU.
const OPENSSL_CLIENT: KeyUsage = SIGN.or(KeyUsage::KEY_AGREEMENT);
const OPENSSL_SERVER: KeyUsage = OPENSSL_CLIENT.or(KeyUsage::KEY_ENCIPHERMENT);

#[rustfmt::skip]
const RULES: &[Rule] = &[
    // webpki, verify_cert.rs, check_eku: required if present, on every certificate but the anchor.
    Rule("rustls-eku", Stack::Rustls, LEAF | ISSUER, Asks::Purpose(&[])),
    // webpki, cert.rs, remember_extension.
    Rule("rustls-netscape-critical", Stack::Rustls, LEAF | ISSUER, Asks::NetscapeNotCritical),

    // OpenSSL, v3_purp.c, xku_reject, by way of check_extensions: on every certificate of the
    // chain, the root included (openssl/openssl#26046).
    Rule("openssl-eku", Stack::OpenSsl, LEAF | ISSUER | ROOT, Asks::Purpose(&[MICROSOFT_SGC, NETSCAPE_SGC])),
    Rule("openssl-key-usage", Stack::OpenSsl, LEAF, Asks::KeyUsage(OPENSSL_CLIENT, OPENSSL_SERVER)),
    Rule("openssl-key-cert-sign", Stack::OpenSsl, ISSUER | ROOT, Asks::KeyUsage(CERT_SIGN, CERT_SIGN)),
    Rule("openssl-netscape-type", Stack::OpenSsl, LEAF, Asks::NetscapeType),

    // Go, crypto/x509/verify.go, checkChainForKeyUsage: nested down the chain from the root on.
    Rule("go-eku", Stack::Go, LEAF | ISSUER | ROOT, Asks::Purpose(&[AnyPurpose, EmptyEku])),
    // Go, crypto/x509/x509.go, CheckSignatureFrom.
    Rule("go-key-cert-sign", Stack::Go, ISSUER | ROOT, Asks::KeyUsage(CERT_SIGN, CERT_SIGN)),
    Rule("go-netscape-critical", Stack::Go, LEAF | ISSUER | ROOT, Asks::NetscapeNotCritical),

    // JDK, sun.security.validator.EndEntityChecker: the leaf's alone.
    Rule("java-eku", Stack::Java, LEAF, Asks::Purpose(&[AnyPurpose, MICROSOFT_SGC, NETSCAPE_SGC])),
    Rule("java-key-usage", Stack::Java, LEAF, Asks::KeyUsage(SIGN, SIGN)),
    Rule("java-netscape-type", Stack::Java, LEAF, Asks::NetscapeType),
    // JDK, sun.security.provider.certpath.KeyChecker, verifyCAKeyUsage.
    Rule("java-key-cert-sign", Stack::Java, ISSUER | ROOT, Asks::KeyUsage(CERT_SIGN, CERT_SIGN)),
    Rule("java-netscape-critical", Stack::Java, LEAF | ISSUER, Asks::NetscapeNotCritical),

    // GnuTLS, lib/x509/verify.c, _gnutls_check_key_purpose: anyExtendedKeyUsage counts on the
    // leaf, and the older name of serverAuth above it.
    Rule("gnutls-eku-leaf", Stack::GnuTls, LEAF, Asks::Purpose(&[AnyPurpose, EmptyEku])),
    Rule("gnutls-eku-issuer", Stack::GnuTls, ISSUER, Asks::Purpose(&[NETSCAPE_SGC, EmptyEku])),
    Rule("gnutls-key-cert-sign", Stack::GnuTls, ISSUER | ROOT, Asks::KeyUsage(CERT_SIGN, CERT_SIGN)),
    Rule("gnutls-netscape-critical", Stack::GnuTls, LEAF | ISSUER, Asks::NetscapeNotCritical),
];

fn first_obstacle(path: &CertificationPath<'_>, stack: Stack, role: Role) -> Option<Obstacle> {
    let root = path.entries.len() - usize::from(path.is_complete);
    let mut entries = path.needed().iter().enumerate();
    entries.find_map(|(position, entry)| {
        let here = match position {
            0 => LEAF,
            _ if position == root => ROOT,
            _ => ISSUER,
        };
        let mut rules = RULES.iter();
        let Rule(rule, _, _, asks) = rules.find(|Rule(_, whose, at, asks)| {
            *whose == stack && at & here != 0 && asks.refuses(entry, role)
        })?;
        let found = asks.found(entry);
        Some(Obstacle { stack, role, rule, position, found })
    })
}

impl Asks {
    fn refuses(&self, entry: &Entry, role: Role) -> bool {
        match self {
            Self::Purpose(also) => entry.certificate().purposes().is_some_and(|found| {
                !found.contains(&role.purpose()) && !also.iter().any(|it| it.is_in(found, role))
            }),
            Self::KeyUsage(client, server) => entry.key_usage().is_some_and(|usage| match role {
                Role::Client => !usage.has_any(*client),
                Role::Server => !usage.has_any(*server),
            }),
            Self::NetscapeType => entry.netscape_type().is_some_and(|it| !it.is_for(role)),
            Self::NetscapeNotCritical => entry.netscape_type().is_some_and(|it| it.is_critical),
        }
    }

    /// What a certificate was found to have instead.
    fn found(&self, entry: &Entry) -> String {
        match self {
            Self::Purpose(_) => {
                let purposes = entry.certificate().purposes();
                eku_text(purposes.map(|all| &all[..all.len().min(MOST_PURPOSES)]))
            }
            Self::KeyUsage(..) => match entry.key_usage().map(|usage| usage.to_string()) {
                None => "no key usage".into(),
                Some(usage) if usage.is_empty() => "a key usage that allows nothing".into(),
                Some(usage) => format!("key usage {usage}"),
            },
            _ if Self::NetscapeNotCritical.refuses(entry, Role::Server) => {
                "a critical Netscape certificate type".into()
            }
            _ => "a Netscape certificate type for something else".into(),
        }
    }
}

impl Also {
    fn is_in(self, found: &[Purpose], role: Role) -> bool {
        match self {
            Self::AnyPurpose => found.contains(&Purpose::ANY),
            Self::EmptyEku => found.is_empty(),
            Self::Sgc(oid) => {
                role == Role::Server && found.iter().any(|purpose| purpose.oid_bytes() == oid)
            }
        }
    }
}
