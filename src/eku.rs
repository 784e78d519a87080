//! [`EkuPolicy`], [`EkuViolation`] and the pure decision between them: fit or unfit.

use std::fmt;
use std::str::FromStr;

use rustls::pki_types::UnixTime;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::certificate::Certificate;
use crate::error::Error;
use crate::role::{Purpose, Role, eku_text};
use crate::text::{Printable, utc};

/// Which extended key usage a certificate must have for a role.
///
/// A slot judges by it what *we* present, a peer verifier what it accepts. The default, and what
/// [`until`](Self::until) falls back to, is [`rfc5280`](Self::rfc5280), which is what rustls does.
///
/// | preset | leaf has no EKU | leaf EKU lacks the purpose | issuer has no EKU | issuer EKU lacks it |
/// | --- | --- | --- | --- | --- |
/// | `rfc5280()` | accept | refuse | accept | refuse |
/// | `strict()` | refuse | refuse | accept | refuse |
/// | `accept_server_auth()` | accept | accept if the whole path is good for serverAuth | accept | accept if the whole path is good for serverAuth |
/// | `ignore()` | accept | accept | accept | accept |
///
/// `anyExtendedKeyUsage` matches nothing but itself, as in webpki and OpenSSL; Go and Java differ.
/// An EKU that is present but empty is malformed and refused under every policy. The root's own
/// EKU is not looked at, as in webpki; OpenSSL and Go do look at it.
///
/// # Security
///
/// A relaxed policy weakens the extended key usage and nothing else. In a verifier it applies to named
/// peers only; see [`relax_for`](crate::PeerVerifierBuilder::relax_for).
///
/// # As text
///
/// `rfc5280`, `strict`, `accept-server-auth` or `ignore`; behind one of the last two ` until ` and
/// its end, as a date, on which it ends at 0:00 UTC, or as an instant of RFC 3339.
///
/// ```
/// use mtls_roles::EkuPolicy;
/// use time::macros::datetime;
///
/// let migration = EkuPolicy::ignore().until(datetime!(2027-03-15 0:00 UTC));
/// assert!(migration.is_relaxed());
/// assert_eq!(migration.end(), Some(datetime!(2027-03-15 0:00 UTC)));
/// assert_eq!(migration.to_string(), "ignore until 2027-03-15T00:00:00Z");
/// assert!(!EkuPolicy::default().is_relaxed());
///
/// assert_eq!("ignore until 2027-03-15".parse::<EkuPolicy>()?, migration);
/// # Ok::<(), mtls_roles::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct EkuPolicy {
    preset: Preset,
    until: Option<OffsetDateTime>,
}

/// What a policy amounts to at one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Preset {
    #[default]
    Rfc5280,
    Strict,
    AcceptServerAuth,
    Ignore,
}

impl EkuPolicy {
    /// If the extension is present it must list the role's purpose (RFC 5280, 4.2.1.12), on the
    /// leaf and on every issuer below the root.
    pub const fn rfc5280() -> Self {
        Self::of(Preset::Rfc5280)
    }

    /// As [`rfc5280`](Self::rfc5280), and the leaf must have the extension; the intermediates of
    /// ordinary private CAs lack it.
    pub const fn strict() -> Self {
        Self::of(Preset::Strict)
    }

    /// As [`rfc5280`](Self::rfc5280), or else the whole path must be good for serverAuth.
    ///
    /// For role client only: it says that a peer may identify itself with its *server*
    /// certificate, which over public roots is the one kind whose names were validated. The two
    /// purposes are never mixed along one path.
    pub const fn accept_server_auth() -> Self {
        Self::of(Preset::AcceptServerAuth)
    }

    /// The extension is not looked at, on the leaf or on any issuer.
    pub const fn ignore() -> Self {
        Self::of(Preset::Ignore)
    }

    const fn of(preset: Preset) -> Self {
        Self { preset, until: None }
    }

    /// Ends a relaxed preset: from this instant on (inclusive) the policy is
    /// [`rfc5280`](Self::rfc5280). Without effect on the presets that are not relaxed.
    ///
    /// Verifiers judge this by the time that rustls hands them, in whole seconds; an instant
    /// before 1970 has already passed. A clock that is set back revives the relaxation as it
    /// revives expired certificates: keeping the clock is the operator's part.
    pub const fn until(mut self, end: OffsetDateTime) -> Self {
        self.until = Some(end);
        self
    }

