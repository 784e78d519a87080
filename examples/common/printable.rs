//! What others wrote, made safe to print by the crate's own code: names from certificates come
//! escaped from the crate, but paths, addresses and the words of other libraries do not.

/// Each program uses its part of it.
#[allow(dead_code)]
#[path = "../../src/text.rs"]
pub mod text;

/// Escapes what could move the cursor, forge a line, reorder what the reader sees, or show nothing.
pub fn printable(text: &str) -> String {
    text::Printable(text).to_string()
}
