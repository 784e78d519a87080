//! Ours beside stock rustls, webpki and OpenSSL: the same verdicts, but for what we refuse on purpose and say so.

#[path = "../common/mod.rs"]
mod common;

mod anchors_by_subject;
mod as_stock;
#[path = "../eku/chains.rs"]
mod chains;
mod defects;
mod differential_openssl;
mod differential_stock;
mod forge;
mod generated;
mod hardening;
mod ignore_is_metamorphic;
mod ignore_means_the_eku;
mod limbo;
mod real;
mod strangers_cost;
