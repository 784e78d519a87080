//! [`ReloadReport`] and [`Expiry`]: what is told of certificates that follow files.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use time::{Duration, OffsetDateTime};

use crate::error::Error;
use crate::role::Role;
use crate::text::{Printable, utc};

/// What came of one look at the files: what was published, and what was refused.
///
/// Displayed, it is a line for each thing that happened; empty if nothing did.
///
/// ```
/// use mtls_roles::{Observer, ReloadReport};
///
/// struct Log;
///
/// impl Observer for Log {
///     fn reloaded(&self, report: &ReloadReport) {
///         eprint!("{report}");
///     }
/// }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ReloadReport {
    /// The number of the generation that was published; `None` if nothing was, since what was read
    /// is what was published before.
    pub published: Option<u64>,
    /// The files whose contents are new in it, and those that are gone from a folder.
    pub changed: Vec<PathBuf>,
    /// Those of them that became shorter or are gone. A file that was cut between two blocks, by a full
    /// disk or a stalled copy, cannot be told from one that is meant to be shorter.
    pub shorter: Vec<PathBuf>,
    /// What was refused; each stays as it was. Told at every look, until it is mended.
    pub refused: Vec<RefusedPart>,
    /// The roots that came, by name, with the role of the peers that they are for.
    pub roots_added: Vec<(Role, String)>,
    /// The roots that went: peers below them are refused from now on.
    pub roots_removed: Vec<(Role, String)>,
}

impl ReloadReport {
    /// Whether nothing was refused.
    pub fn is_clean(&self) -> bool {
        self.refused.is_empty()
    }
}

impl fmt::Display for ReloadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(number) = self.published {
            writeln!(f, "generation {number} was published")?;
        }
        for file in &self.changed {
            let shorter = match self.shorter.contains(file) {
                true => ", and is shorter than before or gone: check that it is complete",
                false => "",
            };
            writeln!(f, "{} has changed{shorter}", shown(file))?;
        }
        for (role, root) in &self.roots_added {
            writeln!(f, "{root} is trusted for {role}s from now on")?;
        }
        for (role, root) in &self.roots_removed {
            writeln!(f, "{root} is no longer trusted for {role}s")?;
        }
        self.refused.iter().try_for_each(|part| writeln!(f, "{part}"))
    }
}

/// What was read and is not used: what was good before stays in its place. (Or, of a pair that is used, that
/// it could not be [kept](crate::ReloaderBuilder::keep_last_good) for a restart.)
///
/// ```
/// # let (tls, policy) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/reloader.rs"));
/// std::fs::write(&policy, "no policy")?;
/// let report = tls.reload()?;
/// for part in &report.refused {
///     eprintln!("{part}");
/// }
/// assert_eq!(report.refused[0].files, [policy.clone()]);
/// # std::fs::remove_file(policy)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RefusedPart {
    /// The files and folders that it was read from.
    pub files: Vec<PathBuf>,
    /// Why, and what to do.
    pub error: Arc<Error>,
    /// Where the good state comes from: the folder of the last good pairs, if the process started
    /// beside this refusal.
    pub is_from_last_good: bool,
}

impl fmt::Display for RefusedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<_> = self.files.iter().map(|file| shown(file)).collect();
        if let Error::NotKept { .. } = *self.error {
            return write!(f, "{}: {}", files.join(" and "), self.error);
        }
        let keeps = match self.is_from_last_good {
            true => "the last good pair that was kept on disk serves in its place",
            false => "what was good before stays in use",
        };
        let were = if files.len() > 1 { "were" } else { "was" };
        write!(f, "{} {were} refused, {keeps}: {}", files.join(" and "), self.error)
    }
}

fn shown(file: &Path) -> String {
    Printable(&file.display().to_string()).to_string()
}

/// Something of a generation that ends, and when.
///
/// ```
/// use mtls_roles::{Expiry, Observer};
///
/// struct Log;
///
/// impl Observer for Log {
///     fn expiring(&self, expiry: &Expiry) {
///         eprintln!("{expiry}");
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expiry {
    /// Of what we present, our role; of what peers are verified by, theirs.
    pub role: Role,
    /// What ends.
    pub what: Expiring,
    /// Its name, control characters escaped.
    pub name: String,
    /// When it began; `None` of a policy.
    pub since: Option<OffsetDateTime>,
    /// A certificate's last second; the instant at which a list or a policy has ended. UTC.
    pub until: OffsetDateTime,
}

impl Expiry {
    /// From when on it is time to act: `ahead` before the end, or a third of the lifetime before it,
    /// whichever is later.
    pub fn notice(&self, ahead: Duration) -> OffsetDateTime {
        let third = self.since.map(|since| (self.until - since) / 3);
        let ahead = third.map_or(ahead, |third: Duration| third.min(ahead));
        self.until.checked_sub(ahead).unwrap_or(self.until)
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, what, name, until, .. } = self;
        let until = utc(*until);
        match what {
            Expiring::Leaf => {
                write!(f, "our {role} certificate `{name}` ends at {until}; renew it")
            }
            Expiring::Issuer => write!(
                f,
                "`{name}`, an issuer of our {role} certificate, ends at {until}; get the chain anew"
            ),
            Expiring::Root => {
                write!(f, "{name}, trusted for {role}s, ends at {until}; ask for its successor")
            }
            Expiring::Crl => {
                write!(f, "the {name}, for {role}s, ends at {until}; get the next one")
            }
            Expiring::EkuPolicy => write!(
                f,
                "the EKU policy for {role}s, `{name}`, ends at {until}; peers need certificates with \
                 their purpose by then"
            ),
        }
    }
}

/// What ends.
///
/// ```
/// # let (tls, policy) = include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/docs/reloader.rs"));
/// use mtls_roles::Expiring;
///
/// let expiries = tls.current().expiries();
/// assert!(expiries.iter().any(|expiry| expiry.what == Expiring::Root));
/// # std::fs::remove_file(policy)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Expiring {
    /// A certificate that we present.
    Leaf,
    /// An issuer that we present along with it.
    Issuer,
    /// A root. (webpki uses it after its end; other verifiers may not.)
    Root,
    /// A revocation list.
    Crl,
    /// A relaxed EKU policy: from then on it is [`rfc5280`](crate::EkuPolicy::rfc5280).
    EkuPolicy,
}
