//! Peer rules: why a relaxation belongs to named peers, and what public roots change.
//!
//! # What the EKU was worth
//!
//! Over public roots the clientAuth purpose was an accidental barrier, not an authorization: a
//! domain-validated certificate costs nothing, and everybody could ask for both purposes. Once the
//! EKU is ignored, every holder of any public web certificate authenticates. So a relaxed policy
//! says for whom: [`relax_for`](crate::PeerVerifierBuilder::relax_for). Every other peer stays
//! under `rfc5280()` and gets its error.
//!
//! `relax_for` admits nobody: [`allow`](crate::PeerVerifierBuilder::allow) says who may connect
//! at all, and both apply.
//!
//! # Public roots
//!
//! * A client verifier over public roots does not build without `allow` rules, under any policy.
//!   [`allow_anybody_with_a_public_certificate`](crate::PeerVerifierBuilder::allow_anybody_with_a_public_certificate)
//!   is the call for a service that decides on the name itself.
//! * With `ignore()`, `relax_for` takes fingerprints only: a name is proved by serverAuth
//!   certificates alone, since only those are domain-validated. With `accept_server_auth()` names
//!   count.
//! * A relaxed server verifier over public roots does not build: a certificate that is not for
//!   servers proves no server's name.
//! * Under every policy, in `allow`, in `relax_for` and in place of a server's name, a name counts there
//!   on a leaf whose EKU lists serverAuth only: nothing makes a CA validate the names of a certificate
//!   that is for clients alone. And only DNS and IP names count: URIs, SPIFFE trust domains and e-mail
//!   addresses are validated by no public CA of the web, so a rule by them does not build where every
//!   root is public.
//!   Fingerprints count everywhere.
//!
//! With public and private roots in one set, the path decides: the rules of the private PKI count
//! below its roots, and a stranger's clientAuth certificate for the same name, from a public CA, does
//! not match. If a cross-signed peer has a path to either, the private one will do.
//!
//! # What counts as public
//!
//! A path is public if its root is, or any CA certificate between. A CA certificate is if its key is
//! in the crate `webpki-roots`, if its issuer has the name of such a root, or if it carries a
//! CA/Browser Forum policy (2.23.140.1; policies that cannot be read count as one). So a public CA that
//! a private root has cross-signed is public still. Of the 22 public CA
//! certificates in our samples, three are known by key, and 21 by these three signs together. Of an anchor from a `RootCertStore` only the
//! key is there to be looked at.
//!
//! Lists go stale, and not every CA carries such a policy. So
//! [`relax_for_any_peer_of_these_private_roots`](crate::PeerVerifierBuilder::relax_for_any_peer_of_these_private_roots)
//! also looks at the leaf: one with signed certificate timestamps or a policy under 2.23.140.1 is
//! never relaxed that way. All ten public leaves of our samples carry both. A public CA that is in
//! no list and issues without either is not found out; naming the peers is the safe way.
//!
//! # Below one issuer
//!
//! Roots say who is trusted to issue, and a rule takes a name from any of them. Bound with
//! [`under_spki_sha256`](crate::PeerRule::under_spki_sha256) it takes it from one issuer:
//! `dns:edge.example.com under spki-sha256:HEX`, where some certificate above the leaf on the verified
//! path, or the root, has that key. By key and not by name or certificate, so that it outlives the
//! renewal of a CA with its key; a new key wants a second rule beside the first, before the roll-over.
//!
//! * *SPIFFE federation.* With the roots of two trust domains in one verifier, the CA of either can issue
//!   the names of both. One rule for each CA of each domain keeps them apart, as Envoy's SPIFFE validator
//!   does with a bundle for each domain: `spiffe-trust-domain:example.org under spki-sha256:…`.
//! * *Relaxed only below this CA*: `.relax_for` with a rule that is bound to the one CA whose certificates
//!   have the wrong EKU.
//!
//! Rules are asked inside the path search, of each path that passed every other check, so what a peer
//! presents, and in which order, decides nothing: if any of its paths satisfies the rules, it is let
//! in. `.allow` and `.relax_for` have to be satisfied by the same one. A peer all of whose paths fail for
//! the rules alone is refused for that, whatever is wrong with other certificates that it sent.
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
//! * *E-mail and URIs*: SIP proxies are named `uri:sip:example.com` (RFC 5922), users
//!   `email:alice@example.com`, both below private roots only.
//! * *No wildcard but in `dns:`*: `email:*@example.com`, `uri:sip:*.example.com` or
//!   `uri:spiffe://example.org/*` could only mean that very text, and whoever writes one means another;
//!   so `*` is an error there. Name each peer, or a whole trust domain with `spiffe-trust-domain:`.
//! * *Fingerprints are never cut*: a shortened hash can be collided.