    /// Whether the policy is weaker than RFC 5280, now or before its end.
    pub const fn is_relaxed(&self) -> bool {
        matches!(self.preset, Preset::AcceptServerAuth | Preset::Ignore)
    }

    /// The end given by [`until`](Self::until).
    pub const fn end(&self) -> Option<OffsetDateTime> {
        self.until
    }

    pub(crate) const fn accepts_server_auth(&self) -> bool {
        matches!(self.preset, Preset::AcceptServerAuth)
    }

    pub(crate) const fn ignores(&self) -> bool {
        matches!(self.preset, Preset::Ignore)
    }

    pub(crate) fn at(&self, now: UnixTime) -> Preset {
        match self.until {
            Some(end) if self.is_relaxed() && has_passed(end, now) => Preset::Rfc5280,
            _ => self.preset,
        }
    }
}

/// Compared as signed seconds: an end before 1970 must not turn into the far future.
fn has_passed(end: OffsetDateTime, now: UnixTime) -> bool {
    i128::from(now.as_secs()) >= i128::from(end.unix_timestamp())
}

impl fmt::Display for EkuPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.preset {
            Preset::Rfc5280 => "rfc5280",
            Preset::Strict => "strict",
            Preset::AcceptServerAuth => "accept-server-auth",
            Preset::Ignore => "ignore",
        })?;
        match self.until {
            Some(end) if self.is_relaxed() => write!(f, " until {}", utc(end)),
            _ => Ok(()),
        }
    }
}

/// Space around the text does not matter: a file ends in a line break.
impl FromStr for EkuPolicy {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let invalid =
            |reason| Error::InvalidEkuPolicy { policy: Printable(text.trim()).to_string(), reason };
        let (preset, end) = match text.trim().split_once(" until ") {
            Some((preset, end)) => (preset, Some(end)),
            None => (text.trim(), None),
        };
        let policy = match preset {
            "rfc5280" => Self::rfc5280(),
            "strict" => Self::strict(),
            "accept-server-auth" => Self::accept_server_auth(),
            "ignore" => Self::ignore(),
            _ => return Err(invalid(UNKNOWN_PRESET)),
        };
        match end.map(instant) {
            None => Ok(policy),
            Some(_) if !policy.is_relaxed() => Err(invalid(NOTHING_TO_END)),
            Some(Some(end)) => Ok(policy.until(end)),
            Some(None) => Err(invalid(UNREADABLE_END)),
        }
    }
}

/// An instant, or the first one of a day.
fn instant(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&format!("{text}T00:00:00Z"), &Rfc3339))
        .ok()
}

const UNKNOWN_PRESET: &str = "needed is rfc5280, strict, accept-server-auth or ignore, the last two \
                              perhaps with an end, as in `ignore until 2027-03-15`";
const NOTHING_TO_END: &str = "only accept-server-auth and ignore can end; remove the end";
const UNREADABLE_END: &str = "needed behind `until` is a date, as in 2027-03-15, or an instant with \
                              its offset, as in 2027-03-15T08:00:00Z";

/// How a chain stands to the extended key usage that its role needs.
///
/// ```
/// use mtls_roles::{ClientPeerVerifier, EkuPolicy, PeerRule, Roots};
/// use rustls::pki_types::UnixTime;
///
/// # let (roots, chain) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/peer.rs"));
/// # let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let clients = ClientPeerVerifier::builder(Roots::from_der(roots)?, &provider)
///     .eku_policy(EkuPolicy::ignore())
///     .relax_for(PeerRule::dns_name("edge.example.com")?)
///     .build()?;
/// let peer = clients.verify(Some(&chain), UnixTime::now())?;
/// assert!(peer.eku().to_string().starts_with("relaxed: leaf"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EkuOutcome {
    /// It has what the default policy asks for.
    Enforced,
    /// It has not, and a relaxed policy let it pass. The EKU was the only obstacle.
    Relaxed(EkuViolation),
}

impl EkuOutcome {
    /// What was wrong, if something was.
    pub fn violation(&self) -> Option<&EkuViolation> {
        match self {
            Self::Enforced => None,
            Self::Relaxed(violation) => Some(violation),
        }
    }
}

impl fmt::Display for EkuOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enforced => f.write_str("enforced"),
            Self::Relaxed(violation) => write!(f, "relaxed: {violation}"),
        }
    }
}

