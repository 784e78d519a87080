//! What others wrote, made safe to print: names from certificates come escaped from the crate, but
//! paths, addresses and the words of other libraries do not.

/// Escapes what could move the cursor, forge a line or reorder what the reader sees.
pub fn printable(text: &str) -> String {
    let mut printable = String::new();
    for c in text.chars() {
        let deceptive = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        match c.is_control() || deceptive {
            true => printable.extend(c.escape_unicode()),
            false => printable.push(c),
        }
    }
    printable
}
