//! The audit: what its verdicts mean, what it does not check, and the form of a timeline.
//!
//! # One function
//!
//! [`Assessment::new`](crate::audit::Assessment::new) is a pure function of an
//! [`Inventory`](crate::audit::Inventory), a [`Timeline`](crate::audit::Timeline), a day and the
//! roles that the certificates serve in. It reads no clock, no file and no network; the program in
//! `examples/audit` does. The day begins at 00:00:00 UTC, and that is the instant of the judgement:
//! what expires at noon still works on that day.
//!
//! # The page
//!
//! `--format html` of the program writes one page that needs no network:
//!
#![doc = include_str!("../../docs/audit.md")]
//!
//! # Chains
//!
//! Certificates are put together across sources: an issuer's subject equals the issuer that is
//! named, byte for byte, and the key identifiers (RFC 5280, 4.2.1.1 and 4.2.1.2) are equal where
//! both are there. An authority key identifier that only names issuer and serial number counts as
//! none. Where several issuers fit, the chain is taken that serves in the roles asked for, reaches
//! a root, lasts longest, is shortest, in this order. More than sixteen issuers are not followed.
//!
//! **Signatures are not checked**: that takes a crypto provider, and an inventory is what you have,
//! not what a stranger sends. Whoever can write names and key identifiers into your files can make
//! the report wrong, and nothing else.
//!
//! Key usage, policies and timestamps are read by x509-parser, when they are asked for. What it cannot
//! read is unknown, and the certificate is judged all the same: a key usage that cannot be read allows
//! nothing in the forecast.
//!
//! # Fit for a role
//!
//! [`Finding::roles`](crate::audit::Finding) is the decision of a slot under
//! [`rfc5280()`](crate::EkuPolicy::rfc5280): every level below the root counts, the root's own EKU
//! does not, `anyExtendedKeyUsage` stands for nothing. [`renewal`](crate::audit::renewal) asks the
//! same of a renewed certificate. Of an incomplete chain it is the decision as far as the chain is
//! known.
//!
//! # Hierarchies
//!
//! A hierarchy is public if one of its issuers has the key of a root in `webpki-roots`, or of one that
//! was disclosed to the root programs (CCADB: former roots, and those of other programs); or the last
//! certificate names a public root as its issuer, one that the timeline lists included; or a
//! certificate of the chain carries signed certificate timestamps or a CA/Browser Forum policy.
//! [`PublicEvidence`](crate::audit::PublicEvidence) says which. It is private if none of this holds and it ends in a
//! root, and unknown if it ends before one. Lists go stale: private is what is not known to be
//! public. X9's is of an industry: it has rules of its own, and no date of the web's concerns it.
//!
//! A path is followed to the first key of a public root and no further: whoever trusts that root needs
//! nothing above it, so that an old cross-sign which has expired there decides nothing. CAs that bear
//! the name of a brand are judged by the dates of who operates them
//! ([`Timeline::operators`](crate::audit::Timeline::operators)).
//!
//! # Verdicts
//!
//! In the order of [`Verdict`](crate::audit::Verdict), the worst last; a certificate gets the worst
//! that applies, and all causes.
//!
//! | verdict | when |
//! | --- | --- |
//! | unaffected | it serves as server only; or its hierarchy is private; or it is a CA |
//! | unknown | it serves as client, and its hierarchy is unknown; or it is for clients *alone* under a public root: the dates are those of TLS server certificates, and only its CA can say whether it goes on |
//! | breaks at renewal | it serves as client in a public hierarchy: a successor issued on or after the dates of its CA, or of Chrome at the latest, has no clientAuth. It itself works to its last second |
//! | breaks on a day | a certificate above it ends before it does, or a root program removes its root: on the first day (UTC) on which it does not work to the end |
//! | already unfit | it has expired; or its chain lacks the purpose of a role it serves in, on any level; or the day of the row above has passed |
//!
//! "Breaks at renewal" does not say *which* renewal. Where its CA goes on until a day, the advice
//! says until when a renewal keeps the purpose, and how long such a certificate can live: counted
//! as the Baseline Requirements count, days of 86,400 seconds with the last second included, so one
//! issued on 2027-02-28 at 23:59:59 for 200 days ends on 2027-09-16 at 23:59:58.
//!
//! A certificate serves in the roles that its EKU lists ([`Serving`](crate::audit::Serving)), unless
//! you say otherwise, of all ([`Serving::In`](crate::audit::Serving)) or of some places
//! ([`Inventory::tell_roles`](crate::audit::Inventory::tell_roles)). So one with serverAuth only raises no alarm, and does when you say that it
//! serves as client. A CA serves in no role itself; asked for a role, it is judged by what it can
//! issue. A certificate that expired counts as unfit, and says what its successor will lack.
//!
//! Chrome does not refuse a certificate for *having* clientAuth: it phases out the root, by the
//! timestamps of what is issued later. That is why no verdict is "breaks on 2027-03-15", and why a
//! root that Chrome phases out is a note and not a verdict: machines that are no browser go on.
//!
//! # What is passed over in silence
//!
//! The program says of every file that should hold certificates why it could not read them. In folders
//! it says nothing, and counts under "passed over", where nobody looks for any:
//!
//! - programs and libraries, whatever certificates are built into them; what programs left (dumps of
//!   memory, captures of traffic, images of disks and of firmware);
//! - single files that are packed with xz, zstd or bzip2, or encrypted, unless the name says what is
//!   inside, as `chain.pem.xz` does; and what stands in ar, cpio and deb archives. gzip, zip and tar are
//!   opened, and archives of other kinds (`backup.tar.xz`, `backup.7z`) are told;
//! - in source, documentation and Go's `testdata`, blocks that cannot be read. Those that can are read.
//!
//! A file that is named on the command line is never passed over.
//!
//! # What is not checked
//!
//! Signatures, revocation, names against hosts, name constraints, path lengths, weak keys, and the
//! timestamps inside a certificate. What an ACME profile, an enrolment form or a contract says is
//! not in a certificate. Milestones whose day a certificate does not show (disclosure to the CCADB,
//! inclusion of a root) inform and decide nothing.
//!
//! # The form of a timeline
//!
//! JSON, read by [`Timeline::from_json`](crate::audit::Timeline::from_json);
//! [`merge`](crate::audit::Timeline::merge) replaces what has the same `id` and adds the rest.
//! Fields that are not listed are errors.
//!
//! ```
//! use mtls_roles::audit::Timeline;
//!
//! let mut timeline = Timeline::builtin();
//! timeline.merge(Timeline::from_json(r#"{
//!   "milestones": [{
//!     "id": "our-ca",
//!     "date": "2027-01-31",
//!     "who": "Our CA",
//!     "change": "New certificates no longer get clientAuth.",
//!     "compared": "issued_on_or_after",
//!     "issuers": ["Our CA Inc."],
//!     "effect": "client_auth_ends",
//!     "citation": { "document": "mail of our CA", "read_on": "2026-12-01" },
//!     "confidence": "primary"
//!   }]
//! }"#)?);
//! assert!(timeline.milestones().iter().any(|milestone| milestone.id == "our-ca"));
//! # Ok::<(), mtls_roles::audit::TimelineError>(())
//! ```
//!
//! | field of the file | |
//! | --- | --- |
//! | `read_on` | the day on which *all* of the sources were read; leave it out of a file that only adds something |
//! | `max_validity_days` | what the Baseline Requirements allowed before the first `max_validity`; 398 |
//! | `milestones`, `offers` | see below |
//! | `public_roots` | common names of public roots that `webpki-roots` does not know |
//! | `operators` | `operator` (as in `issuers` below), the `organisations` whose issuing CAs are all its own, other `issuing_cas` by common name, `citation` |
//! | `industry_pkis` | what names of issuers contain in a PKI that an industry shares |
//!
//! | field of a milestone | |
//! | --- | --- |
//! | `id`, `date`, `who`, `change` | unique; a day, from 00:00:00 UTC on; who decides; what changes |
//! | `compared` | `issued_on_or_after`, `expires`, `chains_to` or `disclosed` |
//! | `issuers` | organisations (O) of a leaf's issuer; left out, all |
//! | `roots` | certificates above, by common name or by whole name as the audit prints it; left out, all |
//! | `effect` | `client_auth_on_request`, `client_auth_ends`, `max_validity` (with `days`), `distrust` or `informational` |
//! | `citation` | `document`, and `version`, `section`, `address`, `read_on` where known |
//! | `confidence` | `primary`, `secondary` or `derived` |
//! | `disagreements` | each with `says` and `source` |
//!
//! An offer has `id`, `ca`, `offer`, `roots`, `until` (the first day on which it is closed; left
//! out, open) and `citation`.
