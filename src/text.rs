//! Text that others wrote, made safe to print.

use std::fmt::{self, Write};

/// Prints `text` with every character escaped that could move the cursor, forge a log line or
/// reorder what the reader sees.
///
/// Escaped as `\u{…}`: control characters (C0, DEL, C1), the line and paragraph separators, and
/// the bidirectional and zero-width format characters (UAX #9, 2; "Trojan Source").
pub(crate) struct Printable<'a>(pub(crate) &'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match deceptive(c) {
                true => write!(f, "{}", c.escape_unicode())?,
                false => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

fn deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    let digits = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]);
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_deceive_a_reader_is_escaped_and_the_rest_is_kept() {
        let text = "Müller \u{1b}[2K\n\u{202e}moc\u{200b}\u{7f}";
        let printed = "Müller \\u{1b}[2K\\u{a}\\u{202e}moc\\u{200b}\\u{7f}";
        assert_eq!(Printable(text).to_string(), printed);
    }

    #[test]
    fn hex_is_two_lower_case_digits_a_byte() {
        assert_eq!(hex(&[0, 0xab]), "00ab");
    }
}
