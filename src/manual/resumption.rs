//! Resumption: why it is off, and what that costs.
//!
//! A resumed TLS session skips the certificates: no verifier runs, the client's resolver is not asked,
//! and both ends go on with the identities of the first handshake. The server's resolver *is* asked, at
//! every ClientHello: an emptied [`ServerSlot`](crate::ServerSlot) ends resumption, too, but what a
//! filled one answers is not presented. In TLS 1.3 each resumed connection brings new tickets, so a
//! session renews itself for as long as the peer comes back often enough.
//!
//! Measured on rustls 0.23.46 with its default configurations, TLS 1.2 and 1.3: after the client's
//! certificate was swapped, the next connection was resumed and the server still saw the *old* one;
//! after a verifier began to refuse, the next connection was accepted and the verifier not called;
//! a client that comes back daily is never verified again, four days after the end of the policy
//! that let it in. The same has been a vulnerability elsewhere: CVE-2025-68121 (Go), CVE-2025-23419
//! (nginx), CVE-2022-21654 (Envoy).
//!
//! So [`server_config`](crate::server_config) and [`client_config`](crate::client_config) turn session
//! storage, tickets and early data off, and then everything that changes reaches the next
//! connection: a swap, new revocation lists, an expiry, the end of a policy. For a configuration
//! made by hand there is [`without_resumption`](crate::without_resumption); slots and verifiers in
//! one that resumes have no such promise.
//!
//! Where sessions are resumed all the same, [`identify`](crate::ClientPeerVerifier::identify) judges the
//! peer afresh: rustls keeps its certificates with the session.
//!
//! The cost is a full handshake for every connection: one more signature on each side, and the
//! verification of the chain. Connections that are kept open, as HTTP/2 and SIP keep them, do not
//! notice. What a connection that is already *open* keeps is its own: close it if a peer must go at
//! once.
//!
//! # Where it is wanted
//!
//! [`resume_within`](crate::GenerationBuilder::resume_within) resumes sessions inside one generation, in
//! *epochs*. Each epoch has configurations and stores of its own, and ends with its interval, the end of a
//! policy, our own expiry, a list's nextUpdate, or the next generation; so no session outlives any of them.
//! A store that has ended stays dead, whatever the clock says later: a Finished that was held back and a
//! ticket that comes late carry nothing over. Sessions are stateful, in memory, as many as
//! [`remember_sessions`](crate::GenerationBuilder::remember_sessions) says, one ticket for each connection.
//!
//! What an epoch does not know is when a *peer* expires or is let in no longer by the service: ask who it is
//! in the handler ([`identify`](crate::ClientPeerVerifier::identify)), which verifies afresh, at memo speed,
//! whether the session was resumed or not.
