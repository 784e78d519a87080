//! The audit: what its verdicts mean.
