//! Errors: which error, which alert, who hears what.
//!
//! # Before a handshake
//!
//! [`Error`](crate::Error) is for the operator. One variant is one thing to do next; the text names
//! the certificate or the line, says what was found and what is needed, and keeps the cause as
//! `source()`.
//!
//! # In a handshake
//!
//! rustls derives the TLS alert from the structure of its error, so verifiers return
//! [`rustls::Error`]s and nothing else. Under `rfc5280()` and `strict()` the error is that of stock
//! rustls, including a wrong EKU for a certificate that is not trusted at all; under a relaxed policy
//! it is the last search's.
//!
//! | refused because | error | alert (TLS 1.2 and 1.3) |
//! | --- | --- | --- |
//! | wrong EKU | `InvalidPurposeContext` | unsupported_certificate |
//! | no path to a root | `UnknownIssuer` | unknown_ca |
//! | expired, not yet valid | `ExpiredContext`, `NotValidYetContext` | certificate_expired |
//! | bad signature | `BadSignature` | decrypt_error |
//! | revoked | `Revoked` | certificate_revoked |
//! | revocation unknown, list expired | `UnknownRevocationStatus`, `ExpiredRevocationListContext` | unknown_ca |
//! | a defective revocation list | `InvalidCertRevocationList` | handshake_failure |
//! | another name | `NotValidForNameContext` | bad_certificate |
//! | no peer rule names the peer, by any of its paths | `ApplicationVerificationFailure` | access_denied |
//! | a path check ([`PathCheck`](crate::PathCheck)) | `Other(`[`PathViolation`](crate::PathViolation)`)` | certificate_unknown |
//! | anything else about the chain | `Other` | certificate_unknown |
//! | no certificate presented | `NoCertificatesPresented` | certificate_required |
//!
//! In TLS 1.3 a client believes that the handshake is done when the alert arrives: the refusal shows
//! at its first read.
//!
//! An alert arrives only if the refusing side lets it: closing a socket in which unread bytes wait sends
//! a RST, and a RST makes the peer forget what it had received. Measured: a client on Java's TLS 1.2 misses
//! 39 alerts of 40, one that writes 200 kB at once in TLS 1.3 all of them. Keep the socket when a
//! handshake has failed, shut its writing side down, and read on for a second and 4 MiB at most: 0 of
//! 160. `examples/common/listener.rs` does that, and what else an accept loop needs.
//!
//! # When several things are wrong
//!
//! The verdict does not depend on it, the error does:
//!
//! * webpki returns the most specific error that it met on any path. A path violation ranks below
//!   all of them: an extra certificate among those presented that cannot be read, or has expired,
//!   hides the violation behind its own error and its own class.
//! * Revocation is looked up from the leaf towards the root, on paths that webpki has verified; stock
//!   rustls looks from the root towards the leaf, while it verifies. If several certificates have
//!   defects (no usable list for the leaf, a revoked issuer, a name constraint), the error may be
//!   that of another one.
//!
//! # The honest class
//!
//! The error on the wire is not always the reason. [`Refusal::class`](crate::Refusal::class), which
//! observers hear under every policy and `verify` returns, says
//! [`Eku`](crate::RefusalClass::Eku) if and only if the EKU was the only obstacle: an untrusted
//! serverAuth certificate is [`UnknownIssuer`](crate::RefusalClass::UnknownIssuer) there, so that the
//! counter "refused by EKU" counts peers that a relaxation would help.
//!
//! # In words
//!
//! [`Refusal::reason`](crate::Refusal::reason) says which certificate stands in the way, what was found and
//! what is needed: the algorithm of a signature, a key's kind and size, the issuer that is missing or whose
//! name is encoded in another string type, whose revocation list ended when, and of a peer that no rule names,
//! the rule that comes nearest. In a handshake, and as long as no path is verified, it goes by what webpki
//! reads: that a certificate has a critical extension, not which. For a chain that is in a file,
//! [`Refusal::explain`](crate::Refusal::explain) reads it with this crate's own reader and names the extension,
//! the version, the forms of names that are constrained; the program `verify` prints it.
//!
//! [`Refusal::presented`](crate::Refusal::presented) is who was refused, for the log: fingerprint and names of
//! the leaf as webpki reads them, at most eight, *unverified*. `tracing` has it as `presented`. It finds the
//! machine; it proves nothing.
//!
//! # Who was there
//!
//! rustls asks a verifier about a peer's chain as soon as it has it, and checks afterwards that the
//! peer holds the key (CertificateVerify; ServerKeyExchange of a TLS 1.2 server). Certificates are
//! public: whoever sends a victim's chain makes observers hear `accepted` or `relaxed` with the
//! victim's name, and then fails the handshake. So [`Observer`](crate::Observer) and
//! [`Counters`](crate::Counters) are for what a *policy* does (does anything still need the
//! relaxation?), and may be driven up by anybody who can connect.
//!
//! Who counts *peers*, or writes down who was there, does it in the handler: it runs after the
//! handshake, and what it asks `identify` about is the chain whose key was proved.
//!
//! ```no_run
//! # use std::collections::BTreeMap;
//! # use mtls_roles::{ClientPeerVerifier, Refusal};
//! # use rustls::pki_types::UnixTime;
//! fn handle(
//!     connection: &rustls::ServerConnection,
//!     clients: &ClientPeerVerifier,
//!     relaxed: &mut BTreeMap<String, u64>,
//! ) -> Result<(), Refusal> {
//!     if let Some(peer) = clients.identify(connection, UnixTime::now())?
//!         && peer.eku().violation().is_some()
//!     {
//!         *relaxed.entry(peer.leaf().subject()).or_default() += 1;
//!     }
//!     Ok(())
//! }
//! ```
//!
//! A client that presents nothing reaches no observer: where certificates are required, rustls
//! refuses it (`NoCertificatesPresented`, in TLS 1.2 and 1.3) without asking the verifier; where they are
//! optional, nothing is decided. Count the errors of `accept`.
//!
//! # Asked, and nothing sent
//!
//! rustls sends an empty certificate list, and says nothing, when a resolver has nothing or its key
//! fits no signature scheme that the peer offers; the server then refuses somebody without a
//! certificate, and the operator looks at the wrong end. Slots tell
//! [`Observer::nothing_presented`](crate::Observer::nothing_presented).
//!
//! The other way round, *our root hints* decide what clients in Go and Java send: they look for a
//! certificate below one of the names in the CertificateRequest, and where none matches they send
//! nothing. OpenSSL, curl and GnuTLS send what they have. So a client that "presents nothing" may well
//! have a certificate, of an issuer that is not among our roots: with
//! [`send_no_root_hints`](crate::PeerVerifierBuilder::send_no_root_hints) it presents it, and the refusal
//! says what is wrong with it.
//!
//! # What peers say
//!
//! Seen on the wire, with the example `proxy` at the other end: each peer with serverAuth alone, with
//! clientAuth alone and with both, TLS 1.2 and 1.3, as client under the default policy and under one
//! that ignores the EKU of this peer, and as server likewise. Data passed wherever the tables of
//! [`eku`](super::eku) say so, and nowhere else; but `gnutls-serv` gives its library no purpose, and
//! accepts every EKU. What they print, of Debian 12 (`tests/wire` runs it, and writes the tables):
//!
#![doc = include_str!("peers_clients.md")]
//!
#![doc = include_str!("peers_servers.md")]
