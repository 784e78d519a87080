//! What others wrote, made safe to print: names from certificates come escaped from the crate, but
//! paths, addresses and the words of other libraries do not. The rule is the crate's own.

/// Escapes what could move the cursor, forge a line, reorder what the reader sees, or show nothing.
pub fn printable(text: &str) -> String {
    let mut printable = String::new();
    for c in text.chars() {
        match is_visible(c) {
            true => printable.push(c),
            false => printable.extend(c.escape_unicode()),
        }
    }
    printable
}

fn is_visible(c: char) -> bool {
    // Drawn as nothing, and of a category that is not.
    let is_filler = matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}');
    // The standard library escapes a combining mark at the beginning of a text only.
    let behind: String = ['-', c].iter().collect();
    let has_category = behind.escape_debug().nth(2).is_none();
    match c.is_ascii() {
        true => !c.is_ascii_control(),
        false => !is_filler && has_category,
    }
}
