//! Rotation: swapping credentials and revocation lists while running.
//!
//! # Credentials
//!
//! [`ServerSlot::swap`](crate::ServerSlot::swap) and [`ClientSlot::swap`](crate::ClientSlot::swap)
//! publish new credentials. Chain and key change together: a handshake sees one generation whole.
//! Handshakes under way and open connections keep the old one.
//!
//! What is published is judged first, by the slot's own EKU policy and clock: wrong purpose at any
//! level of the chain, expired or not yet valid are refused, the slot keeps what it had, and the
//! observer hears it. That is what catches the renewal that lost its purpose: an ACME client writes
//! the new certificate, your service reloads it, the slot refuses it, and the old one serves until it
//! expires, with time to act. `swap` returns the previous credentials; rolling back is swapping them
//! in again.
//!
//! Reloading from two files is a race in the tooling, not here: if the new key is there and the new
//! certificate is not yet, [`Credentials`](crate::Credentials) says that the key is not the
//! certificate's, nothing is published, and the next attempt succeeds.
//!
//! # Revocation lists
//!
//! [`replace_crls`](crate::ClientPeerVerifier::replace_crls) takes a complete new set, and loses nothing
//! of the old one that is current and that the new one lacks: see [`revocation`](super::revocation).
//!
//! # Roots and policies
//!
//! Roots and EKU policies are part of a verifier and do not change in it: rustls borrows the hints
//! of the roots from it. Build a new verifier and a new configuration, and serve new connections with
//! that.
//!
//! # Clocks
//!
//! Verifiers use the time that rustls hands them, from the configuration's `time_provider`; slots
//! have their own, by default the system's. There is no latch against a clock that is set back: it
//! would revive expired certificates too. Keep the clock.
