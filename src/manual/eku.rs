//! The EKU policy: what it decides, how, and what other verifiers do.
//!
//! # Two searches
//!
//! A verifier first searches a path that satisfies the default policy. That search *enforces*; if
//! it succeeds the outcome is [`EkuOutcome::Enforced`](crate::EkuOutcome::Enforced) under every
//! policy. Only when an EKU stood in its way, and the policy is relaxed at that instant, a second
//! search looks for a path with the EKU relaxed and nothing else: same roots, same time, same
//! revocation lists, same checks. What is reported is computed from the path which that search
//! returns, so a relaxed acceptance is reported if and only if the EKU was the only obstacle.
//!
//! Whether an EKU stood in the way is noted where the EKU is validated. The *error* of the first
//! search does not tell: when several candidate paths fail, webpki returns the most specific error,
//! and an expired or badly signed certificate among those presented outranks the EKU.
//!
//! `accept_server_auth()` makes two searches that stock rustls could make: the path is good for
//! clientAuth, or else it is good for serverAuth. Purposes are never mixed along one path.
//!
//! # What a stranger can make it cost
//!
//! webpki bounds one search by 100 signature checks. A second search doubles that, so it is not made
//! when the first one ended for its budget, nor when more than 16 certificates were presented. The
//! same bound holds for the search that finds the honest class of a refusal, which is made only
//! when an observer listens or the caller asked with `verify`. Under `accept_server_auth()` with an
//! observer it can be the third.
//!
//! # Why it covers the whole chain
//!
//! New public intermediates (Let's Encrypt's YE and YR, for example) carry serverAuth only. webpki,
//! OpenSSL, Go and GnuTLS require the purpose on every certificate below the root that has an EKU,
//! so relaxing the leaf alone would change nothing.
//!
//! # What others do with the same chain
//!
//! Measured with rustls-webpki 0.103.16, OpenSSL 3.0, Go 1.19, GnuTLS 3.7 and Java 17, a server
//! verifying a client:
//!
//! | chain | rustls | OpenSSL | Go | GnuTLS | Java |
//! | --- | --- | --- | --- | --- | --- |
//! | leaf without EKU | accept | accept | accept | accept | accept |
//! | leaf serverAuth only | refuse | refuse | refuse | refuse | refuse |
//! | leaf anyExtendedKeyUsage only | refuse | refuse | accept | accept | accept |
//! | leaf clientAuth, intermediate serverAuth only | refuse | refuse | refuse | refuse | accept |
//! | leaf clientAuth, root serverAuth only | accept | refuse | refuse | accept | accept |
//! | leaf with an empty EKU | refuse | refuse | accept | accept | refuse |
//!
//! So anyExtendedKeyUsage is no way out: half the world does not take it for clientAuth, and neither
//! does this crate under any preset.
//!
//! Every cell of the table, and what each stack does with it, is a vector in `docs/vectors/` of the
//! repository; `docs/REFERENCE.md` has the results by requirement.
//!
//! # Why not an error-code ignore list
//!
//! Other stacks relax by ignoring the *error* of a verification, or by choosing another purpose for
//! it, and lost other checks with it: CVE-2025-22874 (Go, policy validation), CVE-2021-3450
//! (OpenSSL, the CA check). Here the relaxation stands where the EKU is validated, and
//! `tests/stock/ignore_means_the_eku.rs` shows for each other defect that it is still refused, with the
//! very error.
