//! What is loaded: files, roots, and the words of every error.

#[path = "../common/mod.rs"]
mod common;

mod errors;
mod files;
mod roots;
mod words;
mod reloading;
