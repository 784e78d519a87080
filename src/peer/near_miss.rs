//! Why no rule names a verified leaf that one seems to name.

use std::net::IpAddr;

use super::rule::{Form, PeerRule, StrictUri, email_address};
use super::rules::{Issuers, LeafRules, PeerRules};
use crate::certificate::view::View;
use crate::certificate::{COMMON_NAME, SubjectAltName, attribute_of};
use crate::text::{Printable, hex};

/// So many names, or keys, are told.
const MOST: usize = 8;

/// So many names are compared with so many rules, and with the rules below so many issuers: a stranger
/// chooses a chain to copy, and has it compared without its key.
const MOST_NAMES: usize = 64;
const MOST_RULES: usize = 1000;
const MOST_ISSUERS: usize = 16;

impl PeerRules {
    /// Of a leaf that no rule names by this path: the rule that comes nearest and why it does not, or
    /// else what the leaf is called.
    pub(crate) fn why_not(&self, leaf: &View<'_>, issuers: &impl Issuers) -> String {
        let under = || self.under.values().take(MOST_ISSUERS);
        let all = || std::iter::once(&self.anywhere).chain(under());
        let Ok(names) = leaf.alt_names().and_then(|names| names.collect::<Result<Vec<_>, _>>())
        else {
            return "its subjectAltName cannot be read to its end, so none of its names counts"
                .into();
        };
        self.does_not_count(leaf, issuers)
            .or_else(|| all().find_map(|rules| rules.nearest(&names)))
            .or_else(|| all().find_map(|rules| rules.by_common_name(leaf)))
            .unwrap_or_else(|| called(&names))
    }

    /// A rule that would name the leaf, and does not count on this path.
    fn does_not_count(&self, leaf: &View<'_>, issuers: &impl Issuers) -> Option<String> {
        if self.anywhere.names(leaf) {
            return Some(
                "a rule names it, but over public roots, where a name counts only on a leaf whose EKU lists \
                 serverAuth, and only by DNS or IP; name it by fingerprint, or give it a certificate of a \
                 private CA"
                    .into(),
            );
        }
        let (bound, _) =
            self.under.iter().take(MOST_ISSUERS).find(|(_, rules)| rules.names(leaf))?;
        let keys = issuers.keys().unwrap_or_default();
        let found: Vec<_> =
            keys.iter().take(MOST).map(|key| format!("spki-sha256:{}", hex(key))).collect();
        Some(match keys.contains(bound) {
            true => "a rule names it that does not count over public roots".into(),
            false => format!(
                "a rule names it, bound to the issuer spki-sha256:{}; found above it: {}",
                hex(bound),
                found.join(", ")
            ),
        })
    }
}

impl LeafRules {
    /// Why the first name that a rule seems to be about is not the one that it is about.
    fn nearest(&self, names: &[SubjectAltName<&str>]) -> Option<String> {
        let uris = names.iter().filter(|name| matches!(name, SubjectAltName::Uri(_))).count();
        names.iter().take(MOST_NAMES).find_map(|name| {
            let why = match name {
                SubjectAltName::Uri(uri) if self.match_uri(uri) => format!(
                    "is one of {uris} URIs, and a rule by URI is for certificates with one (SPIFFE X.509-SVID, 2)"
                ),
                SubjectAltName::Dns(dns) => self.almost_dns(dns)?,
                SubjectAltName::Uri(uri) => self.almost_uri(uri)?,
                SubjectAltName::Email(address) => self.almost_email(address)?,
                SubjectAltName::Ip(address) => self.almost_ip(*address)?,
                SubjectAltName::Other(_) => return None,
            };
            Some(format!("its name `{name}` {why}"))
        })
    }

    fn almost_dns(&self, name: &str) -> Option<String> {
        let name = name.to_ascii_lowercase();
        if let Some(bare) = name.strip_suffix('.')
            && self.match_dns(bare)
        {
            return Some(format!(
                "ends in a dot, which no DNS name in a certificate does; have it issued for `{bare}`"
            ));
        }
        if let Some(host) = name.strip_prefix("*.") {
            let is_below = |dns: &&String| {
                dns.strip_suffix(host)
                    .is_some_and(|label| label.ends_with('.') && label.matches('.').count() == 1)
            };
            let rule = self.dns.iter().take(MOST_RULES).find(is_below)?;
            return Some(format!(
                "is a wildcard, which every host there may hold, and not `{rule}`; name that wildcard, or give the \
                 peer a certificate of its own"
            ));
        }
        let deeper = |host: &&String| {
            name == **host
                || name.strip_suffix(host.as_str()).is_some_and(|label| label.ends_with('.'))
        };
        if let Some(host) = self.dns_wildcards.iter().take(MOST_RULES).find(deeper) {
            return Some(format!("has not exactly one label more than `*.{host}`"));
        }
        self.of_another_type(&name)
    }

