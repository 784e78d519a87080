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

mod above;
mod advice;
mod assess;
mod chains;
mod descent;
mod entry;
mod extensions;
mod forecast;
mod hierarchy;
mod inventory;
mod json;
mod judge;
mod key;
mod renewal;
mod roles;
mod scope;
mod timeline;
mod verdict;

pub use advice::Advice;
pub use assess::{Assessment, Finding, Serving};
pub use entry::{Entry, Kind, Place};
pub use extensions::KeyUsage;
pub use forecast::{Forecast, Obstacle, Stack};
pub use hierarchy::{Hierarchy, Sign};
pub use inventory::{Chain, Inventory, PrivateKey, Unreadable};
pub use key::{KeyAlgorithm, PublicKey};
pub use renewal::{Renewal, renewal};
pub use roles::Roles;
pub use scope::Scope;
pub use timeline::{
    CaOffer, Citation, Compared, Confidence, Disagreement, Effect, Milestone, Timeline,
    TimelineError,
};
pub use verdict::{Cause, Verdict};
