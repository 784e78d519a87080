//! The audit: which certificates will break, when, why, and what to do.
//!
//! A pure function: [`Inventory`] × [`Timeline`] × day → [`Assessment`], with one [`Finding`] for
//! each certificate. No clock, no network, no globals. What the verdicts mean, what is not checked
//! and the form of a timeline: [`manual::audit`](crate::manual::audit).
//!
//! ```
//! use mtls_roles::audit::{Assessment, Inventory, Serving, Timeline};
//! use time::macros::date;
//!
//! let mut inventory = Inventory::new();
//! inventory.add("edge.pem", b"no certificate at all");
//! let timeline = Timeline::builtin();
//! let assessment = Assessment::new(&inventory, &timeline, date!(2026-11-21), Serving::Suggested);
//! for finding in assessment.findings() {
//!     println!("{}: {}", finding.entry.label(), finding.verdict);
//! }
//! assert_eq!(inventory.unreadable().len(), 1);
//! ```

// A certificate is read (to `inventory`), put into a path (to `issuers`) and judged. A file imports
// only what stands before it; `tests/house/layering.rs` is the judge.
mod roles;
mod details;
mod entry;
mod private_key;
mod inventory;
mod paths;
mod milestone;
mod timeline;
mod issuers;
mod forecast;
mod verdict;
mod advice;
mod finding;
mod judge;
mod assess;

pub use advice::Advice;
pub use assess::Assessment;
pub use details::{KeyAlgorithm, KeyUsage, PublicKey};
pub use entry::{CertificateKind, Entry, Location};
pub use finding::{Finding, Renewal, Serving, renewal};
pub use forecast::{Forecast, Obstacle, Stack};
pub use inventory::{Inventory, Unreadable};
pub use issuers::{Hierarchy, PublicEvidence};
pub use milestone::{
    CaOffer, Citation, Compared, Confidence, Disagreement, Effect, Milestone, Operator,
};
pub use paths::CertificationPath;
pub use private_key::PrivateKey;
pub use roles::Roles;
pub use timeline::{Timeline, TimelineError};
pub use verdict::{Cause, Verdict};