    fn almost_uri(&self, uri: &str) -> Option<String> {
        let bare = uri.trim_end_matches('/');
        let is_alike = |rule: &&String| rule.trim_end_matches('/').eq_ignore_ascii_case(bare);
        if let Some(rule) = self.uris.iter().take(MOST_RULES).find(is_alike) {
            return Some(format!(
                "differs from `uri:{rule}` in case or in a slash, and URIs are compared byte for byte"
            ));
        }
        let lower = uri.to_ascii_lowercase();
        let rest = lower.split_once("://").map(|(_, rest)| rest);
        let host = rest.and_then(|rest| rest.split(['/', ':', '?', '#', '@']).next());
        if let (Some(host), Err(reason)) = (host, StrictUri::parse(uri))
            && self.trust_domains.contains(host)
        {
            return Some(format!("is no SPIFFE ID: {reason}"));
        }
        let scheme = lower.split_once(':').map(|(_, name)| name);
        [host, scheme, Some(uri)].into_iter().flatten().find_map(|text| self.of_another_type(text))
    }

    fn almost_email(&self, address: &str) -> Option<String> {
        let is_alike = |rule: &&String| rule.eq_ignore_ascii_case(address);
        if let Some(rule) = self.emails.iter().take(MOST_RULES).find(is_alike) {
            return Some(format!(
                "differs from `email:{rule}` in the case of what stands before the `@`, which counts"
            ));
        }
        let domain = address.rsplit_once('@').map(|(_, domain)| domain);
        [domain, Some(address)].into_iter().flatten().find_map(|text| self.of_another_type(text))
    }

    fn almost_ip(&self, address: IpAddr) -> Option<String> {
        let same = |rule: &&IpAddr| rule.to_canonical() == address.to_canonical();
        match self.ips.iter().take(MOST_RULES).find(same) {
            Some(rule) => Some(format!(
                "is the address of `ip:{rule}` in the other family, and those do not match"
            )),
            None => self.of_another_type(&address.to_string()),
        }
    }

    /// The common name, by which no rule goes.
    fn by_common_name(&self, leaf: &View<'_>) -> Option<String> {
        let name = attribute_of(leaf.subject, COMMON_NAME)?;
        let rule = self.rule_of(&name)?;
        Some(format!(
            "its common name is `{}`, but no rule goes by that; `{rule}` needs it in the subjectAltName",
            Printable(&name)
        ))
    }

    fn of_another_type(&self, text: &str) -> Option<String> {
        let rule = self.rule_of(text)?;
        Some(format!("is of another type than the rule `{rule}`, and types never cross"))
    }

    /// A rule with this text, whatever its type.
    fn rule_of(&self, text: &str) -> Option<PeerRule> {
        let lower = text.to_ascii_lowercase();
        let form = if self.dns.contains(&lower) {
            Form::Dns(lower)
        } else if self.trust_domains.contains(&lower) {
            Form::SpiffeTrustDomain(lower)
        } else if self.uris.contains(text) {
            Form::Uri(text.into())
        } else if let Some(address) = email_address(text).filter(|it| self.emails.contains(it)) {
            Form::Email(address)
        } else if let Some(address) = text.parse().ok().filter(|it| self.ips.contains(it)) {
            Form::Ip(address)
        } else {
            return None;
        };
        Some(PeerRule { form, under: None })
    }
}

fn called(names: &[SubjectAltName<&str>]) -> String {
    let told: Vec<_> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    match (told.is_empty(), names.len().saturating_sub(MOST)) {
        (true, _) => "it has no subjectAltName, so only a fingerprint names it".into(),
        (false, 0) => format!("its names are {}", told.join(", ")),
        (false, hidden) => format!("its names are {} and {hidden} more", told.join(", ")),
    }
}
