//! Peer rules: why a relaxation belongs to named peers, and what public roots change.
//!
//! # What the EKU was worth
//!
//! Over public roots the clientAuth purpose was an accidental barrier, not an authorization: a
//! domain-validated certificate costs nothing, and everybody could ask for both purposes. Once the
//! EKU is ignored, every holder of any public web certificate authenticates. So a relaxed policy
//! says for whom: [`relax_for`](crate::ClientPeerVerifierBuilder::relax_for). Every other peer stays
//! under `rfc5280()` and gets its error.
//!
//! `relax_for` admits nobody: [`allow`](crate::ClientPeerVerifierBuilder::allow) says who may connect
//! at all, and both apply.
//!
//! # Public roots
//!
//! * A client verifier over public roots does not build without `allow` rules, under any policy.
//!   [`allow_anybody_with_a_public_certificate`](crate::ClientPeerVerifierBuilder::allow_anybody_with_a_public_certificate)
//!   is the call for a service that decides on the name itself.
//! * With `ignore()`, `relax_for` takes fingerprints only: a name is proved by serverAuth
//!   certificates alone, since only those are domain-validated. With `accept_server_auth()` names
//!   count.
//! * A relaxed server verifier over public roots does not build: a certificate that is not for
//!   servers proves no server's name.
//!
//! # What counts as public
//!
//! A root whose key is in the crate `webpki-roots`, or whose issuer has the name of such a root. Such
//! a list goes stale: it knew three of 22 public CA certificates in our samples. So
//! [`relax_for_any_peer_of_these_private_roots`](crate::ClientPeerVerifierBuilder::relax_for_any_peer_of_these_private_roots)
//! also looks at the leaf: one with signed certificate timestamps or a policy under 2.23.140.1 is
//! never relaxed that way. All ten public leaves of our samples carry both. A public CA that is in
//! no list and issues without either is not found out; naming the peers is the safe way.
//!
//! # Matching
//!
//! The sentences of [`PeerRule`](crate::PeerRule) have their reasons in what went wrong elsewhere:
//!
//! * *Types never cross*: CVE-2022-21656, a URI that was matched as a DNS name.
//! * *Names from the verified leaf only*: CVE-2023-2422, an identity read from another certificate
//!   that the peer had sent along.
//! * *A certificate for `*.example.com` is not `edge.example.com`*: as a server name it may be; as
//!   the name of a peer it says "one of our hosts".
//! * *Read to the end*: a name before a malformed entry may be a trap for readers that stop early.
//! * *Never the common name*: no CA vouches for it.
//! * *Fingerprints are never cut*: a shortened hash can be collided.
