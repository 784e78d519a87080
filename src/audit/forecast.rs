//! [`Forecast`]: which TLS stacks would accept a chain as server and as client.
//!
//! One row for each thing that a stack refuses. Each was read in the source that is named beside
//! it and seen in the real thing (`tests/audit_forecast.rs`): rustls-webpki 0.103.16, OpenSSL 3.0,
//! Go 1.19, Java 17, GnuTLS 3.7.

use std::fmt;

use super::details::KeyUsage;
use super::entry::Entry;
use super::paths::{CertificationPath, MOST_PURPOSES};
use crate::error::eku_text;
use crate::role::{Purpose, Role};

/// Which TLS stacks would accept a chain as server and as client, as far as EKU, key usage and
/// Netscape certificate type decide it.
///
/// *Not* foretold: signatures, names, validity, algorithms, revocation, and what an application
/// asks for beside. Of an incomplete chain, what is not in the inventory is taken to be no
/// obstacle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forecast {
    obstacles: Vec<Obstacle>,
}

impl Forecast {
    pub(super) fn of(path: &CertificationPath<'_>) -> Self {
        let obstacles = Stack::ALL.into_iter().flat_map(|stack| {
            let roles = Role::BOTH.into_iter();
            roles.filter_map(move |role| first_obstacle(path, stack, role))
        });
        Self {
            obstacles: obstacles.collect(),
        }
    }

    /// Whether a stack would accept the chain in a role.
    pub fn accepts(&self, stack: Stack, role: Role) -> bool {
        self.obstacle(stack, role).is_none()
    }

    /// Why a stack would refuse it.
    pub fn obstacle(&self, stack: Stack, role: Role) -> Option<&Obstacle> {
        let mut obstacles = self.obstacles.iter();
        obstacles.find(|obstacle| obstacle.stack == stack && obstacle.role == role)
    }
}

/// A TLS implementation that verifies chains.
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
    pub const ALL: [Self; 5] = [
        Self::Rustls,
        Self::OpenSsl,
        Self::Go,
        Self::Java,
        Self::GnuTls,
    ];

    /// The stable name in reports: `rustls`, `openssl`, `go`, `java`, `gnutls`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Rustls => "rustls",
            Self::OpenSsl => "openssl",
            Self::Go => "go",
            Self::Java => "java",
            Self::GnuTls => "gnutls",
        }
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rustls => "rustls",
            Self::OpenSsl => "OpenSSL",
            Self::Go => "Go",
            Self::Java => "Java",
            Self::GnuTls => "GnuTLS",
        })
    }
}

/// Why a stack would refuse a chain in a role.
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
        match self.position {
            0 => write!(f, "leaf has {}", self.found),
            position => write!(
                f,
                "certificate {} of the chain has {}",
                position + 1,
                self.found
            ),
        }
    }
}

/// One thing that a stack refuses.
struct Rule {
    id: &'static str,
    stack: Stack,
    at: &'static [Position],
    refuses: fn(&Entry, Role) -> bool,
    found: fn(&Entry) -> String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Leaf,
    /// Between leaf and root.
    Issuer,
    Root,
}

const LEAF: &[Position] = &[Position::Leaf];
const ISSUERS: &[Position] = &[Position::Issuer];
const BELOW_ROOT: &[Position] = &[Position::Leaf, Position::Issuer];
const ABOVE_LEAF: &[Position] = &[Position::Issuer, Position::Root];
const EVERYWHERE: &[Position] = &[Position::Leaf, Position::Issuer, Position::Root];

macro_rules! rules {
    ($($id:literal, $stack:ident, $at:ident, $refuses:ident, $found:ident;)+) => {
        &[$(Rule { id: $id, stack: Stack::$stack, at: $at, refuses: $refuses, found: $found }),+]
    };
}

