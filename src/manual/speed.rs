//! Speed and size: what was measured, on what, and what each figure may be at most.
//!
//! # A chain, a handshake
//!
//! Most peers come back with the same chain, or with a new leaf under the same issuer, and whether
//! a signature is good does not change. So good signatures are remembered
//! ([`SignatureMemo`](crate::SignatureMemo), on by default): every byte compared, nothing that
//! depends on time, names, roots, policy or revocation, and never a signature of a handshake.
//! `cargo bench --bench peers` measures side by side in one run, in turns, and prints medians and
//! ratios; what each may be at most stands beside it:
//!
//! | | ratio | at most |
//! | --- | ---: | ---: |
//! | known chain (leaf, intermediate) ÷ stock rustls, P-256 | 0.0136 | 0.02 |
//! | … P-384 | 0.0039 | 0.006 |
//! | … RSA-2048 | 0.035 | 0.06 |
//! | known chain ÷ parsing alone, P-256 | 2.32 | 2.5 |
//! | known issuer, new leaf ÷ stock, P-256 | 0.538 | 0.55 |
//! | nothing remembered yet ÷ stock, P-256 | 1.021 | 1.05 |
//! | 10,000 roots ÷ 10 roots | 1.00 | 1.2 |
//! | CRL of 50,000 entries ÷ none | 1.53 | 3 |
//! | 1,000 sharded CRLs ÷ one | 1.00 | 1.5 |
//! | accepted with its EKU ignored ÷ accepted as it is | 1.69 | 2 |
//! | gain of a second thread ÷ that of parsing alone | 1.03 | 1.1 |
//! | server's time of a full mutual TLS 1.3 handshake ÷ stock, P-256 | 0.60 | 0.70 |
//! | … P-384 | 0.481 | 0.55 |
//! | a resumed mutual handshake ÷ a full one, TLS 1.3, P-256 (`resume_within`) | 0.58 | 0.75 |
//! | … TLS 1.2 | 0.11 | 0.25 |
//!
//! In microseconds, the same chains (leaf, intermediate, root) in the same run; the repository's
//! `benches/others` adds the last six columns, and says where a current Go is had:
//!
//! | | ours, known | stock rustls | OpenSSL with parsing | OpenSSL, parsed | Go 1.19 with parsing | Go 1.19, parsed | Go 1.27 with parsing | Go 1.27, parsed |
//! | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
//! | P-256 | 0.91 | 69 | 241 | 87 | 98 | 91 | 100 | 95 |
//! | P-384 | 1.05 | 271 | 1,047 | 855 | 1,522 | 1,496 | 832 | 824 |
//! | RSA-2048 | 0.99 | 29 | 214 | 33 | 70 | 64 | 51 | 47 |
//!
//! AMD EPYC, two hardware threads of a shared host: the ratios count. At best the new leaf could be a
//! little over 0.5: one signature of two. The second thread was between 1.00 and 1.06 in four runs,
//! with the lock that the cache is built with (readers have one each); with the standard library's it
//! was at up to 1.20. rustc 1.95.0, rustls 0.23.46, rustls-webpki 0.103.16,
//! aws-lc-rs 1.19.0, OpenSSL 3.0.19, Go 1.19.8 and 1.27.3, 2026-11-26.
//!
//! # The proxy
//!
//! The example `proxy` beside nginx 1.22, HAProxy 2.6 and stunnel 5.68 of Debian 12, one thread each, same
//! certificates, no resumption; our connections are logged. `benches/proxy` of the repository measures it in
//! one run, in turns. The ratio may be at most 0.42, 1.0, 1.0 and 0.9:
//!
//! | | mtls-roles | nginx stream | HAProxy | stunnel | ours ÷ best |
//! | --- | --- | --- | --- | --- | ---: |
//! | CPU µs per full mutual handshake | 293.3 | 773.3 | 846.7 | 973.3 | 0.38 |
//! | CPU ms per GiB and direction | 660.0 | 900.0 | 920.0 | 940.0 | 0.73 |
//! | µs of a small request at 14226/s, half of what the slowest can | 170.5 | 171.8 | 178.1 | 179.9 | 0.99 |
//! | kB per idle connection, 400 of them | 20.3 | 51.7 | 27.4 | 121.8 | 0.74 |
//! | kB per idle connection, 4000 of them | 18.6 | 47.7 | 25.1 | 116.7 | 0.74 |
//!
//! # An audit
//!
//! An audit of 100,000 certificates takes 1.4 to 1.8 times as long as parsing them with x509-parser, both
//! on two threads (`cargo bench --bench audit`; the more, the busier the machine). The program `audit` holds
//! 100,000 files of a certificate of 1,015 bytes each in 181 MB (the page in 190), of which 104 are the
//! certificates themselves.
//!
//! # Size
//!
//! A service that embeds slots and verifiers compiles 36 crates where rustls and webpki alone are 7
//! (without a crypto provider), in 19 s where they take 6 (release build, two cores,
//! measured in turn twice; six of the crates are the derive macro of `thiserror`, eight are `sha2`,
//! for fingerprints, five the cache of the memo). Everything heavier is a feature or lives in the
//! examples.
//!
//! Minimum Rust version: 1.88, bound by `time` 0.3.47, the first release without RUSTSEC-2026-0009.
//! The crypto provider is an argument, never a feature: any rustls `CryptoProvider` will do; the
//! tests run on aws-lc-rs and on ring. No `unsafe`.
