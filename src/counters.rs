//! [`Counters`]: counts what slots and verifiers decide.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Error;
use crate::observe::{KeptCrl, NothingPresented, Observer, Published};
use crate::peer::VerifiedPeer;
use crate::refusal::{Refusal, RefusalClass};
use crate::report::ReloadReport;
use crate::role::Role;

/// Lock-free counters of decisions, per role.
///
/// They count chains that were decided about, before the peer has proved that it holds the key: a
/// stranger with a copied chain counts, too. Peers are counted in the handler; see [`Observer`].
///
/// ```
/// use std::sync::Arc;
/// use mtls_roles::{Counters, Role};
///
/// let counters = Arc::new(Counters::default());
/// // Give `counters.clone()` to slots and verifiers with `.observer(…)`, and read it anywhere:
/// assert_eq!(counters.verdicts(Role::Client).relaxed, 0);
/// ```
#[derive(Debug, Default)]
pub struct Counters {
    server: Counts,
    client: Counts,
    published: AtomicU64,
    publish_refused: AtomicU64,
    load_failed: AtomicU64,
    cleared: AtomicU64,
    nothing_presented: AtomicU64,
    crls_refused: AtomicU64,
    crls_kept: AtomicU64,
    reloads: AtomicU64,
    reloads_refused: AtomicU64,
    reloads_failed: AtomicU64,
}

#[derive(Debug, Default)]
struct Counts {
    enforced: AtomicU64,
    relaxed: AtomicU64,
    refused_by_eku: AtomicU64,
    refused_otherwise: AtomicU64,
}

/// How often chains of peers in one role were accepted and refused, since the counters were made.
///
/// Counted before the peers have proved that they hold the keys; see [`Observer`].
///
/// ```
/// use mtls_roles::{Counters, Role};
///
/// let counters = Counters::default();
/// let verdicts = counters.verdicts(Role::Client);
/// assert_eq!(verdicts.enforced + verdicts.relaxed, 0, "nobody was accepted yet");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdicts {
    /// Accepted, and the EKU was as it should be.
    pub enforced: u64,
    /// Accepted only because the EKU policy is relaxed. Zero means the relaxation can go; more may
    /// be a stranger with a chain that it copied.
    pub relaxed: u64,
    /// Refused, and the EKU was the only obstacle.
    pub refused_by_eku: u64,
    /// Refused for anything else.
    pub refused_otherwise: u64,
}

impl Counters {
    /// Verdicts on peers in this role.
    pub fn verdicts(&self, role: Role) -> Verdicts {
        let counts = self.counts(role);
        Verdicts {
            enforced: read(&counts.enforced),
            relaxed: read(&counts.relaxed),
            refused_by_eku: read(&counts.refused_by_eku),
            refused_otherwise: read(&counts.refused_otherwise),
        }
    }

    /// How often a slot published credentials.
    pub fn published(&self) -> u64 {
        read(&self.published)
    }

    /// How often a slot refused credentials.
    pub fn publish_refused(&self) -> u64 {
        read(&self.publish_refused)
    }

    /// How often credentials for a slot could not be loaded.
    pub fn load_failed(&self) -> u64 {
        read(&self.load_failed)
    }

    /// How often a slot was emptied.
    pub fn cleared(&self) -> u64 {
        read(&self.cleared)
    }

    /// How often a peer asked for a certificate and got none.
    pub fn nothing_presented(&self) -> u64 {
        read(&self.nothing_presented)
    }

    /// How often a verifier refused revocation lists.
    pub fn crls_refused(&self) -> u64 {
        read(&self.crls_refused)
    }

    /// How often a revocation list stayed in use although it was to be replaced.
    pub fn crls_kept(&self) -> u64 {
        read(&self.crls_kept)
    }

    /// How often a generation was published.
    pub fn reloads(&self) -> u64 {
        read(&self.reloads)
    }

    /// How often a reload refused files, and kept what was good before.
    pub fn reloads_refused(&self) -> u64 {
        read(&self.reloads_refused)
    }

    /// How often a reload failed as a whole.
    pub fn reloads_failed(&self) -> u64 {
        read(&self.reloads_failed)
    }

    fn counts(&self, role: Role) -> &Counts {
        match role {
            Role::Server => &self.server,
            Role::Client => &self.client,
        }
    }
}

impl Observer for Counters {
    fn accepted(&self, role: Role) {
        count(&self.counts(role).enforced);
    }

    fn relaxed(&self, peer: &VerifiedPeer) {
        count(&self.counts(peer.role()).relaxed);
    }

    fn refused(&self, refusal: &Refusal) {
        let counts = self.counts(refusal.role());
        count(match refusal.class() {
            RefusalClass::Eku => &counts.refused_by_eku,
            _ => &counts.refused_otherwise,
        });
    }

    fn published(&self, _: &Published<'_>) {
        count(&self.published);
    }

    fn publish_refused(&self, _: Role, _: &Error) {
        count(&self.publish_refused);
    }

    fn load_failed(&self, _: Role, _: &Error) {
        count(&self.load_failed);
    }

    fn cleared(&self, _: Role) {
        count(&self.cleared);
    }

    fn nothing_presented(&self, _: Role, _: NothingPresented) {
        count(&self.nothing_presented);
    }

    fn crls_refused(&self, _: Role, _: &Error) {
        count(&self.crls_refused);
    }

    fn crl_kept(&self, _: Role, _: &KeptCrl) {
        count(&self.crls_kept);
    }

    fn reloaded(&self, report: &ReloadReport) {
        if report.published.is_some() {
            count(&self.reloads);
        }
        if !report.is_clean() {
            count(&self.reloads_refused);
        }
    }

    fn reload_failed(&self, _: &Error) {
        count(&self.reloads_failed);
    }
}

// Relaxed: each counter stands for itself.
fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