/// The first certificate of a chain, counted from the leaf, whose EKU is wrong for its role.
///
/// ```
/// use mtls_roles::{ClientPeerVerifier, EkuPolicy, PeerRule, Roots};
/// use rustls::pki_types::UnixTime;
///
/// # let (roots, chain) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/peer.rs"));
/// # let provider = rustls::crypto::aws_lc_rs::default_provider();
/// let clients = ClientPeerVerifier::builder(Roots::from_der(roots)?, &provider)
///     .eku_policy(EkuPolicy::ignore())
///     .relax_for(PeerRule::dns_name("edge.example.com")?)
///     .build()?;
/// let peer = clients.verify(Some(&chain), UnixTime::now())?;
/// let violation = peer.eku().violation().expect("its only purpose is serverAuth");
/// assert_eq!((violation.position, violation.needed.to_string().as_str()), (0, "clientAuth"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EkuViolation {
    /// What people call the certificate: its subject, control characters escaped.
    pub certificate: String,
    /// Its place on the path: 0 is the leaf, 1 the leaf's issuer …
    pub position: usize,
    /// The purpose that is needed.
    pub needed: Purpose,
    /// The purposes that were found; `None` if the extension is missing (`strict()` only).
    pub found: Option<Vec<Purpose>>,
}

impl fmt::Display for EkuViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self.position {
            0 => "leaf",
            _ => "issuer",
        };
        let found = eku_text(self.found.as_deref());
        write!(f, "{place} `{}` has {found}, needed {}", self.certificate, self.needed)
    }
}

/// What one search for a path asks of the certificates on it.
pub(crate) struct Requirement {
    preset: Preset,
    needed: Purpose,
}

impl Requirement {
    /// What the policy asks for, and what it takes instead if it is relaxed.
    pub(crate) fn of(preset: Preset, role: Role) -> (Self, Option<Self>) {
        let relaxed = match preset {
            Preset::Rfc5280 => None,
            Preset::Strict => return (Self { preset, needed: role.purpose() }, None),
            Preset::AcceptServerAuth => Some(Self::rfc5280(Role::Server)),
            Preset::Ignore => Some(Self { preset, needed: role.purpose() }),
        };
        (Self::rfc5280(role), relaxed)
    }

    /// What the default policy asks for.
    pub(crate) fn rfc5280(role: Role) -> Self {
        Self { preset: Preset::Rfc5280, needed: role.purpose() }
    }

