//! [`PeerRules`]: many rules, matched in time that does not grow with their number.

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;

use rustls::pki_types::DnsName;
use sha2::{Digest, Sha256};

use super::rule::{Form, PeerRule, StrictUri};
use crate::certificate::view::{AltName, View};

/// A set of [`PeerRule`]s: matches what any of them matches.
#[derive(Clone, Debug, Default)]
pub(crate) struct PeerRules {
    dns: HashSet<String>,
    dns_wildcards: HashSet<String>,
    uris: HashSet<String>,
    trust_domains: HashSet<String>,
    ips: HashSet<IpAddr>,
    spkis: HashSet<[u8; 32]>,
    certs: HashSet<[u8; 32]>,
}

impl PeerRules {
    pub(crate) fn add(&mut self, rule: PeerRule) {
        match rule.0 {
            Form::Dns(name) => self.dns.insert(name),
            Form::DnsWildcard(host) => self.dns_wildcards.insert(host),
            Form::Uri(uri) => self.uris.insert(uri),
            Form::SpiffeTrustDomain(name) => self.trust_domains.insert(name),
            Form::Ip(address) => self.ips.insert(address),
            Form::SpkiSha256(fingerprint) => self.spkis.insert(fingerprint),
            Form::CertSha256(fingerprint) => self.certs.insert(fingerprint),
        };
    }

    /// Whether any rule names the holder of this verified leaf.
    pub(crate) fn match_leaf(&self, leaf: &View<'_>) -> bool {
        self.match_fingerprint(leaf) || self.match_name(leaf).unwrap_or(false)
    }

    fn match_fingerprint(&self, leaf: &View<'_>) -> bool {
        (!self.spkis.is_empty() && self.spkis.contains(&sha256(leaf.spki)))
            || (!self.certs.is_empty() && self.certs.contains(&sha256(leaf.der())))
    }

    /// Reads the names to their end before it says yes: an error further on means no.
    fn match_name(&self, leaf: &View<'_>) -> der::Result<bool> {
        let (mut matched, mut matched_uri, mut uris) = (false, false, 0);
        for name in leaf.alt_names()? {
            match name? {
                AltName::Dns(name) => matched |= self.match_dns(name),
                AltName::Ip(address) => matched |= self.ips.contains(&address),
                AltName::Uri(uri) => {
                    uris += 1;
                    matched_uri |= self.match_uri(uri);
                }
                AltName::Email(_) | AltName::Other(_) => {}
            }
        }
        // SPIFFE X.509-SVID, 2: exactly one URI SAN.
        Ok(matched || (matched_uri && uris == 1))
    }

    fn match_dns(&self, name: &str) -> bool {
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

    fn match_uri(&self, uri: &str) -> bool {
        self.uris.contains(uri)
            || matches!(
                StrictUri::parse(uri),
                Ok(StrictUri { scheme: "spiffe", host }) if self.trust_domains.contains(host)
            )
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
