//! Roles: two jobs, one certificate, and what ends when.
//!
//! # The two jobs
//!
//! In mutual TLS both sides present a certificate. The one that accepts the connection acts as
//! *server*, the one that opens it as *client*; a machine that does both (a SIP proxy, an XMPP
//! server, a cluster node) used to present one certificate in both roles. What allows that is the
//! Extended Key Usage extension: it lists serverAuth, clientAuth, or both (RFC 5280, 4.2.1.12).
//!
//! [`Role`](crate::Role) is always the role of the certificate's *holder*. A server verifies
//! certificates in role client, so it uses a [`ClientPeerVerifier`](crate::ClientPeerVerifier); what
//! it presents itself is in a [`ServerSlot`](crate::ServerSlot).
//!
//! # What ends
//!
//! The Chrome Root Program Policy 1.8 (2026-02-05), 1.3.2, asks of every CA under an included root
//! that subscriber certificates issued on or after 2027-03-15 assert serverAuth only; new
//! subordinate CAs disclosed on or after 2026-06-15 do so already. CAs are ahead of it: Let's
//! Encrypt dropped clientAuth by default on 2026-02-11 and entirely on 2026-07-08; IdenTrust
//! (2027-02-01), Sectigo (2027-02-10) and DigiCert (2027-03-01) are the last. The CA/Browser Forum's
//! Baseline Requirements still allow clientAuth: the rule is Chrome's. These dates have moved
//! before.
//!
//! Chrome does not refuse a leaf because it carries clientAuth, and nobody revokes the old ones. A
//! certificate works until it expires; it is its *renewal* that no longer has the second purpose.
//! Since 2026-03-15 public certificates live 200 days at most, so the renewal is never far.
//!
//! # Three ways on
//!
//! 1. **Two certificates.** The public one stays in the [`ServerSlot`](crate::ServerSlot); a
//!    certificate with clientAuth, from a private CA or from one of the few roots that still issue
//!    it, goes into the [`ClientSlot`](crate::ClientSlot). Peers must trust its root: roots are per
//!    role here, so that they can without trusting it for servers.
//! 2. **The EKU ignored by the peer.** Where peers can be told to, the serverAuth-only certificate
//!    is presented in both roles: a `ClientSlot` under
//!    [`EkuPolicy::ignore`](crate::EkuPolicy::ignore) presents it, a `ClientPeerVerifier` with
//!    [`relax_for`](crate::PeerVerifierBuilder::relax_for) that peer accepts it. A bridge, with
//!    an end date.
//! 3. **serverAuth in both directions.** Between peers of equal rank over public roots (XMPP
//!    federation), serverAuth is the purpose that proves a name:
//!    [`EkuPolicy::accept_server_auth`](crate::EkuPolicy::accept_server_auth). The reverse is a trap: a
//!    clientAuth-only certificate of a public CA need not be domain-validated.
//!
//! # One certificate in both slots
//!
//! The same [`Credentials`](crate::Credentials) may go into both slots as long as they are fit for
//! both. That is visible: [`Credentials::is_combined`](crate::Credentials::is_combined),
//! [`ServerSlot::shares_key_with`](crate::ServerSlot::shares_key_with), and the flag in
//! [`Published`](crate::Published). An empty slot never borrows what is in the other one: the identity
//! of a server used as a client's identity is how CVE-2018-16886 came about.
//!
//! # What stands behind the leaf
//!
//! Peers build their own paths from what is presented (RFC 8446, 4.4.2), and whoever rotates a root has
//! certificates for two of them in one file. So a chain is presented as it stands there, and a slot
//! asks only that one of its paths is fit: from the leaf up, through the presented issuers by name and
//! key identifier, to the last one, to a self-signed one, or to one with the key of a public root (peers
//! have that root, whoever signed its key besides). Of what nobody needs there are
//! [notes](crate::Note), told when the credentials are published, by
//! [`judge`](crate::ServerSlot::judge), and by `verify --role client --key KEY CHAIN.pem`:
//!
//! | block | note |
//! | --- | --- |
//! | the same certificate again | remove it |
//! | another leaf, or a CA to which no path leads | remove it |
//! | a second certificate for one CA: a rotation, a cross-sign | harmless |
//! | a CA that stands before what it issued | harmless in TLS 1.3; TLS 1.2 has the order of the path (RFC 5246, 7.4.2) |
//! | one that has expired or lacks the purpose, where another path does without it | remove it |
//! | an expired one above what issued the leaf: a cross-sign, whose key peers may have as a root | remove it |
//! | one that rustls does not process: an unknown critical extension, name constraints on other forms than DNS and IP | peers on rustls find no path through it |
//! | DER that is no certificate | get it again, or remove it |
//! | above a public root's key | remove it |
//! | the leaf, if it has keyCertSign or name constraints | verifiers of this crate refuse it |
//!
//! Refused is what makes the *leaf* useless: it is not the first certificate, the key is not its key, it is
//! a CA, it or what issued it has expired, no path has the purpose, no handshake of rustls can use its key,
//! or a block is cut. *Not* checked: signatures, and whether any peer trusts the end.
//!
//! # Several certificates in one slot
//!
//! Contact centers have an RSA and an ECDSA certificate for one name, proxies have several names.
//! [`Credentials::or`](crate::Credentials::or) makes one of them: judged, published, handed back and
//! reported together. A server slot presents those that have the name the client asks for (SNI), a client
//! slot those that were issued below a CA that the server names; if none was, or nobody names anything
//! (Java to `localhost` and Postfix send no SNI), all of them. Of these, the first whose key fits a
//! signature scheme that the peer offers. If none fits, nothing is presented, and the observer hears why.
//!
//! # On other stacks
//!
//! The same behaviour without Rust, for whoever builds it in Go, C or Java: `docs/REFERENCE.md` in the
//! repository, with test vectors (`docs/vectors/`) and adapters to copy (`examples/reference/`).
