//! [`PeerRules`]: many rules, matched in time that does not grow with their number.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use rustls::pki_types::DnsName;
use sha2::{Digest, Sha256};

use super::rule::{Form, PeerRule, StrictUri, email_address};
use crate::certificate::SubjectAltName;
use crate::certificate::view::View;
use crate::role::Purpose;

/// A set of [`PeerRule`]s: matches what any of them matches.
#[derive(Clone, Debug, Default)]
pub(crate) struct PeerRules {
    pub(super) anywhere: LeafRules,
    /// Those that are bound to an issuer, by the SHA-256 of its key.
    pub(super) under: HashMap<[u8; 32], LeafRules>,
}

/// What rules ask about the way from a verified leaf up to its root, if any of them depends on it.
pub(crate) trait Issuers {
    /// SHA-256 of the SubjectPublicKeyInfo of every certificate above the leaf, and of the root.
    fn keys(&self) -> der::Result<Vec<[u8; 32]>>;

    /// Whether the root, or a CA on the way to it, is known to be public.
    fn are_public(&self) -> bool;
}

/// How a leaf is named by rules: the more a form of rule counts, the later it stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    Not,
    ByUriOrEmail,
    ByDnsOrIp,
    ByFingerprint,
}

/// Rules without their issuers.
#[derive(Clone, Debug, Default)]
pub(super) struct LeafRules {
    pub(super) dns: HashSet<String>,
    pub(super) dns_wildcards: HashSet<String>,
    pub(super) uris: HashSet<String>,
    pub(super) trust_domains: HashSet<String>,
    pub(super) emails: HashSet<String>,
    pub(super) ips: HashSet<IpAddr>,
    spkis: HashSet<[u8; 32]>,
    certs: HashSet<[u8; 32]>,
}

impl PeerRules {
    pub(crate) fn add(&mut self, rule: PeerRule) {
        match rule.under {
            None => self.anywhere.add(rule.form),
            Some(issuer) => self.under.entry(issuer).or_default().add(rule.form),
        }
    }

    /// Whether any rule names the holder of this verified leaf, by this path.
    pub(crate) fn match_path(&self, leaf: &View<'_>, issuers: &impl Issuers) -> der::Result<bool> {
        let mut named = self.anywhere.name(leaf);
        if !self.under.is_empty() {
            let keys = issuers.keys()?.into_iter();
            let below = keys.filter_map(|key| self.under.get(&key));
            named = below.fold(named, |named, rules| named.max(rules.name(leaf)));
        }
        Ok(match named {
            Named::Not => false,
            Named::ByUriOrEmail => !issuers.are_public(),
            // A public CA need not validate the names of other certificates.
            Named::ByDnsOrIp => leaf.has_purpose(&Purpose::SERVER_AUTH)? || !issuers.are_public(),
            Named::ByFingerprint => true,
        })
    }
}

impl LeafRules {
    fn add(&mut self, form: Form) {
        match form {
            Form::Dns(name) => self.dns.insert(name),
            Form::DnsWildcard(host) => self.dns_wildcards.insert(host),
            Form::Uri(uri) => self.uris.insert(uri),
            Form::SpiffeTrustDomain(name) => self.trust_domains.insert(name),
            Form::Email(address) => self.emails.insert(address),
            Form::Ip(address) => self.ips.insert(address),
            Form::SpkiSha256(fingerprint) => self.spkis.insert(fingerprint),
            Form::CertSha256(fingerprint) => self.certs.insert(fingerprint),
        };
    }

    /// Whether any rule names the leaf, whatever its path.
    pub(super) fn names(&self, leaf: &View<'_>) -> bool {
        self.name(leaf) != Named::Not
    }

    fn name(&self, leaf: &View<'_>) -> Named {
        match self.match_fingerprint(leaf) {
            true => Named::ByFingerprint,
            // An error in the names means that there are none.
            false => self.match_name(leaf).unwrap_or(Named::Not),
        }
    }

    fn match_fingerprint(&self, leaf: &View<'_>) -> bool {
        (!self.spkis.is_empty() && self.spkis.contains(&sha256(leaf.spki)))
            || (!self.certs.is_empty() && self.certs.contains(&sha256(leaf.der())))
    }

    /// Reads the names to their end before it says yes: an error further on means no.
    fn match_name(&self, leaf: &View<'_>) -> der::Result<Named> {
        let (mut matched, mut matched_email, mut matched_uri, mut uris) = (false, false, false, 0);
        for name in leaf.alt_names()? {
            match name? {
                SubjectAltName::Dns(name) => matched |= self.match_dns(name),
                SubjectAltName::Ip(address) => matched |= self.ips.contains(&address),
                SubjectAltName::Uri(uri) => {
                    uris += 1;
                    matched_uri |= self.match_uri(uri);
                }
                SubjectAltName::Email(address) => matched_email |= self.match_email(address),
                SubjectAltName::Other(_) => {}
            }
        }
        // SPIFFE X.509-SVID, 2: exactly one URI SAN.
        Ok(match (matched, matched_email || (matched_uri && uris == 1)) {
            (true, _) => Named::ByDnsOrIp,
            (false, true) => Named::ByUriOrEmail,
            (false, false) => Named::Not,
        })
    }

    pub(super) fn match_dns(&self, name: &str) -> bool {
        let name = lower_case(name);
        if self.dns.contains(name.as_ref()) {
            return true;
        }
        let Some((label, host)) = name.split_once('.') else {
            return false;
        };
        // A wildcard rule takes any label, so the whole name must be a name, or that wildcard.
        self.dns_wildcards.contains(host)
            && (label == "*" || DnsName::try_from(name.as_ref()).is_ok())
    }

    pub(super) fn match_uri(&self, uri: &str) -> bool {
        self.uris.contains(uri)
            || matches!(
                StrictUri::parse(uri),
                Ok(StrictUri { scheme: "spiffe", host: Some(host) })
                    if self.trust_domains.contains(host)
            )
    }

    fn match_email(&self, address: &str) -> bool {
        !self.emails.is_empty()
            && email_address(address).is_some_and(|address| self.emails.contains(&address))
    }
}

fn lower_case(name: &str) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => name.to_ascii_lowercase().into(),
        false => name.into(),
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
