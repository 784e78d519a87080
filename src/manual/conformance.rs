//! Conformance: what the path checks refuse, and every case that still disagrees.
//!
//! # Beyond stock rustls
//!
//! Each [`PathCheck`](crate::PathCheck) says what it refuses and why. They only reject, inside webpki's
//! path search, so another path may still be found. Two close gaps:
//!
//! * **An issuer without keyCertSign** is accepted by stock rustls (PKITS 4.7.1, 4.7.2): a key that
//!   was never meant to issue certificates does.
//! * **Only the first matching revocation list is consulted** (PKITS 4.5.5, 4.5.7). Here each
//!   certificate is looked up in all lists of its issuer: see [`revocation`](super::revocation).
//!
//! [`stock_path_checks`](crate::PeerVerifierBuilder::stock_path_checks) turns the path checks off,
//! [`stock_revocation`](crate::PeerVerifierBuilder::stock_revocation) leaves revocation to webpki; with
//! both every verdict and every error is stock's, but for the limits below.
//!
//! # What a stranger can cost
//!
//! webpki tries every certificate that has the name of an issuer behind every other: nine CAs of one
//! name, which anybody can make in 3,400 bytes without owning a key, keep it busy for 90 ms. Here a
//! *decision*, which may take several searches, ends after
//!
//! | limit | stock rustls | of what |
//! | --- | --- | --- |
//! | 300 steps (a certificate put on a path) | 200,000 | none of x509-limbo, BetterTLS, real and generated chains needs more than 12, but two that were made to be pathological |
//! | 15,000 certificates read | none | each step reads all that was presented: with 50 or fewer the 300 steps come first |
//! | 100 signatures of certificates | 100 for one search | |
//! | 16 signatures of revocation lists a search | within the 100 | |
//!
//! and after a first search of more than 32 steps there is no other: what the EKU had to do with the
//! refusal is then [`Undetermined`](crate::RefusalClass::Undetermined). The errors are webpki's
//! (`MaximumPathBuildCallsExceeded`, `MaximumSignatureChecksExceeded`). `benches/pathological.rs` has the
//! times: nine namesakes take some 2 ms under every policy, with an observer too.
//!
//! # x509-limbo
//!
//! `cargo run --release --example limbo -- SUITE.json` runs any file in the schema of C2SP/x509-limbo.
//! Of the suite's 208 cases without BetterTLS (regenerated at 8a2e6f41), 157 agree, 40 are too
//! lenient, 10 too strict, 1 is skipped (a server without a name); with `--stock`: 142, 55, 10, 1. Of
//! the 594 cases that the tests use, BetterTLS' among them, 558 agree, 29 are too lenient and 7 too
//! strict; with `--stock`: 546, 41, 7. No case is refused that stock rustls rightly accepts. Beside
//! others, by the suite's own harnesses in autumn 2026:
//!
//! | engine | agree | too lenient | too strict | skipped |
//! | --- | --- | --- | --- | --- |
//! | **mtls-roles** | **157** | 40 | 10 | 1 |
//! | mtls-roles, as stock rustls | 142 | 55 | 10 | 1 |
//! | rustls-webpki 0.103.16 | 138 | 55 | 10 | 5 |
//! | pyca cryptography 48 | 147 | 14 | 0 | 47 |
//! | OpenSSL 3.0, sslserver and sslclient | 142 | 59 | 7 | 0 |
//! | Go 1.19 | 124 | 55 | 5 | 24 |
//! | GnuTLS 3.7 | 106 | 58 | 20 | 24 |
//!
//! ## Too strict
//!
//! A layer that only rejects cannot accept what webpki refuses.
//!
//! | cases | reason |
//! | --- | --- |
//! | `rfc5280::ca-as-leaf`, `pathlen::validation-ignores-pathlen-in-leaf` | webpki refuses a CA as leaf, on purpose; so do the Baseline Requirements |
//! | `pathlen::self-issued-certs-pathlen`, `pathlen::max-chain-depth-1-self-issued`, `rfc5280::nc::permitted-self-issued` | webpki gives self-issued certificates no special place in a path (RFC 5280, 6.1, does) |
//! | `rfc5280::nc::nc-permits-email-*` | webpki refuses an e-mail name under an e-mail constraint, permitted or not |
//!
//! ## Too lenient
//!
//! | cases | reason |
//! | --- | --- |
//! | `webpki::cn::*` | the common name must also be a SAN: it is looked at by nobody here, and 395 cases that should be accepted would not be |
//! | `rfc5280::aki::*`, `rfc5280::ski::*`, `webpki::aki::*` | key identifiers help to find an issuer and defend nothing; requiring them refuses every chain made by rcgen, and a public root |
//! | `rfc5280::serial::zero`, `rfc5280::serial::too-long` | zero refuses a real public chain and 6 of 117 public roots; the length defends nothing |
//! | `rfc5280::nc::invalid-dnsname-leading-period` | webpki takes `.example.com` for "its subdomains", as CAs that write it mean it |
//! | `rfc5280::root-non-critical-basic-constraints` | easy-rsa makes such roots |
//! | `rfc5280::nc::permitted-dns-match-noncritical`, `rfc5280::pc::ica-noncritical-pc`, `rfc5280::san::noncritical-with-empty-subject` | criticality is for those who do not understand an extension; webpki enforces the first, ignores the second and reads the third |
//! | `rfc5280::validity::expired-root` | a trust anchor is a name and a key (RFC 5280, 6.1.1 (d)); whoever configures it decides how long |
//! | `crl::crlnumber-missing`, `crl::crlnumber-critical` | easy-rsa makes lists without a number; of two lists of one thisUpdate, the one without counts as the older |
//! | `rfc5280::san::underscore-dns`, `webpki::san::*wildcard*` | names that no public CA may issue; private ones do, and a public suffix list is not an X.509 check |
//! | `webpki::eku::ee-without-eku`, `…::ee-anyeku`, `…::ee-critical-eku`, `…::root-has-eku` | rules for public CAs; [`EkuPolicy::strict`](crate::EkuPolicy::strict) has the first |
//! | `webpki::forbidden-rsa-*`, `webpki::malformed-aia`, `webpki::san::san-critical-with-nonempty-subject` | rules of form for what public CAs issue; they have linters for it |
//!
//! # What was left out on purpose
//!
//! Checks that look right and do harm: no serial zero, authority key identifiers on leaves, subject
//! key identifiers on CAs, critical basicConstraints on roots, crlNumber in every list, OpenSSL's
//! `X509_STRICT` as a whole (13 of 21 chains of common private-CA tools). And five rules of form that
//! defend nothing: key identifiers not critical, serial numbers of at most 20 octets, authority
//! information access well-formed, SAN critical if the subject is empty.
