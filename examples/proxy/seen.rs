//! [`Seen`]: who came with the wrong EKU and when last, and who was refused. What strangers can feed
//! is bounded.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mtls_roles::EkuViolation;
use serde::Serialize;
use time::OffsetDateTime;

/// Of one tunnel, since the process began.
#[derive(Default)]
pub struct Seen(Mutex<Lists>);

/// The list one works off, and the newest examples of what was refused.
#[derive(Clone, Default, Serialize)]
pub struct Lists {
    /// By SHA-256 of the certificate. Counted after the handshake: each held its key.
    pub relaxed: BTreeMap<String, Relaxed>,
    /// By reason. Who presented a chain that was refused, nobody has proved.
    pub refused: BTreeMap<&'static str, Refused>,
}

/// A peer whose EKU was let pass.
#[derive(Clone, Serialize)]
pub struct Relaxed {
    pub names: String,
    /// Which rule let it pass.
    pub rule: String,
    pub violation: String,
    #[serde(with = "time::serde::rfc3339")]
    pub last_seen: OffsetDateTime,
    pub times: u64,
}

#[derive(Clone, Default, Serialize)]
pub struct Refused {
    pub times: u64,
    /// The newest first.
    pub newest: VecDeque<Example>,
}

#[derive(Clone, Serialize)]
pub struct Example {
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    pub from: SocketAddr,
    pub why: String,
    /// Of a refused chain: the leaf, as it was read and not verified.
    pub presented: Option<String>,
}

impl Seen {
    pub fn lists(&self) -> Lists {
        self.lock().clone()
    }

    pub fn relaxed(&self, sha256: &str, names: &str, rule: &str, violation: &EkuViolation) {
        let mut lists = self.lock();
        if lists.relaxed.len() >= MOST_RELAXED && !lists.relaxed.contains_key(sha256) {
            let oldest = lists.relaxed.iter().min_by_key(|(_, peer)| peer.last_seen);
            if let Some(oldest) = oldest.map(|(sha256, _)| sha256.clone()) {
                lists.relaxed.remove(&oldest);
            }
        }
        let peer = lists.relaxed.entry(sha256.to_owned()).or_insert_with(|| Relaxed {
            names: cut(names),
            rule: rule.to_owned(),
            violation: cut(&violation.to_string()),
            last_seen: OffsetDateTime::UNIX_EPOCH,
            times: 0,
        });
        (peer.last_seen, peer.times) = (OffsetDateTime::now_utc(), peer.times + 1);
    }

    /// `class` is one of ours, of which there are only so many.
    pub fn refused(
        &self,
        class: &'static str,
        from: SocketAddr,
        why: &str,
        presented: Option<&str>,
    ) {
        let mut lists = self.lock();
        let refused = lists.refused.entry(class).or_default();
        refused.times += 1;
        let (at, why, presented) = (OffsetDateTime::now_utc(), cut(why), presented.map(cut));
        refused.newest.push_front(Example { at, from, why, presented });
        refused.newest.truncate(MOST_EXAMPLES);
    }

    fn lock(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}

const MOST_RELAXED: usize = 1000;
const MOST_EXAMPLES: usize = 5;
const LONGEST: usize = 500;