#[rustfmt::skip]
const RULES: &[Rule] = rules! {
    // webpki, verify_cert.rs, check_eku: required if present, on every certificate but the anchor.
    "rustls-eku", Rustls, BELOW_ROOT, lacks_purpose, eku;
    // webpki, cert.rs, remember_extension.
    "rustls-netscape-critical", Rustls, BELOW_ROOT, has_critical_netscape_type, netscape_type;

    // OpenSSL, v3_purp.c, xku_reject, by way of check_extensions: on every certificate of the
    // chain, the root included (openssl/openssl#26046).
    "openssl-eku", OpenSsl, EVERYWHERE, lacks_purpose_and_sgc, eku;
    "openssl-key-usage", OpenSsl, LEAF, lacks_openssl_key_usage, key_usage;
    "openssl-key-cert-sign", OpenSsl, ABOVE_LEAF, lacks_key_cert_sign, key_usage;
    "openssl-netscape-type", OpenSsl, LEAF, lacks_netscape_type, netscape_type;

    // Go, crypto/x509/verify.go, checkChainForKeyUsage: nested down the chain from the root on.
    "go-eku", Go, EVERYWHERE, lacks_purpose_and_any_unless_empty, eku;
    // Go, crypto/x509/x509.go, CheckSignatureFrom.
    "go-key-cert-sign", Go, ABOVE_LEAF, lacks_key_cert_sign, key_usage;
    "go-netscape-critical", Go, EVERYWHERE, has_critical_netscape_type, netscape_type;

    // JDK, sun.security.validator.EndEntityChecker: the leaf's alone.
    "java-eku", Java, LEAF, lacks_purpose_any_and_sgc, eku;
    "java-key-usage", Java, LEAF, lacks_digital_signature, key_usage;
    "java-netscape-type", Java, LEAF, lacks_netscape_type, netscape_type;
    // JDK, sun.security.provider.certpath.KeyChecker, verifyCAKeyUsage.
    "java-key-cert-sign", Java, ABOVE_LEAF, lacks_key_cert_sign, key_usage;
    "java-netscape-critical", Java, BELOW_ROOT, has_critical_netscape_type, netscape_type;

    // GnuTLS, lib/x509/verify.c, _gnutls_check_key_purpose: anyExtendedKeyUsage counts on the
    // leaf, and the older name of serverAuth above it.
    "gnutls-eku-leaf", GnuTls, LEAF, lacks_purpose_and_any_unless_empty, eku;
    "gnutls-eku-issuer", GnuTls, ISSUERS, lacks_purpose_and_netscape_sgc_unless_empty, eku;
    "gnutls-key-cert-sign", GnuTls, ABOVE_LEAF, lacks_key_cert_sign, key_usage;
    "gnutls-netscape-critical", GnuTls, BELOW_ROOT, has_critical_netscape_type, netscape_type;
};

fn first_obstacle(path: &CertificationPath<'_>, stack: Stack, role: Role) -> Option<Obstacle> {
    let last = path.entries.len() - 1;
    let positions = path.entries.iter().enumerate().map(|(index, entry)| {
        let position = match index {
            0 => Position::Leaf,
            _ if index == last && path.is_complete => Position::Root,
            _ => Position::Issuer,
        };
        (index, position, *entry)
    });
    let rules = || RULES.iter().filter(|rule| rule.stack == stack);
    positions
        .flat_map(|at| rules().map(move |rule| (at, rule)))
        .find(|((_, position, entry), rule)| {
            rule.at.contains(position) && (rule.refuses)(entry, role)
        })
        .map(|((position, _, entry), rule)| Obstacle {
            stack,
            role,
            rule: rule.id,
            position,
            found: (rule.found)(entry),
        })
}

/// Server Gated Cryptography, the older names of serverAuth: Microsoft's
/// (1.3.6.1.4.1.311.10.3.3) and Netscape's (2.16.840.1.113730.4.1).
const SGC: [&[u8]; 2] = [&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 10, 3, 3], NETSCAPE_SGC];
const NETSCAPE_SGC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 4, 1];

