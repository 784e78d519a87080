//! [`PeerRules`]: many rules, matched in time that does not grow with their number.

use std::collections::{HashMap, HashSet};

use rustls::pki_types::DnsName;
use sha2::{Digest, Sha256};

use super::form::{Form, email_address, lower_case, spiffe_trust_domain};
use super::rule::PeerRule;
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
    pub(super) forms: HashSet<Form<'static>>,
    /// Whether any goes by the hash of a key, or of a certificate; else none is computed.
    has_keys: bool,
    has_certificates: bool,
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
    fn add(&mut self, form: Form<'static>) {
        self.has_keys |= matches!(form, Form::SpkiSha256(_));
        self.has_certificates |= matches!(form, Form::CertSha256(_));
        self.forms.insert(form);
    }

    fn has(&self, form: Form<'_>) -> bool {
        self.forms.contains(&form)
    }

    /// Whether any rule names the leaf, whatever its path.
    pub(super) fn names(&self, leaf: &View<'_>) -> bool {
        self.name(leaf) != Named::Not
    }

    fn name(&self, leaf: &View<'_>) -> Named {
        let is_pinned = (self.has_keys && self.has(Form::SpkiSha256(sha256(leaf.spki))))
            || (self.has_certificates && self.has(Form::CertSha256(sha256(leaf.der()))));
        match is_pinned {
            true => Named::ByFingerprint,
            // An error in the names means that there are none.
            false => self.match_name(leaf).unwrap_or(Named::Not),
        }
    }

    /// Reads the names to their end before it says yes: an error further on means no.
    fn match_name(&self, leaf: &View<'_>) -> der::Result<Named> {
        let (mut matched, mut matched_email, mut matched_uri, mut uris) = (false, false, false, 0);
        for name in leaf.alt_names()? {
            match name? {
                SubjectAltName::Dns(name) => matched |= self.match_dns(name),
                SubjectAltName::Ip(address) => matched |= self.has(Form::Ip(address)),
                SubjectAltName::Uri(uri) => {
                    uris += 1;
                    matched_uri |= self.match_uri(uri);
                }
                SubjectAltName::Email(address) => {
                    let address = email_address(address);
                    matched_email |= address.is_some_and(|address| self.has(Form::Email(address)));
                }
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
        let name = &*lower_case(name);
        if self.has(Form::Dns(name.into())) {
            return true;
        }
        let Some((label, host)) = name.split_once('.') else {
            return false;
        };
        // A wildcard rule takes any label, so the whole name must be a name, or that wildcard.
        self.has(Form::DnsWildcard(host.into()))
            && (label == "*" || DnsName::try_from(name).is_ok())
    }

    pub(super) fn match_uri(&self, uri: &str) -> bool {
        let domain = || spiffe_trust_domain(uri).ok().flatten();
        let is_of = |domain: &str| self.has(Form::SpiffeTrustDomain(domain.into()));
        self.has(Form::Uri(uri.into())) || domain().is_some_and(is_of)
    }

    /// A rule with this text, whatever its type.
    pub(super) fn with_text<'a>(&self, text: &'a str) -> Option<Form<'a>> {
        let lower = lower_case(text);
        let address = email_address(text).map(Form::Email);
        let forms = [
            Some(Form::Dns(lower.clone())),
            Some(Form::SpiffeTrustDomain(lower)),
            Some(Form::Uri(text.into())),
            address,
            text.parse().ok().map(Form::Ip),
        ];
        forms.into_iter().flatten().find(|form| self.forms.contains(form))
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