    /// What the first certificate of a path lacks that lacks something: leaf first, without the root.
    pub(crate) fn violation<'a>(
        &self,
        path: impl IntoIterator<Item = &'a Certificate>,
    ) -> Option<EkuViolation> {
        let mut path = path.into_iter().enumerate();
        path.find_map(|(position, certificate)| self.violation_at(position, certificate))
    }

    /// What a certificate lacks in its place on a path.
    pub(crate) fn violation_at(
        &self,
        position: usize,
        certificate: &Certificate,
    ) -> Option<EkuViolation> {
        (!self.is_met(position, certificate)).then(|| EkuViolation {
            certificate: certificate.label(),
            position,
            needed: self.needed.clone(),
            found: certificate.purposes().map(<[_]>::to_vec),
        })
    }

    pub(crate) fn is_met(&self, position: usize, certificate: &Certificate) -> bool {
        match (self.preset, certificate.purposes()) {
            // RFC 5280, 4.2.1.12: SEQUENCE SIZE (1..MAX).
            (_, Some([])) => false,
            (Preset::Strict, None) => position > 0,
            (_, None) | (Preset::Ignore, Some(_)) => true,
            (_, Some(found)) => found.contains(&self.needed),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use proptest::{option, proptest};
    use time::macros::datetime;
    use time::{PrimitiveDateTime, UtcOffset};

    use super::*;

    #[test]
    fn a_policy_prints_its_preset_and_an_end_only_if_that_has_an_effect() {
        let end = datetime!(2027-03-15 0:00 UTC);
        for (policy, printed) in [
            (EkuPolicy::rfc5280(), "rfc5280"),
            (EkuPolicy::strict().until(end), "strict"),
            (EkuPolicy::accept_server_auth(), "accept-server-auth"),
            (EkuPolicy::ignore().until(end), "ignore until 2027-03-15T00:00:00Z"),
        ] {
            assert_eq!(policy.to_string(), printed);
        }
    }

    /// `until` takes any instant, and two of them have no date in UTC.
    #[test]
    fn a_policy_prints_and_ends_at_both_ends_of_the_calendar() {
        let hour = |hours| UtcOffset::from_hms(hours, 0, 0).unwrap();
        for (end, printed, has_ended) in [
            (
                PrimitiveDateTime::MAX.assume_offset(hour(-1)),
                "ignore until 9999-12-31T23:59:59.999999999-01:00",
                false,
            ),
            (
                PrimitiveDateTime::MIN.assume_offset(hour(1)),
                "ignore until -9999-01-01 0:00:00.0 +01:00:00",
                true,
            ),
        ] {
            let policy = EkuPolicy::ignore().until(end);
            assert_eq!(policy.to_string(), printed);
            let now = UnixTime::since_unix_epoch(Duration::ZERO);
            assert_eq!(policy.at(now) == Preset::Rfc5280, has_ended);
        }
    }

    #[test]
    fn a_policy_is_read_from_its_text_and_from_no_other() {
        let day = datetime!(2027-03-15 0:00 UTC);
        for (text, policy) in [
            ("rfc5280", EkuPolicy::rfc5280()),
            (" strict\n", EkuPolicy::strict()),
            ("accept-server-auth", EkuPolicy::accept_server_auth()),
            ("ignore", EkuPolicy::ignore()),
            ("ignore until 2027-03-15", EkuPolicy::ignore().until(day)),
            (
                "accept-server-auth until 2027-03-15T02:00:00.000+02:00\r\n",
                EkuPolicy::accept_server_auth().until(day),
            ),
        ] {
            assert_eq!(text.parse::<EkuPolicy>().unwrap(), policy, "{text}");
        }
        for (text, expected) in [
            ("", UNKNOWN_PRESET),
            ("Ignore", UNKNOWN_PRESET),
            ("ignore, please", UNKNOWN_PRESET),
            ("ignore until", UNKNOWN_PRESET),
            ("until 2027-03-15", UNKNOWN_PRESET),
            ("ignore  until 2027-03-15", UNKNOWN_PRESET),
            ("strict until 2027-03-15", NOTHING_TO_END),
            ("rfc5280 until some day", NOTHING_TO_END),
            ("ignore until some day", UNREADABLE_END),
            ("ignore until 2027-02-29", UNREADABLE_END),
            ("ignore until 2027-03-15T08:00:00", UNREADABLE_END),
            ("ignore until 2027-03-15Z", UNREADABLE_END),
            ("ignore until 2027-03-15 until 2028-01-01", UNREADABLE_END),
            ("ignore until 15.03.2027", UNREADABLE_END),
        ] {
            match text.parse::<EkuPolicy>() {
                Err(Error::InvalidEkuPolicy { reason, .. }) => {
                    assert_eq!(reason, expected, "{text}")
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    proptest! {
        /// RFC 3339 has the years 0 to 9999.
        #[test]
        fn what_a_policy_prints_is_read_as_that_policy(
            preset in 0..4_usize,
            end in option::of((-62_167_219_200_i64..=253_402_300_799, 0..1_000_000_000_u32)),
        ) {
            let preset = [
                EkuPolicy::rfc5280(),
                EkuPolicy::strict(),
                EkuPolicy::accept_server_auth(),
                EkuPolicy::ignore(),
            ][preset];
            let end = end.map(|(seconds, nanos)| {
                let second = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
                second + time::Duration::nanoseconds(nanos.into())
            });
            let policy = end.map_or(preset, |end| preset.until(end));
            let read: EkuPolicy = policy.to_string().parse().unwrap();
            prop_assert_eq!(read.to_string(), policy.to_string());
            // An end that has no effect is not printed.
            let expected = if policy.is_relaxed() { policy } else { preset };
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn no_text_makes_the_reader_of_policies_panic(text in ".*", end in ".*") {
            let _ = text.parse::<EkuPolicy>();
            let never_ends = format!("strict until {end}").parse::<EkuPolicy>();
            prop_assert!(never_ends.is_err());
            let _ = format!("ignore until {end}").parse::<EkuPolicy>();
        }
    }

    #[test]
    fn an_outcome_prints_what_was_let_pass() {
        let violation = EkuViolation {
            certificate: "CN=edge".into(),
            position: 0,
            needed: Purpose::CLIENT_AUTH,
            found: Some(vec![Purpose::SERVER_AUTH]),
        };
        assert_eq!(EkuOutcome::Enforced.to_string(), "enforced");
        assert_eq!(
            EkuOutcome::Relaxed(violation).to_string(),
            "relaxed: leaf `CN=edge` has extended key usage serverAuth, needed clientAuth"
        );
    }
}