fn lacks_purpose(entry: &Entry, role: Role) -> bool {
    let purposes = entry.certificate().purposes();
    purposes.is_some_and(|found| !found.contains(&role.purpose()))
}

fn lacks_purpose_and_sgc(entry: &Entry, role: Role) -> bool {
    lacks_purpose(entry, role) && !(role == Role::Server && has_one_of(entry, &SGC))
}

fn lacks_purpose_and_any(entry: &Entry, role: Role) -> bool {
    let purposes = entry.certificate().purposes().unwrap_or_default();
    lacks_purpose(entry, role) && !purposes.contains(&Purpose::ANY)
}

fn lacks_purpose_any_and_sgc(entry: &Entry, role: Role) -> bool {
    lacks_purpose_and_any(entry, role) && lacks_purpose_and_sgc(entry, role)
}

fn lacks_purpose_and_any_unless_empty(entry: &Entry, role: Role) -> bool {
    lacks_purpose_and_any(entry, role) && !has_empty_eku(entry)
}

fn lacks_purpose_and_netscape_sgc_unless_empty(entry: &Entry, role: Role) -> bool {
    let is_server_gated = role == Role::Server && has_one_of(entry, &[NETSCAPE_SGC]);
    lacks_purpose(entry, role) && !is_server_gated && !has_empty_eku(entry)
}

fn has_empty_eku(entry: &Entry) -> bool {
    entry.certificate().purposes() == Some(&[])
}

fn has_one_of(entry: &Entry, wanted: &[&[u8]]) -> bool {
    let purposes = entry.certificate().purposes().unwrap_or_default();
    let mut oids = purposes.iter().map(Purpose::oid_bytes);
    oids.any(|oid| wanted.contains(&oid))
}

/// v3_purp.c: `KU_TLS` for a server, digitalSignature or keyAgreement for a client. Reported by
/// OpenSSL as the same error 26 as the EKU.
fn lacks_openssl_key_usage(entry: &Entry, role: Role) -> bool {
    let client = [KeyUsage::DIGITAL_SIGNATURE, KeyUsage::KEY_AGREEMENT];
    let is_enough = |usage: KeyUsage| match role {
        Role::Client => usage.has_any(&client),
        Role::Server => usage.has_any(&client) || usage.has_any(&[KeyUsage::KEY_ENCIPHERMENT]),
    };
    entry.key_usage().is_some_and(|usage| !is_enough(usage))
}

fn lacks_digital_signature(entry: &Entry, _: Role) -> bool {
    let usage = entry.key_usage();
    usage.is_some_and(|usage| !usage.has_any(&[KeyUsage::DIGITAL_SIGNATURE]))
}

fn lacks_key_cert_sign(entry: &Entry, _: Role) -> bool {
    let usage = entry.key_usage();
    usage.is_some_and(|usage| !usage.has_any(&[KeyUsage::KEY_CERT_SIGN]))
}

fn lacks_netscape_type(entry: &Entry, role: Role) -> bool {
    let found = entry.netscape_type();
    found.is_some_and(|found| !found.is_for(role))
}

/// To whoever does not know the extension, it is an unknown critical one.
fn has_critical_netscape_type(entry: &Entry, _: Role) -> bool {
    entry.netscape_type().is_some_and(|found| found.is_critical)
}

fn eku(entry: &Entry) -> String {
    let purposes = entry.certificate().purposes();
    eku_text(purposes.map(|all| &all[..all.len().min(MOST_PURPOSES)]))
}

fn key_usage(entry: &Entry) -> String {
    match entry.key_usage() {
        None => "no key usage".into(),
        Some(usage) if usage.names().next().is_none() => "a key usage that allows nothing".into(),
        Some(usage) => format!("key usage {usage}"),
    }
}

fn netscape_type(entry: &Entry) -> String {
    match entry.netscape_type() {
        Some(found) if found.is_critical => "a critical Netscape certificate type".into(),
        _ => "a Netscape certificate type for something else".into(),
    }
}
