//! [`TracingObserver`]: what slots and verifiers decide, as `tracing` events.

use crate::error::Error;
use crate::observe::{KeptCrl, NothingPresented, Observer, Published};
use crate::peer::VerifiedPeer;
use crate::refusal::Refusal;
use crate::report::{Expiry, ReloadReport};
use crate::role::Role;
use crate::text::{Printable, utc};

/// Emits a `tracing` event for everything that an operator should hear of.
///
/// Target `mtls_roles`. Level `ERROR`: a slot, a verifier or a reloader refused what it was given, or it
/// could not be loaded. `WARN`: an EKU was relaxed, a peer was refused, nothing was presented, something
/// ends soon, a root went, or there is a note about what is presented. `INFO`: credentials were published
/// or cleared, a generation was published. `TRACE`: an ordinary acceptance. Text from certificates is
/// escaped.
///
/// What is said of peers is said before they have proved that they hold their keys; see [`Observer`].
///
/// ```
/// use std::sync::Arc;
/// use mtls_roles::{ServerSlot, TracingObserver};
/// let slot = ServerSlot::builder().observer(Arc::new(TracingObserver)).build()?;
/// # Ok::<(), mtls_roles::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingObserver;

impl Observer for TracingObserver {
    fn accepted(&self, role: Role) {
        tracing::trace!(target: "mtls_roles", peer_role = %role, "peer accepted");
    }

    fn relaxed(&self, peer: &VerifiedPeer) {
        let violation = peer.eku().violation().map(tracing::field::display);
        tracing::warn!(
            target: "mtls_roles",
            peer_role = %peer.role(),
            peer = peer.leaf().label(),
            serial = peer.leaf().serial(),
            violation,
            "peer accepted although its extended key usage is wrong"
        );
    }

    fn refused(&self, refusal: &Refusal) {
        // It says itself what it is, unverified.
        let presented = refusal.presented().map(tracing::field::display);
        tracing::warn!(
            target: "mtls_roles",
            peer_role = %refusal.role(),
            class = refusal.class().name(),
            presented,
            // rustls says all that it found, and a stranger chooses how much that is.
            error = %Printable(&format!("{:.1000}", refusal.error().to_string())),
            "{refusal}"
        );
    }

    fn published(&self, published: &Published<'_>) {
        let violation = published.eku.violation().map(tracing::field::display);
        tracing::info!(
            target: "mtls_roles",
            slot = %published.role,
            certificate = published.leaf.label(),
            serial = published.leaf.serial(),
            chains = published.credentials.pairs().len(),
            valid_until = %utc(published.credentials.valid_until()),
            is_combined = published.is_combined,
            violation,
            "credentials published"
        );
        for note in published.notes {
            tracing::warn!(target: "mtls_roles", slot = %published.role, %note, "note about published credentials");
        }
    }

    fn publish_refused(&self, role: Role, error: &Error) {
        tracing::error!(target: "mtls_roles", slot = %role, %error, "credentials refused");
    }

    fn load_failed(&self, role: Role, error: &Error) {
        tracing::error!(target: "mtls_roles", slot = %role, %error, "credentials not loaded");
    }

    fn cleared(&self, role: Role) {
        tracing::info!(target: "mtls_roles", slot = %role, "credentials cleared");
    }

    fn nothing_presented(&self, role: Role, reason: NothingPresented) {
        tracing::warn!(target: "mtls_roles", slot = %role, %reason, "asked for a certificate and presented none");
    }

    fn crls_refused(&self, role: Role, error: &Error) {
        tracing::error!(target: "mtls_roles", peer_role = %role, %error, "revocation lists refused");
    }

    fn crl_kept(&self, role: Role, kept: &KeptCrl) {
        tracing::warn!(target: "mtls_roles", peer_role = %role, %kept, "revocation list kept");
    }

    fn reloaded(&self, report: &ReloadReport) {
        if let Some(generation) = report.published {
            let became_shorter = !report.shorter.is_empty();
            tracing::info!(target: "mtls_roles", generation, became_shorter, "generation published");
        }
        for (role, root) in &report.roots_removed {
            tracing::warn!(target: "mtls_roles", peer_role = %role, %root, "root no longer trusted");
        }
        for part in &report.refused {
            tracing::error!(target: "mtls_roles", error = %part, "files refused");
        }
    }

    fn reload_failed(&self, error: &Error) {
        tracing::error!(target: "mtls_roles", %error, "reload failed");
    }

    fn expiring(&self, expiry: &Expiry) {
        tracing::warn!(target: "mtls_roles", role = %expiry.role, %expiry, "something ends soon");
    }
}
