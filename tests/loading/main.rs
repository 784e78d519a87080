//! What is loaded: files, roots, and the words of every error.

#[path = "../common/mod.rs"]
mod common;

mod encodings;
mod errors;
mod files;
mod pem;
mod roots;
mod secret;
