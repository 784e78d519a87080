//! Rotation: swapping credentials and revocation lists while running.
//!
//! # Credentials
//!
//! [`ServerSlot::swap`](crate::ServerSlot::swap) and [`ClientSlot::swap`](crate::ClientSlot::swap)
//! publish new credentials. Chain and key change together: a handshake sees one generation whole.
//! Handshakes under way and open connections keep the old one.
//!
//! What is published is judged first, by the slot's own EKU policy and clock: wrong purpose on every
//! path that the chain offers, expired or not yet valid are refused, the slot keeps what it had, and the
//! observer hears it. That is what catches the renewal that lost its purpose: an ACME client writes
//! the new certificate, your service reloads it, the slot refuses it, and the old one serves until it
//! expires, with time to act. [`judge`](crate::ServerSlot::judge) gives the same answer and publishes
//! nothing, and so does `verify --role client --key KEY CHAIN.pem` for a deploy hook.
//!
//! `swap` returns the previous credentials; rolling back is swapping them in again. What a slot published
//! once and you still hold is not judged again: a roll-back succeeds in the hour in which the old
//! certificate has expired and the new one turns out to be worse. A service that loads credentials
//! itself tells the slot's observers with [`load_failed`](crate::ServerSlot::load_failed) when that fails.
//!
//! # What stands behind the leaf
//!
//! Peers build their own paths from what is presented (RFC 8446, 4.4.2), and whoever rotates a root has
//! certificates for two of them in one file. So a chain is presented as it stands there, and a slot
//! asks only that one of its paths is fit: from the leaf up, through the presented issuers by name and
//! key identifier, to the last one, to a self-signed one, or to one with the key of a public root (peers
//! have that root, whoever signed its key besides). Of what nobody needs there are
//! [notes](crate::Note), told when the credentials are published:
//!
//! | block | note |
//! | --- | --- |
//! | the same certificate again | remove it |
//! | another leaf, or a CA to which no path leads | remove it |
//! | a second certificate for one CA: a rotation, a cross-sign | harmless |
//! | a CA that stands before what it issued | harmless in TLS 1.3; TLS 1.2 has the order of the path (RFC 5246, 7.4.2) |
//! | one that has expired or lacks the purpose, where another path does without it | remove it |
//! | an expired one at the end, behind another issuer: a cross-sign whose key peers may have as a root | remove it |
//! | one that rustls does not process, such as an unknown critical extension | peers on rustls find no path through it |
//! | DER that is no certificate | get it again, or remove it |
//! | above a public root's key | remove it |
//!
//! Refused is what makes the *leaf* useless: it is not the first certificate, the key is not its key, it is
//! a CA, it has expired, no path has the purpose, no handshake of rustls can use its key, or its bytes
//! are cut. *Not* checked: signatures, and whether any peer trusts the end.
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
