//! Proves what the programs in `examples/` promise, by running them as a user would: their reports,
//! their exit codes, what they read and what they say of what they cannot read.

#[path = "../common/mod.rs"]
mod common;

#[cfg(feature = "audit")]
mod audit;
#[cfg(feature = "audit")]
mod estate;
mod quickstart;
mod reload;
mod verify;

use std::path::PathBuf;

use common::programs::example;
use rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;

/// Where cargo put an example, once it has built it.
pub fn program(name: &str) -> PathBuf {
    example(&["quickstart", "verify", "embed", "reload", "axum_mtls", "audit"], name)
}

/// By a hash function that is not the crate's.
fn sha256(bytes: &[u8]) -> Vec<u8> {
    let suite = TLS13_AES_128_GCM_SHA256.tls13().unwrap();
    suite.common.hash_provider.hash(bytes).as_ref().to_vec()
}

fn hex_sha256(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&sha256(bytes))
}

/// Of certificates of fresh keys, whose hashes differ from run to run.
fn without_hashes(told: String) -> String {
    let hashes = told.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() == 64);
    let hashes: Vec<_> = hashes.map(str::to_owned).collect();
    hashes.iter().fold(told, |told, hash| told.replace(hash, "<SHA-256 of another>"))
}
