//! Why no rule names a verified leaf that one seems to name.

use base16ct::lower::encode_string as hex;

use super::form::{Form, spiffe_trust_domain};
use super::rules::{Issuers, LeafRules, PeerRules};
use crate::certificate::view::View;
use crate::certificate::{COMMON_NAME, SubjectAltName, attribute_of};
use crate::text::Printable;

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
        let mut bound = self.under.iter().take(MOST_ISSUERS);
        let bound = bound.find(|(_, rules)| rules.names(leaf)).map(|(key, _)| key);
        let is_named = self.anywhere.names(leaf);
        let keys = issuers.keys().unwrap_or_default();
        match bound {
            None if !is_named => None,
            Some(bound) if !is_named && !keys.contains(bound) => {
                let keys = keys.iter().take(MOST).map(|key| format!("spki-sha256:{}", hex(key)));
                Some(format!(
                    "a rule names it, bound to the issuer spki-sha256:{}; found above it: {}",
                    hex(bound),
                    keys.collect::<Vec<_>>().join(", ")
                ))
            }
            _ => Some(
                "a rule names it, but over public roots, where a name counts only on a leaf whose EKU lists \
                 serverAuth, and only by DNS or IP; name it by fingerprint, or give it a certificate of a \
                 private CA"
                    .into(),
            ),
        }
    }
}

impl LeafRules {
    /// Why the first name that a rule seems to be about is not the one that it is about.
    fn nearest(&self, names: &[SubjectAltName<&str>]) -> Option<String> {
        let uris = names.iter().filter(|name| matches!(name, SubjectAltName::Uri(_))).count();
        names.iter().take(MOST_NAMES).find_map(|name| {
            let why = match name {
                SubjectAltName::Uri(uri) if self.match_uri(uri) => Some(format!(
                    "is one of {uris} URIs, and a rule by URI is for certificates with one (SPIFFE X.509-SVID, 2)"
                )),
                SubjectAltName::Dns(dns) => self.with_a_dot(dns),
                _ => None,
            };
            let almost = || self.forms.iter().take(MOST_RULES).find_map(|rule| almost(rule, name));
            let why = why.or_else(almost).or_else(|| self.of_another_type(name))?;
            Some(format!("its name `{name}` {why}"))
        })
    }

    fn with_a_dot(&self, dns: &str) -> Option<String> {
        let bare = dns.strip_suffix('.').filter(|bare| self.match_dns(bare))?;
        Some(format!(
            "ends in a dot, which no DNS name in a certificate does; have it issued for `{}`",
            bare.to_ascii_lowercase()
        ))
    }

    /// That a rule of another type is about the same, or about a part of it.
    fn of_another_type(&self, name: &SubjectAltName<&str>) -> Option<String> {
        let text = match *name {
            SubjectAltName::Dns(text) | SubjectAltName::Uri(text) | SubjectAltName::Email(text) => {
                text
            }
            SubjectAltName::Ip(address) => &address.to_string(),
            SubjectAltName::Other(_) => return None,
        };
        let behind = |mark| text.split_once(mark).map(|(_, part)| part);
        let parts = [host(text), behind(':'), behind('@'), Some(text)];
        let rule = parts.into_iter().flatten().find_map(|part| self.with_text(part));
        let of_host = || matches!(name, SubjectAltName::Dns(_)).then(|| self.uri_of(text))?;
        let rule = rule.or_else(of_host)?;
        Some(format!("is of another type than the rule `{rule}`, and types never cross"))
    }

    /// A URI of this host, as those of SIP domains are (RFC 5922, 7.1).
    fn uri_of(&self, name: &str) -> Option<Form<'static>> {
        let is_of_host = |rule: &&Form<'static>| match rule {
            Form::Uri(uri) => {
                let rest = uri.split_once(':').map_or("", |(_, rest)| rest);
                let host = rest.trim_start_matches('/').split(['/', ':', ';']).next();
                host.is_some_and(|host| host.eq_ignore_ascii_case(name))
            }
            _ => false,
        };
        self.forms.iter().take(MOST_RULES).find(is_of_host).cloned()
    }

    /// The common name, by which no rule goes.
    fn by_common_name(&self, leaf: &View<'_>) -> Option<String> {
        let name = attribute_of(leaf.subject, COMMON_NAME)?;
        let rule = self.with_text(&name).or_else(|| self.uri_of(&name))?;
        Some(format!(
            "its common name is `{}`, but no rule goes by that; `{rule}` needs it in the subjectAltName",
            Printable(&name)
        ))
    }
}

/// Why a rule is not about a name of its type that looks like it.
fn almost(rule: &Form<'_>, name: &SubjectAltName<&str>) -> Option<String> {
    Some(match (rule, name) {
        (Form::Dns(rule), SubjectAltName::Dns(name)) if is_wildcard_of(name, rule) => format!(
            "is a wildcard, which every host there may hold, and not `{rule}`; name that wildcard, or give the \
             peer a certificate of its own"
        ),
        (Form::DnsWildcard(host), SubjectAltName::Dns(name))
            if name.eq_ignore_ascii_case(host) || labels_before(name, host).is_some() =>
        {
            format!("has not exactly one label more than `*.{host}`")
        }
        (Form::Uri(rule), SubjectAltName::Uri(uri)) if are_alike(rule, uri) => format!(
            "differs from `uri:{rule}` in case or in a slash, and URIs are compared byte for byte"
        ),
        (Form::SpiffeTrustDomain(domain), SubjectAltName::Uri(uri))
            if host(uri).is_some_and(|host| host.eq_ignore_ascii_case(domain)) =>
        {
            format!("is no SPIFFE ID: {}", spiffe_trust_domain(uri).err()?)
        }
        (Form::Email(rule), SubjectAltName::Email(it)) if rule.eq_ignore_ascii_case(it) => format!(
            "differs from `email:{rule}` in the case of what stands before the `@`, which counts"
        ),
        (Form::Ip(rule), SubjectAltName::Ip(it)) if rule.to_canonical() == it.to_canonical() => {
            format!("is the address of `ip:{rule}` in the other family, and those do not match")
        }
        _ => return None,
    })
}

fn is_wildcard_of(name: &str, host: &str) -> bool {
    let label = name.strip_prefix("*.").and_then(|domain| labels_before(host, domain));
    label.is_some_and(|label| !label.contains('.'))
}

fn are_alike(one: &str, other: &str) -> bool {
    one.trim_end_matches('/').eq_ignore_ascii_case(other.trim_end_matches('/'))
}

/// What stands before a host and its dot, in whatever case they are.
fn labels_before<'a>(name: &'a str, host: &str) -> Option<&'a str> {
    let (labels, rest) = name.split_at_checked(name.len().checked_sub(host.len())?)?;
    labels.strip_suffix('.').filter(|_| rest.eq_ignore_ascii_case(host))
}

/// What stands where a URI has its host, whether it is one or not.
fn host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    rest.split(['/', ':', '?', '#', '@']).next()
}

fn called(names: &[SubjectAltName<&str>]) -> String {
    let told: Vec<_> = names.iter().take(MOST).map(|name| format!("`{name}`")).collect();
    match (told.is_empty(), names.len().saturating_sub(MOST)) {
        (true, _) => "it has no subjectAltName, so only a fingerprint names it".into(),
        (false, 0) => format!("its names are {}", told.join(", ")),
        (false, hidden) => format!("its names are {} and {hidden} more", told.join(", ")),
    }
}
